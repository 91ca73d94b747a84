/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls across harts: each is done once, on the hart it names, before its caller goes on, whoever calls
 * whom at the same time. A call that is lost hangs, and the alarm ends the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <unistd.h>

#include "arch/host/host.h"
#include "lib/check.h"
#include "lib/irq.h"
#include "tests/unit/patience.h"

/* Interrupts of this machine are taken where they go on: in a busy wait too, if they are. */
static void relax(void)
{
	arch_relax();
	irq_off();
	irq_on();
}

#define arch_relax relax
#include "hyp/sched/hartcall.c"

#define HARTS	  4
#define CROWD	  11 /* more than CALLS_AT_ONCE */
#define CALLS	  4000
#define TIMEOUT_S 60

/* Not atomic, on purpose: what a call does is ordered by the call. */
struct job {
	unsigned int from, to;
	u64 in, out;
	u32 times;
};

static DEFINE_PER_HART(u64, done_here); /* by this hart in its interrupts */
static u64 asked[CROWD];		/* atomic: calls to each hart */
static u32 finished;			/* atomic */

static void take_irq(u32 bits)
{
	bool believed = lockdep_irq_enter();

	if (bits & HOST_IRQ_KICK)
		hartcall_kicked();
	lockdep_irq_exit(believed);
}

static void work(void *arg)
{
	struct job *j = arg;

	CHECK(arch_irqs_off());
	CHECK(arch_hart_index() == j->to);
	j->out = j->in + 1;
	j->times++;
	this_hart(done_here)++;
}

static void call(unsigned int from, unsigned int to, u64 n)
{
	struct job j = {.from = from, .to = to, .in = n * 7 + from};

	__atomic_fetch_add(&asked[to], 1, __ATOMIC_RELAXED);
	hartcall(to, work, &j);
	CHECK(j.times == 1);
	CHECK(j.out == n * 7 + from + 1);
	CHECK(!arch_irqs_off());
}

/* Who has called all it had to goes on taking calls until nobody has any left. */
static void wait_for_all(unsigned int hart)
{
	__atomic_fetch_add(&finished, 1, __ATOMIC_ACQ_REL);
	while (arch_load_acquire(&finished) < arch_hart_count())
		relax();
	irq_off();
	CHECK(this_hart(done_here) == __atomic_load_n(&asked[hart], __ATOMIC_RELAXED));
}

static void play(unsigned int hart, unsigned int (*whom)(unsigned int hart, u64 n))
{
	irq_on();
	for (u64 n = 0; n < CALLS; n++)
		call(hart, whom(hart, n), n);
	wait_for_all(hart);
}

static void run(unsigned int harts, void (*fn)(unsigned int hart))
{
	for (unsigned int i = 0; i < CROWD; i++)
		asked[i] = 0;
	finished = 0;
	host_irq_set_handler(take_irq);
	patience(TIMEOUT_S);
	host_harts_run(harts, fn);
	patience(0);
}

/* Different for each hart, the same in each run. */
static unsigned int anybody(unsigned int hart, u64 n)
{
	u64 x = (n + 1) * 0x9e3779b97f4a7c15 ^ hart * 0xbf58476d1ce4e5b9;

	return (unsigned int)((x >> 33) % arch_hart_count());
}

static void at_random(unsigned int hart)
{
	play(hart, anybody);
}

static unsigned int other(unsigned int hart, u64 n)
{
	(void)n;
	return !hart;
}

static void both_ways(unsigned int hart)
{
	play(hart, other);
}

static unsigned int first(unsigned int hart, u64 n)
{
	(void)hart;
	(void)n;
	return 0;
}

static void all_to_one(unsigned int hart)
{
	play(hart, first);
}

/* More than are called at once, and not in an order that harts keep: each of the set has done it, once,
 * and nobody else. */
struct shared_job {
	u32 times[CROWD];
};

static void work_of_many(void *arg)
{
	struct shared_job *j = arg;

	CHECK(arch_irqs_off());
	j->times[arch_hart_index()]++;
	this_hart(done_here)++;
}

static void call_each(u64 set)
{
	struct hartmask harts = {{set}};
	struct shared_job j = {{0}};

	for (unsigned int i = 0; i < CROWD; i++)
		__atomic_fetch_add(&asked[i], set >> i & 1, __ATOMIC_RELAXED);
	hartcall_each(&harts, work_of_many, &j);
	for (unsigned int i = 0; i < CROWD; i++)
		CHECK(j.times[i] == (set >> i & 1));
	CHECK(!arch_irqs_off());
}

static void each(unsigned int hart)
{
	irq_on();
	for (u64 n = 0; n < CALLS / 20; n++)
		call_each(((n + 1) * 0x9e3779b97f4a7c15 ^ hart * 0xbf58476d1ce4e5b9) >> 20 &
			  (BIT(CROWD) - 1));
	call_each(0);
	call_each(BIT(CROWD) - 1);
	wait_for_all(hart);
}

static void test_each(void **state)
{
	(void)state;
	run(CROWD, each);
}

static void test_at_random(void **state)
{
	(void)state;
	run(HARTS, at_random);
}

static void test_both_ways(void **state)
{
	(void)state;
	run(2, both_ways);
}

static void test_all_to_one(void **state)
{
	(void)state;
	run(HARTS, all_to_one);
}

static void test_self(void **state)
{
	(void)state;
	run(1, all_to_one);
	assert_int_equal(host_irq_kicks(0), 0);
}

/* Its caller has all the time to come back before it is done. */
static u32 came_back;

static void work_slowly(void *arg)
{
	for (unsigned int i = 0; i < 1000 && !arch_load_acquire(&came_back); i++)
		sched_yield();
	CHECK(!came_back);
	*(u32 *)arg += 1;
	this_hart(done_here)++;
}

static void slowly(unsigned int hart)
{
	u32 times = 0;

	irq_on();
	for (unsigned int n = 1; hart == 0 && n <= 10; n++) {
		__atomic_fetch_add(&asked[1], 1, __ATOMIC_RELAXED);
		arch_store_release(&came_back, 0);
		hartcall(1, work_slowly, &times);
		arch_store_release(&came_back, 1);
		CHECK(times == n);
	}
	wait_for_all(hart);
}

static void test_slowly(void **state)
{
	(void)state;
	run(2, slowly);
}

/* A kick without a call does nothing. */
static void test_nothing(void **state)
{
	(void)state;
	hartcall_kicked();
	assert_int_equal(this_hart(done_here), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),	  cmocka_unit_test(test_self),
		cmocka_unit_test(test_both_ways), cmocka_unit_test(test_all_to_one),
		cmocka_unit_test(test_at_random), cmocka_unit_test(test_each),
		cmocka_unit_test(test_slowly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
