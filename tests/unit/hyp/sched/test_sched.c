/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proportional shares of one hart, played through with time that is counted. Shares of several, and who
 * comes and goes, are in test_shares.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* So many that masks have some words. */
#include "arch/arch.h"
#define arch_hart_count() HARTS_MAX
#include "hyp/sched/hartmask.h"
#include "hyp/sched/sched.h"
#include "lib/check.h"

#define HZ	10000000UL
#define MS	(HZ / 1000)
#define US	(HZ / 1000000)
#define SLICE	(SCHED_SLICE_MS * MS)
#define ALL_MAX 80
#define VMS	4

static struct sched_queue q;
static struct sched_entity e[ALL_MAX];
static u64 had[ALL_MAX], ran_at[ALL_MAX], longest[ALL_MAX];
static struct sched_group vm[VMS];
static struct sched_stake stake[VMS];
static unsigned int count;
static u64 clock_now;

static int fresh(void **state)
{
	(void)state;
	count = 0;
	clock_now = 1000 * SLICE;
	sched_queue_init(&q, HZ, 0);
	return 0;
}

static struct sched_group *make_vm(unsigned int i, u32 weight, u32 cap)
{
	stake[i] = (struct sched_stake){0};
	sched_group_init(&vm[i], weight, cap);
	sched_group_spread(&vm[i], &stake[i], 1);
	return &vm[i];
}

static void wake(unsigned int i)
{
	sched_wants(&e[i]);
	sched_add(&q, sched_stake_of(&e[i], 0), &e[i], NULL, q.vtime, q.slice);
	ran_at[i] = clock_now;
}

static unsigned int add(struct sched_group *g)
{
	sched_entity_init(&e[count], SCHED_WEIGHT, g);
	had[count] = longest[count] = 0;
	wake(count);
	return count++;
}

/* The first gets the hart; -1: nobody is ready. */
static int pick(void)
{
	struct sched_entity *first;

	sched_stop(&q);
	(void)sched_hold(&q, clock_now);
	first = sched_first(&q);
	if (!first)
		return -1;
	sched_remove(&q, sched_stake_of(first, 0), first);
	sched_run(&q, sched_stake_of(first, 0), first);
	if (sched_behind(q.vtime, q.current->vtime))
		q.vtime = q.current->vtime;
	return (int)(first - e);
}

static void use(int i, u64 ticks)
{
	longest[i] = max_u64(longest[i], clock_now - ran_at[i]);
	clock_now += ticks;
	had[i] += ticks;
	sched_charge(&q, &e[i], had[i]);
	ran_at[i] = clock_now;
}

/* Those that are ready compute, for so long. */
static void compute(u64 ticks)
{
	u64 end = clock_now + ticks;

	while (clock_now < end) {
		int i = pick();

		if (i < 0) {
			clock_now += MS / 10;
			continue;
		}
		use(i, sched_turn(&q, &e[i]));
		(void)sched_put(&q, &e[i], false);
	}
}

static u64 sum(unsigned int from, unsigned int to)
{
	u64 all = 0;

	while (from < to)
		all += had[from++];
	return all;
}

/* What those have of 10000 in so many ticks. */
static u64 share(unsigned int from, unsigned int to, u64 ticks)
{
	u64 before = sum(from, to);

	compute(ticks);
	return (sum(from, to) - before) * 10000 / ticks;
}

static void weights_are_shares(void **state)
{
	(void)state;
	add(make_vm(0, 100, 0));
	add(make_vm(1, 300, 0));
	compute(100 * SLICE);
	assert_in_range(share(0, 1, 10000 * MS), 2490, 2510);
	assert_in_range(share(1, 2, 10000 * MS), 7490, 7510);
}

/* A VM's share does not grow with its vCPUs, nor does the time for which another waits; and they have
 * equal parts of it. */
static void vms_come_first_then_vcpus(void **state)
{
	(void)state;
	add(make_vm(0, SCHED_WEIGHT, 0));
	make_vm(1, SCHED_WEIGHT, 0);
	for (unsigned int i = 0; i < 64; i++)
		add(&vm[1]);
	assert_int_equal(vm[1].wanting, 64);
	compute(100 * SLICE);
	longest[0] = 0;
	assert_in_range(share(0, 1, 64000 * MS), 4950, 5050);
	assert_true(longest[0] <= 2 * SLICE);
	for (unsigned int i = 1; i < 65; i++)
		assert_in_range(had[i], had[1] - 2 * SLICE, had[1] + 2 * SLICE);
}

static void those_who_rest_use_up_nothing(void **state)
{
	(void)state;
	make_vm(0, SCHED_WEIGHT, 0);
	for (unsigned int i = 0; i < 8; i++)
		add(&vm[0]);
	add(make_vm(1, SCHED_WEIGHT, 0));
	for (unsigned int i = 1; i < 8; i++) {
		sched_remove(&q, &stake[0], &e[i]);
		sched_rests(&e[i]);
		sched_rests(&e[i]);
	}
	assert_int_equal(vm[0].wanting, 1);
	compute(10 * SLICE);
	assert_in_range(share(0, 1, 1000 * MS), 4950, 5050);
}

/* Who rested for long gets a slice or so ahead of the others, and not all it could have had. */
static void rest_is_not_saved(void **state)
{
	unsigned int sleeper;

	(void)state;
	add(NULL);
	sleeper = add(NULL);
	sched_remove(&q, &e[sleeper].own, &e[sleeper]);
	sched_rests(&e[sleeper]);
	compute(10000 * MS);
	wake(sleeper);
	assert_int_equal(sched_behind(e[sleeper].own.vtime, q.vtime), SLICE);
	assert_in_range(share(sleeper, sleeper + 1, 1000 * MS), 5000, 5150);
}

/* A VM that begins, or begins anew, is owed nothing for the time when it was not there; what it had too much
 * of it has had. */
static void who_begins_is_owed_nothing(void **state)
{
	unsigned int new;

	(void)state;
	add(make_vm(0, SCHED_WEIGHT, 0));
	compute(10 * SLICE);
	new = add(make_vm(1, SCHED_WEIGHT, 0));
	assert_int_equal(sched_behind(stake[1].vtime, q.vtime), 0);
	sched_remove(&q, &stake[1], &e[new]);
	compute(10 * SLICE);
	wake(new);
	assert_int_equal(sched_behind(stake[1].vtime, q.vtime), SLICE);
	sched_remove(&q, &stake[1], &e[new]);
	sched_group_start(&vm[1], 1);
	wake(new);
	assert_int_equal(sched_behind(stake[1].vtime, q.vtime), 0);
	sched_remove(&q, &stake[1], &e[new]);
	stake[1].vtime = q.vtime + SLICE;
	sched_group_start(&vm[1], 1);
	wake(new);
	assert_int_equal(sched_behind(q.vtime, stake[1].vtime), SLICE);
}

/* One that runs for short goes first whenever it wakes, and has no more than its share for that. */
static void short_ones_go_first(void **state)
{
	unsigned int napper;
	u64 end;

	(void)state;
	add(make_vm(0, SCHED_WEIGHT, 0));
	napper = add(make_vm(1, SCHED_WEIGHT, 0));
	compute(10 * SLICE);
	end = clock_now + 1000 * MS;
	had[0] = e[0].had = had[napper] = e[napper].had = 0;
	sched_remove(&q, &stake[1], &e[napper]);
	e[napper].burst = 0; /* that it computed is long ago */
	while (clock_now < end) {
		int i;

		sched_rests(&e[napper]);
		/* It naps while the other computes. */
		i = pick();
		assert_int_equal(i, 0);
		use(0, 100 * US);
		wake(napper);
		assert_true(sched_preempts(&q, &stake[1], &e[napper], &e[0]));
		(void)sched_put(&q, &e[0], false);
		i = pick();
		assert_int_equal(i, napper);
		use(i, 20 * US);
	}
	assert_in_range(had[napper] * 10000 / (1000 * MS), 1600, 1700);
}

/* Naps of no time at all bring nothing: all that is used is charged. */
static void naps_bring_nothing(void **state)
{
	u64 end;

	(void)state;
	add(make_vm(0, SCHED_WEIGHT, 0));
	add(make_vm(1, SCHED_WEIGHT, 0));
	compute(10 * SLICE);
	had[0] = e[0].had = had[1] = e[1].had = 0;
	for (end = clock_now + 1000 * MS; clock_now < end;) {
		int i = pick();

		use(i, i ? 20 * US : sched_turn(&q, &e[0]));
		if (i == 0) {
			(void)sched_put(&q, &e[0], false);
			continue;
		}
		sched_rests(&e[1]);
		sched_stop(&q);
		wake(1);
	}
	assert_in_range(had[0] * 10000 / (1000 * MS), 4900, 5100);
}

/* What limen does for a VM elsewhere counts as its own. */
static void what_is_owed_is_charged(void **state)
{
	u64 end;

	(void)state;
	add(make_vm(0, SCHED_WEIGHT, 0));
	add(make_vm(1, SCHED_WEIGHT, 0));
	compute(10 * SLICE);
	had[0] = e[0].had = had[1] = e[1].had = 0;
	for (end = clock_now + 1000 * MS; clock_now < end;) {
		int i = pick();

		use(i, sched_turn(&q, &e[i]));
		(void)sched_put(&q, &e[i], false);
		if (i == 1)
			sched_owe(&vm[1], SLICE);
	}
	assert_in_range(had[0] * 10000 / sum(0, 2), 6600, 6750);
}

/* Who yields goes behind who is first of its own VM, and behind the others. */
static void who_yields_goes_behind(void **state)
{
	int i;

	(void)state;
	make_vm(0, SCHED_WEIGHT, 0);
	add(&vm[0]);
	add(&vm[0]);
	add(make_vm(1, SCHED_WEIGHT, 0));
	i = pick();
	use(i, 1);
	(void)sched_put(&q, &e[i], true);
	assert_int_not_equal(pick(), i);
}

/* Who gives its hart away again and again, and then does not, has been owed a slice and no more. */
static void what_is_given_away_is_not_owed(void **state)
{
	u64 began;
	int i;

	(void)state;
	add(make_vm(0, SCHED_WEIGHT, 0));
	add(make_vm(1, SCHED_WEIGHT, 0));
	compute(2 * SLICE);
	for (began = clock_now; clock_now - began < 100 * SLICE;) {
		i = pick();
		use(i, i ? sched_turn(&q, &e[i]) : 1);
		(void)sched_put(&q, &e[i], i == 0);
	}
	assert_true(had[0] < 3 * SLICE);
	for (began = clock_now; (i = pick()) == 0;) {
		use(i, sched_turn(&q, &e[i]));
		(void)sched_put(&q, &e[i], false);
	}
	assert_in_range(clock_now - began, 0, 2 * SLICE);
}

/* Virtual time may pass the end of its 64 bits. */
static void time_wraps(void **state)
{
	(void)state;
	sched_queue_init(&q, HZ, ~0UL - 5 * SLICE);
	add(make_vm(0, SCHED_WEIGHT, 0));
	add(make_vm(1, SCHED_WEIGHT, 0));
	compute(100 * SLICE);
	assert_in_range(had[0], had[1] - SLICE, had[1] + SLICE);
}

static void cap_holds(void **state)
{
	u64 begin;

	(void)state;
	make_vm(0, SCHED_WEIGHT, 30);
	for (unsigned int i = 0; i < 16; i++)
		add(&vm[0]);
	compute(10 * SLICE);
	assert_in_range(share(0, 16, 1000 * MS), 2950, 3050);
	/* After a rest of any length no more than what is kept is had at once. */
	clock_now += 1000000 * SLICE;
	assert_in_range(share(0, 16, 100 * MS), 3000, 3900);
	/* Beside another it has its cap all the same, and the other has the rest. */
	begin = add(make_vm(1, SCHED_WEIGHT, 0));
	compute(10 * SLICE);
	assert_in_range(share(0, 16, 1000 * MS), 2950, 3050);
	assert_in_range(share((unsigned int)begin, (unsigned int)begin + 1, 1000 * MS), 6900, 7100);
	/* One that ends is not kept. */
	vm[0].released = 1;
	sched_release(&q, &stake[0]);
	assert_in_range(share(0, 16, 1000 * MS), 4900, 5100);
}

/* What limen does for a VM is paid for like all that it has, however much it is. */
static void cap_holds_for_what_is_owed(void **state)
{
	(void)state;
	add(make_vm(0, SCHED_WEIGHT, 50));
	compute(10 * SLICE);
	sched_owe(&vm[0], 400 * MS);
	assert_in_range(share(0, 1, 1000 * MS), 900, 1200);
}

/* Who is woken as it begins to wait gets the hart again without having been charged: it is not paid for twice. */
static void who_goes_on_pays_once(void **state)
{
	u64 paid;

	(void)state;
	add(make_vm(0, SCHED_WEIGHT, 10));
	assert_int_equal(pick(), 0);
	paid = vm[0].paid;
	for (unsigned int n = 0; n < 10; n++) {
		wake(0);
		assert_int_equal(pick(), 0);
	}
	assert_int_equal(vm[0].paid, paid);
	use(0, MS);
	assert_in_range(vm[0].paid, clock_now + 10 * MS - SCHED_KEEP_MS * MS - 2 * MS,
			clock_now + 10 * MS - SCHED_KEEP_MS * MS + 2 * MS);
}

/* Held for long, it has the hart as soon as its cap does not count. */
static void who_is_released_is_not_held(void **state)
{
	(void)state;
	add(make_vm(0, SCHED_WEIGHT, 1));
	while (pick() >= 0) {
		use(0, 2 * MS);
		(void)sched_put(&q, &e[0], false);
	}
	assert_true(stake[0].held);
	assert_int_equal(q.ready, 0);
	vm[0].released = 1;
	sched_release(&q, &stake[0]);
	assert_int_equal(q.ready, 1);
	assert_int_equal(pick(), 0);
	/* And again for nothing. */
	sched_release(&q, &stake[0]);
	assert_int_equal(q.ready, 0);
}

static void masks(void **state)
{
	struct hartmask a = {0}, b = {0};

	(void)state;
	assert_true(hartmask_empty(&a));
	assert_int_equal(hartmask_next(&a, NULL, 0), HARTS_MAX);
	for (unsigned int i = 0; i < HARTS_MAX; i += 37)
		hartmask_add(&a, i);
	hartmask_add_atomic(&b, 74);
	hartmask_add_atomic(&b, 75);
	assert_false(hartmask_empty(&a));
	for (unsigned int from = 0; from < HARTS_MAX; from++) {
		unsigned int want = (from + 36) / 37 * 37;

		assert_int_equal(hartmask_next(&a, NULL, from), want < HARTS_MAX ? want : 0);
		assert_int_equal(hartmask_next(&a, &b, from), 74);
	}
	hartmask_remove_atomic(&b, 74);
	assert_int_equal(hartmask_next(&a, &b, 500), HARTS_MAX);
	hartmask_remove(&a, 0);
	assert_false(hartmask_has(&a, 0));
	assert_true(hartmask_has(&a, 37));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(weights_are_shares, fresh),
		cmocka_unit_test_setup(vms_come_first_then_vcpus, fresh),
		cmocka_unit_test_setup(those_who_rest_use_up_nothing, fresh),
		cmocka_unit_test_setup(rest_is_not_saved, fresh),
		cmocka_unit_test_setup(who_begins_is_owed_nothing, fresh),
		cmocka_unit_test_setup(short_ones_go_first, fresh),
		cmocka_unit_test_setup(naps_bring_nothing, fresh),
		cmocka_unit_test_setup(what_is_owed_is_charged, fresh),
		cmocka_unit_test_setup(who_yields_goes_behind, fresh),
		cmocka_unit_test_setup(what_is_given_away_is_not_owed, fresh),
		cmocka_unit_test_setup(time_wraps, fresh),
		cmocka_unit_test_setup(cap_holds, fresh),
		cmocka_unit_test_setup(cap_holds_for_what_is_owed, fresh),
		cmocka_unit_test_setup(who_goes_on_pays_once, fresh),
		cmocka_unit_test_setup(who_is_released_is_not_held, fresh),
		cmocka_unit_test_setup(masks, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
