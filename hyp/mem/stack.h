/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thread stacks of STACK_SIZE bytes, each in a slot of twice that whose lower half is not mapped:
 * running over faults at once, and the trap handler sees it in one bit of sp.
 * A slot once mapped stays so and is handed out again.
 */
#ifndef HYP_MEM_STACK_H
#define HYP_MEM_STACK_H

#include "arch/stack.h"
#include "lib/types.h"

/* The lowest usable byte of a stack, or NULL without memory. Any context that RCU watches. */
void *stack_alloc(void);
void stack_free(void *stack);

#endif
