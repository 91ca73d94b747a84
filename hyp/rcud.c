/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/rcud.h"

#include "hyp/thread.h"
#include "hyp/timer.h"
#include "lib/check.h"
#include "rcu/rcu.h"

static struct thread *rcud;

static bool never(void *arg)
{
	(void)arg;
	return false;
}

/* Between two looks at the other harts' counters: a millisecond. */
static void pause_ms(void)
{
	(void)thread_wait(never, NULL, arch_clock() + arch_clock_hz() / 1000);
}

static bool work(void *arg)
{
	(void)arg;
	return rcu_callbacks_pending();
}

static void loop(void *arg)
{
	(void)arg;
	for (;;) {
		(void)thread_wait(work, NULL, TIMER_NEVER);
		rcu_run_callbacks();
	}
}

static void wake(void)
{
	thread_wake(rcud);
}

void rcud_init(void)
{
	rcu_set_pause(pause_ms);
	rcud = thread_create("rcu", 0, loop, NULL);
	CHECK(rcud);
	rcu_set_wake(wake);
}
