/* SPDX-License-Identifier: BSD-2-Clause */
/* What a timer must do, however it is set. The guests sbi-time and timer-sstc share it. */
#ifndef TIMER_TESTS_H
#define TIMER_TESTS_H

#include "rt.h"

/* Sets the deadline; the guest defines it. */
void arm(u64 deadline);

void timer_future(void);
void timer_past(void);
void timer_cancel(void);
void timer_far(void);
void timer_later(void);
void timer_earlier(void);
void timer_masked(void);
void timer_level(void);
void timer_many(void);
void timer_none(void);
void timer_other_hart(void);

/* clang-format off */
#define TIMER_TESTS							\
	{"fires at its deadline and not before", timer_future},		\
	{"a deadline in the past fires at once", timer_past},		\
	{"far future cancels what is pending", timer_cancel},		\
	{"huge deadlines are in the future", timer_far},		\
	{"set again to later: only the later one counts", timer_later},	\
	{"set again to earlier: the earlier one counts", timer_earlier},\
	{"masked in sie: pending, not taken", timer_masked},		\
	{"stays pending until set again", timer_level},			\
	{"2000 short deadlines, each taken once", timer_many},		\
	{"no interrupt out of nowhere", timer_none},			\
	{"the harts' timers are their own", timer_other_hart}
/* clang-format on */

#endif
