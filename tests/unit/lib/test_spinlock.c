/* SPDX-License-Identifier: BSD-2-Clause */
/* Spinlocks: one holder at a time, in the order of the tickets, safe against interrupts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "lib/spinlock.h"
#include "tests/unit/patience.h"

#define HARTS  4
#define ROUNDS 5000

static struct spinlock lock = SPINLOCK_INIT("test");
static u64 count; /* under the lock, and plain: ThreadSanitizer watches it */
static unsigned int inside;

static void add_rounds(unsigned int hart)
{
	(void)hart;
	irq_on();
	for (int i = 0; i < ROUNDS; i++) {
		unsigned long flags = spin_lock_irqsave(&lock);

		CHECK(++inside == 1);
		count++;
		inside--;
		spin_unlock_irqrestore(&lock, flags);
		CHECK(!arch_irqs_off());
	}
	CHECK(this_hart(lockdep_hart).locks_held == 0);
}

static void one_holder_at_a_time(void **state)
{
	(void)state;
	count = 0;
	host_harts_run(HARTS, add_rounds);
	assert_int_equal(count, HARTS * ROUNDS);
	assert_int_equal(lock.next, lock.owner);
}

/* Tickets go up through the largest number and start again. */
static void tickets_wrap(void **state)
{
	(void)state;
	lock = (struct spinlock){~0U - 100, ~0U - 100, "test"};
	count = 0;
	host_harts_run(HARTS, add_rounds);
	assert_int_equal(count, HARTS * ROUNDS);
}

static unsigned int order[HARTS];

static void wait_for_waiters(unsigned int n)
{
	while (READ_ONCE(lock.next) - READ_ONCE(lock.owner) != n)
		arch_relax();
}

/* Hart 0 holds the lock until all others wait, and hart i asks once i tickets are out: so the
 * order of asking is known. */
static void queue_up(unsigned int hart)
{
	static unsigned int came;

	wait_for_waiters(hart);
	spin_lock(&lock);
	if (hart == 0)
		wait_for_waiters(HARTS);
	order[came++] = hart;
	spin_unlock(&lock);
}

static void first_come_first_served(void **state)
{
	(void)state;
	lock = (struct spinlock)SPINLOCK_INIT("test");
	host_harts_run(HARTS, queue_up);
	for (unsigned int i = 0; i < HARTS; i++)
		assert_int_equal(order[i], i);
}

static unsigned int irqs;

static void take_in_irq(u32 bits)
{
	bool believed = lockdep_irq_enter();

	(void)bits;
	spin_lock(&lock);
	CHECK(++inside == 1);
	inside--;
	spin_unlock(&lock);
	lockdep_irq_exit(believed);
	irqs++;
}

static void irq_while_held(unsigned int hart)
{
	unsigned long flags;

	irq_on();
	flags = spin_lock_irqsave(&lock);
	inside++;
	host_irq_raise(hart, HOST_IRQ_TICK);
	CHECK(irqs == 0);
	inside--;
	spin_unlock_irqrestore(&lock, flags);
	CHECK(irqs == 1);
}

static void irq_waits_for_the_holder(void **state)
{
	(void)state;
	irqs = 0;
	host_irq_set_handler(take_in_irq);
	host_harts_run(1, irq_while_held);
	host_irq_set_handler(NULL);
	assert_int_equal(irqs, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_holder_at_a_time),
		cmocka_unit_test(tickets_wrap),
		cmocka_unit_test(first_come_first_served),
		cmocka_unit_test(irq_waits_for_the_holder),
	};

	patience(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
