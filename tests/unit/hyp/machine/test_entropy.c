/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seeds: that there is none without entropy, that the firmware's is wiped, that each is another, and
 * which answers of a source count. The clock stands still here, so that only the number tells seeds
 * apart where it is not moved.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "hyp/machine/entropy.c"
#include "tests/unit/fdt_maker.h"

void thread_look(void)
{
}

static const u8 firmware[64] = "no guest can guess what is said here, and nobody finds it again";

static int set_up(void **state)
{
	(void)state;
	memset(&pool, 0, sizeof(pool));
	host_clock_set(1000);
	return 0;
}

/* A tree with so many bytes of rng-seed. */
static void *tree(size_t size)
{
	struct maker m;

	maker_open(&m);
	maker_begin(&m, "chosen");
	maker_string(&m, "bootargs", "before");
	if (size)
		maker_prop(&m, "rng-seed", firmware, size);
	maker_string(&m, "stdout-path", "behind");
	maker_end(&m);
	assert_true(maker_close(&m) > 0);
	return m.fdt;
}

static void take(size_t size)
{
	void *fdt = tree(size);

	entropy_take_tree(fdt);
	free(fdt);
}

static void test_none(void **state)
{
	u8 seed[ENTROPY_SEED] = {7};

	(void)state;
	assert_false(entropy_make_seed(seed));
	take(0);
	assert_false(entropy_make_seed(seed));
	take(ENTROPY_SEED - 1);
	assert_false(entropy_there());
	assert_false(entropy_make_seed(seed));
	assert_int_equal(seed[0], 7);
	take(1);
	assert_true(entropy_make_seed(seed));
}

static void test_no_chosen(void **state)
{
	struct maker m;

	(void)state;
	maker_open(&m);
	assert_true(maker_close(&m) > 0);
	entropy_take_tree(m.fdt);
	assert_false(entropy_there());
	free(m.fdt);
}

static void test_wiped(void **state)
{
	void *fdt = tree(sizeof(firmware));
	size_t size = fdt_totalsize(fdt);
	const char *before = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "bootargs", NULL);
	int chosen;

	(void)state;
	entropy_take_tree(fdt);
	for (size_t i = 0; i + 4 <= sizeof(firmware); i++)
		assert_null(memmem(fdt, size, firmware + i, 4));
	assert_int_equal(fdt_check_full(fdt, size), 0);
	chosen = fdt_path_offset(fdt, "/chosen");
	assert_null(fdt_getprop(fdt, chosen, "rng-seed", NULL));
	assert_ptr_equal(fdt_getprop(fdt, chosen, "bootargs", NULL), before);
	assert_string_equal(before, "before");
	assert_string_equal(fdt_getprop(fdt, chosen, "stdout-path", NULL), "behind");
	free(fdt);
}

#define SEEDS 200

static void test_differ(void **state)
{
	static u8 seed[SEEDS][ENTROPY_SEED];
	u8 key[ENTROPY_SEED];

	(void)state;
	take(ENTROPY_SEED);
	for (unsigned int i = 0; i < SEEDS; i++) {
		memcpy(key, pool.key, sizeof(key));
		assert_true(entropy_make_seed(seed[i]));
		assert_memory_not_equal(seed[i], firmware, ENTROPY_SEED);
		assert_memory_not_equal(seed[i], key, ENTROPY_SEED);
		assert_memory_not_equal(seed[i], pool.key, ENTROPY_SEED);
		assert_memory_not_equal(pool.key, key, ENTROPY_SEED);
		for (unsigned int k = 0; k < i; k++)
			assert_memory_not_equal(seed[i], seed[k], ENTROPY_SEED);
	}
}

/* The first seed with so many bytes in the tree, at a time. */
static void first_seed(size_t size, u64 when, u8 seed[ENTROPY_SEED])
{
	memset(&pool, 0, sizeof(pool));
	host_clock_set(when);
	take(size);
	assert_true(entropy_make_seed(seed));
}

static void test_depends(void **state)
{
	u8 a[ENTROPY_SEED], b[ENTROPY_SEED];

	(void)state;
	first_seed(ENTROPY_SEED, 1000, a);
	first_seed(ENTROPY_SEED, 1000, b);
	assert_memory_equal(a, b, ENTROPY_SEED);
	first_seed(ENTROPY_SEED, 1001, b);
	assert_memory_not_equal(a, b, ENTROPY_SEED);
	first_seed(ENTROPY_SEED + 1, 1000, b);
	assert_memory_not_equal(a, b, ENTROPY_SEED);
	/* The number alone, with the key put back. */
	first_seed(ENTROPY_SEED, 1000, a);
	memset(pool.key, 1, sizeof(pool.key));
	assert_true(entropy_make_seed(a));
	memset(pool.key, 1, sizeof(pool.key));
	assert_true(entropy_make_seed(b));
	assert_memory_not_equal(a, b, ENTROPY_SEED);
}

/* A source that waits `wait` times before each word and dies, or is gone, after `words`. */
static struct {
	unsigned int wait, words, polls, given;
	u32 state, end;
	bool gone;
} source;

static u32 first_word = 0x1234;

static bool poll(u32 *value)
{
	source.polls++;
	*value = 0;
	if (source.given == source.words) {
		*value = source.end << 30;
		return !source.gone;
	}
	if (source.polls % (source.wait + 1)) {
		*value = source.state << 30;
		return true;
	}
	*value = 2U << 30 | (first_word + source.given++);
	return true;
}

static bool taken(unsigned int wait, u32 state, unsigned int words, u32 end, bool gone)
{
	memset(&pool, 0, sizeof(pool));
	memset(&source, 0, sizeof(source));
	source.wait = wait, source.state = state, source.words = words;
	source.end = end, source.gone = gone;
	entropy_take_source(poll);
	return entropy_there();
}

static void test_source(void **state)
{
	u8 a[ENTROPY_SEED], b[ENTROPY_SEED];

	(void)state;
	assert_true(taken(0, 0, 1000, 3, false));
	assert_int_equal(source.given, SOURCE_WORDS);
	assert_true(entropy_make_seed(a));
	assert_true(taken(7, 1, 1000, 3, false)); /* WAIT */
	assert_int_equal(source.polls, 8 * SOURCE_WORDS);
	assert_true(taken(7, 0, 1000, 3, false));	       /* BIST */
	assert_false(taken(0, 0, SOURCE_WORDS - 1, 3, false)); /* DEAD */
	assert_int_equal(source.polls, SOURCE_WORDS);
	assert_false(taken(0, 0, 0, 0, true)); /* no Zkr */
	assert_int_equal(source.polls, 1);
	assert_false(taken(0, 0, 3, 1, false)); /* waits for ever */
	assert_int_equal(source.polls, 3 + POLLS_A_WORD);
	/* What it says comes into the seed. */
	first_word++;
	assert_true(taken(0, 0, 1000, 3, false));
	assert_true(entropy_make_seed(b));
	assert_memory_not_equal(a, b, ENTROPY_SEED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_none, set_up),
		cmocka_unit_test_setup(test_no_chosen, set_up),
		cmocka_unit_test_setup(test_wiped, set_up),
		cmocka_unit_test_setup(test_differ, set_up),
		cmocka_unit_test_setup(test_depends, set_up),
		cmocka_unit_test_setup(test_source, set_up),
	};

	return cmocka_run_group_tests_name("entropy", tests, NULL, NULL);
}
