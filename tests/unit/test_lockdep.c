/* SPDX-License-Identifier: BSD-2-Clause */
/* The lock checker: what a hart believes follows what is so, and a lie stops the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "lib/irq.h"
#include "lib/spinlock.h"

static const char *said;

static bool believed_on(void)
{
	return this_hart(lockdep_hart).irqs_on;
}

static void walk_irqs(unsigned int hart)
{
	unsigned long outer, inner;

	(void)hart;
	CHECK(arch_irqs_off() && !believed_on());
	irq_on();
	CHECK(!arch_irqs_off() && believed_on());
	outer = irq_save();
	CHECK(arch_irqs_off() && !believed_on());
	inner = irq_save();
	irq_restore(inner);
	CHECK(arch_irqs_off() && !believed_on());
	irq_restore(outer);
	CHECK(!arch_irqs_off() && believed_on());
	irq_off();
	CHECK(arch_irqs_off() && !believed_on());
}

static void belief_follows(void **state)
{
	(void)state;
	host_harts_run(1, walk_irqs);
}

static void prepare(void *arg)
{
	(void)arg;
	lockdep_hardirqs_on_prepare();
}

static void prepare_too_late(unsigned int hart)
{
	(void)hart;
	arch_irq_on();
	said = host_expect_panic(prepare, NULL);
}

static void prepare_with_irqs_on(void **state)
{
	(void)state;
	host_harts_run(1, prepare_too_late);
	assert_non_null(said);
}

static void told_off(void *arg)
{
	(void)arg;
	lockdep_hardirqs_off();
}

static void told_off_too_early(unsigned int hart)
{
	(void)hart;
	arch_irq_on();
	said = host_expect_panic(told_off, NULL);
}

static void off_with_irqs_on(void **state)
{
	(void)state;
	host_harts_run(1, told_off_too_early);
	assert_non_null(said);
}

static void no_locks(void *arg)
{
	(void)arg;
	lockdep_assert_no_locks();
}

static void count_locks(unsigned int hart)
{
	static struct spinlock a = SPINLOCK_INIT, b = SPINLOCK_INIT;

	(void)hart;
	CHECK(!host_expect_panic(no_locks, NULL));
	spin_lock(&a);
	spin_lock(&b);
	CHECK(this_hart(lockdep_hart).locks_held == 2);
	spin_unlock(&a);
	CHECK(this_hart(lockdep_hart).locks_held == 1);
	CHECK(host_expect_panic(no_locks, NULL));
	spin_unlock(&b);
	CHECK(!host_expect_panic(no_locks, NULL));
}

static void locks_are_counted(void **state)
{
	(void)state;
	host_harts_run(1, count_locks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(belief_follows),
		cmocka_unit_test(prepare_with_irqs_on),
		cmocka_unit_test(off_with_irqs_on),
		cmocka_unit_test(locks_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
