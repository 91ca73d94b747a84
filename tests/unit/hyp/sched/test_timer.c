/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's timers. The invariant that everything that sleeps relies on: the hardware is never
 * set later than the first timer that is armed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "hyp/sched/timer.h"
#include "lib/check.h"

#define TIMERS 16
#define LANES  2

static u64 hardware; /* what arch_timer_set() was last told */

static bool sstc;

bool arch_timer_is_cheap(void)
{
	return sstc;
}

void arch_timer_set(u64 deadline)
{
	CHECK(arch_irqs_off());
	hardware = deadline;
}

/* Of each timer: what a simple model believes. */
static struct model {
	struct timer t;
	bool armed;
	u64 deadline;
	u64 again; /* armed anew by its own function, so much later; 0: not */
	unsigned int fired;
} m[TIMERS];
static u64 last_fired;
static struct timer_lane lanes[LANES];
static u64 gap;

static struct timer_lane *lane_of(unsigned int i)
{
	return m[i].t.lanes;
}

static void fired(struct timer *t)
{
	struct model *x = container_of(t, struct model, t);

	assert_true(arch_irqs_off());
	assert_true(x->armed);
	assert_true(x->deadline <= arch_clock()); /* not too early */
	if (!t->lanes) {
		assert_true(x->deadline >= last_fired); /* in order */
		last_fired = x->deadline;
	}
	x->armed = false;
	x->fired++;
	if (x->again) {
		x->armed = true;
		x->deadline = arch_clock() + x->again;
		timer_arm(t, x->deadline);
	}
}

static void arm(unsigned int i, u64 deadline)
{
	m[i].armed = deadline != TIMER_NEVER;
	m[i].deadline = deadline;
	timer_arm(&m[i].t, deadline);
}

static void start(void)
{
	memset(m, 0, sizeof(m));
	host_clock_set(1000);
	hardware = 0;
	last_fired = 0;
	gap = arch_clock_hz() * TIMER_GAP_US / 1000000;
	memset(lanes, 0, sizeof(lanes));
	timer_lanes_init(lanes, LANES);
	timer_hart_init();
	assert_int_equal(hardware, TIMER_NEVER);
	for (unsigned int i = 0; i < TIMERS; i++)
		timer_init(&m[i].t, fired);
}

/* This hart is number 0: each lane stands for one VM's. */
static void put_into_lane(unsigned int i, unsigned int lane)
{
	timer_set_lanes(&m[i].t, &lanes[lane]);
}

static void hardware_is_early_enough(void)
{
	u64 most = arch_clock() + gap;

	for (unsigned int i = 0; i < TIMERS; i++)
		assert_true(!m[i].armed || hardware <= m[i].deadline ||
			    (lane_of(i) && hardware <= most));
}

/* As the hart would: an interrupt when what was set has come. */
static void advance(u64 ticks)
{
	host_clock_advance(ticks);
	last_fired = 0;
	while (hardware <= arch_clock())
		timer_irq();
	for (unsigned int i = 0; i < TIMERS; i++)
		assert_true(!m[i].armed || m[i].deadline > arch_clock() || lane_of(i));
}

static void use_at_random(unsigned int in_lanes)
{
	unsigned int total = 0;

	srandom(1);
	start();
	for (unsigned int i = 0; i < in_lanes; i++)
		put_into_lane(i, i % LANES);
	for (int round = 0; round < 100000; round++) {
		unsigned int i = (u32)random() % TIMERS;

		switch (random() % 4) {
		case 0:
			timer_disarm(&m[i].t);
			m[i].armed = false;
			break;
		case 1: advance((u64)random() % 50); break;
		default:
			m[i].again = random() % 8 ? 0 : 1 + (u64)random() % 100;
			arm(i,
			    random() % 16 ? arch_clock() + 1 + (u64)random() % 200 : TIMER_NEVER);
		}
		hardware_is_early_enough();
	}
	for (unsigned int i = 0; i < TIMERS; i++)
		total += m[i].fired;
	assert_true(total > 10000);
}

static void random_use(void **state)
{
	(void)state;
	use_at_random(0);
}

static void random_use_of_lanes(void **state)
{
	(void)state;
	use_at_random(TIMERS / 2);
}

static void in_the_past(void **state)
{
	(void)state;
	start();
	arm(0, 5000);
	arm(1, 10); /* long gone: the hardware is told, and the interrupt is there at once */
	assert_int_equal(hardware, 10);
	timer_irq();
	assert_int_equal(m[1].fired, 1);
	assert_int_equal(m[0].fired, 0);
	assert_int_equal(hardware, 5000);
}

static void early_interrupt(void **state)
{
	(void)state;
	start();
	arm(0, 5000);
	timer_irq(); /* nothing is due: it must come again */
	assert_int_equal(m[0].fired, 0);
	assert_int_equal(hardware, 5000);
	timer_disarm(&m[0].t);
	m[0].armed = false;
	timer_disarm(&m[0].t); /* twice does no harm */
	host_clock_set(6000);
	timer_irq();
	assert_int_equal(m[0].fired, 0);
	assert_int_equal(hardware, TIMER_NEVER);
}

static unsigned int order[TIMERS], ordered;

static void note(struct timer *t)
{
	order[ordered++] = (u32)(container_of(t, struct model, t) - m);
}

/* Equal deadlines fire in the order in which they were armed. */
static void first_come(void **state)
{
	(void)state;
	start();
	ordered = 0;
	for (unsigned int i = 0; i < TIMERS; i++) {
		timer_init(&m[i].t, note);
		timer_arm(&m[i].t, 2000);
	}
	host_clock_set(2000);
	timer_irq();
	/* Not all in one interrupt; the next one is there at once. */
	assert_in_range(ordered, 1, TIMERS - 1);
	while (ordered < TIMERS) {
		assert_true(hardware <= 2000);
		timer_irq();
	}
	for (unsigned int i = 0; i < TIMERS; i++)
		assert_int_equal(order[i], i);
}

/* One interrupt fires some of those that are due; the hardware is told of the next one, so that another comes. */
static void some_at_once(void **state)
{
	unsigned int left = 0;

	(void)state;
	start();
	for (unsigned int i = 0; i < TIMERS; i++)
		arm(i, 2000 + 10 * i);
	host_clock_set(3000);
	hardware = TIMER_NEVER;
	timer_irq();
	while (left < TIMERS && !m[left].armed)
		left++;
	assert_in_range(left, 1, TIMERS - 1);
	assert_int_equal(hardware, m[left].deadline);
}

static unsigned int fired_of(unsigned int from, unsigned int to)
{
	unsigned int n = 0;

	while (from < to)
		n += m[from++].fired;
	return n;
}

static void take_all_interrupts(void)
{
	last_fired = 0;
	while (hardware <= arch_clock())
		timer_irq();
}

/* However many a VM has that are due, others' go after one of them, and there is a gap to the next. */
static void a_lane_waits(void **state)
{
	(void)state;
	start();
	for (unsigned int i = 0; i < TIMERS; i++)
		arm(i, TIMER_NEVER);
	for (unsigned int i = 0; i < TIMERS - 2; i++) {
		put_into_lane(i, 0);
		arm(i, 2000);
	}
	put_into_lane(TIMERS - 2, 1);
	arm(TIMERS - 2, 2500);
	arm(TIMERS - 1, 2600);
	host_clock_set(3000);
	take_all_interrupts();
	assert_int_equal(fired_of(0, TIMERS - 2), 1);
	assert_int_equal(fired_of(TIMERS - 2, TIMERS), 2);
	for (unsigned int n = 2; n <= TIMERS - 2; n++) {
		assert_int_equal(hardware, arch_clock() + gap);
		host_clock_advance(gap - 1);
		take_all_interrupts();
		assert_int_equal(fired_of(0, TIMERS - 2), n - 1);
		host_clock_advance(1);
		take_all_interrupts();
		assert_int_equal(fired_of(0, TIMERS - 2), n);
	}
	assert_int_equal(hardware, TIMER_NEVER);
}

/* Who has one due at a time waits for nothing; nor does it once the others have been taken out. */
static void one_does_not_wait(void **state)
{
	(void)state;
	start();
	for (unsigned int i = 0; i < 3; i++)
		put_into_lane(i, 0);
	for (unsigned int n = 1; n < 10; n++) {
		arm(0, arch_clock());
		take_all_interrupts();
		assert_int_equal(m[0].fired, n);
	}
	arm(0, arch_clock());
	arm(1, arch_clock() + 1);
	take_all_interrupts();
	host_clock_advance(1);
	take_all_interrupts();
	assert_int_equal(fired_of(0, 2), 11);
	arm(0, arch_clock());
	arm(1, arch_clock());
	take_all_interrupts();
	assert_int_equal(fired_of(0, 2), 12);
	for (unsigned int i = 0; i < 2; i++)
		arm(i, TIMER_NEVER);
	assert_true(list_empty(&lanes[0].place.node));
	arm(2, TIMER_NEVER - 1); /* no clock comes to it */
	arm(1, arch_clock() + 1000);
	host_clock_advance(1000);
	take_all_interrupts();
	assert_int_equal(fired_of(0, 3), 13);
}

/* Where it costs next to nothing the hardware follows a deadline that moves away, too. */
static void follows_where_it_is_cheap(void **state)
{
	(void)state;
	start();
	sstc = true;
	arm(0, 5000);
	arm(0, 9000);
	assert_int_equal(hardware, 9000);
	arm(1, 7000);
	assert_int_equal(hardware, 7000);
	sstc = false;
	arm(1, 8000);
	assert_int_equal(hardware, 7000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_use),	       cmocka_unit_test(in_the_past),
		cmocka_unit_test(early_interrupt),     cmocka_unit_test(first_come),
		cmocka_unit_test(some_at_once),	       cmocka_unit_test(follows_where_it_is_cheap),
		cmocka_unit_test(a_lane_waits),	       cmocka_unit_test(one_does_not_wait),
		cmocka_unit_test(random_use_of_lanes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
