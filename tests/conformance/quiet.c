/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Idle, and interrupts that come out of a quiescent state.
 */
#include "tests/conformance/suite.h"

#include "entry/idle.h"

/* How far the hart's counter went by the interrupts, and by all. */
static u64 by_irqs, by_all;

static void idle_once(u64 ticks)
{
	u64 counter;

	irq_off();
	counter = hart_counter();
	port->tick(ticks);
	idle_wait_irqoff();
	expect_home(false);
	EXPECT(hart_counter() == counter + 2);
	irq_on();
}

/* E9: the same counter, the same context, and its time is idle time. */
static void e9_idle(void)
{
	u64 before[VTIME_KINDS], after[VTIME_KINDS];

	(void)vtime_read(before);
	idle_once(short_while());
	(void)vtime_read(after);
	EXPECT(after[VTIME_IDLE] > before[VTIME_IDLE]);
	EXPECT(after[VTIME_GUEST] == before[VTIME_GUEST]);
	expect_home(true);
}

/* E16: whenever the interrupt comes, before the wait or in it. One that is lost is a hang. */
static void e16_wait(void)
{
	for (unsigned int i = 0; i < 100; i++)
		idle_once(i % 4 ? i : 0);
}

/* An interrupt taken while RCU is not watching, by the machine's usual handler. */
static noinstr void irq_out_of(enum context c)
{
	u64 counter = this_hart(rcu_hart).counter;

	context_enter_irqoff(c);
	arch_irq_take_pending();
	by_irqs = this_hart(rcu_hart).counter - counter;
	context_exit_irqoff(c);
	by_all = this_hart(rcu_hart).counter - counter;
}

static void e16_quiescent(enum context c)
{
	u64 before[VTIME_KINDS], after[VTIME_KINDS];

	irq_off();
	(void)vtime_read(before);
	port->tick(0); /* conformance_tick() sees that RCU watches */
	/* In an emulator it may come a little late. */
	for (unsigned int tries = 0; tries < 1000000; tries++) {
		irq_out_of(c);
		if (by_irqs != 1)
			break;
	}
	/* By 1 into the state, by 2 an interrupt, by 1 out of it. */
	EXPECT_COUNT(by_irqs, 3);
	EXPECT(by_irqs % 2 == 1 && by_all == by_irqs + 1);
	(void)vtime_read(after);
	EXPECT(after[VTIME_GUEST] == before[VTIME_GUEST]);
	expect_home(false);
	irq_on();
}

static void e16_out_of_idle(void)
{
	e16_quiescent(CONTEXT_IDLE);
}

static void e16_out_of_guest(void)
{
	e16_quiescent(CONTEXT_GUEST);
}

/* A trap inside an interrupt inside a quiescent state: only the outermost bracket changes anything. */
static noinstr bool nest(void)
{
	u64 counter = this_hart(rcu_hart).counter;
	bool ok = true, outer, inner;

	context_enter_irqoff(CONTEXT_IDLE);
	outer = context_irq_enter();
	ok &= outer && rcu_watching();
	inner = context_irq_enter();
	ok &= !inner && this_hart(rcu_hart).counter == counter + 2;
	context_irq_exit(inner);
	ok &= rcu_watching();
	context_irq_exit(outer);
	ok &= !rcu_watching() && this_hart(context_hart).state == CONTEXT_IDLE;
	context_exit_irqoff(CONTEXT_IDLE);
	return ok && rcu_watching() && this_hart(rcu_hart).counter == counter + 4;
}

static void e16_nested(void)
{
	irq_off();
	EXPECT(nest());
	expect_home(false);
	EXPECT(!context_irq_enter());
	context_irq_exit(false);
	expect_home(false);
	irq_on();
}

const struct conformance_test quiet_tests[] = {
	{"E9: idle is quiescent, and idle time", e9_idle, 1, NULL},
	{"E16: no interrupt is lost before the wait", e16_wait, 1, NULL},
	{"E16: an interrupt out of idle leaves watching and parity", e16_out_of_idle, 1, NULL},
	{"E16: so does one out of a guest's state", e16_out_of_guest, 1, NULL},
	{"E16: nested brackets change nothing", e16_nested, 1, NULL},
	{NULL, NULL, 0, NULL},
};
