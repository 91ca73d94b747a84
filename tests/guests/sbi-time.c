// SPDX-License-Identifier: BSD-2-Clause
/*
 * SBI TIME: set_timer (SBI v3.0, chapter 6), with or without Sstc below.
 *
 * # expect: pass
 * # harts: 2
 */
#include "timer-tests.h"

void arm(u64 deadline)
{
	struct sbiret r = sbi_set_timer(deadline);

	if (r.error)
		test_fail("set_timer(0x%lx): error %ld", deadline, r.error);
}

static void return_value(void)
{
	T_EQ(sbi_set_timer(~0UL).error, 0);
	T_EQ(sbi_set_timer(now()).error, 0);
	T_EQ(sbi_set_timer(~0UL).error, 0);
}

/* The clock itself: it runs, and never backwards. */
static void clock(void)
{
	u64 last = now(), start = last;

	for (int i = 0; i < 100000; i++) {
		u64 t = now();

		if (t < last)
			test_fail("the clock went from %lu to %lu", last, t);
		last = t;
	}
	T_OK(last > start);
}

/* rdtime a0; ebreak */
static const u32 user_code[] = {0xc0102573, 0x00100073};

/* User mode reads it too, without anybody having allowed it: a C library's clock does. */
static void user_clock(void)
{
	u64 x[32] = {0}, before = now();

	T_EQ(trap_run(x, (u64)user_code, 0), 3);
	T_OK(this_hart()->trap.x[10] >= before);
}

const struct test guest_tests[] = {
	{"the clock runs forwards", clock},
	{"user mode reads the clock", user_clock},
	{"set_timer succeeds", return_value},
	TIMER_TESTS,
	{NULL, NULL},
};
