/* SPDX-License-Identifier: BSD-2-Clause */
/* Where time goes: each tick in one kind, and all of them in the sum (E7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "entry/vtime.h"

static u64 ticks[VTIME_KINDS];

static u64 read_and_check_sum(void)
{
	u64 elapsed = vtime_read(ticks), sum = 0;

	for (int k = 0; k < VTIME_KINDS; k++)
		sum += ticks[k];
	assert_int_equal(sum, elapsed);
	return elapsed;
}

static int fresh(void **state)
{
	(void)state;
	host_clock_set(777);
	vtime_hart_init();
	return 0;
}

static void nothing_yet(void **state)
{
	(void)state;
	assert_int_equal(read_and_check_sum(), 0);
}

static void each_kind_has_its_own(void **state)
{
	(void)state;
	host_clock_advance(1);
	assert_int_equal(vtime_switch(VTIME_GUEST), VTIME_HOST);
	host_clock_advance(10);
	assert_int_equal(vtime_switch(VTIME_IRQ), VTIME_GUEST);
	host_clock_advance(100);
	assert_int_equal(vtime_switch(VTIME_GUEST), VTIME_IRQ);
	host_clock_advance(1000);
	assert_int_equal(vtime_switch(VTIME_IDLE), VTIME_GUEST);
	host_clock_advance(10000);
	assert_int_equal(read_and_check_sum(), 11111);
	assert_int_equal(ticks[VTIME_HOST], 1);
	assert_int_equal(ticks[VTIME_GUEST], 1010);
	assert_int_equal(ticks[VTIME_IRQ], 100);
	assert_int_equal(ticks[VTIME_IDLE], 10000);
}

static void open_interval_counts(void **state)
{
	(void)state;
	vtime_switch(VTIME_GUEST);
	host_clock_advance(5);
	assert_int_equal(read_and_check_sum(), 5);
	assert_int_equal(ticks[VTIME_GUEST], 5);
	/* Reading changes nothing. */
	assert_int_equal(this_hart(vtime_hart).kind, VTIME_GUEST);
	host_clock_advance(6);
	assert_int_equal(read_and_check_sum(), 11);
	assert_int_equal(ticks[VTIME_GUEST], 11);
}

static void sums_through_a_long_mix(void **state)
{
	u32 random = 12345;
	u64 total = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		u64 step_ticks;

		random = random * 1664525 + 1013904223;
		step_ticks = random >> 20;
		host_clock_advance(step_ticks);
		total += step_ticks;
		vtime_switch((random >> 8) % VTIME_KINDS);
		if (i % 64 == 0)
			assert_int_equal(read_and_check_sum(), total);
	}
	assert_int_equal(read_and_check_sum(), total);
}

/* Two tasks that take turns on the hart. */
static struct vtime_task one, two;

static void expect_task(const struct vtime_task *t, u64 host, u64 guest, u64 idle, u64 irq,
			u64 steal)
{
	assert_int_equal(t->ticks[VTIME_HOST], host);
	assert_int_equal(t->ticks[VTIME_GUEST], guest);
	assert_int_equal(t->ticks[VTIME_IDLE], idle);
	assert_int_equal(t->ticks[VTIME_IRQ], irq);
	assert_int_equal(t->steal, steal);
}

static void a_task_has_what_its_hart_has(void **state)
{
	(void)state;
	host_clock_advance(50); /* before: nobody's */
	vtime_task_init(&one);
	host_clock_advance(3); /* not ready, and it never says so */
	vtime_task_switch(NULL, &one);
	host_clock_advance(1);
	vtime_switch(VTIME_GUEST);
	host_clock_advance(10);
	vtime_switch(VTIME_IRQ);
	host_clock_advance(100);
	vtime_switch(VTIME_GUEST);
	host_clock_advance(1000);
	vtime_switch(VTIME_IDLE);
	host_clock_advance(10000);
	vtime_switch(VTIME_HOST);
	host_clock_advance(2);
	vtime_task_switch(&one, NULL);
	host_clock_advance(77); /* and after: nobody's */
	vtime_switch(VTIME_HOST);
	expect_task(&one, 3, 1010, 10000, 100, 3);
}

static void waiting_is_idle_until_ready_then_steal(void **state)
{
	(void)state;
	vtime_task_init(&one);
	vtime_task_init(&two);
	vtime_task_switch(NULL, &one);
	host_clock_advance(4);
	vtime_task_switch(&one, &two); /* one blocks */
	host_clock_advance(30);
	vtime_task_ready(&one);
	host_clock_advance(500);
	vtime_task_ready(&two); /* as if it yields: before it leaves */
	host_clock_advance(1);
	vtime_task_switch(&two, &one);
	expect_task(&one, 4, 0, 30, 0, 501);
	host_clock_advance(6000);
	vtime_task_switch(&one, &two);
	expect_task(&one, 6004, 0, 30, 0, 501);
	/* From the switch on, not from before it. */
	expect_task(&two, 531, 0, 0, 0, 4 + 6000);
}

/* What was another's of the time that a task had the hart is steal, and not its own. */
static void what_was_anothers_is_steal(void **state)
{
	(void)state;
	vtime_task_init(&one);
	vtime_task_switch(NULL, &one);
	host_clock_advance(100);
	vtime_switch(VTIME_IRQ);
	host_clock_advance(20);
	vtime_switch(VTIME_HOST);
	vtime_task_rob(&one, VTIME_IRQ, 15);
	vtime_task_rob(&one, VTIME_HOST, 40);
	assert_int_equal(vtime_task_used(&one), 60);
	vtime_task_switch(&one, NULL);
	expect_task(&one, 60, 0, 0, 5, 55);
	host_clock_advance(1000);
	vtime_task_ready(&one);
	vtime_task_switch(NULL, &one);
	expect_task(&one, 60, 0, 1000, 5, 55);
}

/* Another hart's clock may be a little ahead; no time is counted twice or backwards. */
static void a_ready_from_the_future_is_no_steal(void **state)
{
	(void)state;
	vtime_task_init(&one);
	host_clock_advance(10);
	vtime_task_ready(&one);
	host_clock_set(arch_clock() - 5);
	vtime_task_switch(NULL, &one);
	expect_task(&one, 0, 0, 5, 0, 0);
	vtime_task_switch(&one, NULL);
	host_clock_advance(100);
	one.left = arch_clock() + 7;
	vtime_task_switch(NULL, &one);
	assert_int_equal(one.steal, 0);
}

static void check_task_sum(const struct vtime_task *t)
{
	u64 steal, sum, elapsed = vtime_task_read(t, ticks, &steal);

	sum = steal;
	for (int k = 0; k < VTIME_KINDS; k++)
		sum += ticks[k];
	assert_int_equal(sum, elapsed);
	assert_int_equal(elapsed, arch_clock() - t->start);
}

/* E7 and E8 for tasks, whatever happens: kinds change, interrupts nest, tasks become ready, change
 * places. */
static void tasks_sum_through_a_long_mix(void **state)
{
	struct vtime_task *now = &one, *other = &two, *t;
	u32 random = 4711;
	u64 last[2] = {0, 0};

	(void)state;
	vtime_task_init(&one);
	vtime_task_init(&two);
	vtime_task_switch(NULL, &one);
	for (int i = 0; i < 20000; i++) {
		enum vtime_kind outer;

		random = random * 1664525 + 1013904223;
		host_clock_advance(random >> 22);
		switch (random >> 16 & 7) {
		case 0: vtime_task_ready(other); break;
		case 1:
			vtime_task_switch(now, other);
			t = now;
			now = other;
			other = t;
			break;
		case 2:
			outer = vtime_switch(VTIME_IRQ);
			host_clock_advance(3);
			assert_int_equal(vtime_switch(VTIME_IRQ), VTIME_IRQ);
			host_clock_advance(2);
			vtime_switch(VTIME_IRQ);
			vtime_switch(outer);
			break;
		case 3: vtime_switch(VTIME_GUEST); break;
		case 4: vtime_switch(VTIME_IDLE); break;
		case 5: vtime_switch(VTIME_HOST); break;
		default: vtime_task_ready(now); break;
		}
		check_task_sum(now);
		assert_true(one.steal >= last[0] && two.steal >= last[1]);
		last[0] = one.steal;
		last[1] = two.steal;
	}
	read_and_check_sum();
	assert_true(one.steal && two.steal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_yet, fresh),
		cmocka_unit_test_setup(each_kind_has_its_own, fresh),
		cmocka_unit_test_setup(open_interval_counts, fresh),
		cmocka_unit_test_setup(sums_through_a_long_mix, fresh),
		cmocka_unit_test_setup(a_task_has_what_its_hart_has, fresh),
		cmocka_unit_test_setup(waiting_is_idle_until_ready_then_steal, fresh),
		cmocka_unit_test_setup(what_was_anothers_is_steal, fresh),
		cmocka_unit_test_setup(a_ready_from_the_future_is_no_steal, fresh),
		cmocka_unit_test_setup(tasks_sum_through_a_long_mix, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
