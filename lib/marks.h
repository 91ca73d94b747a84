/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * High-water marks: the longest stretch of limen's own code without a look at the hart's work, which is
 * where another thread may get the hart, and the longest with interrupts off, by the clock. A new mark
 * keeps the last trace point that was passed, on or off, and a back trace: of where the stretch ended, or,
 * of one without a look, of where interrupts were first turned off in it after MARK_LOOK_NS.
 *
 * What counts as a look: an entry into a guest, the idle wait, and whoever takes bits of the hart's work,
 * as each switch of threads does. The stretch begins anew there. Answers inside a guest's run that need
 * no RCU are not seen; they are a few instructions each.
 *
 * Written by their hart alone. Compiled in where LIMEN_MARKS says so: in debug builds, and in
 * BUILD=marks, whose code is otherwise the release build's. Elsewhere nothing of it is left.
 */
#ifndef LIB_MARKS_H
#define LIB_MARKS_H

#include "arch/arch.h"

#ifndef LIMEN_MARKS
#define LIMEN_MARKS LIMEN_DEBUG
#endif

enum mark {
	MARK_LOOK,
	MARK_IRQS_OFF,
	MARK_KINDS,
};

#define MARK_DEPTH   8 /* callers kept */
#define MARK_LOOK_NS 20000

struct mark_place {
	u32 event; /* enum trace_event of the last trace point passed, and what it said */
	u32 depth;
	u64 a, b;
	uintptr_t pc[MARK_DEPTH];
};

struct mark_high {
	u64 ticks;
	struct mark_place place;
};

struct marks_hart {
	u64 since[MARK_KINDS]; /* when the stretch began; 0: none is under way */
	bool inside;	       /* place is inside the stretch without a look that is under way */
	u32 event;	       /* the last trace point passed */
	u64 a, b;
	struct mark_place place;
	struct mark_high high[MARK_KINDS];
};

DECLARE_PER_HART(struct marks_hart, marks_hart);

extern bool marks_on;

/* From now on stretches are measured. Any context; once. */
void marks_start(void);

/* The hart's mark is so high. Where RCU watches; noinstr, since the threshold itself marks. */
void mark_raise(enum mark m, u64 ticks);

/* The stretch without a look is long: where is it? The same. */
void mark_locate(void);

/* A stretch of the calling hart begins. RCU watches. */
__window void mark_begin(enum mark m)
{
	if (!LIMEN_MARKS || !READ_ONCE(marks_on))
		return;
	this_hart(marks_hart).since[m] = arch_clock();
	if (m == MARK_LOOK)
		this_hart(marks_hart).inside = false;
}

/* The stretch that is under way ends, if there is one; its thread has not moved to another hart. */
__window void mark_end(enum mark m)
{
	u64 since, ticks;

	if (!LIMEN_MARKS)
		return;
	since = this_hart(marks_hart).since[m];
	if (!since)
		return;
	this_hart(marks_hart).since[m] = 0;
	ticks = arch_clock() - since;
	if (unlikely(ticks > this_hart(marks_hart).high[m].ticks))
		mark_raise(m, ticks);
}

/* Interrupts have been turned off. */
__window void mark_irqs_off(void)
{
	mark_begin(MARK_IRQS_OFF);
	if (LIMEN_MARKS && this_hart(marks_hart).since[MARK_LOOK] && !this_hart(marks_hart).inside)
		mark_locate();
}

/* The hart looks at its work, and goes on. */
__window void mark_look(void)
{
	mark_end(MARK_LOOK);
	mark_begin(MARK_LOOK);
}

/* A trace point was passed; not those of interrupts on and off, which are everywhere. */
__window void mark_note(u32 event, u64 a, u64 b)
{
	if (!LIMEN_MARKS)
		return;
	this_hart(marks_hart).event = event;
	this_hart(marks_hart).a = a;
	this_hart(marks_hart).b = b;
}

#endif
