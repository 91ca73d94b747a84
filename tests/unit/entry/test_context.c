/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Context tracking: guest and idle are the same quiescent state (E9), an interrupt out of one
 * leaves it as it was (E16), and what must not be there at the threshold stops the machine (E3).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "entry/entry.h"
#include "entry/idle.h"
#include "lib/spinlock.h"
#include "tests/unit/patience.h"

static const char *said; /* what a panic said on the hart */

#define EXPECT_SAID(text)                            \
	do {                                         \
		assert_non_null(said);               \
		assert_non_null(strstr(said, text)); \
	} while (0)

static void hart_start(void)
{
	rcu_hart_init();
	vtime_hart_init();
}

static u64 counter(void)
{
	return this_hart(rcu_hart).counter;
}

static void enter_guest(void *arg)
{
	(void)arg;
	guest_timing_enter_irqoff();
	exit_to_guest_mode();
}

static void leave_guest(void *arg)
{
	(void)arg;
	enter_from_guest_mode();
	guest_timing_exit_irqoff();
}

static void walk_guest(unsigned int hart)
{
	(void)hart;
	hart_start();
	CHECK(counter() == 1 && rcu_watching());
	for (u64 i = 1; i <= 3; i++) {
		enter_guest(NULL);
		CHECK(counter() == 2 * i && !rcu_watching());
		CHECK(this_hart(context_hart).state == CONTEXT_GUEST);
		leave_guest(NULL);
		CHECK(counter() == 2 * i + 1 && rcu_watching());
		CHECK(this_hart(context_hart).state == CONTEXT_HYPERVISOR);
	}
}

static void guest_is_quiescent(void **state)
{
	(void)state;
	host_harts_run(1, walk_guest);
}

static void irq_out_of_guest(unsigned int hart)
{
	bool outer, inner;

	(void)hart;
	hart_start();
	CHECK(!context_irq_enter()); /* watching already: nothing to do, nothing to undo */
	context_irq_exit(false);
	CHECK(counter() == 1);

	enter_guest(NULL);
	outer = context_irq_enter();
	CHECK(outer && rcu_watching());
	rcu_read_lock();
	inner = context_irq_enter(); /* a trap inside the interrupt */
	CHECK(!inner && rcu_watching());
	context_irq_exit(inner);
	CHECK(rcu_watching());
	rcu_read_unlock();
	context_irq_exit(outer);
	CHECK(!rcu_watching() && counter() == 4);
	CHECK(this_hart(context_hart).state == CONTEXT_GUEST);
	leave_guest(NULL);
	CHECK(counter() == 5);
}

static void irq_bracket_restores_parity(void **state)
{
	(void)state;
	host_harts_run(1, irq_out_of_guest);
}

static void watched_answer(unsigned int hart)
{
	(void)hart;
	hart_start();
	enter_guest(NULL);
	context_watch_irqoff();
	CHECK(rcu_watching() && counter() == 3);
	CHECK(this_hart(context_hart).state == CONTEXT_GUEST);
	rcu_read_lock();
	CHECK(!context_irq_enter()); /* RCU watches already */
	context_irq_exit(false);
	rcu_read_unlock();
	context_quiet_irqoff();
	CHECK(!rcu_watching() && counter() == 4);
	leave_guest(NULL);
	CHECK(counter() == 5);
}

static void reader_outlives_answer(void *arg)
{
	(void)arg;
	enter_guest(NULL);
	context_watch_irqoff();
	rcu_read_lock();
	context_quiet_irqoff();
}

static void leaked_reader(unsigned int hart)
{
	(void)hart;
	hart_start();
	CHECK(host_expect_panic(reader_outlives_answer, NULL));
}

static void watched_answer_keeps_parity(void **state)
{
	(void)state;
	host_harts_run(1, watched_answer);
	host_harts_run(1, leaked_reader);
}

static unsigned int irqs;

static void irq_in_idle(u32 bits)
{
	CHECK(bits == HOST_IRQ_TICK);
	CHECK(arch_irqs_off() && rcu_watching());
	CHECK(this_hart(context_hart).state == CONTEXT_HYPERVISOR);
	CHECK(this_hart(vtime_hart).kind == VTIME_HOST);
	irqs++;
}

static void idle_once(unsigned int hart)
{
	hart_start();
	/* Pending between the last look and the wait: the wait ends at once. */
	host_irq_raise(hart, HOST_IRQ_TICK);
	host_steps_reset();
	idle_wait_irqoff();
	CHECK(irqs == 1);
	CHECK(arch_irqs_off() && counter() == 3);
	CHECK(host_step_count() == 3);
	CHECK(host_step(0) == STEP_RCU_QUIET);
	CHECK(host_step(1) == STEP_IDLE);
	CHECK(host_step(2) == STEP_RCU_WATCH);
}

static void idle_is_quiescent(void **state)
{
	(void)state;
	irqs = 0;
	host_irq_set_handler(irq_in_idle);
	host_harts_run(1, idle_once);
}

static struct spinlock lock = SPINLOCK_INIT("test");

static void with_lock(unsigned int hart)
{
	(void)hart;
	hart_start();
	spin_lock(&lock);
	said = host_expect_panic(enter_guest, NULL);
	spin_unlock(&lock);
}

static void lock_held_at_entry(void **state)
{
	(void)state;
	host_harts_run(1, with_lock);
	EXPECT_SAID("test is held where no lock may be");
}

static void idle_wait(void *arg)
{
	(void)arg;
	idle_wait_irqoff();
}

static void idle_with_lock(unsigned int hart)
{
	hart_start();
	host_irq_raise(hart, HOST_IRQ_TICK);
	spin_lock(&lock);
	said = host_expect_panic(idle_wait, NULL);
	spin_unlock(&lock);
}

static void lock_held_at_idle(void **state)
{
	(void)state;
	host_harts_run(1, idle_with_lock);
	EXPECT_SAID("test is held where no lock may be");
}

static void with_reader(unsigned int hart)
{
	(void)hart;
	hart_start();
	rcu_read_lock();
	said = host_expect_panic(enter_guest, NULL);
}

static void reader_across_entry(void **state)
{
	(void)state;
	host_harts_run(1, with_reader);
	EXPECT_SAID("nesting");
}

static void with_irqs(unsigned int hart)
{
	(void)hart;
	hart_start();
	irq_on();
	said = host_expect_panic(enter_guest, NULL);
}

static void irqs_on_at_entry(void **state)
{
	(void)state;
	host_harts_run(1, with_irqs);
	EXPECT_SAID("arch_irqs_off");
}

/* In hardware off, but the checker was not told. */
static void with_irqs_believed_on(unsigned int hart)
{
	(void)hart;
	hart_start();
	irq_on();
	arch_irq_off();
	said = host_expect_panic(enter_guest, NULL);
}

static void irqs_believed_on_at_entry(void **state)
{
	(void)state;
	host_harts_run(1, with_irqs_believed_on);
	EXPECT_SAID("irqs_on");
}

static void enter_twice(unsigned int hart)
{
	(void)hart;
	hart_start();
	enter_guest(NULL);
	this_hart(lockdep_hart).irqs_on = false; /* past the checks that come first */
	this_hart(vtime_hart).kind = VTIME_HOST;
	said = host_expect_panic(enter_guest, NULL);
}

static void double_enter(void **state)
{
	(void)state;
	host_harts_run(1, enter_twice);
	EXPECT_SAID("CONTEXT_HYPERVISOR");
}

static void leave_twice(unsigned int hart)
{
	(void)hart;
	hart_start();
	enter_guest(NULL);
	leave_guest(NULL);
	said = host_expect_panic(leave_guest, NULL);
}

static void double_leave(void **state)
{
	(void)state;
	host_harts_run(1, leave_twice);
	EXPECT_SAID("counter & 1");
}

/* The time of the guest begins once, and ends once. */
static void time_enter(void *arg)
{
	(void)arg;
	guest_timing_enter_irqoff();
}

static void time_exit(void *arg)
{
	(void)arg;
	guest_timing_exit_irqoff();
}

static void time_twice(unsigned int hart)
{
	(void)hart;
	hart_start();
	guest_timing_enter_irqoff();
	said = host_expect_panic(time_enter, NULL);
}

static void time_never(unsigned int hart)
{
	(void)hart;
	hart_start();
	said = host_expect_panic(time_exit, NULL);
}

static void time_entered_twice(void **state)
{
	(void)state;
	host_harts_run(1, time_twice);
	EXPECT_SAID("kind == from");
}

static void time_left_without_entry(void **state)
{
	(void)state;
	host_harts_run(1, time_never);
	EXPECT_SAID("kind == from");
}

static void leave_idle(void *arg)
{
	(void)arg;
	context_exit_irqoff(CONTEXT_IDLE);
}

static void leave_as_other(unsigned int hart)
{
	(void)hart;
	hart_start();
	guest_context_enter_irqoff();
	said = host_expect_panic(leave_idle, NULL);
}

static void leave_what_was_not_entered(void **state)
{
	(void)state;
	host_harts_run(1, leave_as_other);
	EXPECT_SAID("state == from");
}

static void read_lock(void *arg)
{
	(void)arg;
	rcu_read_lock();
}

static void read_unwatched(unsigned int hart)
{
	(void)hart;
	hart_start();
	guest_context_enter_irqoff();
	said = host_expect_panic(read_lock, NULL);
}

static void reader_in_guest(void **state)
{
	(void)state;
	host_harts_run(1, read_unwatched);
	EXPECT_SAID("rcu_watching");
}

static void end_irq(void *arg)
{
	(void)arg;
	context_irq_exit(true);
}

static void exit_bracket_in_reader(unsigned int hart)
{
	(void)hart;
	hart_start();
	guest_context_enter_irqoff();
	CHECK(context_irq_enter());
	rcu_read_lock();
	said = host_expect_panic(end_irq, NULL);
}

static void reader_across_irq_end(void **state)
{
	(void)state;
	host_harts_run(1, exit_bracket_in_reader);
	EXPECT_SAID("nesting");
}

static int fresh(void **state)
{
	(void)state;
	said = NULL;
	host_irq_set_handler(NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(guest_is_quiescent, fresh),
		cmocka_unit_test_setup(irq_bracket_restores_parity, fresh),
		cmocka_unit_test_setup(watched_answer_keeps_parity, fresh),
		cmocka_unit_test_setup(idle_is_quiescent, fresh),
		cmocka_unit_test_setup(lock_held_at_entry, fresh),
		cmocka_unit_test_setup(lock_held_at_idle, fresh),
		cmocka_unit_test_setup(reader_across_entry, fresh),
		cmocka_unit_test_setup(irqs_on_at_entry, fresh),
		cmocka_unit_test_setup(irqs_believed_on_at_entry, fresh),
		cmocka_unit_test_setup(double_enter, fresh),
		cmocka_unit_test_setup(double_leave, fresh),
		cmocka_unit_test_setup(time_entered_twice, fresh),
		cmocka_unit_test_setup(time_left_without_entry, fresh),
		cmocka_unit_test_setup(leave_what_was_not_entered, fresh),
		cmocka_unit_test_setup(reader_in_guest, fresh),
		cmocka_unit_test_setup(reader_across_irq_end, fresh),
	};

	patience(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
