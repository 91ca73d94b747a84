/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread that waits for grace periods and runs RCU callbacks; what rcu/ needs of threads.
 */
#ifndef HYP_RCUD_H
#define HYP_RCUD_H

/* Starts it on hart 0. Once; before it callbacks only queue up. */
void rcud_init(void);

#endif
