/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts with hypervisor threads for unit tests: what hyp/sched/thread.c has of the layers below, a clock that
 * goes on by tick(), and run(), which starts harts whose first threads run the test's part. A wake-up
 * that is lost hangs, and the alarm ends the test. Included by a test's one file.
 */
#ifndef TESTS_UNIT_HYP_SCHED_THREAD_HARTS_H
#define TESTS_UNIT_HYP_SCHED_THREAD_HARTS_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/host/host.h"
#include "entry/context.h"
#include "entry/run.h"
#include "entry/vtime.h"
#include "hyp/mem/kmem.h"
#include "hyp/mem/stack.h"
#include "hyp/sched/thread.h"
#include "hyp/sched/timer.h"
#include "lib/check.h"
#include "rcu/rcu.h"
#include "tests/unit/patience.h"

#define TIMEOUT_S 60

/* What hyp/sched/thread.c has of the layers below. */
static u32 allocated; /* atomic */

void *kmem_alloc(size_t size)
{
	__atomic_fetch_add(&allocated, 1, __ATOMIC_RELAXED);
	return calloc(1, size);
}

void kmem_free(void *p)
{
	__atomic_fetch_sub(&allocated, 1, __ATOMIC_RELAXED);
	free(p);
}

void *stack_alloc(void)
{
	return aligned_alloc(64, STACK_SIZE);
}

void stack_free(void *stack)
{
	free(stack);
}

static DEFINE_PER_HART(u64, deadline);

bool arch_timer_is_cheap(void)
{
	return true;
}

void arch_timer_set(u64 d)
{
	WRITE_ONCE(this_hart(deadline), d);
	if (d <= arch_clock())
		host_irq_raise(arch_hart_index(), HOST_IRQ_TICK);
}

static void take_irq(u32 bits)
{
	bool believed = lockdep_irq_enter();

	if (bits & HOST_IRQ_TICK)
		timer_irq();
	lockdep_irq_exit(believed);
}

/* Time goes on, and each hart that waited for it is told. */
static void tick(u64 ticks)
{
	unsigned int i;

	host_clock_advance(ticks);
	for_each_hart (i)
		if (READ_ONCE(per_hart(deadline, i)) <= arch_clock())
			host_irq_raise(i, HOST_IRQ_TICK);
}

/* Every hart starts with a thread of its own, runs the test's part, and waits for all to be done. */
static void (*test_main)(unsigned int hart);
static struct thread selves[4];
static u32 harts_up, harts_done, harts_out; /* atomic */

static bool all_done(void *arg)
{
	(void)arg;
	return __atomic_load_n(&harts_done, __ATOMIC_ACQUIRE) == arch_hart_count();
}

static void hart_main(unsigned int hart)
{
	unsigned int i;

	rcu_hart_init();
	vtime_hart_init();
	timer_hart_init();
	thread_hart_init(&selves[hart], "self");
	__atomic_fetch_add(&harts_up, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&harts_up, __ATOMIC_ACQUIRE) != arch_hart_count())
		arch_relax();
	irq_on();
	test_main(hart);
	__atomic_fetch_add(&harts_done, 1, __ATOMIC_ACQ_REL);
	for_each_hart (i)
		thread_wake(&selves[i]);
	CHECK(thread_wait(all_done, NULL, TIMER_NEVER) == OK);
	__atomic_fetch_add(&harts_out, 1, __ATOMIC_ACQ_REL);
	/* Callbacks that are queued on a hart go with it. */
	if (hart == 0) {
		while (__atomic_load_n(&harts_out, __ATOMIC_ACQUIRE) != arch_hart_count())
			arch_relax();
		while (rcu_callbacks_pending())
			rcu_run_callbacks();
	}
	irq_off();
	rcu_eqs_enter();
}

static void pause_here(void)
{
	thread_yield();
}

static void run_with(void (*irq)(u32 bits), unsigned int harts, void (*fn)(unsigned int hart))
{
	memset(selves, 0, sizeof(selves));
	harts_up = harts_done = harts_out = 0;
	test_main = fn;
	host_clock_set(1);
	host_irq_set_handler(irq);
	rcu_set_pause(pause_here);
	patience(TIMEOUT_S);
	host_harts_run(harts, hart_main);
	patience(0);
}

static void run(unsigned int harts, void (*fn)(unsigned int hart))
{
	run_with(take_irq, harts, fn);
}

#endif
