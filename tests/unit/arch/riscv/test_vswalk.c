/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk of a guest's tables against the specification's algorithm written down once more, step by
 * step and in its own words (privileged architecture 20240411, "Virtual Address Translation
 * Process"): on tables that make sense, on random ones, and one case a rule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/riscv/vswalk.h"

#define PAGES 64U
#define BASE  0x80000000UL

#define V 0x01UL
#define R 0x02UL
#define W 0x04UL
#define X 0x08UL
#define N (1UL << 63)

static u64 ram[PAGES][512];
static unsigned int reads;

static enum err read_ram(void *arg, gpa_t at, u64 *pte)
{
	assert_ptr_equal(arg, ram);
	assert_int_equal(at.a % 8, 0);
	reads++;
	if (at.a < BASE || at.a >= BASE + sizeof(ram))
		return ERR_RANGE;
	*pte = ((u64 *)ram)[(at.a - BASE) / 8];
	return OK;
}

static const struct vswalk_mem mem = {read_ram, ram};

static u64 page_at(unsigned int i)
{
	return BASE + i * 4096UL;
}

static u64 vsatp_of(unsigned int levels, u64 root)
{
	return (5UL + levels) << 60 | root >> 12;
}

static u64 pte_of(u64 pa, u64 bits)
{
	return pa >> 12 << 10 | bits;
}

static u64 field(u64 from, unsigned int high, unsigned int low)
{
	return from << (63 - high) >> (63 - high + low);
}

/* Step by step as the specification has it, with pa put together from ppn[i]. */
static enum err reference(unsigned int levels, u64 root, u64 va, u64 *pa)
{
	unsigned int top = 12 + 9 * levels - 1;
	u64 a = root, sign = field(va, top, top), pte, ppn, low;
	int i;

	if (field(va, 63, top) != (sign ? field(~0UL, 63, top) : 0))
		return ERR_FAULT;
	for (i = (int)levels - 1;; i--) {
		enum err e;

		if (i < 0)
			return ERR_FAULT;
		e = read_ram(ram, GPA(a + 8 * field(va, 12 + 9 * (u32)i + 8, 12 + 9 * (u32)i)),
			     &pte);
		if (e)
			return e;
		if (!(pte & V) || (!(pte & R) && (pte & W)))
			return ERR_FAULT;
		if (pte & (R | X))
			break;
		a = field(pte, 53, 10) * 4096;
	}
	ppn = field(pte, 53, 10);
	for (int j = 0; j < i; j++) /* misaligned superpage */
		if (field(ppn, 9 * (u32)j + 8, 9 * (u32)j))
			return ERR_FAULT;
	if (pte & N) { /* Svnapot, table "Page table entry encodings when pte.N=1" */
		if (i > 0 || field(ppn, 3, 0) != 8)
			return ERR_FAULT;
		ppn = (ppn & ~15UL) | field(va, 15, 12);
	}
	low = i ? field(va, 12 + 9 * (u32)i - 1, 12) : 0;
	*pa = (ppn | low) * 4096 + field(va, 11, 0);
	return OK;
}

static void compare(unsigned int levels, u64 root, u64 va)
{
	u64 pa = 0;
	gpa_t out = GPA(0);
	enum err want = reference(levels, root, va, &pa);

	reads = 0;
	assert_int_equal(vswalk(vsatp_of(levels, root), va, &mem, &out), want);
	assert_true(reads <= levels);
	if (!want)
		assert_int_equal(out.a, pa);
}

static u64 random64(void)
{
	return (u64)random() << 42 ^ (u64)random() << 21 ^ (u64)random();
}

/* Mostly addresses that the mode has, and those just outside it. */
static u64 random_va(unsigned int levels)
{
	unsigned int bits = 12 + 9 * levels;
	u64 va = random64() >> (random() % 40);

	if (random() % 8)
		va = (u64)((s64)(va << (64 - bits)) >> (64 - bits));
	return va;
}

static u64 random_pte(void)
{
	u64 pa = page_at((u32)random() % PAGES);
	u64 bits = V | (random() % 16 ? 0 : N);

	if (random() % 16 == 0)
		return random64();
	if (random() % 3)
		return pte_of(pa, bits & ~N); /* a table */
	if (random() % 2)
		pa = random64() >> 8 << (12 + 9 * (random() % 5)) >> 8;
	if (bits & N)
		pa = (pa & ~0xffffUL) | (random() % 4 ? 0x8000UL : random64() % 16 * 4096);
	return pte_of(pa & ((1UL << 56) - 1), bits | (R | W | X | (u64)random() % 256));
}

static void random_tables(void **state)
{
	unsigned int ok = 0;

	(void)state;
	srandom(1);
	for (int round = 0; round < 200; round++) {
		for (unsigned int i = 0; i < PAGES * 512; i++)
			((u64 *)ram)[i] = random_pte();
		for (int i = 0; i < 500; i++) {
			unsigned int levels = 3 + (u32)random() % 3;
			u64 root = page_at((u32)random() % PAGES), va = random_va(levels), pa;

			compare(levels, root, va);
			ok += !reference(levels, root, va, &pa);
		}
	}
	assert_true(ok > 1000); /* or the tables were all refused and nothing was compared */
}

/* One leaf at a level, and tables above it; returns the root. */
static u64 one_leaf(unsigned int levels, unsigned int level, u64 va, u64 pte)
{
	memset(ram, 0, sizeof(ram));
	for (unsigned int l = levels - 1; l > level; l--)
		ram[l][field(va, 12 + 9 * l + 8, 12 + 9 * l)] = pte_of(page_at(l - 1), V);
	ram[level][field(va, 12 + 9 * level + 8, 12 + 9 * level)] = pte;
	return page_at(levels - 1);
}

static enum err walk_one(unsigned int levels, unsigned int level, u64 va, u64 pte, u64 *pa)
{
	u64 root = one_leaf(levels, level, va, pte);
	gpa_t out = GPA(0);
	enum err e = vswalk(vsatp_of(levels, root), va, &mem, &out);

	compare(levels, root, va);
	*pa = out.a;
	return e;
}

static void every_leaf_size(void **state)
{
	u64 pa;

	(void)state;
	for (unsigned int levels = 3; levels <= 5; levels++)
		for (unsigned int level = 0; level < levels; level++) {
			u64 size = 4096UL << (9 * level), va = 0x12345678abcUL % (1UL << 38);

			assert_int_equal(walk_one(levels, level, va, pte_of(size, V | R), &pa), OK);
			assert_int_equal(pa, size + va % size);
			va = ~va; /* the upper half */
			assert_int_equal(walk_one(levels, level, va, pte_of(0, V | X), &pa), OK);
			assert_int_equal(pa, va % size);
		}
}

static void napot(void **state)
{
	u64 va = 0x7ab345678UL, pa;

	(void)state;
	assert_int_equal(walk_one(3, 0, va, pte_of(0x80018000, V | R | N), &pa), OK);
	assert_int_equal(pa, 0x80015678);
	/* Other patterns are reserved, and so is N in a larger page. */
	assert_int_equal(walk_one(3, 0, va, pte_of(0x80014000, V | R | N), &pa), ERR_FAULT);
	assert_int_equal(walk_one(3, 0, va, pte_of(0x80010000, V | R | N), &pa), ERR_FAULT);
	assert_int_equal(walk_one(3, 1, va, pte_of(0x80200000, V | R | N), &pa), ERR_FAULT);
}

static void refused(void **state)
{
	u64 va = 0x7ab345678UL, pa;

	(void)state;
	assert_int_equal(walk_one(3, 0, va, pte_of(0x80010000, R), &pa), ERR_FAULT);
	assert_int_equal(walk_one(3, 0, va, pte_of(0x80010000, V | W), &pa), ERR_FAULT);
	assert_int_equal(walk_one(3, 0, va, pte_of(0x80010000, V), &pa), ERR_FAULT);
	assert_int_equal(walk_one(3, 1, va, pte_of(0x80201000, V | R), &pa), ERR_FAULT);
	assert_int_equal(walk_one(3, 2, va, pte_of(0x80200000, V | R), &pa), ERR_FAULT);
	assert_int_equal(walk_one(3, 1, va, pte_of(0x40000000, V), &pa), ERR_RANGE);
}

/* What PBMT or a later extension says of a page does not move it. */
static void upper_bits(void **state)
{
	u64 va = 0x7ab345678UL, pa;

	(void)state;
	for (unsigned int bit = 54; bit < 63; bit++) {
		u64 pte = pte_of(0x80010000, V | R) | 1UL << bit;

		assert_int_equal(walk_one(3, 0, va, pte, &pa), OK);
		assert_int_equal(pa, 0x80010678);
	}
}

static void not_canonical(void **state)
{
	(void)state;
	for (unsigned int levels = 3; levels <= 5; levels++)
		for (unsigned int bit = 12 + 9 * levels - 1; bit < 64; bit++) {
			u64 va = 0x12345678UL, root = one_leaf(levels, 0, va, pte_of(BASE, V | R));
			gpa_t out;

			assert_int_equal(vswalk(vsatp_of(levels, root), va, &mem, &out), OK);
			assert_int_equal(
				vswalk(vsatp_of(levels, root), va ^ 1UL << bit, &mem, &out),
				ERR_FAULT);
		}
}

static void modes(void **state)
{
	gpa_t out;

	(void)state;
	assert_int_equal(vswalk(0x1234, 0x8765432112345678, &mem, &out), OK);
	assert_int_equal(out.a, 0x8765432112345678);
	for (u64 mode = 1; mode < 16; mode++)
		if (mode < 8 || mode > 10)
			assert_int_equal(vswalk(mode << 60, 0, &mem, &out), ERR_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_tables), cmocka_unit_test(every_leaf_size),
		cmocka_unit_test(napot),	 cmocka_unit_test(refused),
		cmocka_unit_test(upper_bits),	 cmocka_unit_test(not_canonical),
		cmocka_unit_test(modes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
