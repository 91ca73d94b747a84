/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage tables against a flat map of guest pages, seen through a hart's walk (pt_model.h): what
 * is mapped, which fences are enough, that tables are not freed too soon, and that nothing is lost
 * when a page is not to be had at any point.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "arch/riscv/gstage.h"
#include "tests/unit/arch/riscv/pt_model.h"

#define RWX (PT_READ | PT_WRITE | PT_EXEC)

static u64 seed;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed >> 8;
}

static struct heap_source heap;
static const struct pt_source source = HEAP_SOURCE(&heap);
static struct gstage gs;

static int setup(void **state)
{
	(void)state;
	seed = 88172645463325252UL;
	heap = (struct heap_source){.limit = ~0UL};
	return 0;
}

static int no_table_lost(void **state)
{
	(void)state;
	return heap.live != 0;
}

static void start(enum gstage_mode mode)
{
	assert_int_equal(gstage_init(&gs, mode, &source), OK);
	assert_int_equal(heap.live, 4);
	assert_true(IS_ALIGNED(gs.pt.root.a, 16384));
}

static enum walk_result hw(u64 gpa, struct walked *out)
{
	return walk(gs.pt.root.a, (int)gs.mode - 5, 11, gpa, NULL, NULL, out);
}

static void drop(struct gstage_change *chg)
{
	pt_garbage_free(&source, &chg->garbage);
	*chg = (struct gstage_change){0};
}

/* Mapped to hpa with a leaf of 2^shift bytes, with everything a leaf needs. */
static void assert_leaf(u64 gpa, u64 hpa, unsigned int prot, unsigned int shift)
{
	struct gstage_leaf leaf;
	struct walked w;

	assert_int_equal(hw(gpa, &w), WALK_OK);
	assert_int_equal(w.hpa, hpa);
	assert_int_equal(12 + 9 * w.level, shift);
	assert_int_equal(w.pte & 0x3ff, PTE_V | PTE_U | PTE_A | PTE_D | prot);
	assert_int_equal(gstage_lookup(&gs, GPA(gpa), &leaf), OK);
	assert_int_equal(leaf.hpa.a, hpa);
	assert_int_equal(leaf.prot, prot);
	assert_int_equal(leaf.size, 1UL << shift);
}

static void assert_hole(u64 gpa)
{
	struct gstage_leaf leaf;
	struct walked w;

	assert_int_equal(hw(gpa, &w), WALK_INVALID);
	assert_int_equal(gstage_lookup(&gs, GPA(gpa), &leaf), ERR_NOENT);
}

static void largest_pages_first(void **state)
{
	struct gstage_change chg = {0};

	(void)state;
	start(GSTAGE_SV39X4);
	/* 4 KiB up to 2 MiB, up to 1 GiB, 1 GiB, and down again. */
	assert_int_equal(gstage_map(&gs, GPA(GIB(1) - MIB(2) - KIB(4)),
				    HPA(GIB(5) - MIB(2) - KIB(4)), GIB(1) + MIB(4) + KIB(8), RWX,
				    &chg),
			 OK);
	assert_hole(GIB(1) - MIB(2) - KIB(8));
	assert_leaf(GIB(1) - MIB(2) - 1, GIB(5) - MIB(2) - 1, RWX, 12);
	assert_leaf(GIB(1) - MIB(2), GIB(5) - MIB(2), RWX, 21);
	assert_leaf(GIB(1) + 12345, GIB(5) + 12345, RWX, 30);
	assert_leaf(GIB(2) + MIB(2) - 1, GIB(6) + MIB(2) - 1, RWX, 21);
	assert_leaf(GIB(2) + MIB(2) + 4095, GIB(6) + MIB(2) + 4095, RWX, 12);
	assert_hole(GIB(2) + MIB(2) + KIB(4));
	assert_int_equal(heap.live, 4 + 4);
	assert_true(chg.fence.all);
	assert_int_equal(chg.garbage.head, 0);

	/* The host side's alignment counts too. */
	assert_int_equal(gstage_map(&gs, GPA(GIB(8)), HPA(GIB(8) + MIB(2)), GIB(1), PT_READ, &chg),
			 OK);
	assert_leaf(GIB(8), GIB(8) + MIB(2), PT_READ, 21);
	assert_int_equal(
		gstage_map(&gs, GPA(GIB(9)), HPA(GIB(9) + KIB(4)), MIB(2), PT_READ | PT_EXEC, &chg),
		OK);
	assert_leaf(GIB(9) + KIB(8), GIB(9) + KIB(12), PT_READ | PT_EXEC, 12);
	gstage_destroy(&gs);
}

static void all_modes_to_their_ends(void **state)
{
	static const struct {
		enum gstage_mode mode;
		unsigned int bits, shift;
	} m[] = {{GSTAGE_SV39X4, 41, 30}, {GSTAGE_SV48X4, 50, 39}, {GSTAGE_SV57X4, 59, 39}};
	struct gstage_change chg = {0};
	struct gstage_leaf leaf;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(m); i++) {
		u64 end = 1UL << m[i].bits;

		start(m[i].mode);
		assert_int_equal(gstage_mode_bits(m[i].mode), m[i].bits);
		assert_int_equal(gs.pt.levels, 3 + i);
		assert_int_equal(
			gstage_map(&gs, GPA(end - GIB(512)), HPA(GIB(1024)), GIB(512), RWX, &chg),
			OK);
		assert_leaf(end - 1, GIB(1536) - 1, RWX, m[i].shift);
		assert_leaf(end - GIB(512), GIB(1024), RWX, m[i].shift);
		assert_int_equal(gstage_map(&gs, GPA(0), HPA(0), KIB(4), RWX, &chg), OK);
		assert_leaf(0, 0, RWX, 12);

		assert_int_equal(gstage_map(&gs, GPA(end), HPA(0), KIB(4), RWX, &chg), ERR_RANGE);
		assert_int_equal(gstage_map(&gs, GPA(end - KIB(4)), HPA(0), KIB(8), RWX, &chg),
				 ERR_RANGE);
		assert_int_equal(gstage_unmap(&gs, GPA(end), KIB(4), &chg), ERR_RANGE);
		assert_int_equal(gstage_lookup(&gs, GPA(end), &leaf), ERR_RANGE);
		assert_int_equal(gstage_lookup(&gs, GPA(~0UL), &leaf), ERR_RANGE);
		assert_int_equal(gstage_unmap(&gs, GPA(0), end, &chg), OK);
		drop(&chg);
		assert_int_equal(heap.live, 4);
		gstage_destroy(&gs);
	}
}

static void refusals(void **state)
{
	static const struct {
		u64 gpa, hpa, size;
		unsigned int prot;
		enum err err;
	} bad[] = {
		{0x1001, 0, 0x1000, RWX, ERR_INVAL},
		{0x1000, 0x800, 0x1000, RWX, ERR_INVAL},
		{0x1000, 0, 0x1001, RWX, ERR_INVAL},
		{0x1000, 0, 0, RWX, ERR_INVAL},
		{0x1000, 0, 0x1000, 0, ERR_INVAL},
		{0x1000, 0, 0x1000, PT_WRITE, ERR_INVAL},
		{0x1000, 0, 0x1000, PT_WRITE | PT_EXEC, ERR_INVAL},
		{0x1000, 0, 0x1000, RWX | PTE_G, ERR_INVAL},
		{0x1000, 0, 0x1000, PTE_V, ERR_INVAL},
		{0x1000, 1UL << 56, 0x1000, RWX, ERR_RANGE},
		{0x1000, (1UL << 56) - 0x1000, 0x2000, RWX, ERR_RANGE},
		{0x1000, ~0xfffUL, 0x2000, RWX, ERR_RANGE},
		{~0xfffUL, 0, 0x1000, RWX, ERR_RANGE},
		{~0xfffUL, 0, 0x2000, RWX, ERR_RANGE},
		{0x1000, 0, ~0xfffUL, RWX, ERR_RANGE},
		{1UL << 41, 0, 0x1000, RWX, ERR_RANGE},
		{0x200000, 0, 0x1000, RWX, ERR_EXIST},
		{0x3ff000, 0, 0x1000, RWX, ERR_EXIST},
		{0x1ff000, 0, 0x2000, RWX, ERR_EXIST},
		{0, 0, 0x40000000, RWX, ERR_EXIST},
	};
	struct gstage_change chg = {0}, none = {0};
	u64 live;

	(void)state;
	assert_int_equal(gstage_init(&gs, (enum gstage_mode)7, &source), ERR_INVAL);
	assert_int_equal(gstage_init(&gs, (enum gstage_mode)0, &source), ERR_INVAL);
	start(GSTAGE_SV39X4);
	assert_int_equal(gstage_map(&gs, GPA(MIB(2)), HPA(0), MIB(2), RWX, &chg), OK);
	chg = none;
	live = heap.live;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(gstage_map(&gs, GPA(bad[i].gpa), HPA(bad[i].hpa), bad[i].size,
					    bad[i].prot, &chg),
				 bad[i].err);
		assert_memory_equal(&chg, &none, sizeof(chg));
		assert_int_equal(heap.live, live);
	}
	assert_int_equal(gstage_unmap(&gs, GPA(1), KIB(4), &chg), ERR_INVAL);
	assert_int_equal(gstage_unmap(&gs, GPA(0), 0, &chg), ERR_INVAL);
	assert_int_equal(gstage_unmap(&gs, GPA(KIB(4)), ~0xfffUL, &chg), ERR_RANGE);
	assert_int_equal(gstage_split(&gs, GPA(0), KIB(4), 11, &chg), ERR_INVAL);
	assert_int_equal(gstage_split(&gs, GPA(0), 5, 12, &chg), ERR_INVAL);
	assert_int_equal(gstage_protect(&gs, GPA(0), KIB(4), 0, &chg), ERR_INVAL);
	assert_int_equal(gstage_protect(&gs, GPA(0), KIB(4), PT_WRITE, &chg), ERR_INVAL);
	assert_int_equal(gstage_write_protect(&gs, GPA(0), ~0UL, &chg), ERR_INVAL);
	assert_memory_equal(&chg, &none, sizeof(chg));
	gstage_destroy(&gs);
	heap.limit = 0;
	assert_int_equal(gstage_init(&gs, GSTAGE_SV39X4, &source), ERR_NOMEM);
}

static void split_and_protect(void **state)
{
	struct gstage_change chg = {0};

	(void)state;
	start(GSTAGE_SV39X4);
	assert_int_equal(gstage_map(&gs, GPA(GIB(2)), HPA(GIB(4)), GIB(2), RWX, &chg), OK);
	chg.fence = (struct gstage_fence){0};

	assert_int_equal(gstage_split(&gs, GPA(GIB(2)), GIB(1), 21, &chg), OK);
	assert_true(chg.fence.all && chg.fence.start.a == GIB(2) && chg.fence.size == GIB(1));
	assert_leaf(GIB(2) + MIB(7), GIB(4) + MIB(7), RWX, 21);
	assert_leaf(GIB(3), GIB(5), RWX, 30);
	assert_int_equal(gstage_split(&gs, GPA(GIB(2) + MIB(4)), KIB(4), 12, &chg), OK);
	assert_leaf(GIB(2) + MIB(4), GIB(4) + MIB(4), RWX, 12);
	assert_leaf(GIB(2) + MIB(6) - 1, GIB(4) + MIB(6) - 1, RWX, 12);
	assert_leaf(GIB(2) + MIB(6), GIB(4) + MIB(6), RWX, 21);

	/* A page of a 1 GiB leaf, write-protected: it is cut out. */
	chg.fence = (struct gstage_fence){0};
	assert_int_equal(gstage_write_protect(&gs, GPA(GIB(3) + MIB(8) + KIB(4)), KIB(4), &chg),
			 OK);
	assert_true(chg.fence.all);
	assert_leaf(GIB(3) + MIB(8) + KIB(4), GIB(5) + MIB(8) + KIB(4), PT_READ | PT_EXEC, 12);
	assert_leaf(GIB(3) + MIB(8), GIB(5) + MIB(8), RWX, 12);
	assert_leaf(GIB(3) + MIB(8) + KIB(8), GIB(5) + MIB(8) + KIB(8), RWX, 12);
	assert_leaf(GIB(3) + MIB(10), GIB(5) + MIB(10), RWX, 21);

	/* Whole leaves: fenced one by one, and nothing the second time. */
	chg.fence = (struct gstage_fence){0};
	assert_int_equal(gstage_write_protect(&gs, GPA(GIB(2) + MIB(8)), MIB(8), &chg), OK);
	assert_false(chg.fence.all);
	assert_int_equal(chg.fence.start.a, GIB(2) + MIB(8));
	assert_int_equal(chg.fence.size, MIB(8));
	assert_int_equal(chg.fence.shift, 21);
	chg.fence = (struct gstage_fence){0};
	assert_int_equal(gstage_write_protect(&gs, GPA(GIB(2) + MIB(8)), MIB(8), &chg), OK);
	assert_int_equal(chg.fence.size, 0);
	assert_false(chg.fence.all);
	assert_int_equal(gstage_protect(&gs, GPA(GIB(2) + MIB(10)), MIB(2), RWX, &chg), OK);
	assert_leaf(GIB(2) + MIB(8), GIB(4) + MIB(8), PT_READ | PT_EXEC, 21);
	assert_leaf(GIB(2) + MIB(10), GIB(4) + MIB(10), RWX, 21);

	/* Unmapping what holes are in, and the tables with it. */
	assert_int_equal(gstage_unmap(&gs, GPA(0), GIB(3) + MIB(512), &chg), OK);
	assert_hole(GIB(3) + MIB(511));
	assert_leaf(GIB(3) + MIB(512), GIB(5) + MIB(512), RWX, 21);
	assert_int_equal(gstage_unmap(&gs, GPA(GIB(3)), GIB(1), &chg), OK);
	drop(&chg);
	assert_int_equal(heap.live, 4);
	gstage_destroy(&gs);
}

/*
 * The flat map: for each guest page of a window its host address and permissions, 0 where nothing
 * is. Some addresses have a cache that forgets only what the fences say.
 */
#define WINDOW (GIB(1) - MIB(8))
#define PAGES  ((GIB(1) + MIB(40)) / KIB(4))
#define CACHED 64
static u64 flat[PAGES];
static struct walk_cache cache[CACHED];
static u64 cached_page[CACHED];

static bool coin(void)
{
	return rnd() & 1;
}

static u64 flat_now(u64 page)
{
	struct walked w;

	if (hw(WINDOW + page * KIB(4), &w) != WALK_OK)
		return 0;
	assert_int_equal(w.pte & (PTE_V | PTE_U | PTE_A | PTE_D | PTE_G),
			 PTE_V | PTE_U | PTE_A | PTE_D);
	return w.hpa | (w.pte & PT_PROT);
}

static u64 flat_cached(u32 i)
{
	u64 gpa = WINDOW + cached_page[i] * KIB(4);
	struct walked w;
	enum walk_result r = walk(gs.pt.root.a, (int)gs.mode - 5, 11, gpa, &cache[i], coin, &w);

	assert_int_not_equal(r, WALK_RESERVED);
	return r == WALK_OK ? w.hpa | (w.pte & PT_PROT) : 0;
}

struct op {
	u64 page, pages, hpa;
	unsigned int prot;
	int what;
};

static struct op random_op(void)
{
	static const unsigned int prots[] = {
		RWX, RWX, PT_READ, PT_EXEC, PT_READ | PT_EXEC, PT_READ | PT_WRITE};
	static const u64 unit[] = {1, 1, 1, 512, 512, 512 * 8};
	u64 u = unit[rnd() % ARRAY_SIZE(unit)];
	struct op op = {.what = (int)max_u64(rnd() % 7, 2) - 2,
			.prot = prots[rnd() % ARRAY_SIZE(prots)]};

	op.page = rnd() % PAGES / u * u;
	if (rnd() % 4)
		op.page %= 512 * 24; /* crowd them */
	op.pages = (1 + rnd() % 5) * u;
	if (u == 1 && rnd() % 2) { /* over an end of what may be a large page */
		op.page = (1 + rnd() % 24) * 512 - rnd() % 3;
		op.pages = 3 + rnd() % 600;
	}
	if (rnd() % 20 == 0) { /* the 1 GiB page: there, and gone */
		op.page = MIB(8) / KIB(4);
		op.pages = GIB(1) / KIB(4);
		op.what = 0;
		for (u64 i = op.page; i < op.page + op.pages; i++)
			op.what |= flat[i] != 0;
	}
	if (op.pages > PAGES - op.page)
		op.pages = PAGES - op.page;
	op.hpa = GIB(8) + (op.pages > MIB(64) / KIB(4) || rnd() % 8 ? WINDOW + op.page * KIB(4)
								    : (rnd() % 4096) * KIB(4));
	return op;
}

/* What the operation is to make of the flat map. Returns the error it is to have. */
static enum err flat_apply(const struct op *op)
{
	for (u64 i = op->page; op->what == 0 && i < op->page + op->pages; i++)
		if (flat[i])
			return ERR_EXIST;
	for (u64 n = 0; n < op->pages; n++) {
		u64 *f = &flat[op->page + n];

		if (op->what == 0)
			*f = (op->hpa + n * KIB(4)) | op->prot;
		else if (op->what == 1)
			*f = 0;
		else if (op->what == 2)
			*f &= ~(u64)PT_WRITE;
		else if (op->what == 3 && *f)
			*f = (*f & ~(u64)PT_PROT) | op->prot;
	}
	return OK;
}

static enum err apply(const struct op *op, struct gstage_change *chg)
{
	gpa_t gpa = GPA(WINDOW + op->page * KIB(4));
	u64 size = op->pages * KIB(4);

	switch (op->what) {
	case 0: return gstage_map(&gs, gpa, HPA(op->hpa), size, op->prot, chg);
	case 1: return gstage_unmap(&gs, gpa, size, chg);
	case 2: return gstage_write_protect(&gs, gpa, size, chg);
	case 3: return gstage_protect(&gs, gpa, size, op->prot, chg);
	default: return gstage_split(&gs, gpa, size, op->hpa & BIT(13) ? 12 : 21, chg);
	}
}

/* No page outside of what the fence names may have changed. */
static void fence_all_caches(const struct gstage_change *chg)
{
	const struct gstage_fence *f = &chg->fence;

	for (u32 i = 0; i < CACHED; i++)
		fence_range(&cache[i], WINDOW + cached_page[i] * KIB(4), f->start.a, f->size,
			    f->shift, f->all);
}

static void compare(u64 pages, u64 stride)
{
	for (u64 i = 0; i < pages; i += stride)
		assert_int_equal(flat_now(i), flat[i]);
}

static void random_run(enum gstage_mode mode, int steps, bool failures)
{
	struct gstage_change chg = {0};

	memset(flat, 0, sizeof(flat));
	memset(cache, 0, sizeof(cache));
	for (u32 i = 0; i < CACHED; i++)
		cached_page[i] = rnd() % (i % 4 ? 512 * 24 : PAGES);
	start(mode);
	for (int i = 0; i < steps; i++) {
		struct op op = random_op();
		u64 before[CACHED];
		enum err err;

		for (u32 c = 0; c < CACHED; c++)
			before[c] = flat[cached_page[c]];
		if (failures)
			heap.limit = rnd() % 6;
		err = apply(&op, &chg);
		heap.limit = ~0UL;
		if (err == ERR_NOMEM)
			assert_true(failures);
		else
			assert_int_equal(err, flat_apply(&op));
		/* Between change and fence: the old or the new, and no table that is gone. */
		for (u32 c = 0; c < CACHED; c++) {
			u64 now = flat_cached(c);

			assert_true(now == before[c] || now == flat[cached_page[c]]);
		}
		fence_all_caches(&chg);
		drop(&chg);
		for (u32 c = 0; c < CACHED; c++)
			assert_int_equal(flat_cached(c), flat[cached_page[c]]);
		compare(PAGES, i % 64 ? 4099 : 3);
	}
	assert_int_equal(gstage_unmap(&gs, GPA(0), 1UL << 41, &chg), OK);
	drop(&chg);
	assert_int_equal(heap.live, 4); /* no empty table was left */
	gstage_destroy(&gs);
}

static void random_against_flat_map(void **state)
{
	(void)state;
	random_run(GSTAGE_SV39X4, 3000, false);
	random_run(GSTAGE_SV48X4, 1000, false);
	random_run(GSTAGE_SV57X4, 1000, false);
}

static void random_with_failures(void **state)
{
	(void)state;
	random_run(GSTAGE_SV39X4, 3000, true);
	random_run(GSTAGE_SV57X4, 1000, true);
}

/* Several changes, one fence. */
static void changes_are_collected(void **state)
{
	struct gstage_change chg = {0};

	(void)state;
	start(GSTAGE_SV39X4);
	assert_int_equal(gstage_map(&gs, GPA(GIB(1)), HPA(GIB(1)), MIB(64), RWX, &chg), OK);
	assert_int_equal(gstage_map(&gs, GPA(GIB(2)), HPA(GIB(2)), KIB(64), RWX, &chg), OK);
	chg.fence = (struct gstage_fence){0};
	assert_int_equal(gstage_write_protect(&gs, GPA(GIB(2) + KIB(8)), KIB(4), &chg), OK);
	assert_int_equal(chg.fence.shift, 12);
	assert_int_equal(gstage_write_protect(&gs, GPA(GIB(1) + MIB(2)), MIB(4), &chg), OK);
	assert_int_equal(chg.fence.start.a, GIB(1) + MIB(2));
	assert_int_equal(chg.fence.size, GIB(1) - MIB(2) + KIB(12));
	assert_int_equal(chg.fence.shift, 12);
	assert_false(chg.fence.all);
	chg.fence = (struct gstage_fence){0};
	assert_int_equal(gstage_write_protect(&gs, GPA(GIB(1) + MIB(6)), MIB(2), &chg), OK);
	assert_int_equal(chg.fence.shift, 21);
	assert_int_equal(gstage_write_protect(&gs, GPA(GIB(2)), KIB(4), &chg), OK);
	assert_int_equal(chg.fence.shift, 12);
	assert_int_equal(gstage_unmap(&gs, GPA(GIB(2)), KIB(64), &chg), OK);
	assert_true(chg.fence.all);
	assert_int_equal(gstage_write_protect(&gs, GPA(GIB(1) + MIB(8)), MIB(2), &chg), OK);
	assert_true(chg.fence.all); /* once set it stays */
	assert_int_equal(gstage_unmap(&gs, GPA(GIB(1)), MIB(64), &chg), OK);
	assert_int_equal(heap.live, 4 + 3); /* kept until the fence: two of 4 KiB, one of 2 MiB */
	drop(&chg);
	assert_int_equal(heap.live, 4);
	gstage_destroy(&gs);
}

static void picks_the_narrowest(void **state)
{
	u64 all = BIT(GSTAGE_SV39X4) | BIT(GSTAGE_SV48X4) | BIT(GSTAGE_SV57X4);
	enum gstage_mode m;

	(void)state;
	assert_int_equal(gstage_pick_mode(all, GPA(0), &m), OK);
	assert_int_equal(m, GSTAGE_SV39X4);
	assert_int_equal(gstage_pick_mode(all, GPA((1UL << 41) - 1), &m), OK);
	assert_int_equal(m, GSTAGE_SV39X4);
	assert_int_equal(gstage_pick_mode(all, GPA(1UL << 41), &m), OK);
	assert_int_equal(m, GSTAGE_SV48X4);
	assert_int_equal(gstage_pick_mode(all, GPA(1UL << 50), &m), OK);
	assert_int_equal(m, GSTAGE_SV57X4);
	assert_int_equal(gstage_pick_mode(all, GPA(1UL << 59), &m), ERR_NOTSUP);
	assert_int_equal(gstage_pick_mode(BIT(GSTAGE_SV48X4), GPA(0), &m), OK);
	assert_int_equal(m, GSTAGE_SV48X4);
	assert_int_equal(gstage_pick_mode(BIT(GSTAGE_SV39X4), GPA(1UL << 41), &m), ERR_NOTSUP);
	assert_int_equal(gstage_pick_mode(0xff, GPA(0), &m), ERR_NOTSUP);
}

static void hgatp_values(void **state)
{
	u64 v = gstage_hgatp(GSTAGE_SV48X4, 0x2abc, HPA(0x12345678c000));

	(void)state;
	assert_int_equal(v, 0x92abc00000000000UL | 0x12345678c);
	assert_true(gstage_hgatp_took(v, v));
	assert_true(gstage_hgatp_took(v, v | 3UL << 58));     /* reserved bits above VMID */
	assert_false(gstage_hgatp_took(v, v ^ 1UL << 60));    /* MODE */
	assert_false(gstage_hgatp_took(v, v & ~(1UL << 57))); /* VMID */
	assert_false(gstage_hgatp_took(v, v ^ 4));	      /* PPN */
	assert_int_equal(gstage_vmid_bits(0), 0);
	assert_int_equal(gstage_vmid_bits(~0UL), 14);
	assert_int_equal(gstage_vmid_bits(8UL << 60 | 0x7fUL << 44), 7);
	assert_int_equal(gstage_vmid_bits(8UL << 60 | 3UL << 58), 0);
}

/* Harts as there are: which modes, how many bits of VMID, and what a bad MODE does. */
struct hart_model {
	u64 modes, vmid_mask, stuck, hgatp;
	bool drops; /* a write with a MODE it does not have is ignored */
};

static u64 model_hgatp(void *ctx, u64 v)
{
	struct hart_model *h = ctx;
	u64 mode = v >> 60;

	if (mode && !(h->modes & BIT(mode))) {
		if (h->drops)
			return h->hgatp;
		mode = 0;
	}
	h->hgatp = mode << 60 | (v & h->vmid_mask << 44) | (v & h->stuck) |
		   (v & ((1UL << 44) - 1) & ~3UL);
	return h->hgatp;
}

static void probes(void **state)
{
	static const struct hart_model m[] = {
		{.modes = 0x100, .vmid_mask = 0x3fff},
		{.modes = 0x700, .vmid_mask = 0x3fff, .stuck = 3UL << 58},
		{.modes = 0x300, .vmid_mask = 0x7f, .drops = true},
		{.modes = 0x100, .vmid_mask = 0, .drops = true, .stuck = 3UL << 58},
		{.modes = 0x400, .vmid_mask = 1},
		{.modes = 0},
	};
	static const unsigned int bits[] = {14, 14, 7, 0, 1, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(m); i++) {
		struct hart_model h = m[i];
		struct gstage_caps caps;

		h.hgatp = 8UL << 60;
		gstage_probe(model_hgatp, &h, HPA(0x80204000), &caps);
		assert_int_equal(caps.modes, m[i].modes);
		assert_int_equal(caps.vmid_bits, bits[i]);
		assert_int_equal(h.hgatp, 0);
	}
}

#define with_heap(f) cmocka_unit_test_setup_teardown(f, setup, no_table_lost)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_heap(largest_pages_first),
		with_heap(all_modes_to_their_ends),
		with_heap(refusals),
		with_heap(split_and_protect),
		with_heap(random_against_flat_map),
		with_heap(random_with_failures),
		with_heap(changes_are_collected),
		with_heap(picks_the_narrowest),
		with_heap(hgatp_values),
		with_heap(probes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
