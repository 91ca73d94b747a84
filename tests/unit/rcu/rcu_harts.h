/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the unit tests of RCU share: harts that are watched and leave quietly, stages that harts wait
 * for, and a setup that takes back all that a test has set.
 */
#ifndef TESTS_UNIT_RCU_RCU_HARTS_H
#define TESTS_UNIT_RCU_RCU_HARTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "entry/entry.h"
#include "lib/irq.h"
#include "rcu/rcu.h"
#include "tests/unit/patience.h"

static inline void hart_start(void)
{
	rcu_hart_init();
	vtime_hart_init();
	irq_on();
}

/* Nobody waits for a hart that is done. */
static inline void hart_end(void)
{
	irq_off();
	context_enter_irqoff(CONTEXT_IDLE);
}

static u32 stage; /* atomic: how far a test has come */

static inline void stage_set(u32 s)
{
	arch_store_release(&stage, s);
}

static inline void stage_wait(u32 s)
{
	while (arch_load_acquire(&stage) < s)
		arch_relax();
}

static unsigned int pauses; /* of the hart that waits */
static unsigned int irqs;   /* atomic */

static inline void count_irq(u32 bits)
{
	(void)bits;
	__atomic_fetch_add(&irqs, 1, __ATOMIC_RELAXED);
}

/* The setup of each test. */
static inline int fresh(void **state)
{
	(void)state;
	patience(60); /* one that hangs */
	stage = pauses = irqs = 0;
	rcu_set_pause(NULL);
	rcu_set_wake(NULL);
	rcu_set_yield(NULL);
	rcu_set_hurry(NULL);
	rcu_set_stall(NULL);
	rcu_set_stall_bound(0);
	host_irq_set_handler(count_irq);
	return 0;
}

#endif
