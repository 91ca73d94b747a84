/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's page tables, seen through a hart's walk (pt_model.h): signed addresses, W^X, the bits
 * of a leaf, and the fences asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "arch/riscv/pgtable.h"
#include "tests/unit/arch/riscv/pt_model.h"

#define RW (PT_READ | PT_WRITE)
#define RX (PT_READ | PT_EXEC)

static u64 seed;
static struct heap_source heap;
static const struct pt_source source = HEAP_SOURCE(&heap);
static struct pgtable pt;
static hpa_t root;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed >> 8;
}

static int setup(void **state)
{
	(void)state;
	seed = 88172645463325252UL;
	heap = (struct heap_source){.limit = ~0UL};
	return !heap_alloc(&heap, 0, &root);
}

/* The root is the caller's; nothing else may be left. */
static int no_table_lost(void **state)
{
	(void)state;
	heap_free(&heap, 0, root);
	return heap.live != 0;
}

static void start(unsigned int levels)
{
	assert_int_equal(pgtable_init(&pt, levels, root, &source), OK);
}

static void drop(struct pgtable_change *chg)
{
	pt_garbage_free(&source, &chg->garbage);
	*chg = (struct pgtable_change){0};
}

static void end(struct pgtable_change *chg)
{
	pt_garbage_free(&source, &chg->garbage);
	pt_free_tables(&pt.pt);
	assert_int_equal(heap.live, 1);
}

static enum walk_result hw(uintptr_t va, struct walked *out)
{
	return walk(root.a, (int)pt.pt.levels, 9, va, NULL, NULL, out);
}

static void assert_leaf(uintptr_t va, u64 hpa, unsigned int prot, unsigned int shift)
{
	struct pt_leaf leaf;
	struct walked w;

	assert_int_equal(hw(va, &w), WALK_OK);
	assert_int_equal(w.hpa, hpa);
	assert_int_equal(12 + 9 * w.level, shift);
	assert_int_equal(w.pte & 0x3ff, PTE_V | PTE_G | PTE_A | PTE_D | prot);
	assert_int_equal(pgtable_lookup(&pt, va, &leaf), OK);
	assert_int_equal(leaf.hpa.a, hpa);
	assert_int_equal(leaf.pte, w.pte);
	assert_int_equal(leaf.shift, shift);
}

static void assert_hole(uintptr_t va)
{
	struct pt_leaf leaf;
	struct walked w;

	assert_int_equal(hw(va, &w), WALK_INVALID);
	assert_int_equal(pgtable_lookup(&pt, va, &leaf), ERR_NOENT);
}

static void largest_pages(void **state)
{
	struct pgtable_change chg = {0};
	uintptr_t at = -GIB(64);

	(void)state;
	start(3);
	assert_int_equal(pgtable_map(&pt, at - KIB(8), HPA(GIB(4) - KIB(8)),
				     GIB(2) + MIB(6) + KIB(12), RW, &chg),
			 OK);
	assert_leaf(at - 1, GIB(4) - 1, RW, 12);
	assert_leaf(at, GIB(4), RW, 30);
	assert_leaf(at + GIB(2) - 1, GIB(6) - 1, RW, 30);
	assert_leaf(at + GIB(2), GIB(6), RW, 21);
	assert_leaf(at + GIB(2) + MIB(6), GIB(6) + MIB(6), RW, 12);
	assert_hole(at + GIB(2) + MIB(6) + KIB(4));
	assert_hole(at - KIB(12));
	assert_int_equal(heap.live, 5);
	end(&chg);

	start(4);
	assert_int_equal(pgtable_map(&pt, -GIB(512), HPA(0), GIB(512), RX, &chg), OK);
	assert_leaf(-1UL, GIB(512) - 1, RX, 39);
	end(&chg);
}

static void ends_of_the_address_space(void **state)
{
	(void)state;
	for (unsigned int levels = 3; levels <= 5; levels++) {
		uintptr_t half = BIT(12 + 9 * levels - 1);
		struct pgtable_change chg = {0};
		struct pt_leaf leaf;

		start(levels);
		assert_int_equal(pgtable_map(&pt, -KIB(8), HPA(MIB(1)), KIB(8), RX, &chg), OK);
		assert_int_equal(pgtable_map(&pt, 0, HPA(MIB(2)), KIB(4), RW, &chg), OK);
		assert_int_equal(pgtable_map(&pt, half - KIB(4), HPA(MIB(3)), KIB(4), RW, &chg),
				 OK);
		assert_int_equal(pgtable_map(&pt, -half, HPA(MIB(4)), KIB(4), RW, &chg), OK);
		assert_leaf(-1UL, MIB(1) + KIB(8) - 1, RX, 12);
		assert_leaf(0, MIB(2), RW, 12);
		assert_leaf(half - 1, MIB(3) + KIB(4) - 1, RW, 12);
		assert_leaf(-half, MIB(4), RW, 12);

		assert_int_equal(pgtable_map(&pt, half, HPA(0), KIB(4), RW, &chg), ERR_RANGE);
		assert_int_equal(pgtable_map(&pt, -half - KIB(4), HPA(0), KIB(4), RW, &chg),
				 ERR_RANGE);
		assert_int_equal(pgtable_map(&pt, half - KIB(8), HPA(0), KIB(12), RW, &chg),
				 ERR_RANGE);
		assert_int_equal(pgtable_map(&pt, -KIB(4), HPA(0), KIB(8), RW, &chg), ERR_RANGE);
		assert_int_equal(pgtable_map(&pt, KIB(4), HPA(0), -KIB(4), RW, &chg), ERR_RANGE);
		assert_int_equal(pgtable_unmap(&pt, half, KIB(4), &chg), ERR_RANGE);
		assert_int_equal(pgtable_unmap(&pt, -KIB(4), KIB(8), &chg), ERR_RANGE);
		assert_int_equal(pgtable_protect(&pt, -KIB(4), KIB(8), RW, &chg), ERR_RANGE);
		assert_int_equal(pgtable_lookup(&pt, half, &leaf), ERR_RANGE);
		drop(&chg);

		/* The fence is for signed addresses. */
		assert_int_equal(pgtable_protect(&pt, -KIB(8), KIB(8), PT_READ, &chg), OK);
		assert_true(chg.fence.start == -KIB(8) && chg.fence.size == KIB(8));
		assert_false(chg.fence.all);
		assert_int_equal(pgtable_protect(&pt, -KIB(8), KIB(8), RW, &chg), OK);
		assert_true(chg.fence.start == -KIB(8) && chg.fence.size == KIB(8));
		assert_int_equal(pgtable_unmap(&pt, -half, half, &chg), OK);
		assert_int_equal(pgtable_unmap(&pt, 0, half, &chg), OK);
		assert_hole(-1UL);
		assert_hole(0);
		drop(&chg);
		assert_int_equal(heap.live, 1);
		end(&chg);
	}
}

static void refusals(void **state)
{
	static const unsigned int bad_prot[] = {
		0, PT_WRITE, PT_WRITE | PT_EXEC, RW | PT_EXEC, RW | PTE_U, PTE_G, PTE_V | PT_READ};
	struct pgtable_change chg = {0}, none = {0};

	(void)state;
	assert_int_equal(pgtable_init(&pt, 2, root, &source), ERR_INVAL);
	assert_int_equal(pgtable_init(&pt, 6, root, &source), ERR_INVAL);
	assert_int_equal(pgtable_init(&pt, 3, HPA(root.a + 8), &source), ERR_INVAL);
	assert_int_equal(pgtable_init(&pt, 3, HPA(1UL << 56), &source), ERR_INVAL);
	start(3);
	assert_int_equal(pgtable_map(&pt, GIB(1), HPA(0), GIB(1), RW, &chg), OK);
	drop(&chg);
	for (size_t i = 0; i < ARRAY_SIZE(bad_prot); i++) {
		assert_int_equal(pgtable_map(&pt, 0, HPA(0), KIB(4), bad_prot[i], &chg), ERR_INVAL);
		assert_int_equal(pgtable_protect(&pt, GIB(1), KIB(4), bad_prot[i], &chg),
				 ERR_INVAL);
	}
	assert_int_equal(pgtable_map(&pt, 0, HPA(0), 0, RW, &chg), ERR_INVAL);
	assert_int_equal(pgtable_map(&pt, 8, HPA(0), KIB(4), RW, &chg), ERR_INVAL);
	assert_int_equal(pgtable_map(&pt, 0, HPA(8), KIB(4), RW, &chg), ERR_INVAL);
	assert_int_equal(pgtable_map(&pt, 0, HPA(0), 8, RW, &chg), ERR_INVAL);
	assert_int_equal(pgtable_map(&pt, 0, HPA(1UL << 56), KIB(4), RW, &chg), ERR_RANGE);
	assert_int_equal(pgtable_map(&pt, 0, HPA(0), GIB(1) + KIB(4), RW, &chg), ERR_EXIST);
	assert_int_equal(pgtable_map(&pt, GIB(2) - KIB(4), HPA(0), KIB(8), RW, &chg), ERR_EXIST);
	assert_int_equal(pgtable_map(&pt, GIB(1), HPA(0), GIB(1), RW, &chg), ERR_EXIST);
	assert_memory_equal(&chg, &none, sizeof(chg));
	assert_int_equal(heap.live, 1);
	end(&chg);
}

static void protect_keeps_the_rest(void **state)
{
	struct pgtable_change chg = {0};

	(void)state;
	start(3);
	assert_int_equal(pgtable_map(&pt, -GIB(2), HPA(GIB(2)), MIB(4), RW, &chg), OK);
	drop(&chg);
	assert_int_equal(pgtable_protect(&pt, -GIB(2) + KIB(16), KIB(8), RX, &chg), OK);
	assert_true(chg.fence.all); /* a leaf became a table */
	assert_leaf(-GIB(2) + KIB(12), GIB(2) + KIB(12), RW, 12);
	assert_leaf(-GIB(2) + KIB(16), GIB(2) + KIB(16), RX, 12);
	assert_leaf(-GIB(2) + KIB(20), GIB(2) + KIB(20), RX, 12);
	assert_leaf(-GIB(2) + KIB(24), GIB(2) + KIB(24), RW, 12);
	assert_leaf(-GIB(2) + MIB(2), GIB(2) + MIB(2), RW, 21);
	drop(&chg);
	assert_int_equal(pgtable_protect(&pt, -GIB(2), KIB(4), PT_READ, &chg), OK);
	assert_false(chg.fence.all);
	assert_int_equal(chg.fence.shift, 12);
	assert_int_equal(pgtable_protect(&pt, -GIB(2) + MIB(2), MIB(2), PT_READ, &chg), OK);
	assert_int_equal(chg.fence.shift, 12);
	assert_true(chg.fence.start == -GIB(2) && chg.fence.size == MIB(4));
	drop(&chg);
	assert_int_equal(pgtable_protect(&pt, -GIB(2) + MIB(2), MIB(2), RW, &chg), OK);
	assert_int_equal(chg.fence.shift, 21);
	assert_int_equal(pgtable_protect(&pt, -GIB(2), KIB(4), RW, &chg), OK);
	assert_int_equal(chg.fence.shift, 12);
	assert_true(chg.fence.start == -GIB(2) && chg.fence.size == MIB(4));
	assert_int_equal(pgtable_unmap(&pt, -GIB(2), MIB(2), &chg), OK);
	assert_int_equal(pgtable_protect(&pt, -GIB(2) + MIB(2), MIB(2), PT_READ, &chg), OK);
	assert_true(chg.fence.all);
	end(&chg);
}

/* Mapping many ranges with an allocation that fails at each point: all or nothing. */
static void fails_at_each(void **state)
{
	struct pgtable_change chg = {0};

	(void)state;
	for (u64 n = 0; n < 40; n++) {
		enum err err;
		u64 live;

		start(4);
		assert_int_equal(pgtable_map(&pt, -GIB(1), HPA(GIB(1)), MIB(2), RW, &chg), OK);
		drop(&chg);
		live = heap.live;
		heap.limit = n;
		err = pgtable_map(&pt, -GIB(3) - KIB(4), HPA(GIB(8) + KIB(4)), MIB(60), RW, &chg);
		assert_int_equal(err, n < 33 ? ERR_NOMEM : OK);
		if (err) {
			drop(&chg);
			assert_int_equal(heap.live, live);
			assert_hole(-GIB(3) - KIB(4));
		}
		heap.limit = 0;
		assert_int_equal(pgtable_unmap(&pt, -GIB(1), KIB(4), &chg), ERR_NOMEM);
		assert_leaf(-GIB(1), GIB(1), RW, 21);
		heap.limit = ~0UL;
		end(&chg);
	}
}

/* Single pages and 2 MiB at random against a flat map, the cache forgetting what the fences say. */
#define PAGES  4096U
#define CACHED 48
static u64 flat[PAGES];
static struct walk_cache cache[CACHED];
static u64 cached_page[CACHED];
static uintptr_t window;

static bool coin(void)
{
	return rnd() & 1;
}

static u64 cached_now(u32 i)
{
	struct walked w;
	enum walk_result r = walk(root.a, (int)pt.pt.levels, 9, window + cached_page[i] * KIB(4),
				  &cache[i], coin, &w);

	assert_int_not_equal(r, WALK_RESERVED);
	return r == WALK_OK ? w.hpa | (w.pte & PT_PROT) : 0;
}

static void step(struct pgtable_change *chg)
{
	static const unsigned int prots[] = {RW, RX, PT_READ, PT_EXEC};
	unsigned int prot = prots[rnd() % 4], what = (unsigned int)(rnd() % 3);
	u64 unit = rnd() % 4 ? 1 : 512, first = rnd() % PAGES / unit * unit;
	u64 n = min_u64((1 + rnd() % 4) * unit, PAGES - first);
	uintptr_t va = window + first * KIB(4);
	enum err expect = OK;

	heap.limit = rnd() % 8 ? ~0UL : rnd() % 3;
	for (u64 i = 0; what == 0 && i < n; i++)
		if (flat[first + i])
			expect = ERR_EXIST;
	if (what == 0 && expect) {
		assert_int_equal(
			pgtable_map(&pt, va, HPA(GIB(4) + first * KIB(4)), n * KIB(4), prot, chg),
			ERR_EXIST);
		return;
	}
	if (what == 0)
		expect = pgtable_map(&pt, va, HPA(GIB(4) + first * KIB(4)), n * KIB(4), prot, chg);
	else if (what == 1)
		expect = pgtable_unmap(&pt, va, n * KIB(4), chg);
	else
		expect = pgtable_protect(&pt, va, n * KIB(4), prot, chg);
	if (expect) {
		assert_true(expect == ERR_NOMEM && heap.limit == 0);
		return;
	}
	for (u64 i = first; i < first + n; i++) {
		if (what == 0)
			flat[i] = (GIB(4) + i * KIB(4)) | prot;
		else if (what == 1)
			flat[i] = 0;
		else if (flat[i])
			flat[i] = (flat[i] & ~(u64)PT_PROT) | prot;
	}
}

static void random_run(unsigned int levels)
{
	struct pgtable_change chg = {0};

	memset(flat, 0, sizeof(flat));
	memset(cache, 0, sizeof(cache));
	for (u32 i = 0; i < CACHED; i++)
		cached_page[i] = rnd() % PAGES;
	start(levels);
	for (int i = 0; i < 1500; i++) {
		step(&chg);
		for (u32 c = 0; c < CACHED; c++) {
			cached_now(c); /* between the change and its fence */
			fence_range(&cache[c], window + cached_page[c] * KIB(4), chg.fence.start,
				    chg.fence.size, chg.fence.shift, chg.fence.all);
			assert_int_equal(cached_now(c), flat[cached_page[c]]);
		}
		drop(&chg);
	}
	heap.limit = ~0UL;
	assert_int_equal(pgtable_unmap(&pt, window, PAGES * KIB(4), &chg), OK);
	drop(&chg);
	assert_int_equal(heap.live, 1);
	end(&chg);
}

static void random_against_flat_map(void **state)
{
	(void)state;
	window = -GIB(1) - MIB(8);
	random_run(3);
	window = -MIB(16); /* up to the last byte */
	random_run(4);
	window = GIB(512) - MIB(8);
	random_run(5);
}

static void satp_values(void **state)
{
	struct pgtable p;

	(void)state;
	assert_int_equal(pgtable_init(&p, 3, HPA(0x80400000), &source), OK);
	assert_int_equal(pgtable_satp(&p, 0), 0x8000000000080400UL);
	assert_int_equal(pgtable_init(&p, 5, HPA(0x80400000), &source), OK);
	assert_int_equal(pgtable_satp(&p, 0x1234), 0xa123400000080400UL);
}

#define with_heap(f) cmocka_unit_test_setup_teardown(f, setup, no_table_lost)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_heap(largest_pages), with_heap(ends_of_the_address_space),
		with_heap(refusals),	  with_heap(protect_keeps_the_rest),
		with_heap(fails_at_each), with_heap(random_against_flat_map),
		with_heap(satp_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
