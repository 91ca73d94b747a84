/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proportional shares, played through with time that is counted: some harts, each slice to those that
 * are furthest behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "hyp/hartmask.h"
#include "hyp/sched.h"
#include "lib/compiler.h"

#define SLICE	100000UL
#define TURNS	20000
#define ALL_MAX 32

static struct sched_entity e[ALL_MAX];
static u64 had[ALL_MAX];
static unsigned int count;

static unsigned int add(struct sched_group *g)
{
	sched_entity_init(&e[count], SCHED_WEIGHT, g);
	sched_wants(&e[count]);
	had[count] = 0;
	return count++;
}

/* The harts' next slice, each to another entity. */
static void turn(unsigned int harts)
{
	bool runs[ALL_MAX] = {false};

	while (harts--) {
		unsigned int best = ALL_MAX;

		for (unsigned int i = 0; i < count; i++)
			if (!runs[i] && e[i].wanting &&
			    (best == ALL_MAX || sched_before(&e[i], &e[best])))
				best = i;
		if (best == ALL_MAX)
			return;
		runs[best] = true;
	}
	for (unsigned int i = 0; i < count; i++) {
		if (!runs[i])
			continue;
		had[i] += SLICE;
		sched_charge(&e[i], had[i]);
	}
}

static u64 sum(unsigned int from, unsigned int to)
{
	u64 all = 0;

	while (from < to)
		all += had[from++];
	return all;
}

/* Of 10000. */
static u64 share(u64 part, unsigned int harts)
{
	return part * 10000 / (TURNS * SLICE * harts);
}

static int fresh(void **state)
{
	(void)state;
	count = 0;
	return 0;
}

static void weights_are_shares(void **state)
{
	struct sched_group a, b;

	(void)state;
	sched_group_init(&a, 100, 0);
	sched_group_init(&b, 300, 0);
	add(&a);
	add(&b);
	for (unsigned int i = 0; i < TURNS; i++)
		turn(1);
	assert_in_range(share(had[0], 1), 2490, 2510);
	assert_in_range(share(had[1], 1), 7490, 7510);
}

/* One of weight 1 and two of a group of weight 3, on two harts: a quarter of both. */
static void shares_hold_over_harts(void **state)
{
	struct sched_group a, b;

	(void)state;
	sched_group_init(&a, 100, 0);
	sched_group_init(&b, 300, 0);
	add(&a);
	add(&b);
	add(&b);
	for (unsigned int i = 0; i < TURNS; i++)
		turn(2);
	assert_in_range(share(had[0], 2), 2450, 2550);
	assert_in_range(share(sum(1, 3), 2), 7450, 7550);
}

/* A group's share does not grow with its members, and those that rest do not use it up. */
static void members_share_their_groups_weight(void **state)
{
	struct sched_group many, one;

	(void)state;
	sched_group_init(&many, SCHED_WEIGHT, 0);
	sched_group_init(&one, SCHED_WEIGHT, 0);
	for (unsigned int i = 0; i < 8; i++)
		add(&many);
	add(&one);
	assert_int_equal(many.wanting, 8);
	for (unsigned int i = 0; i < TURNS; i++)
		turn(1);
	assert_in_range(share(sum(0, 8), 1), 4950, 5050);
	for (unsigned int i = 0; i < 7; i++) {
		sched_rests(&e[i]);
		sched_rests(&e[i]);
	}
	assert_int_equal(many.wanting, 1);
	had[7] = had[8] = 0;
	e[7].had = e[8].had = 0;
	for (unsigned int i = 0; i < TURNS; i++)
		turn(1);
	assert_in_range(share(had[7], 1), 4900, 5100);
}

/* Who rested for long gets a slice or so ahead of the others, and not all it could have had. */
static void rest_is_not_saved(void **state)
{
	unsigned int sleeper;

	(void)state;
	add(NULL);
	sleeper = add(NULL);
	sched_rests(&e[sleeper]);
	for (unsigned int i = 0; i < TURNS; i++)
		turn(1);
	sched_join(&e[sleeper], e[0].vtime, SLICE);
	assert_int_equal(sched_behind(e[sleeper].vtime, e[0].vtime), SLICE);
	sched_wants(&e[sleeper]);
	had[0] = e[0].had = 0;
	for (unsigned int i = 0; i < 100; i++)
		turn(1);
	assert_in_range(had[sleeper] / SLICE, 50, 51);
	/* One that is ahead stays where it is. */
	sched_join(&e[0], 0, SLICE);
	assert_true(sched_behind(0, e[0].vtime) > SLICE);
}

/* Virtual time may pass the end of its 64 bits. */
static void time_wraps(void **state)
{
	(void)state;
	add(NULL);
	add(NULL);
	e[0].vtime = e[1].vtime = ~0UL - 5 * SLICE;
	for (unsigned int i = 0; i < 100; i++)
		turn(1);
	assert_int_equal(had[0], had[1]);
}

static void cap_holds(void **state)
{
	struct sched_group g;
	u64 now = 1000 * SLICE, begin = now, keep = 10 * SLICE;

	(void)state;
	sched_group_init(&g, SCHED_WEIGHT, 30);
	add(&g);
	for (unsigned int i = 0; i < TURNS; i++, now += SLICE) {
		u64 until = sched_capped(&g, now, keep);

		assert_true(!until || until > now);
		if (until)
			continue;
		had[0] += SLICE;
		sched_charge(&e[0], had[0]);
	}
	assert_in_range(had[0] * 10000 / (now - begin), 2990, 3015);
	/* After a rest of any length no more than what is kept is had at once. */
	now += 1000000 * SLICE;
	assert_int_equal(sched_capped(&g, now, keep), 0);
	begin = had[0];
	while (!sched_capped(&g, now, keep)) {
		had[0] += SLICE;
		sched_charge(&e[0], had[0]);
	}
	assert_in_range((had[0] - begin) / SLICE, 3, 4);
	sched_group_init(&g, SCHED_WEIGHT, 0);
	assert_int_equal(sched_capped(&g, 0, keep), 0);
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
		cmocka_unit_test_setup(shares_hold_over_harts, fresh),
		cmocka_unit_test_setup(members_share_their_groups_weight, fresh),
		cmocka_unit_test_setup(rest_is_not_saved, fresh),
		cmocka_unit_test_setup(time_wraps, fresh),
		cmocka_unit_test_setup(cap_holds, fresh),
		cmocka_unit_test_setup(masks, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
