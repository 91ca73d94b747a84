/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page allocator against a map of pages, one byte each, that says who owns which; what it
 * refuses; and that nothing is lost when an allocation fails at any point.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "lib/check.h"
#include "tests/unit/arena.h"

static u64 seed;

static u64 rnd(void)
{
	return rnd_next(&seed);
}

static int setup(void **state)
{
	(void)state;
	seed = 88172645463325252UL;
	arena_reset();
	return 0;
}

static void add(u64 off, u64 size)
{
	assert_int_equal(page_init_range(HPA(ARENA_HPA + off), size), OK);
}

static void assert_same(const struct page_stats *a)
{
	struct page_stats b;

	page_get_stats(&b);
	assert_memory_equal(a, &b, sizeof(b));
	assert_int_equal(b.free, page_free_bytes());
}

static void refuses_bad_ranges(void **state)
{
	hpa_t page;

	(void)state;
	assert_false(page_alloc(0, &page));
	assert_int_equal(page_init_range(HPA(~0UL - 4095), 8192), ERR_INVAL);
	assert_int_equal(page_init_range(HPA(ARENA_HPA), ~0UL), ERR_INVAL);
	assert_int_equal(page_init_range(HPA(1UL << 56), 1UL << 20), ERR_INVAL);
	assert_int_equal(page_init_range(HPA(ARENA_HPA), (1UL << 56) - ARENA_HPA + 1), ERR_INVAL);
	assert_int_equal(page_init_range(HPA(ARENA_HPA), 0), ERR_RANGE);
	assert_int_equal(page_init_range(HPA(ARENA_HPA), 4096), ERR_RANGE);
	assert_int_equal(page_init_range(HPA(ARENA_HPA + 1), 3 * 4096 - 2), ERR_RANGE);
	assert_int_equal(page_free_bytes(), 0);

	add(1, 4 * 4096 - 2); /* two whole pages, one for the states */
	assert_int_equal(page_free_bytes(), 4096);
	assert_int_equal(page_init_range(HPA(ARENA_HPA + 8192), MIB(1)), ERR_EXIST);
	assert_int_equal(page_init_range(HPA(ARENA_HPA), 8192), ERR_EXIST);
	assert_int_equal(page_init_range(HPA(ARENA_HPA), 4096 * 64), ERR_EXIST);
	for (u64 i = 1; i < PAGE_RANGES_MAX; i++)
		add(i * MIB(1), 8192);
	assert_int_equal(page_init_range(HPA(ARENA_HPA + MIB(500)), MIB(1)), ERR_NOMEM);
	assert_int_equal(page_free_bytes(), PAGE_RANGES_MAX * 4096);
}

/* The book-keeping costs no block of 2 MiB where it need not. */
static void states_at_the_better_end(void **state)
{
	struct page_stats s;

	(void)state;
	add(0, MIB(8) + KIB(64));		  /* aligned start: the tail takes them */
	add(MIB(64) - KIB(64), MIB(8) + KIB(64)); /* aligned end: the head */
	page_get_stats(&s);
	assert_int_equal(s.blocks[PAGE_ORDER_2M + 2], 2);
	assert_int_equal(s.total, s.free);
}

/* Who has which page of the arena: 0 nobody. Two ranges that touch, and one apart. */
#define MODEL_PAGES 16384U
static u8 owner[MODEL_PAGES];

struct block {
	hpa_t hpa;
	unsigned int order;
	u8 id;
};

static void model_set(const struct block *b, u8 from, u8 to)
{
	u64 first = (b->hpa.a - ARENA_HPA) >> PAGE_SHIFT;

	assert_true(IS_ALIGNED(b->hpa.a, PAGE_SIZE << b->order));
	assert_true(first + (1UL << b->order) <= MODEL_PAGES);
	for (u64 i = 0; i < 1UL << b->order; i++) {
		assert_int_equal(owner[first + i], from);
		owner[first + i] = to;
	}
}

#define BLOCKS 300

static u64 random_steps(struct block *block, u32 *n, int steps)
{
	u64 taken = 0;

	for (int i = 0; i < steps; i++) {
		struct block *b;

		if (*n < BLOCKS && rnd() % 100 < 55) {
			b = &block[*n];
			b->order = (unsigned int)(rnd() % 100 < 90 ? rnd() % 4 : rnd() % 13);
			b->id = (u8)(1 + rnd() % 255);
			if (!page_alloc(b->order, &b->hpa))
				continue;
			model_set(b, 0, b->id);
			memset(hpa_to_va(b->hpa), b->id, PAGE_SIZE);
			taken += PAGE_SIZE << b->order;
			(*n)++;
		} else if (*n) {
			b = &block[rnd() % *n];
			assert_int_equal(*(u8 *)hpa_to_va(b->hpa), b->id);
			model_set(b, b->id, 0);
			page_free(b->hpa, b->order);
			taken -= PAGE_SIZE << b->order;
			*b = block[--*n];
		}
	}
	return taken;
}

static void random_against_model(void **state)
{
	static struct block block[BLOCKS];
	struct page_stats start;
	u32 n = 0;

	(void)state;
	memset(owner, 0, sizeof(owner));
	add(KIB(12), MIB(16) - KIB(12));
	add(MIB(16), MIB(16) + KIB(20));
	add(MIB(48), MIB(16));
	page_get_stats(&start);
	for (int round = 0; round < 5; round++) {
		u64 taken = random_steps(block, &n, 4000);

		assert_int_equal(page_free_bytes(), start.free - taken);
		for (; n; n--) {
			model_set(&block[n - 1], block[n - 1].id, 0);
			page_free(block[n - 1].hpa, block[n - 1].order);
		}
		assert_same(&start);
	}
}

static void takes_every_page(void **state)
{
	static hpa_t page[MODEL_PAGES];
	struct page_stats start;
	hpa_t more;
	u32 n = 0;

	(void)state;
	add(0, MIB(16) + 5 * 4096);
	page_get_stats(&start);
	while (page_alloc(0, &page[n]))
		n++;
	assert_int_equal((u64)n << PAGE_SHIFT, start.free);
	assert_int_equal(page_free_bytes(), 0);
	for (unsigned int o = 0; o <= PAGE_ORDER_MAX + 1; o++)
		assert_false(page_alloc(o, &more));
	while (n)
		page_free(page[--n], 0);
	assert_same(&start);
}

static void orders_up_to_1g(void **state)
{
	struct page_stats start;
	hpa_t a, b;

	(void)state;
	add(MIB(1), GIB(3));
	page_get_stats(&start);
	assert_int_equal(start.blocks[PAGE_ORDER_MAX], 2);
	assert_true(page_alloc(PAGE_ORDER_MAX, &a));
	assert_true(page_alloc(PAGE_ORDER_MAX, &b));
	assert_true(IS_ALIGNED(a.a | b.a, GIB(1)) && a.a != b.a);
	assert_false(page_alloc(PAGE_ORDER_MAX, &a));
	assert_false(page_alloc(PAGE_ORDER_MAX + 1, &a));
	assert_false(page_alloc(~0U, &a));
	page_free(b, PAGE_ORDER_MAX);
	page_free(a, PAGE_ORDER_MAX);
	assert_same(&start);
}

/* What a caller may do wrong; each on a hart of its own, since a failed check leaves the lock. */
static hpa_t wrong_page;
static unsigned int wrong_order;
static const char *said;

static void free_wrong(void *arg)
{
	(void)arg;
	page_free(wrong_page, wrong_order);
}

static void expect_refused(unsigned int hart)
{
	(void)hart;
	said = host_expect_panic(free_wrong, NULL);
}

static void assert_refused(u64 a, unsigned int order)
{
	wrong_page = HPA(a);
	wrong_order = order;
	said = NULL;
	host_harts_run(1, expect_refused);
	assert_non_null(said);
}

static void wrong_frees_are_seen(void **state)
{
	(void)state;
	for (int i = 0; i < 7; i++) {
		hpa_t p, q;

		arena_reset();
		add(0, MIB(4));
		assert_true(page_alloc(3, &p) && page_alloc(0, &q));
		switch (i) {
		case 0: assert_refused(p.a, 2); break;
		case 1: assert_refused(p.a, 4); break;
		case 2: assert_refused(p.a + PAGE_SIZE, 0); break;
		case 3: assert_refused(ARENA_HPA + MIB(4), 0); break;
		case 4: assert_refused(ARENA_HPA, 0); break; /* the states */
		case 5: assert_refused(q.a + 1, 0); break;
		default: page_free(p, 3); assert_refused(p.a, 3);
		}
	}
}

static void accounts(void **state)
{
	struct mem_account acct = {.limit = KIB(20)};
	struct page_stats start;
	hpa_t a, b, c;

	(void)state;
	add(0, MIB(1));
	page_get_stats(&start);
	assert_true(page_alloc_charged(&acct, 2, &a));
	assert_int_equal(mem_used(&acct), KIB(16));
	assert_false(page_alloc_charged(&acct, 1, &b));
	assert_true(page_alloc_charged(&acct, 0, &b));
	assert_false(page_alloc_charged(&acct, 0, &c));
	assert_true(page_alloc_charged(NULL, 0, &c));
	assert_int_equal(mem_used(&acct), KIB(20));
	page_free_charged(&acct, a, 2);
	page_free_charged(&acct, b, 0);
	page_free_charged(NULL, c, 0);
	assert_int_equal(mem_used(&acct), 0);
	assert_false(mem_charge(&acct, ~0UL));
	acct.limit = ~0UL;
	assert_true(mem_charge(&acct, 1));
	assert_false(mem_charge(&acct, ~0UL));
	mem_uncharge(&acct, 1);
	assert_false(page_alloc_charged(&acct, PAGE_ORDER_MAX, &a)); /* not there: not charged */
	assert_int_equal(mem_used(&acct), 0);
	assert_same(&start);
}

static void source_zeroes(void **state)
{
	struct mem_account acct = {.limit = MIB(1)};
	hpa_t p;

	(void)state;
	add(0, MIB(1));
	assert_true(page_alloc(2, &p));
	memset(hpa_to_va(p), 0xff, PAGE_SIZE << 2);
	page_free(p, 2);
	assert_true(page_source_alloc(&acct, 2, &p));
	for (u64 i = 0; i < (PAGE_SIZE << 2) / 8; i++)
		assert_int_equal(((u64 *)page_source_va(&acct, p))[i], 0);
	assert_int_equal(mem_used(&acct), KIB(16));
	page_source_free(&acct, 2, p);
	assert_int_equal(mem_used(&acct), 0);
}

static void fails_on_demand(void **state)
{
	struct page_stats start;
	hpa_t p[3];

	(void)state;
	add(0, MIB(1));
	page_get_stats(&start);
	page_fail_after(2);
	assert_true(page_alloc(0, &p[0]) && page_alloc(1, &p[1]));
	assert_false(page_alloc(0, &p[2]));
	assert_false(page_alloc(0, &p[2]));
	page_fail_after(PAGE_FAIL_NEVER);
	page_free(p[0], 0);
	page_free(p[1], 1);
	assert_same(&start);
}

static void blocks_are_found(void **state)
{
	struct page_block b;
	hpa_t p, q;

	(void)state;
	add(0, MIB(8));
	assert_true(page_alloc(4, &p) && page_alloc(0, &q));
	page_tag(p);
	for (u64 off = 0; off < PAGE_SIZE << 4; off += 1000) {
		assert_true(page_block_of(HPA(p.a + off), &b));
		assert_int_equal(b.head.a, p.a);
		assert_int_equal(b.order, 4);
		assert_true(b.tagged);
	}
	assert_true(page_block_of(HPA(q.a + 4095), &b));
	assert_true(b.head.a == q.a && b.order == 0 && !b.tagged);
	page_free(p, 4);
	assert_false(page_block_of(p, &b));
	assert_false(page_block_of(HPA(0), &b));
	assert_false(page_block_of(HPA(~0UL), &b));
	assert_false(page_block_of(HPA(ARENA_HPA), &b)); /* the states */
	assert_true(page_alloc(4, &p));
	assert_true(page_block_of(p, &b) && !b.tagged);
}

/* RAM for guests. */
#define CHUNKS 512
static struct ram_chunk chunk[CHUNKS];

/* Every chunk aligned to itself, not above the one before, no two overlapping; in all size. */
static void assert_chunks(u32 n, u64 size)
{
	u64 sum = 0;

	for (u32 i = 0; i < n; i++) {
		assert_true(chunk[i].size >= MIB(2) && chunk[i].size <= GIB(1));
		assert_int_equal(chunk[i].size & (chunk[i].size - 1), 0);
		assert_true(IS_ALIGNED(chunk[i].hpa.a, chunk[i].size));
		assert_true(!i || chunk[i].size <= chunk[i - 1].size);
		for (u32 j = 0; j < i; j++)
			assert_true(chunk[i].hpa.a + chunk[i].size <= chunk[j].hpa.a ||
				    chunk[j].hpa.a + chunk[j].size <= chunk[i].hpa.a);
		sum += chunk[i].size;
	}
	assert_int_equal(sum, size);
}

static void ram_largest_first(void **state)
{
	struct mem_account acct = {.limit = GIB(3)};
	struct page_stats start;
	u32 n;

	(void)state;
	add(MIB(2), GIB(4) - MIB(2));
	page_get_stats(&start);
	assert_int_equal(ram_alloc(&acct, GIB(2) + MIB(6), chunk, CHUNKS, &n), OK);
	assert_int_equal(n, 4);
	assert_chunks(n, GIB(2) + MIB(6));
	assert_int_equal(mem_used(&acct), GIB(2) + MIB(6));
	ram_free(&acct, chunk, n);
	assert_int_equal(mem_used(&acct), 0);
	assert_same(&start);
}

static void ram_refusals(void **state)
{
	struct mem_account acct = {.limit = MIB(64)};
	struct page_stats start;
	u32 n = 77;

	(void)state;
	add(0, MIB(256) + KIB(64)); /* the states in the tail */
	page_get_stats(&start);
	assert_int_equal(ram_alloc(&acct, 0, chunk, CHUNKS, &n), ERR_INVAL);
	assert_int_equal(ram_alloc(&acct, MIB(1), chunk, CHUNKS, &n), ERR_INVAL);
	assert_int_equal(ram_alloc(&acct, MIB(4) + 4096, chunk, CHUNKS, &n), ERR_INVAL);
	assert_int_equal(ram_alloc(&acct, ~0UL & ~(MIB(2) - 1), chunk, CHUNKS, &n), ERR_NOMEM);
	assert_int_equal(ram_alloc(&acct, MIB(66), chunk, CHUNKS, &n), ERR_NOMEM);
	assert_int_equal(ram_alloc(NULL, MIB(258), chunk, CHUNKS, &n), ERR_NOMEM);
	assert_int_equal(ram_alloc(&acct, MIB(6), chunk, 1, &n), ERR_RANGE);
	assert_int_equal(n, 77);
	assert_int_equal(mem_used(&acct), 0);
	assert_same(&start);
	assert_int_equal(ram_alloc(&acct, MIB(64), chunk, CHUNKS, &n), OK);
	assert_chunks(n, MIB(64));
	ram_free(&acct, chunk, n);
	assert_same(&start);
}

/* 512 MiB on a machine of 1 GiB whose blocks are in pieces. */
static void ram_from_fragments(void **state)
{
	static hpa_t all[CHUNKS], pages[CHUNKS];
	struct page_stats start, broken;
	u32 n = 0, m;

	(void)state;
	add(0, GIB(1));
	page_get_stats(&start);
	while (n < CHUNKS && page_alloc(PAGE_ORDER_2M, &all[n]))
		n++;
	assert_int_equal(n, 511); /* and one that holds the states */
	for (u32 i = 0; i < n; i += 2)
		page_free(all[i], PAGE_ORDER_2M);
	page_get_stats(&broken);
	assert_int_equal(broken.blocks[PAGE_ORDER_MAX] + broken.blocks[PAGE_ORDER_2M + 1], 0);
	assert_int_equal(ram_alloc(NULL, MIB(512), chunk, CHUNKS, &m), OK);
	assert_int_equal(m, 256);
	assert_chunks(m, MIB(512));
	assert_int_equal(ram_alloc(NULL, MIB(2), chunk + m, CHUNKS - m, &m), ERR_NOMEM);
	ram_free(NULL, chunk, 256);
	assert_same(&broken);

	/* A page taken from each: nothing of 2 MiB is left, and smaller it never goes. */
	for (u32 i = 0; i < n; i += 2) {
		hpa_t p;

		assert_true(page_alloc(PAGE_ORDER_2M, &p));
		page_free(p, PAGE_ORDER_2M);
	}
	for (m = 0; m < CHUNKS && broken.blocks[PAGE_ORDER_2M]; m++) {
		assert_true(page_alloc(PAGE_ORDER_2M - 1, &pages[m]));
		page_get_stats(&broken);
	}
	for (u32 i = 0; i < m; i += 2)
		page_free(pages[i], PAGE_ORDER_2M - 1);
	page_get_stats(&broken);
	assert_true(broken.free > MIB(250));
	assert_int_equal(ram_alloc(NULL, MIB(2), chunk, CHUNKS, &n), ERR_NOMEM);
	assert_int_equal(ram_alloc(NULL, MIB(200), chunk, CHUNKS, &n), ERR_NOMEM);
	assert_same(&broken);
}

static void ram_fails_at_each(void **state)
{
	struct mem_account acct = {.limit = GIB(1)};
	struct page_stats start;
	enum err err = ERR_NOMEM;
	u32 n;

	(void)state;
	add(0, GIB(1));
	page_get_stats(&start);
	for (u64 i = 0; err; i++) {
		page_fail_after(i);
		err = ram_alloc(&acct, MIB(2) * 127, chunk, CHUNKS, &n);
		page_fail_after(PAGE_FAIL_NEVER);
		assert_true(err == OK || err == ERR_NOMEM);
		if (err) {
			assert_int_equal(mem_used(&acct), 0);
			assert_same(&start);
		}
		assert_true(i < 20);
	}
	ram_free(&acct, chunk, n);
	assert_same(&start);
}

/* Several harts at once; each writes its number into what it has, and finds it again. */
#define HARTS 4
static u32 mixed_up;

static void hammer(unsigned int hart)
{
	hpa_t have[16];
	u32 n = 0;
	u64 s = 1 + hart * 7919;

	for (int i = 0; i < 3000; i++) {
		if (n < ARRAY_SIZE(have) && rnd_next(&s) % 2) {
			if (page_alloc(1, &have[n]))
				*(u64 *)hpa_to_va(have[n++]) = hart;
		} else if (n) {
			n--;
			if (*(u64 *)hpa_to_va(have[n]) != hart)
				__atomic_fetch_add(&mixed_up, 1, __ATOMIC_RELAXED);
			page_free(have[n], 1);
		}
	}
	while (n)
		page_free(have[--n], 1);
}

static void harts_at_once(void **state)
{
	struct page_stats start;

	(void)state;
	add(0, KIB(200));
	page_get_stats(&start);
	host_harts_run(HARTS, hammer);
	assert_int_equal(mixed_up, 0);
	assert_same(&start);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(refuses_bad_ranges, setup),
		cmocka_unit_test_setup(states_at_the_better_end, setup),
		cmocka_unit_test_setup(random_against_model, setup),
		cmocka_unit_test_setup(takes_every_page, setup),
		cmocka_unit_test_setup(orders_up_to_1g, setup),
		cmocka_unit_test_setup(wrong_frees_are_seen, setup),
		cmocka_unit_test_setup(accounts, setup),
		cmocka_unit_test_setup(source_zeroes, setup),
		cmocka_unit_test_setup(fails_on_demand, setup),
		cmocka_unit_test_setup(blocks_are_found, setup),
		cmocka_unit_test_setup(ram_largest_first, setup),
		cmocka_unit_test_setup(ram_refusals, setup),
		cmocka_unit_test_setup(ram_from_fragments, setup),
		cmocka_unit_test_setup(ram_fails_at_each, setup),
		cmocka_unit_test_setup(harts_at_once, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
