/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What may be done with a VM in which phase of its life, and whether one that has ended starts again.
 *
 * Pure code: any context, no state of its own.
 */
#ifndef GUEST_VM_VM_LIFE_H
#define GUEST_VM_VM_LIFE_H

#include "lib/err.h"
#include "lib/types.h"

/* How a VM's run stands, or how it ended. */
enum vm_state {
	VM_NEW,
	VM_RUNNING,
	VM_OFF,	   /* powered itself off */
	VM_REBOOT, /* wants to start again */
	VM_FAILED, /* was stopped for what it did */
	VM_KILLED, /* was stopped from outside */
};

/* Where a VM is in its life, as its manager sees it. */
enum vm_phase {
	VM_ABSENT, /* it has no memory; it can be made from its configuration */
	VM_DOWN,   /* its memory is its own; no vCPU runs */
	VM_UP,
	VM_PAUSED,
	VM_PHASES,
};

enum vm_op {
	VM_OP_PAUSE,   /* UP to PAUSED */
	VM_OP_RESUME,  /* PAUSED to UP */
	VM_OP_STOP,    /* UP and PAUSED to DOWN; a restart that is due is given up */
	VM_OP_START,   /* ABSENT and DOWN to UP, loaded anew */
	VM_OP_RESTART, /* DOWN, UP and PAUSED to UP, loaded anew */
	VM_OP_DESTROY, /* whatever there is to ABSENT */
	VM_OPS,
};

/* OK: it may be done in that phase. ERR_EXIST: that is how it is. ERR_NOENT: there is nothing that it
 * could be done with. */
enum err vm_op_check(enum vm_phase phase, enum vm_op op);

/* The property `restart` (docs/configuration.md). */
enum restart_policy {
	RESTART_NEVER,
	RESTART_ON_FAILURE,
	RESTART_ALWAYS,
	RESTART_POLICIES,
};

#define RESTART_WELL_MS	 10000 /* who ran as long has started well: what was before is forgotten */
#define RESTART_FIRST_MS 100   /* before the first restart, and twice as long before each other */
#define RESTART_TRIES	 8     /* in a row, and no more */
#define RESTART_REBOOTS	 4     /* of its own that are not kept waiting */
#define RESTART_NOT	 (~0UL)

/*
 * A VM has ended so, ran_ms milliseconds after its start: in how many it is to start again, or
 * RESTART_NOT. *quick counts those that ended soon, from 0. A guest's own reboot is done whatever the
 * policy and however often, but in the end not faster than one failure after the other.
 */
u64 vm_restart_after(enum restart_policy policy, enum vm_state why, u64 ran_ms, u32 *quick);

#endif
