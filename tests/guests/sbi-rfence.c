// SPDX-License-Identifier: BSD-2-Clause
/*
 * SBI RFENCE: errors, and that the fences do what they say, on this hart and on another one (SBI
 * v3.0, chapter 8).
 *
 * # expect: pass
 * # harts: 2
 */
#include "rt.h"

static long rfence(u64 fid, u64 mask, u64 base, u64 start, u64 size, u64 asid)
{
	return sbi(SBI_EXT_RFENCE, fid, mask, base, start, size, asid).error;
}

static void good_calls(void)
{
	static const u64 sizes[] = {0,	     1,		4096,	   4097, 1 << 21,
				    1 << 30, 1UL << 39, 1UL << 62, ~0UL, ~0UL - 4095};
	u64 self = this_hart()->id;

	T_EQ(rfence(RFENCE_FENCE_I, 1, self, 0, 0, 0), 0);
	T_EQ(rfence(RFENCE_FENCE_I, 0, ~0UL, 0, 0, 0), 0);
	T_EQ(rfence(RFENCE_FENCE_I, 0, self, 0, 0, 0), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		T_EQ(rfence(RFENCE_SFENCE_VMA, 1, self, 0, sizes[i], 0), 0);
		T_EQ(rfence(RFENCE_SFENCE_VMA, 0, ~0UL, 0, sizes[i], 0), 0);
		T_EQ(rfence(RFENCE_SFENCE_VMA_ASID, 1, self, 0, sizes[i], 0), 0);
		T_EQ(rfence(RFENCE_SFENCE_VMA_ASID, 1, self, 0, sizes[i], 0xffff), 0);
	}
	T_EQ(rfence(RFENCE_SFENCE_VMA, 1, self, 0x80201000, 8192, 0), 0);
}

/* Ranges at the end of the address space, done to one hart or another; and past it. */
static void odd_ranges(u64 mask, u64 base)
{
	static const struct {
		u64 start, size;
		long error;
	} odd[] = {
		{~0UL - 4095, 4096, 0},
		{~0UL - 4095, 100, 0},
		{~0UL, 1, 0},
		{~0UL - 4000, 4001, 0},
		{1UL << 63, 1UL << 63, 0},
		{123, 77, 0},
		{4096, 0, 0},
		{0, 64 * 4096, 0},
		{1, 64 * 4096, 0},
		{4096, ~0UL, 0},
		{~0UL - 4095, 1 << 20, SBI_ERR_INVALID_ADDRESS},
		{~0UL, 2, SBI_ERR_INVALID_ADDRESS},
		{4096, ~0UL - 1, SBI_ERR_INVALID_ADDRESS},
		{1UL << 63, (1UL << 63) + 1, SBI_ERR_INVALID_ADDRESS},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(odd); i++) {
		for (u64 asid = 0; asid < 1UL << 62; asid = asid * 2 + 1) {
			T_EQ(rfence(RFENCE_SFENCE_VMA, mask, base, odd[i].start, odd[i].size, asid),
			     odd[i].error);
			T_EQ(rfence(RFENCE_SFENCE_VMA_ASID, mask, base, odd[i].start, odd[i].size,
				    asid),
			     odd[i].error);
		}
	}
}

static void odd_ranges_self(void)
{
	SKIP_IF(bare(), "OpenSBI checks no range");
	odd_ranges(1, this_hart()->id);
}

static volatile u64 turn, seen_turn, stop;

static void spinner(u64 unused)
{
	(void)unused;
	seen_turn = 1;
	while (!stop)
		;
}

static void odd_ranges_other(void)
{
	SKIP_IF(bare(), "OpenSBI checks no range");
	SKIP_IF(hart_count() < 2, "one hart");
	seen_turn = 0;
	stop = 0;
	T_EQ(hart_start(1, spinner, 0), 0);
	T_OK(wait_for(seen_turn == 1, 20000));
	odd_ranges(1, harts[1].id);
	odd_ranges(0, ~0UL);
	stop = 1;
	T_OK(hart_join(1));
}

static void bad_masks(void)
{
	u64 self = this_hart()->id;

	for (u64 fid = RFENCE_FENCE_I; fid <= RFENCE_SFENCE_VMA_ASID; fid++) {
		T_EQ(rfence(fid, 1, 4096, 0, 0, 0), SBI_ERR_INVALID_PARAM);
		/* OpenSBI cuts hart ids to 32 bits and passes over harts that are not there. */
		if (bare())
			continue;
		T_EQ(rfence(fid, 1, self | 1UL << 32, 0, 0, 0), SBI_ERR_INVALID_PARAM);
		T_EQ(rfence(fid, 1UL << 63, self, 0, 0, 0), SBI_ERR_INVALID_PARAM);
		T_EQ(rfence(fid, 1UL << 32 | 1, self, 0, 0, 0), SBI_ERR_INVALID_PARAM);
		T_EQ(rfence(fid, 1UL << 63, self + 1, 0, 0, 0), SBI_ERR_INVALID_PARAM);
		T_EQ(rfence(fid, ~0UL, self, 0, 0, 0), SBI_ERR_INVALID_PARAM);
		T_EQ(rfence(fid, 1, 64, 0, 0, 0), SBI_ERR_INVALID_PARAM);
		T_EQ(rfence(fid, 1, ~0UL - 1, 0, 0, 0), SBI_ERR_INVALID_PARAM);
		T_EQ(rfence(fid, 4, ~0UL - 1, 0, 0, 0), SBI_ERR_INVALID_PARAM);
		T_EQ(rfence(fid, 1, 1UL << 32 | self, 0, 0, 0), SBI_ERR_INVALID_PARAM);
		/* mask and base the other way round would be fine */
		T_EQ(rfence(fid, self + 4096, self, 0, 0, 0), SBI_ERR_INVALID_PARAM);
	}
}

static void hfences(void)
{
	SKIP_IF(bare(), "OpenSBI has them");
	for (u64 fid = RFENCE_HFENCE_FIRST; fid <= RFENCE_HFENCE_LAST; fid++)
		T_EQ(rfence(fid, 1, this_hart()->id, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
	T_EQ(rfence(RFENCE_HFENCE_LAST + 1, 1, this_hart()->id, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
}

/* ---- pages that change under a hart --------------------------------------------------------- */

#define ALIAS (MMU_ALIAS + 0x5000)

static volatile u64 page[2][512] __attribute__((aligned(4096)));

/* Points the alias at page n, for good only after a fence. */
static void point_at(u64 n)
{
	*mmu_pte(ALIAS) = mmu_leaf((u64)page[n], PTE_RW);
}

struct fence {
	u64 fid, start, size, asid;
};

/* The asid is the one both harts run with. */
static const struct fence fences[] = {
	{RFENCE_SFENCE_VMA, ALIAS, 4096, 5},
	{RFENCE_SFENCE_VMA, ALIAS, 1, 5},
	{RFENCE_SFENCE_VMA, ALIAS - 4096, 3 * 4096, 5},
	{RFENCE_SFENCE_VMA, 0, 0, 5},
	{RFENCE_SFENCE_VMA, 0, ~0UL, 5},
	{RFENCE_SFENCE_VMA, ALIAS - (1 << 20), 1 << 21, 5},
	{RFENCE_SFENCE_VMA_ASID, ALIAS, 4096, 5},
	{RFENCE_SFENCE_VMA_ASID, 0, 0, 5},
	{RFENCE_SFENCE_VMA_ASID, 0, ~0UL, 5},
	{RFENCE_SFENCE_VMA_ASID, ALIAS - (1 << 20), 1 << 21, 5},
};

#define ASID 5

static void pages_self(void)
{
	volatile u64 *alias = (volatile u64 *)ALIAS;

	page[0][0] = 100;
	page[1][0] = 101;
	point_at(0);
	mmu_on(ASID);
	for (unsigned int i = 0; i < 20 * ARRAY_SIZE(fences) && !test_failed(); i++) {
		const struct fence *f = &fences[i % ARRAY_SIZE(fences)];

		point_at(i & 1);
		T_EQ(rfence(f->fid, 1, this_hart()->id, f->start, f->size, f->asid), 0);
		T_EQ(*alias, 100 + (i & 1));
	}
}

/* The other hart reads the alias all the time. Whatever it reads after it has seen a new turn must
 * come from the page of that turn. */
static void reader(u64 unused)
{
	volatile u64 *alias = (volatile u64 *)ALIAS;
	u64 sum = 0;

	(void)unused;
	mmu_on(ASID);
	while (!stop) {
		u64 t = __atomic_load_n(&turn, __ATOMIC_ACQUIRE);
		u64 v = *alias;

		if (t != seen_turn) {
			if (v != 100 + (t & 1))
				test_fail("turn %lu: the other hart still reads %lu", t, v);
			__atomic_store_n(&seen_turn, t, __ATOMIC_RELEASE);
		}
		sum += v;
	}
	mmu_off();
	page[0][1] = sum;
}

static void pages_other(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	page[0][0] = 100;
	page[1][0] = 101;
	point_at(0);
	turn = 0;
	seen_turn = 0;
	stop = 0;
	T_EQ(hart_start(1, reader, 0), 0);
	for_rounds(i, 1, 100 * ARRAY_SIZE(fences), 3000)
	{
		const struct fence *f = &fences[i % ARRAY_SIZE(fences)];

		point_at(i & 1);
		T_EQ(rfence(f->fid, 1, harts[1].id, f->start, f->size, f->asid), 0);
		__atomic_store_n(&turn, i, __ATOMIC_RELEASE);
		T_OK(wait_for(seen_turn == i, 20000));
	}
	stop = 1;
	T_OK(hart_join(1));
}

/* ---- harts that do not run ------------------------------------------------------------------ */

static volatile u64 naps, awake, nap_value;

/* Counts how often its WFI ends, and reads the alias when it is told to. */
static void sleeper(u64 unused)
{
	volatile u64 *alias = (volatile u64 *)ALIAS;

	(void)unused;
	mmu_on(ASID);
	nap_value = *alias;
	csr_write(sie, 1UL << IRQ_SOFT);
	awake = 1;
	while (!(csr_read(sip) & 1UL << IRQ_SOFT)) {
		wfi();
		naps++;
	}
	nap_value = *alias;
	csr_write(sie, 0);
	csr_clear(sip, 1UL << IRQ_SOFT);
	mmu_off();
}

/* All kinds of fences, more than anybody remembers one by one. */
static void fence_it(u64 id)
{
	for (u64 i = 0; i < 20 * ARRAY_SIZE(fences); i++) {
		const struct fence *f = &fences[i % ARRAY_SIZE(fences)];

		T_EQ(rfence(f->fid, 1, id, f->start, f->size, f->asid), 0);
	}
	T_EQ(rfence(RFENCE_FENCE_I, 1, id, 0, 0, 0), 0);
}

/* One that waits is not woken by fences, and knows of them when it is woken. One fence, few and many. */
static void fences_to_a_sleeper(void)
{
	SKIP_IF(bare(), "OpenSBI's fences end a WFI");
	SKIP_IF(hart_count() < 2, "one hart");
	page[0][0] = 100;
	page[1][0] = 101;
	for (u64 i = 0; i < 3 * ARRAY_SIZE(fences) && !test_failed(); i++) {
		const struct fence *f = &fences[i % ARRAY_SIZE(fences)];

		point_at(0);
		awake = 0;
		T_EQ(hart_start(1, sleeper, 0), 0);
		T_OK(wait_for(awake, 20000));
		/* It may be on its way still: then a fence finds it running, and changes nothing. */
		for (u64 until = now() + ms(2); now() < until;)
			;
		T_EQ(nap_value, 100);
		naps = 0;
		point_at(1);
		if (i >= 2 * ARRAY_SIZE(fences))
			fence_it(harts[1].id);
		for (u64 n = 0; n <= i; n++)
			T_EQ(rfence(f->fid, 1, harts[1].id, f->start, f->size, f->asid), 0);
		T_EQ(naps, 0);
		T_EQ(sbi_send_ipi(1, harts[1].id).error, 0);
		T_OK(hart_join(1));
		T_EQ(nap_value, 101);
	}
}

/* A stopped one takes them, and starts with what is so then. */
static void fences_to_a_stopped_hart(void)
{
	SKIP_IF(bare(), "OpenSBI has none to fence");
	SKIP_IF(hart_count() < 2, "one hart");
	for (u64 i = 0; i < 10 && !test_failed(); i++) {
		T_EQ(sbi_hart_status(harts[1].id).value, HSM_STOPPED);
		point_at(i & 1);
		fence_it(harts[1].id);
		T_EQ(sbi_hart_status(harts[1].id).value, HSM_STOPPED);
		awake = 0;
		T_EQ(hart_start(1, sleeper, 0), 0);
		T_OK(wait_for(awake, 20000));
		T_EQ(nap_value, 100 + (i & 1));
		T_EQ(sbi_send_ipi(1, harts[1].id).error, 0);
		T_OK(hart_join(1));
	}
}

/* ---- code that changes under a hart --------------------------------------------------------- */

/* li a0, n; ret */
#define LI_A0(n) (0x00000513U | (u32)(n) << 20)
#define RET	 0x00008067U

/* Never changed while it may be running: between a store's look for translated code and the store
 * itself QEMU lets another hart translate the old code, and no fence makes it look again. */
static volatile u32 code[1024] __attribute__((aligned(4096)));

static u64 run_code(void)
{
	return ((u64(*)(void))(u64)code)();
}

static void code_self(void)
{
	code[1] = RET;
	for (u32 i = 0; i < 500 && !test_failed(); i++) {
		code[0] = LI_A0(i);
		T_EQ(rfence(RFENCE_FENCE_I, 1, this_hart()->id, 0, 0, 0), 0);
		T_EQ(run_code(), i);
	}
}

static void runner(u64 unused)
{
	(void)unused;
	while (!stop) {
		u64 t = __atomic_load_n(&turn, __ATOMIC_ACQUIRE), v;

		if (t == seen_turn)
			continue;
		v = run_code();
		if (v != t)
			test_fail("turn %lu: the other hart still runs the code of %lu", t, v);
		__atomic_store_n(&seen_turn, t, __ATOMIC_RELEASE);
	}
}

static void code_other(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	turn = 0;
	seen_turn = ~0UL;
	stop = 0;
	code[0] = LI_A0(0);
	code[1] = RET;
	rfence(RFENCE_FENCE_I, 0, ~0UL, 0, 0, 0);
	T_EQ(hart_start(1, runner, 0), 0);
	T_OK(wait_for(seen_turn == 0, 20000));
	for_rounds(i, 1, 1000, 3000)
	{
		code[0] = LI_A0(i);
		T_EQ(rfence(RFENCE_FENCE_I, 1, harts[1].id, 0, 0, 0), 0);
		__atomic_store_n(&turn, i, __ATOMIC_RELEASE);
		T_OK(wait_for(seen_turn == i, 20000));
	}
	stop = 1;
	T_OK(hart_join(1));
}

/* Two harts that fence each other at the same time must both get through. */
static void fencer(u64 other)
{
	for (int i = 0; i < 500; i++)
		T_EQ(rfence(RFENCE_SFENCE_VMA, 1, other, 0, ~0UL, 0), 0);
}

static void crosswise(void)
{
	u32 before = harts[1].starts;

	SKIP_IF(hart_count() < 2, "one hart");
	T_EQ(hart_start(1, fencer, this_hart()->id), 0);
	T_OK(wait_for(harts[1].starts != before, 20000));
	/* It may have ended before us: a stopped hart needs no fence, or is not to be had. */
	for (int i = 0; i < 500; i++) {
		long r = rfence(RFENCE_FENCE_I, 1, harts[1].id, 0, 0, 0);

		T_OK(r == 0 || r == SBI_ERR_INVALID_PARAM);
	}
	T_OK(hart_join(1));
}

const struct test guest_tests[] = {
	{"all sizes and masks that are right", good_calls},
	{"ranges at the end of the address space, self", odd_ranges_self},
	{"ranges at the end of the address space, another hart", odd_ranges_other},
	{"a hart that does not exist is an invalid parameter", bad_masks},
	{"the hfence functions are not there", hfences},
	{"a page changed here is seen after a fence to self", pages_self},
	{"a page changed here is seen there after a remote fence", pages_other},
	{"fences do not wake a hart that waits, and are done later", fences_to_a_sleeper},
	{"a stopped hart is fenced", fences_to_a_stopped_hart},
	{"code changed here is run after a fence to self", code_self},
	{"code changed here is run there after a remote fence", code_other},
	{"two harts fence each other", crosswise},
	{NULL, NULL},
};
