// SPDX-License-Identifier: BSD-2-Clause
/*
 * SBI FWFT (SBI v3.0, chapter 18): every feature, reserved ones, values and flags that are wrong,
 * locks; and that the one limen gives, hardware updating of A and D bits, does what it says, for
 * each hart by itself.
 *
 * OpenSBI 1.5 has the chapter's draft.
 *
 * # expect: pass
 * # harts: 2
 * # bare: differs
 */
#include "rt.h"

#define SSIP (1UL << IRQ_SOFT)

#define LOAD_PAGE_FAULT	 13
#define STORE_PAGE_FAULT 15

static struct sbiret get(u64 feature)
{
	return sbi(SBI_EXT_FWFT, FWFT_GET, feature, ~0UL, ~0UL);
}

static long set(u64 feature, u64 value, u64 flags)
{
	return sbi(SBI_EXT_FWFT, FWFT_SET, feature, value, flags).error;
}

static void expect_get(u64 feature, long error, u64 value)
{
	struct sbiret r = get(feature);

	if (r.error != error || (u64)r.value != value)
		test_fail("get 0x%lx: error %ld value %ld, not %ld %lu", feature, r.error, r.value,
			  error, value);
}

static void present(void)
{
	T_EQ(sbi(SBI_EXT_BASE, BASE_PROBE_EXTENSION, SBI_EXT_FWFT).value, 1);
	T_EQ(sbi(SBI_EXT_FWFT, 2, FWFT_PTE_AD).error, SBI_ERR_NOT_SUPPORTED);
	T_EQ(sbi(SBI_EXT_FWFT, ~0UL, FWFT_PTE_AD).error, SBI_ERR_NOT_SUPPORTED);
}

/* Reserved and platform's own, local and global; the edges of each. */
static void reserved(void)
{
	static const u64 types[] = {6,		7,	    64,		0x3fffffff,
				    0x40000000, 0x7fffffff, 0x80000000, 0x80000004,
				    0xbfffffff, 0xc0000000, 0xffffffff};

	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		expect_get(types[i], SBI_ERR_DENIED, 0);
		T_EQ(set(types[i], 0, 0), SBI_ERR_DENIED);
		T_EQ(set(types[i], 1, FWFT_LOCK), SBI_ERR_DENIED);
		T_EQ(set(types[i], ~0UL, ~0UL), SBI_ERR_DENIED);
	}
}

static void not_supported(void)
{
	static const u64 features[] = {FWFT_LANDING_PAD, FWFT_SHADOW_STACK, FWFT_DOUBLE_TRAP,
				       FWFT_PMLEN};

	for (unsigned int i = 0; i < ARRAY_SIZE(features); i++) {
		expect_get(features[i], SBI_ERR_NOT_SUPPORTED, 0);
		T_EQ(set(features[i], 0, 0), SBI_ERR_NOT_SUPPORTED);
		T_EQ(set(features[i], 1, 0), SBI_ERR_NOT_SUPPORTED);
		T_EQ(set(features[i], 7, 0), SBI_ERR_NOT_SUPPORTED);
		T_EQ(set(features[i], 1, FWFT_LOCK), SBI_ERR_NOT_SUPPORTED);
	}
}

/* Whatever the machine does with misaligned accesses is told, and stays. */
static void misaligned(void)
{
	struct sbiret r = get(FWFT_MISALIGNED);

	if (r.error) {
		expect_get(FWFT_MISALIGNED, SBI_ERR_NOT_SUPPORTED, 0);
		T_EQ(set(FWFT_MISALIGNED, 0, 0), SBI_ERR_NOT_SUPPORTED);
		T_EQ(set(FWFT_MISALIGNED, 1, 0), SBI_ERR_NOT_SUPPORTED);
		return;
	}
	print("# misaligned accesses are %sdelegated\n", r.value ? "" : "not ");
	T_OK(r.value == 0 || r.value == 1);
	T_EQ(set(FWFT_MISALIGNED, r.value, 0), 0);
	T_EQ(set(FWFT_MISALIGNED, !r.value, 0), SBI_ERR_DENIED);
	T_EQ(set(FWFT_MISALIGNED, 2, 0), SBI_ERR_INVALID_PARAM);
	T_EQ(set(FWFT_MISALIGNED, r.value, 2), SBI_ERR_INVALID_PARAM);
	expect_get(FWFT_MISALIGNED, 0, r.value);
	T_EQ(set(FWFT_MISALIGNED, r.value, FWFT_LOCK), 0);
	T_EQ(set(FWFT_MISALIGNED, r.value, 0), SBI_ERR_DENIED_LOCKED);
	T_EQ(set(FWFT_MISALIGNED, r.value, FWFT_LOCK), SBI_ERR_DENIED_LOCKED);
	T_EQ(set(FWFT_MISALIGNED, !r.value, 0), SBI_ERR_DENIED_LOCKED);
}

/* ---- A and D bits ------------------------------------------------------------------------- */

static bool both(void)
{
	return machine_has("svadu") && machine_has("svade");
}

static u64 frame[PAGE_SIZE / 8] __attribute__((aligned(4096)));

static void load(u64 va)
{
	(void)*(volatile u64 *)va;
}

static void store(u64 va)
{
	*(volatile u64 *)va = 1;
}

/* A page of the hart's own whose A and D bits are as given; what its access comes to. */
static u64 try_page(void (*access)(u64 va), u64 bits, u64 *after)
{
	u64 va = MMU_ALIAS + this_hart()->index * PAGE_SIZE, cause;
	volatile u64 *pte = mmu_pte(va);

	*pte = mmu_leaf((u64)frame, (PTE_RW & ~(PTE_A | PTE_D)) | bits);
	mmu_on(0);
	cause = trap_try(access, va);
	*after = *pte & (PTE_A | PTE_D);
	mmu_off();
	return cause;
}

static void expect_updating(bool on)
{
	u64 after;

	T_EQ(try_page(load, 0, &after), on ? NO_TRAP : LOAD_PAGE_FAULT);
	T_EQ(after, on ? PTE_A : 0);
	T_EQ(try_page(store, PTE_A, &after), on ? NO_TRAP : STORE_PAGE_FAULT);
	T_EQ(after, on ? PTE_A | PTE_D : PTE_A);
	T_EQ(try_page(store, PTE_A | PTE_D, &after), NO_TRAP);
}

static void without_svadu(void)
{
	SKIP_IF(machine_has("svadu"), "svadu is there");
	expect_get(FWFT_PTE_AD, SBI_ERR_NOT_SUPPORTED, 0);
	T_EQ(set(FWFT_PTE_AD, 0, 0), SBI_ERR_NOT_SUPPORTED);
	T_EQ(set(FWFT_PTE_AD, 1, 0), SBI_ERR_NOT_SUPPORTED);
	expect_updating(false);
}

/* The tree promises that it is always on. */
static void svadu_alone(void)
{
	SKIP_IF(!machine_has("svadu") || both(), "svade is there");
	expect_get(FWFT_PTE_AD, 0, 1);
	T_EQ(set(FWFT_PTE_AD, 1, 0), 0);
	T_EQ(set(FWFT_PTE_AD, 0, 0), SBI_ERR_DENIED);
	T_EQ(set(FWFT_PTE_AD, 2, 0), SBI_ERR_INVALID_PARAM);
	expect_updating(true);
}

static void updating(void)
{
	SKIP_IF(!both(), "no svadu");
	expect_get(FWFT_PTE_AD, 0, 0);
	expect_updating(false);
	for (int i = 0; i < 3; i++) {
		T_EQ(set(FWFT_PTE_AD, 1, 0), 0);
		expect_get(FWFT_PTE_AD, 0, 1);
		expect_updating(true);
		T_EQ(set(FWFT_PTE_AD, 1, 0), 0);
		T_EQ(set(FWFT_PTE_AD, 0, 0), 0);
		expect_get(FWFT_PTE_AD, 0, 0);
		expect_updating(false);
	}
}

static void wrong_values(void)
{
	static const u64 values[] = {2, 3, 0x100, 1UL << 32, (1UL << 32) | 1, 1UL << 63, ~0UL};

	SKIP_IF(!both(), "no svadu");
	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
		T_EQ(set(FWFT_PTE_AD, values[i], 0), SBI_ERR_INVALID_PARAM);
		T_EQ(set(FWFT_PTE_AD, values[i], FWFT_LOCK), SBI_ERR_INVALID_PARAM);
		/* The same numbers as flags: a reserved bit is set in each. */
		T_EQ(set(FWFT_PTE_AD, 1, values[i]), SBI_ERR_INVALID_PARAM);
		T_EQ(set(FWFT_PTE_AD, 0, values[i]), SBI_ERR_INVALID_PARAM);
	}
	expect_get(FWFT_PTE_AD, 0, 0);
	/* And nothing was locked. */
	T_EQ(set(FWFT_PTE_AD, 1, 0), 0);
	T_EQ(set(FWFT_PTE_AD, 0, 0), 0);
}

/* A feature type has 32 bits. */
static void long_types(void)
{
	SKIP_IF(!both(), "no svadu");
	T_EQ(set(FWFT_PTE_AD | 0xdeadbeefUL << 32, 1, 0), 0);
	expect_get(FWFT_PTE_AD | 1UL << 63, 0, 1);
	T_EQ(set(FWFT_PTE_AD, 0, 0), 0);
}

/* ---- another hart ------------------------------------------------------------------------- */

static void locks(u64 arg)
{
	(void)arg;
	expect_get(FWFT_PTE_AD, 0, 0);
	T_EQ(set(FWFT_PTE_AD, 1, FWFT_LOCK), 0);
	T_EQ(set(FWFT_PTE_AD, 0, 0), SBI_ERR_DENIED_LOCKED);
	T_EQ(set(FWFT_PTE_AD, 0, FWFT_LOCK), SBI_ERR_DENIED_LOCKED);
	T_EQ(set(FWFT_PTE_AD, 2, 0), SBI_ERR_INVALID_PARAM);
	T_EQ(set(FWFT_PTE_AD, 1, 2), SBI_ERR_INVALID_PARAM);
	/* Neither the value it has. */
	T_EQ(set(FWFT_PTE_AD, 1, 0), SBI_ERR_DENIED_LOCKED);
	T_EQ(set(FWFT_PTE_AD, 1, FWFT_LOCK), SBI_ERR_DENIED_LOCKED);
	expect_get(FWFT_PTE_AD, 0, 1);
	expect_updating(true);
}

/* Locked on, then stopped: a hart that starts again has its features off, and no lock. */
static void locked_until_reset(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	SKIP_IF(!both(), "no svadu");
	for (int i = 0; i < 3; i++) {
		T_EQ(hart_start(1, locks, 0), 0);
		T_OK(hart_join(1));
		/* Not ours. */
		expect_get(FWFT_PTE_AD, 0, 0);
	}
	T_EQ(set(FWFT_PTE_AD, 1, 0), 0);
	T_EQ(set(FWFT_PTE_AD, 0, 0), 0);
}

static volatile u32 gate;

static void other_way(u64 arg)
{
	(void)arg;
	T_EQ(set(FWFT_PTE_AD, 1, 0), 0);
	gate = 1;
	for_rounds(i, 0, 300, 2000) expect_updating(true);
	gate = 2;
}

/* At the same time, on for one hart and off for the other. */
static void each_its_own(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	SKIP_IF(!both(), "no svadu");
	gate = 0;
	T_EQ(hart_start(1, other_way, 0), 0);
	T_OK(wait_for(gate, 20000));
	while (gate == 1 && !test_failed())
		expect_updating(false);
	T_OK(hart_join(1));
}

static volatile u32 woke;

static void sleeper(u64 opaque)
{
	struct hart *h = this_hart();

	if (h->entry[1] != opaque) {
		expect_get(FWFT_PTE_AD, 0, 1);
		expect_updating(true);
		T_EQ(set(FWFT_PTE_AD, 0, 0), SBI_ERR_DENIED_LOCKED);
		woke = 1;
		return;
	}
	T_EQ(set(FWFT_PTE_AD, 1, FWFT_LOCK), 0);
	csr_set(sie, SSIP);
	test_fail("suspend came back: %ld",
		  sbi(SBI_EXT_HSM, HSM_HART_SUSPEND, HSM_SUSPEND_NON_RETENTIVE,
		      (u64)secondary_entry, opaque + 1)
			  .error);
}

static void kept_in_suspend(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	SKIP_IF(!both(), "no svadu");
	woke = 0;
	T_EQ(hart_start(1, sleeper, 1), 0);
	T_OK(wait_for(sbi_hart_status(harts[1].id).value == HSM_SUSPENDED, 20000));
	T_EQ(sbi_send_ipi(1, harts[1].id).error, 0);
	T_OK(wait_for(woke, 20000));
	T_OK(hart_join(1));
}

/* Last: it cannot be taken back. */
static void lock_off(void)
{
	SKIP_IF(!both(), "no svadu");
	T_EQ(set(FWFT_PTE_AD, 0, FWFT_LOCK), 0);
	T_EQ(set(FWFT_PTE_AD, 1, 0), SBI_ERR_DENIED_LOCKED);
	T_EQ(set(FWFT_PTE_AD, 0, 0), SBI_ERR_DENIED_LOCKED);
	expect_updating(false);
}

const struct test guest_tests[] = {
	{"FWFT is there; unknown functions", present},
	{"reserved features are denied", reserved},
	{"features that cannot be had are not supported", not_supported},
	{"misaligned accesses stay as they are", misaligned},
	{"A and D bits without Svadu", without_svadu},
	{"A and D bits with Svadu alone", svadu_alone},
	{"updating of A and D bits, off, on and off", updating},
	{"wrong values and flags", wrong_values},
	{"bits above a feature's 32", long_types},
	{"a lock holds until the hart is started anew", locked_until_reset},
	{"each hart has its own", each_its_own},
	{"non-retentive suspend keeps value and lock", kept_in_suspend},
	{"locked off", lock_off},
	{NULL, NULL},
};
