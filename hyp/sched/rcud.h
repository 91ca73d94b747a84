/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread that waits for grace periods and runs RCU callbacks; what rcu/ needs of threads; and
 * the report of a grace period that takes too long.
 */
#ifndef HYP_SCHED_RCUD_H
#define HYP_SCHED_RCUD_H

#include "lib/types.h"

struct trap_frame;

/* Starts it on hart 0. Once; before it callbacks only queue up. */
void rcud_init(void);

/* A kick has come, f is what it interrupted: prints this hart's back trace if one was asked for.
 * Interrupts off, RCU watching. */
void rcud_kicked(const struct trap_frame *f);

/* How often a hart was reported for holding up a grace period. Any context. */
u32 rcud_stalls(void);

#endif
