/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The named steps of an entry and an exit. On an architecture built for tests each step notes
 * itself, so that a test can hold the order against the design; elsewhere this is nothing.
 */
#ifndef LIB_STEP_H
#define LIB_STEP_H

#include "lib/compiler.h"

#ifndef LIMEN_STEPS
#define LIMEN_STEPS 0
#endif

enum step {
	STEP_LAST_LOOK,	    /* work looked at for the last time, interrupts off */
	STEP_TRACE_ENTRY,   /* trace: guest entry */
	STEP_TIME_GUEST,    /* time from here on is the guest's */
	STEP_TRACE_IRQ_ON,  /* trace: interrupts on */
	STEP_RCU_QUIET,	    /* RCU: extended quiescent state */
	STEP_LOCK_IRQ_ON,   /* lock checker: interrupts are about to be on */
	STEP_GUEST,	    /* the vCPU runs */
	STEP_LOCK_IRQ_OFF,  /* lock checker: interrupts off */
	STEP_RCU_WATCH,	    /* RCU: watching again */
	STEP_TRACE_IRQ_OFF, /* trace: interrupts off */
	STEP_TAKE_PENDING,  /* pending interrupts are taken */
	STEP_TIME_HOST,	    /* time from here on is the hypervisor's */
	STEP_TRACE_EXIT,    /* trace: guest exit */
	STEP_HANDLE_EXIT,   /* interrupts on, the exit is handled */
	STEP_IDLE,	    /* the hart waits */
};

/* Defined by the test architecture. */
void step_note(enum step s);

__window void step(enum step s)
{
	if (LIMEN_STEPS)
		step_note(s);
}

#endif
