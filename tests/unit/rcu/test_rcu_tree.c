/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of masks of a grace period, with 512 counters that are plain numbers here: who is waited
 * for, until when, and that a pass costs what is left and no more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "rcu/tree.h"

static u64 counter[HARTS_MAX];
static unsigned int looks, looked[HARTS_MAX];
static struct rcu_tree tree;

static u64 look(unsigned int hart)
{
	looks++;
	looked[hart]++;
	return counter[hart];
}

/* How many harts one pass looks at; *over: is the grace period. */
static unsigned int pass(bool *over)
{
	looks = 0;
	*over = rcu_tree_pass(&tree, look);
	return looks;
}

static unsigned int left(void)
{
	unsigned int i, n = 0;

	rcu_tree_for_each(i, &tree)
	{
		assert_true(i < HARTS_MAX);
		n++;
	}
	return n;
}

static void all_watched(unsigned int harts)
{
	for (unsigned int i = 0; i < HARTS_MAX; i++)
		counter[i] = 2 * i + 1;
	looks = 0;
	rcu_tree_begin(&tree, harts, look);
	assert_int_equal(looks, harts);
}

static void test_cost(void **state)
{
	bool over;

	(void)state;
	all_watched(HARTS_MAX);
	assert_int_equal(left(), HARTS_MAX);
	assert_int_equal(pass(&over), HARTS_MAX);
	for (unsigned int n = HARTS_MAX; n > 0; n--) {
		unsigned int i = (n * 211) % HARTS_MAX; /* each once, in no order */

		assert_false(over);
		assert_int_equal(left(), n);
		counter[i] += 2;
		assert_int_equal(pass(&over), n); /* it is looked at for the last time */
		assert_int_equal(left(), n - 1);
	}
	assert_true(over);
	assert_int_equal(pass(&over), 0);
	assert_true(over);
}

/* One hart stays: each pass looks at it alone, wherever it is. */
static void test_last(void **state)
{
	static const unsigned int who[] = {0, 1, 63, 64, 127, 128, 300, 448, 510, 511};
	bool over;

	(void)state;
	for (size_t w = 0; w < ARRAY_SIZE(who); w++) {
		all_watched(HARTS_MAX);
		for (unsigned int i = 0; i < HARTS_MAX; i++) {
			counter[i] += i != who[w];
			looked[i] = 0;
		}
		assert_int_equal(pass(&over), HARTS_MAX);
		for (int n = 0; n < 10; n++) {
			assert_int_equal(pass(&over), 1);
			assert_false(over);
		}
		assert_int_equal(looked[who[w]], 11);
		assert_int_equal(rcu_tree_next(&tree, 0), who[w]);
		assert_int_equal(rcu_tree_next(&tree, who[w]), who[w]);
		assert_int_equal(rcu_tree_next(&tree, who[w] + 1), HARTS_MAX);
		counter[who[w]]++;
		assert_int_equal(pass(&over), 1);
		assert_true(over);
	}
}

/* Who is away when it begins is never looked at again, even if it comes back. */
static void test_away(void **state)
{
	bool over;

	(void)state;
	for (unsigned int i = 0; i < HARTS_MAX; i++)
		counter[i] = i % 3 == 0;
	rcu_tree_begin(&tree, HARTS_MAX, look);
	for (unsigned int i = 0; i < HARTS_MAX; i++) {
		counter[i] += i % 3 == 1;
		looked[i] = 0;
	}
	assert_int_equal(pass(&over), (HARTS_MAX + 2) / 3);
	assert_false(over);
	for (unsigned int i = 0; i < HARTS_MAX; i++)
		assert_int_equal(looked[i], i % 3 == 0);
	for (unsigned int i = 0; i < HARTS_MAX; i++)
		counter[i]++;
	pass(&over);
	assert_true(over);
}

/* A machine of any size; and what the grace period before left behind does not matter. */
static void test_sizes(void **state)
{
	static const unsigned int sizes[] = {1, 2, 63, 64, 65, 128, 129, 511, 512};
	bool over;

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		all_watched(HARTS_MAX);
		all_watched(sizes[s]);
		assert_int_equal(left(), sizes[s]);
		for (unsigned int i = 0; i < sizes[s]; i++) {
			pass(&over);
			assert_false(over);
			counter[i] += 2;
		}
		pass(&over);
		assert_true(over);
	}
}

/* Against the plain way of doing it, at random. */
static void test_random(void **state)
{
	u64 snapshot[HARTS_MAX];
	bool over;

	(void)state;
	srand(1);
	for (int round = 0; round < 50; round++) {
		unsigned int harts = 1 + (unsigned int)rand() % HARTS_MAX, n;

		for (unsigned int i = 0; i < harts; i++)
			snapshot[i] = counter[i] = (u64)rand();
		rcu_tree_begin(&tree, harts, look);
		do {
			for (int k = 0; k < 20; k++)
				counter[(unsigned int)rand() % harts] += 1 + (u64)rand() % 2;
			for (unsigned int i = n = 0; i < harts; i++) {
				if (counter[i] != snapshot[i])
					snapshot[i] = 0;
				n += snapshot[i] & 1;
			}
			pass(&over);
			assert_int_equal(left(), n);
			assert_int_equal(over, n == 0);
		} while (!over);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cost),   cmocka_unit_test(test_last),
		cmocka_unit_test(test_away),   cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
