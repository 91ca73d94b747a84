/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The architecture contract, held against arch/host: what lib/, rcu/ and entry/ rely on. It calls
 * the contract through arch/arch.h; host.h is there to make things happen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "lib/check.h"
#include "tests/unit/patience.h"

#define HARTS 3

static DEFINE_PER_HART(u64, mine);
static u32 arrived; /* atomic */

static void wait_for_all(u32 n)
{
	__atomic_fetch_add(&arrived, 1, __ATOMIC_ACQ_REL);
	while (arch_load_acquire(&arrived) < n)
		arch_relax();
}

static void look_at_others(unsigned int hart)
{
	unsigned int i;

	CHECK(arch_hart_index() == hart);
	CHECK(arch_hart_count() == HARTS);
	CHECK(arch_irqs_off());
	CHECK(this_hart(mine) == 0);
	this_hart(mine) = 100 + hart;
	wait_for_all(HARTS);
	for_each_hart (i)
		CHECK(per_hart(mine, i) == 100 + i);
	CHECK(&per_hart(mine, hart) == &this_hart(mine));
	wait_for_all(2 * HARTS);
	per_hart(mine, (hart + 1) % HARTS) = hart;
	wait_for_all(3 * HARTS);
	CHECK(this_hart(mine) == (hart + HARTS - 1) % HARTS);
}

static void per_hart_variables(void **state)
{
	(void)state;
	arrived = 0;
	this_hart(mine) = 5;
	host_harts_run(HARTS, look_at_others);
	assert_int_equal(arch_hart_count(), 1);
	assert_int_equal(arch_hart_index(), 0);
	assert_int_equal(per_hart(mine, 0), 5);
}

static u32 taken; /* bits, by the hart that takes them */
static unsigned int times;

static void note_irq(u32 bits)
{
	CHECK(arch_irqs_off());
	taken |= bits;
	times++;
}

static int fresh(void **state)
{
	(void)state;
	arrived = taken = times = 0;
	host_irq_set_handler(note_irq);
	return 0;
}

static void take_when_on(unsigned int hart)
{
	unsigned long flags;

	host_irq_raise(hart, HOST_IRQ_TICK);
	CHECK(host_irq_pending() && times == 0);
	arch_irq_on();
	CHECK(!host_irq_pending() && times == 1 && taken == HOST_IRQ_TICK);
	CHECK(!arch_irqs_off());

	flags = arch_irq_save();
	host_irq_raise(hart, BIT(5));
	arch_irq_restore(arch_irq_save());
	CHECK(arch_irqs_off() && times == 1);
	arch_irq_restore(flags);
	CHECK(!arch_irqs_off() && times == 2);

	arch_irq_off();
	host_irq_raise(hart, HOST_IRQ_TICK | BIT(6));
	arch_irq_take_pending();
	CHECK(arch_irqs_off() && times == 3 && (taken & BIT(6)));
	arch_irq_take_pending();
	CHECK(times == 3);
}

static void interrupts_are_taken_when_on(void **state)
{
	(void)state;
	host_harts_run(1, take_when_on);
}

/* The wait comes after the kick (E16), then the kick after the wait has begun or before: either
 * way it ends, with interrupts off and the interrupt still pending. */
static void wait_and_kick(unsigned int hart)
{
	if (hart == 0) {
		arch_kick(0);
		arch_wait();
		CHECK(host_irq_pending() && arch_irqs_off() && times == 0);
		arch_irq_take_pending();
		wait_for_all(2);
		arch_wait();
		CHECK(host_irq_pending());
		CHECK(this_hart(mine) == 77); /* stored before the kick */
		arch_irq_take_pending();
	} else {
		wait_for_all(2);
		per_hart(mine, 0) = 77;
		arch_kick(0);
	}
}

static void no_kick_is_lost(void **state)
{
	(void)state;
	host_harts_run(2, wait_and_kick);
	assert_int_equal(times, 2);
	assert_int_equal(taken, HOST_IRQ_KICK);
}

static unsigned int guest_steps;

static bool three_steps(struct arch_vcpu *v)
{
	guest_steps++;
	if (v->arg && guest_steps == 2)
		host_irq_raise(arch_hart_index(), HOST_IRQ_TICK);
	return guest_steps < 3;
}

static void run_guests(unsigned int hart)
{
	struct arch_vcpu v = {.step = three_steps};

	(void)hart;
	arch_guest_run(&v);
	CHECK(v.steps == 3 && !v.interrupted);

	guest_steps = 0;
	v.arg = &v;
	arch_guest_run(&v);
	CHECK(v.steps == 3 + 2 && v.interrupted);
	arch_guest_run(&v);
	CHECK(v.steps == 3 + 2 && v.interrupted);
	arch_irq_take_pending();
	arch_guest_run(&v);
	CHECK(v.steps == 3 + 2 + 1 && !v.interrupted);
}

static void interrupt_ends_the_guest(void **state)
{
	(void)state;
	guest_steps = 0;
	host_harts_run(1, run_guests);
}

/* Store buffering: with a barrier on both sides one of them must see the other's store. */
#define SB_ROUNDS 20000
static u32 x[SB_ROUNDS], y[SB_ROUNDS], saw[2][SB_ROUNDS];

static void store_then_load(unsigned int hart)
{
	u32 *own = hart ? y : x, *other = hart ? x : y;

	wait_for_all(2);
	for (int i = 0; i < SB_ROUNDS; i++) {
		WRITE_ONCE(own[i], 1);
		arch_mb();
		saw[hart][i] = READ_ONCE(other[i]);
	}
}

static void barrier_orders_stores_and_loads(void **state)
{
	(void)state;
	host_harts_run(2, store_then_load);
	for (int i = 0; i < SB_ROUNDS; i++)
		assert_true(saw[0][i] || saw[1][i]);
}

static struct arch_context main_context, thread_context;
static int turns;

static void thread(void *arg)
{
	CHECK(arch_irqs_off());
	for (;;) {
		turns += *(int *)arg;
		arch_context_switch(&thread_context, &main_context);
	}
}

static void contexts_switch(void **state)
{
	static char stack[65536] __aligned(16);
	int by = 3;

	(void)state;
	turns = 0;
	arch_context_init(&thread_context, stack + sizeof(stack), thread, &by);
	assert_int_equal(turns, 0);
	arch_context_switch(&main_context, &thread_context);
	assert_int_equal(turns, 3);
	by = 4;
	arch_context_switch(&main_context, &thread_context);
	assert_int_equal(turns, 7);
}

static void say(void *arg)
{
	if (arg)
		panic("so it is");
}

static void panic_can_be_expected(void **state)
{
	(void)state;
	assert_null(host_expect_panic(say, NULL));
	assert_string_equal(host_expect_panic(say, &turns), "so it is");
	assert_null(host_expect_panic(say, NULL));
}

static void console_is_captured(void **state)
{
	char text[8];

	(void)state;
	host_console_capture(text, sizeof(text));
	arch_console_write("hello", 5);
	assert_string_equal(text, "hello");
	arch_console_write(" world", 6);
	assert_string_equal(text, "hello w");
	host_console_capture(NULL, 0);
}

static void clock_is_the_tests(void **state)
{
	(void)state;
	host_clock_set(100);
	host_clock_advance(11);
	assert_int_equal(arch_clock(), 111);
	assert_int_equal(arch_clock(), 111);
	assert_true(arch_clock_hz() > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(per_hart_variables, fresh),
		cmocka_unit_test_setup(interrupts_are_taken_when_on, fresh),
		cmocka_unit_test_setup(no_kick_is_lost, fresh),
		cmocka_unit_test_setup(interrupt_ends_the_guest, fresh),
		cmocka_unit_test_setup(barrier_orders_stores_and_loads, fresh),
		cmocka_unit_test_setup(contexts_switch, fresh),
		cmocka_unit_test_setup(panic_can_be_expected, fresh),
		cmocka_unit_test_setup(console_is_captured, fresh),
		cmocka_unit_test_setup(clock_is_the_tests, fresh),
	};

	patience(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
