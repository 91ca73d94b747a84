/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small objects: zeroed, aligned, apart from each other, all given back; and the mistakes of a
 * caller that must be seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "lib/check.h"
#include "tests/unit/arena.h"

static u64 seed, start_free;

static int setup(void **state)
{
	(void)state;
	seed = 88172645463325252UL;
	arena_reset();
	kmem_forget_all();
	assert_int_equal(page_init_range(HPA(ARENA_HPA), MIB(64)), OK);
	start_free = page_free_bytes();
	return 0;
}

static int all_back(void **state)
{
	(void)state;
	return page_free_bytes() != start_free;
}

static void sizes(void **state)
{
	static const size_t size[] = {1,    15,	  16,	17,   32,   33,	  64,
				      100,  128,  255,	256,  257,  1000, 1024,
				      2000, 2048, 2049, 4096, 4097, 8192, 100000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(size); i++) {
		u8 *p = kmem_alloc(size[i]);
		uintptr_t align = size[i] > 2048 ? PAGE_SIZE : size[i] >= 64 ? 64 : 16;

		assert_non_null(p);
		assert_true(IS_ALIGNED((uintptr_t)p, align));
		for (size_t b = 0; b < size[i]; b++)
			assert_int_equal(p[b], 0);
		memset(p, 0xa5, size[i]);
		kmem_free(p);
		p = kmem_alloc(size[i]);
		for (size_t b = 0; b < size[i]; b++)
			assert_int_equal(p[b], 0);
		kmem_free(p);
		assert_int_equal(page_free_bytes(), start_free);
	}
	assert_null(kmem_alloc(0));
	assert_null(kmem_alloc(GIB(1) + 1));
	assert_null(kmem_alloc(~0UL));
	assert_null(kmem_alloc(MIB(128)));
	kmem_free(NULL);
}

#define OBJECTS 2000
struct object {
	u8 *p;
	size_t size;
	u8 fill;
};

static void check(const struct object *o)
{
	for (size_t b = 0; b < o->size; b++)
		assert_int_equal(o->p[b], o->fill);
}

static void random_objects(void **state)
{
	static struct object obj[OBJECTS];
	struct mem_account acct = {.limit = MIB(32)};
	u32 n = 0;

	(void)state;
	for (int i = 0; i < 40000; i++) {
		struct object *o = &obj[n];

		if (n < OBJECTS && rnd_next(&seed) % 100 < 55) {
			o->size = 1 + rnd_next(&seed) % (rnd_next(&seed) % 50 ? 300 : 6000);
			o->fill = (u8)rnd_next(&seed);
			o->p = kmem_alloc_charged(&acct, o->size);
			assert_non_null(o->p);
			memset(o->p, o->fill, o->size);
			n++;
		} else if (n) {
			o = &obj[rnd_next(&seed) % n];
			check(o);
			kmem_free_charged(&acct, o->p);
			*o = obj[--n];
		}
	}
	assert_true(n > 100);
	while (n) {
		check(&obj[--n]);
		kmem_free_charged(&acct, obj[n].p);
	}
	assert_int_equal(mem_used(&acct), 0);
}

/* A full slab, and its objects given back in another order. */
static void fills_a_slab(void **state)
{
	static void *p[3 * 256];

	(void)state;
	for (size_t size = 16; size <= 2048; size *= 2) {
		for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
			p[i] = kmem_alloc(size);
			assert_non_null(p[i]);
			memset(p[i], (int)i, size);
		}
		for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
			size_t j = (i * 5) % ARRAY_SIZE(p);

			assert_int_equal(*(u8 *)p[j], (u8)j);
			assert_int_equal(((u8 *)p[j])[size - 1], (u8)j);
			kmem_free(p[j]);
		}
		assert_int_equal(page_free_bytes(), start_free);
	}
}

static void charges(void **state)
{
	struct mem_account acct = {.limit = 4096 + 128};
	void *p, *q;

	(void)state;
	p = kmem_alloc_charged(&acct, 3000);
	assert_non_null(p);
	assert_int_equal(mem_used(&acct), 4096);
	q = kmem_alloc_charged(&acct, 100);
	assert_non_null(q);
	assert_int_equal(mem_used(&acct), 4096 + 128);
	assert_null(kmem_alloc_charged(&acct, 1));
	assert_null(kmem_alloc_charged(&acct, 0));
	assert_null(kmem_alloc_charged(&acct, ~0UL));
	kmem_free_charged(&acct, p);
	assert_int_equal(mem_used(&acct), 128);
	kmem_free_charged(&acct, q);
	kmem_free_charged(&acct, NULL);
	assert_int_equal(mem_used(&acct), 0);
}

static void out_of_memory(void **state)
{
	struct mem_account acct = {.limit = MIB(1)};
	void *p;

	(void)state;
	page_fail_after(0);
	assert_null(kmem_alloc(16));
	assert_null(kmem_alloc_charged(&acct, 2048));
	assert_null(kmem_alloc_charged(&acct, 5000));
	page_fail_after(1);
	p = kmem_alloc(16);
	assert_non_null(p);
	assert_null(kmem_alloc(32));
	page_fail_after(PAGE_FAIL_NEVER);
	kmem_free(p);
	kmem_fail_after(1);
	assert_int_equal(kmem_objects(), 0);
	p = kmem_alloc_charged(&acct, 16);
	assert_non_null(p);
	assert_int_equal(kmem_objects(), 1);
	assert_null(kmem_alloc_charged(&acct, 16));
	kmem_fail_after(PAGE_FAIL_NEVER);
	kmem_free_charged(&acct, p);
	assert_int_equal(mem_used(&acct), 0);
}

/* What a caller may do wrong. */
static void *wrong;
static const char *said;

static void free_wrong(void *arg)
{
	(void)arg;
	kmem_free(wrong);
}

static void expect_refused(unsigned int hart)
{
	(void)hart;
	said = host_expect_panic(free_wrong, NULL);
}

static void assert_refused(void *p)
{
	wrong = p;
	said = NULL;
	host_harts_run(1, expect_refused);
	assert_non_null(said);
}

static void wrong_frees_are_seen(void **state)
{
	for (int i = 0; i < 7; i++) {
		char *a, *b, *large;

		setup(state);
		a = kmem_alloc(64);
		b = kmem_alloc(64);
		large = kmem_alloc(10000);
		switch (i) {
		case 0: assert_refused(a + 16); break;
		case 1: assert_refused((char *)ALIGN_DOWN((uintptr_t)a, PAGE_SIZE)); break;
		case 2: assert_refused(large + PAGE_SIZE); break;
		case 3: assert_refused(hpa_to_va(HPA(ARENA_HPA + MIB(63)))); break;
		case 4:
			kmem_free(a);
			assert_refused(a); /* its slab lives on with b */
			break;
		case 5:
			kmem_free(a);
			kmem_free(b);
			assert_refused(b); /* its slab is gone */
			break;
		default: kmem_free(large); assert_refused(large);
		}
	}
}

#define HARTS 4
static u32 mixed_up;

static void hammer(unsigned int hart)
{
	u64 *have[32], s = 1 + hart * 7919;
	u32 n = 0;

	for (int i = 0; i < 4000; i++) {
		if (n < ARRAY_SIZE(have) && rnd_next(&s) % 2) {
			have[n] = kmem_alloc(16 + rnd_next(&s) % 200);
			if (have[n])
				*have[n++] = hart + 1;
		} else if (n) {
			n--;
			if (*have[n] != hart + 1)
				__atomic_fetch_add(&mixed_up, 1, __ATOMIC_RELAXED);
			kmem_free(have[n]);
		}
	}
	while (n)
		kmem_free(have[--n]);
}

static void harts_at_once(void **state)
{
	(void)state;
	host_harts_run(HARTS, hammer);
	assert_int_equal(mixed_up, 0);
}

#define with_arena(f) cmocka_unit_test_setup_teardown(f, setup, all_back)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_arena(sizes),	   with_arena(random_objects),
		with_arena(fills_a_slab),  with_arena(charges),
		with_arena(out_of_memory), cmocka_unit_test_setup(wrong_frees_are_seen, setup),
		with_arena(harts_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
