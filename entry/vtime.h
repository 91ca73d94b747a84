/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a hart's time goes, in ticks of arch_clock(). At every moment a hart is in exactly one
 * kind; a change of kind closes the old interval and opens the new one with one reading of the
 * clock, so the kinds sum to the elapsed time exactly (E7).
 */
#ifndef ENTRY_VTIME_H
#define ENTRY_VTIME_H

#include "lib/check.h"
#include "lib/step.h"

enum vtime_kind {
	VTIME_HOST,
	VTIME_GUEST,
	VTIME_IDLE,
	VTIME_IRQ,
	VTIME_KINDS,
};

struct vtime_hart {
	u64 since;		/* the clock when the current kind began */
	u64 start;		/* the clock when accounting began */
	u32 kind;		/* enum vtime_kind */
	u64 ticks[VTIME_KINDS]; /* closed intervals; written by its hart alone */
};

DECLARE_PER_HART(struct vtime_hart, vtime_hart);

/* Closes the current interval and opens one of the given kind; returns the kind it closed.
 * Interrupts off. */
__window enum vtime_kind vtime_switch(enum vtime_kind to)
{
	struct vtime_hart *v = &this_hart(vtime_hart);
	enum vtime_kind from = v->kind;
	u64 now = arch_clock();

	v->ticks[from] += now - v->since;
	v->since = now;
	v->kind = to;
	return from;
}

/* The same between host and guest on the way in and out, where the kind that ends is known. */
__window void vtime_switch_from(enum vtime_kind from, enum vtime_kind to)
{
	struct vtime_hart *v = &this_hart(vtime_hart);
	u64 now = arch_clock();

	DCHECK(v->kind == from);
	v->ticks[from] += now - v->since;
	v->since = now;
	v->kind = to;
}

/* Accounting begins on the calling hart, in VTIME_HOST. Interrupts off. */
void vtime_hart_init(void);

/* A copy of the calling hart's account up to this moment: ticks[] sum to the return value, the
 * time since vtime_hart_init(). Any interrupt state. */
u64 vtime_read(u64 ticks[VTIME_KINDS]);

#endif
