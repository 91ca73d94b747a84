/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/sched/rcud.h"

#include "entry/context.h"
#include "entry/run.h"
#include "hyp/console/panic_trace.h"
#include "hyp/sched/thread.h"
#include "hyp/sched/timer.h"
#include "lib/check.h"
#include "lib/log.h"
#include "lib/symbols.h"
#include "rcu/rcu.h"

#define ANSWER_MS 2000 /* for a kicked hart to begin with its trace */
#define PRINT_MS  5000 /* for it to print, on a slow serial line */

enum trace_state {
	TRACE_NONE,
	TRACE_WANTED,
	TRACE_PRINTING,
};

static struct thread *rcud;
static u32 stalls; /* atomic */

static DEFINE_PER_HART(u32, trace_state); /* atomic; enum trace_state */

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

/* The hart's vCPU, or whatever looks at the hart's work, lets others run when it next looks. */
static void hurry(unsigned int hart)
{
	entry_work_set(hart, ENTRY_WORK_RESCHED);
}

/* False: the hart is still in that state. */
static bool trace_wait(unsigned int hart, u32 state, unsigned int ms)
{
	u64 start = arch_clock(), limit = arch_clock_hz() / 1000 * ms;

	/* Order: what that hart printed, before what this one prints.
	 * Pairs with: rcud_kicked() [R1] */
	while (arch_load_acquire(&per_hart(trace_state, hart)) == state) {
		if (arch_clock() - start > limit)
			return false;
		arch_relax();
	}
	return true;
}

/* Has a hart print its back trace, from its interrupt. */
static void trace_ask(unsigned int hart)
{
	u32 wanted = TRACE_WANTED;

	WRITE_ONCE(per_hart(trace_state, hart), TRACE_WANTED);
	arch_kick_handler(hart);
	if (!trace_wait(hart, TRACE_WANTED, ANSWER_MS) &&
	    __atomic_compare_exchange_n(&per_hart(trace_state, hart), &wanted, TRACE_NONE, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		log_report("hart %u: no answer, its interrupts are off", hart);
	else
		(void)trace_wait(hart, TRACE_PRINTING, PRINT_MS);
}

void rcud_kicked(const struct trap_frame *f)
{
	struct arch_place at;
	u32 wanted = TRACE_WANTED;

	if (likely(READ_ONCE(this_hart(trace_state)) != TRACE_WANTED) ||
	    !__atomic_compare_exchange_n(&this_hart(trace_state), &wanted, TRACE_PRINTING, false,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return;
	log_report("hart %u is at:", arch_hart_index());
	arch_frame_place(f, &at);
	panic_print_trace(&at);
	/* Order: what this hart printed, before what the asking one prints.
	 * Pairs with: trace_wait() [R1] */
	arch_store_release(&this_hart(trace_state), TRACE_NONE);
}

/* What a hart that RCU watches does, as far as another can tell. */
static const char *doing(unsigned int hart)
{
	switch (READ_ONCE(per_hart(context_hart, hart).state)) {
	case CONTEXT_GUEST: return "in an interrupt out of a guest";
	case CONTEXT_IDLE: return "in an interrupt out of its idle wait";
	default: return "in the hypervisor";
	}
}

static void stall(unsigned int hart, u64 waited)
{
	uintptr_t reader = (uintptr_t)READ_ONCE(per_hart(rcu_hart, hart).reader);
	struct symbol s;

	log_report("RCU: a grace period has waited %llu ms for hart %u: %s",
		   (unsigned long long)(waited * 1000 / arch_clock_hz()), hart, doing(hart));
	if (reader) {
		symbol_find(reader, &s);
		log_report("  in a reader that began at %016lx %s+0x%zx", reader, s.name, s.offset);
	}
	trace_ask(hart);
	__atomic_fetch_add(&stalls, 1, __ATOMIC_RELAXED);
}

u32 rcud_stalls(void)
{
	return READ_ONCE(stalls);
}

void rcud_init(void)
{
	rcu_set_pause(pause_ms);
	rcu_set_yield(thread_yield);
	rcu_set_hurry(hurry);
	rcu_set_stall(stall);
	rcud = thread_create("rcu", 0, loop, NULL);
	CHECK(rcud);
	rcu_set_wake(wake);
}
