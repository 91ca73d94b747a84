/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/marks.h"

DEFINE_PER_HART(struct marks_hart, marks_hart);
bool marks_on;

void marks_start(void)
{
	WRITE_ONCE(marks_on, true);
}

static void note_place(struct mark_place *p)
{
	const struct marks_hart *h = &this_hart(marks_hart);

	p->event = h->event;
	p->a = h->a;
	p->b = h->b;
	p->depth = arch_back_trace(p->pc, MARK_DEPTH);
}

static __attribute__((noinline)) void keep(enum mark m, u64 ticks)
{
	struct marks_hart *h = &this_hart(marks_hart);
	struct mark_high *high = &h->high[m];

	high->ticks = ticks;
	if (m == MARK_LOOK && h->inside)
		high->place = h->place;
	else
		note_place(&high->place);
}

static __attribute__((noinline)) void locate(void)
{
	struct marks_hart *h = &this_hart(marks_hart);
	u64 ticks = arch_clock() - h->since[MARK_LOOK];

	if (ticks <= h->high[MARK_LOOK].ticks ||
	    ticks * 1000000000 / arch_clock_hz() <= MARK_LOOK_NS)
		return;
	note_place(&h->place);
	h->inside = true;
}

/* What this took is not of the stretches around it. */
__window void take_off(u64 began)
{
	struct marks_hart *h = &this_hart(marks_hart);

	for (unsigned int m = 0; m < MARK_KINDS; m++)
		if (h->since[m])
			h->since[m] += arch_clock() - began;
}

noinstr void mark_raise(enum mark m, u64 ticks)
{
	u64 began = arch_clock();

	instrumentation_begin();
	keep(m, ticks);
	instrumentation_end();
	take_off(began);
}

noinstr void mark_locate(void)
{
	u64 began = arch_clock();

	instrumentation_begin();
	locate();
	instrumentation_end();
	take_off(began);
}
