// SPDX-License-Identifier: BSD-2-Clause
/*
 * SBI HSM: start, stop, status and suspend of harts (SBI v3.0, chapter 9). With three harts two of
 * them also race to start the third.
 *
 * # expect: pass
 * # harts: 3
 */
#include "rt.h"

#define SSIP (1UL << IRQ_SOFT)
#define STIP (1UL << IRQ_TIMER)

static long start_at(u64 id, u64 addr, u64 opaque)
{
	return sbi(SBI_EXT_HSM, HSM_HART_START, id, addr, opaque).error;
}

static long hart_state(unsigned int i)
{
	struct sbiret r = sbi_hart_status(harts[i].id);

	return r.error ? r.error : r.value;
}

static void statuses(void)
{
	T_EQ(hart_state(0), HSM_STARTED);
	for (unsigned int i = 1; i < hart_count(); i++)
		T_EQ(hart_state(i), HSM_STOPPED);
}

static const u64 bad_ids[] = {4096, 0x7fffffff, 0xffffffff, ~0UL};

static void no_such_hart(void)
{
	u64 top = 0;

	for (unsigned int i = 0; i < hart_count(); i++)
		top = harts[i].id > top ? harts[i].id : top;
	T_EQ(sbi_hart_status(top + 1).error, SBI_ERR_INVALID_PARAM);
	T_EQ(start_at(top + 1, (u64)secondary_entry, 0), SBI_ERR_INVALID_PARAM);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad_ids); i++) {
		T_EQ(sbi_hart_status(bad_ids[i]).error, SBI_ERR_INVALID_PARAM);
		T_EQ(start_at(bad_ids[i], (u64)secondary_entry, 0), SBI_ERR_INVALID_PARAM);
	}
}

/* The boot hart's id with a bit above 32 set is another number. OpenSBI's harts end at 32 bits. */
static void long_ids(void)
{
	u64 id = this_hart()->id | 1UL << 32;

	SKIP_IF(bare(), "OpenSBI cuts hart ids to 32 bits");
	T_EQ(sbi_hart_status(id).error, SBI_ERR_INVALID_PARAM);
	T_EQ(start_at(id, (u64)secondary_entry, 0), SBI_ERR_INVALID_PARAM);
}

static void start_self(void)
{
	T_EQ(start_at(this_hart()->id, (u64)secondary_entry, 0), SBI_ERR_ALREADY_AVAILABLE);
}

static void bad_address(void)
{
	static const u64 addrs[] = {0, 0x40000000, 1UL << 60, ~0UL - 3, 0x10000000};

	SKIP_IF(hart_count() < 2, "one hart");
	SKIP_IF(bare(), "OpenSBI lets a hart start anywhere");
	for (unsigned int i = 0; i < ARRAY_SIZE(addrs); i++)
		T_EQ(start_at(harts[1].id, addrs[i], 0), SBI_ERR_INVALID_ADDRESS);
	T_EQ(start_at(harts[1].id, machine.ram_base + machine.ram_size, 0),
	     SBI_ERR_INVALID_ADDRESS);
	T_EQ(hart_state(1), HSM_STOPPED);
}

static void nothing(u64 arg)
{
	(void)arg;
}

/* a0 is the hart id, a1 the opaque value in full; satp 0 and interrupts off. */
static void start_registers(void)
{
	static const u64 opaques[] = {0x0123456789abcdefUL, ~0UL, 1UL << 63, 0xffffffff, 0};

	SKIP_IF(hart_count() < 2, "one hart");
	for (unsigned int i = 0; i < ARRAY_SIZE(opaques); i++) {
		struct hart *h = &harts[1];

		h->entry[1] = ~opaques[i];
		T_EQ(hart_start(1, nothing, opaques[i]), 0);
		T_OK(hart_join(1));
		T_EQ(h->entry[0], h->id);
		T_EQ(h->entry[1], opaques[i]);
		T_EQ(h->entry[2], 0);
		T_EQ(h->entry[3] & SSTATUS_SIE, 0);
	}
}

static void wait_for_stop(u64 flag)
{
	while (!*(volatile u64 *)flag)
		;
}

static void start_started(void)
{
	static volatile u64 flag;

	SKIP_IF(hart_count() < 2, "one hart");
	flag = 0;
	T_EQ(hart_start(1, wait_for_stop, (u64)&flag), 0);
	T_OK(wait_for(hart_state(1) == HSM_STARTED, 20000));
	T_EQ(start_at(harts[1].id, (u64)secondary_entry, 0), SBI_ERR_ALREADY_AVAILABLE);
	/* even with an address that is wrong: it says so, or that the hart runs */
	T_OK(start_at(harts[1].id, 0, 0) < 0);
	flag = 1;
	T_OK(hart_join(1));
}

static void start_often(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	harts[1].starts = 0;
	for (u32 i = 1; i <= 200 && !test_failed(); i++) {
		T_EQ(hart_start(1, nothing, i), 0);
		T_OK(hart_join(1));
		T_EQ(harts[1].starts, i);
	}
}

/* A hart started anew has no interrupt left from its former life. */
static void stop_with_pending(u64 arg)
{
	(void)arg;
	timer_set(~0UL);
	csr_set(sie, SSIP | STIP);
}

static void reset_state(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	T_EQ(hart_start(1, stop_with_pending, 0), 0);
	T_OK(hart_join(1));
	T_EQ(hart_start(1, nothing, 0), 0);
	T_OK(hart_join(1));
	T_EQ(harts[1].entry[2], 0);
	T_EQ(harts[1].entry[3] & SSTATUS_SIE, 0);
}

/* ---- suspend ------------------------------------------------------------------------------ */

static struct sbiret suspend(u64 type, u64 addr, u64 opaque)
{
	return sbi(SBI_EXT_HSM, HSM_HART_SUSPEND, type, addr, opaque);
}

static void suspend_types(void)
{
	static const u64 types[] = {1, 0x0fffffff, 0x80000001, 0x8fffffff};

	u64 begin = now();

	/* A pending wake-up, should one of them suspend after all. */
	csr_set(sie, STIP);
	timer_set(now() + ms(500));
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++)
		T_EQ(suspend(types[i], (u64)secondary_entry, 0).error, SBI_ERR_INVALID_PARAM);
	/* platform's own: there are none */
	T_EQ(suspend(0x10000000, 0, 0).error, SBI_ERR_INVALID_PARAM);
	T_EQ(suspend(0x90000000, (u64)secondary_entry, 0).error, SBI_ERR_INVALID_PARAM);
	T_OK(now() - begin < ms(400));
}

/* A type has 32 bits: what a caller has above them is nobody's, as are the copies of its sign. */
static void long_type(void)
{
	csr_set(sie, SSIP);
	for (unsigned int bit = 32; bit < 64; bit++) {
		csr_set(sip, SSIP);
		T_EQ(suspend(1UL << bit, 0, 0).error, 0);
	}
	csr_set(sip, SSIP);
	T_EQ(suspend(0xffffffff00000001, 0, 0).error, SBI_ERR_INVALID_PARAM);
	T_EQ(suspend(0xffffffff80000000, 1UL << 60, 0).error, SBI_ERR_INVALID_ADDRESS);
	csr_clear(sip, SSIP);
	csr_clear(sie, SSIP);
}

static void suspend_timer(void)
{
	csr_set(sie, STIP);
	for (int i = 0; i < 20 && !test_failed(); i++) {
		u64 t = now() + ms(3);
		int turns = 0;

		timer_set(t);
		do {
			T_EQ(suspend(HSM_SUSPEND_RETENTIVE, 0, 0).error, 0);
		} while (!(csr_read(sip) & STIP) && ++turns < 1000 && !test_failed());
		T_OK(turns < 1000);
		T_OK(now() >= t);
	}
}

/* Registers and CSRs are as they were. */
static void suspend_keeps(void)
{
	u64 stvec = csr_read(stvec), sscratch = csr_read(sscratch);

	csr_set(sie, STIP);
	mmu_on(3);
	timer_set(now() + ms(2));
	T_EQ(suspend(HSM_SUSPEND_RETENTIVE, ~0UL, ~0UL).error, 0);
	T_EQ(csr_read(stvec), stvec);
	T_EQ(csr_read(sscratch), sscratch);
	T_EQ(csr_read(sie), STIP);
	T_EQ(csr_read(satp) >> 60, 8);
	mmu_off();
}

/* Another hart suspends itself; we see it, and wake it. */
static volatile u64 woke;

static void sleeper(u64 arg)
{
	(void)arg;
	csr_set(sie, SSIP);
	do {
		T_EQ(suspend(HSM_SUSPEND_RETENTIVE, 0, 0).error, 0);
	} while (!(csr_read(sip) & SSIP));
	csr_clear(sip, SSIP);
	woke = 1;
}

static void suspend_ipi(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	for (int i = 0; i < 20 && !test_failed(); i++) {
		woke = 0;
		T_EQ(hart_start(1, sleeper, 0), 0);
		T_OK(wait_for(hart_state(1) == HSM_SUSPENDED, 20000));
		T_EQ(start_at(harts[1].id, (u64)secondary_entry, 0) < 0, true);
		T_EQ(woke, 0);
		T_EQ(sbi_send_ipi(1, harts[1].id).error, 0);
		T_OK(wait_for(woke, 20000));
		T_OK(hart_join(1));
	}
}

/* Non-retentive: comes back at the address with hart id and opaque value, as if started. */
#define SECOND_LIFE 0xfedcba9876543210UL

static void deep_sleeper(u64 opaque)
{
	struct hart *h = this_hart();

	if (h->entry[1] != opaque) {
		/* woken */
		T_EQ(h->entry[0], h->id);
		T_EQ(h->entry[1], SECOND_LIFE);
		T_EQ(h->entry[2], 0);
		T_EQ(h->entry[3] & SSTATUS_SIE, 0);
		woke = 1;
		return;
	}
	mmu_on(1);
	csr_set(sie, SSIP);
	test_fail("suspend came back: %ld",
		  suspend(HSM_SUSPEND_NON_RETENTIVE, (u64)secondary_entry, SECOND_LIFE).error);
}

static void suspend_deep(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	for (int i = 0; i < 20 && !test_failed(); i++) {
		woke = 0;
		T_EQ(hart_start(1, deep_sleeper, 1), 0);
		T_OK(wait_for(hart_state(1) == HSM_SUSPENDED, 20000));
		T_EQ(woke, 0);
		T_EQ(sbi_send_ipi(1, harts[1].id).error, 0);
		T_OK(wait_for(woke, 20000));
		T_OK(hart_join(1));
	}
}

static void suspend_bad_address(void)
{
	SKIP_IF(bare(), "OpenSBI resumes anywhere");
	csr_set(sie, STIP);
	timer_set(now() + ms(100));
	T_EQ(suspend(HSM_SUSPEND_NON_RETENTIVE, 0, 0).error, SBI_ERR_INVALID_ADDRESS);
	T_EQ(suspend(HSM_SUSPEND_NON_RETENTIVE, 1UL << 60, 0).error, SBI_ERR_INVALID_ADDRESS);
}

/* ---- races -------------------------------------------------------------------------------- */

static volatile u32 gate;
static volatile long won[2];

static void racer(u64 side)
{
	__atomic_fetch_add(&gate, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&gate, __ATOMIC_ACQUIRE) < 2)
		;
	won[side] = start_at(harts[2].id, (u64)secondary_entry, 100 + side);
}

/* Two harts start a third one at the same moment: one of them does, and only one. */
static void race(void)
{
	SKIP_IF(hart_count() < 3, "less than three harts");
	harts[2].fn = nothing;
	for (int i = 0; i < 100 && !test_failed(); i++) {
		u32 before = harts[2].starts;

		gate = 0;
		won[0] = 1;
		won[1] = 1;
		T_EQ(hart_start(1, racer, 1), 0);
		racer(0);
		T_OK(hart_join(1));
		T_OK(hart_join(2));
		/* The second call may also come after that hart has stopped again. */
		T_OK(!won[0] || !won[1]);
		for (int side = 0; side < 2; side++)
			T_OK(won[side] == 0 || won[side] == SBI_ERR_ALREADY_AVAILABLE ||
			     (bare() && won[side] == SBI_ERR_INVALID_PARAM));
		T_EQ(harts[2].starts - before, (u32)!won[0] + (u32)!won[1]);
		T_OK(won[harts[2].entry[1] - 100] == 0);
	}
}

const struct test guest_tests[] = {
	{"hart_get_status", statuses},
	{"a hart that does not exist is an invalid parameter", no_such_hart},
	{"hart ids have 64 bits", long_ids},
	{"the caller is already started", start_self},
	{"a start address that is no memory", bad_address},
	{"registers of a started hart; 64 bits of opaque", start_registers},
	{"a hart that runs is already started", start_started},
	{"start and stop 200 times", start_often},
	{"a hart started again begins clean", reset_state},
	{"suspend types there are not", suspend_types},
	{"bits above a suspend type's 32", long_type},
	{"retentive suspend ends by the timer", suspend_timer},
	{"retentive suspend keeps the hart's state", suspend_keeps},
	{"retentive suspend ends by an IPI", suspend_ipi},
	{"non-retentive suspend resumes at its address", suspend_deep},
	{"a resume address that is no memory", suspend_bad_address},
	{"two harts race to start a third", race},
	{NULL, NULL},
};
