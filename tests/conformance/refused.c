/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a debug build has to refuse, for ports on which a test survives a failed check. It is wrong on
 * purpose, so it is not linked where it would never run: the checker of noinstr code would find it.
 */
#include "tests/conformance/suite.h"

/* E3: each must stop the machine, in a debug build. */
static struct spinlock lock = SPINLOCK_INIT("conformance");

static void enter(void)
{
	irq_off();
	guest_timing_enter_irqoff();
	exit_to_guest_mode();
}

static void enter_with_lock(void *arg)
{
	(void)arg;
	spin_lock(&lock);
	enter();
}

static void enter_with_reader(void *arg)
{
	(void)arg;
	rcu_read_lock();
	enter();
}

static void enter_with_irqs(void *arg)
{
	(void)arg;
	guest_timing_enter_irqoff();
}

static void enter_clean(void *arg)
{
	(void)arg;
	enter();
	enter_from_guest_mode();
	guest_timing_exit_irqoff();
}

static void e3_refused(void)
{
	EXPECT(!port->expect_panic(enter_clean, NULL));
	EXPECT(port->expect_panic(enter_with_reader, NULL));
	EXPECT(port->expect_panic(enter_with_irqs, NULL));
	EXPECT(port->expect_panic(enter_with_lock, NULL));
}

static void read_unwatched(void *arg)
{
	(void)arg;
	irq_off();
	context_enter_irqoff(CONTEXT_GUEST);
	rcu_read_lock();
}

static void end_in_reader(void *arg)
{
	bool was_quiet;

	(void)arg;
	irq_off();
	context_enter_irqoff(CONTEXT_GUEST);
	was_quiet = context_irq_enter();
	rcu_read_lock();
	context_irq_exit(was_quiet);
}

static void enter_twice(void *arg)
{
	(void)arg;
	irq_off();
	context_enter_irqoff(CONTEXT_IDLE);
	context_enter_irqoff(CONTEXT_GUEST);
}

static void leave_another(void *arg)
{
	(void)arg;
	irq_off();
	context_enter_irqoff(CONTEXT_IDLE);
	context_exit_irqoff(CONTEXT_GUEST);
}

static void context_refused(void)
{
	EXPECT(port->expect_panic(read_unwatched, NULL));
	EXPECT(port->expect_panic(end_in_reader, NULL));
	EXPECT(port->expect_panic(enter_twice, NULL));
	EXPECT(port->expect_panic(leave_another, NULL));
}

const struct conformance_test refused_tests[] = {
	{"E3: a lock, a reader, or interrupts on at entry stop the machine", e3_refused, 1, NULL},
	{"E16: so does what is not balanced", context_refused, 1, NULL},
	{NULL, NULL, 0, NULL},
};
