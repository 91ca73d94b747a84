// SPDX-License-Identifier: BSD-2-Clause
/*
 * SBI SUSP (SBI v3.0, chapter 13): suspend to RAM. Only the last hart that runs can, it comes back at
 * its address by an interrupt that it waits for and by nothing else, and RAM and clock are as they
 * should be.
 *
 * Under QEMU OpenSBI has no SUSP.
 *
 * # expect: pass
 * # harts: 3
 * # bare: differs
 */
#include "rt.h"

#define SSIP (1UL << IRQ_SOFT)
#define STIP (1UL << IRQ_TIMER)

static struct sbiret suspend(u64 type, u64 addr, u64 opaque)
{
	return sbi(SBI_EXT_SUSP, SUSP_SYSTEM_SUSPEND, type, addr, opaque);
}

static void expect_error(u64 type, u64 addr, long error)
{
	struct sbiret r = suspend(type, addr, 0);

	if (r.error != error || r.value)
		test_fail("type 0x%lx at 0x%lx: error %ld value %ld", type, addr, r.error, r.value);
}

/* A suspend that should have been refused ends soon. */
static void wake_soon(void)
{
	csr_set(sie, STIP);
	timer_set(now() + ms(5000));
}

static void present(void)
{
	T_EQ(sbi(SBI_EXT_BASE, BASE_PROBE_EXTENSION, SBI_EXT_SUSP).value, 1);
	T_EQ(sbi(SBI_EXT_SUSP, 1, 0, (u64)secondary_entry).error, SBI_ERR_NOT_SUPPORTED);
	T_EQ(sbi(SBI_EXT_SUSP, ~0UL, 0, (u64)secondary_entry).error, SBI_ERR_NOT_SUPPORTED);
}

static void bad_types(void)
{
	static const u64 types[] = {1,		2,	    0x100,	0x7fffffff,
				    0x80000000, 0x80000001, 0xffffffff, ~0UL};
	u64 begin = now();

	wake_soon();
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		expect_error(types[i], (u64)secondary_entry, SBI_ERR_INVALID_PARAM);
		expect_error(types[i], 0, SBI_ERR_INVALID_PARAM);
	}
	T_OK(now() - begin < ms(4000));
}

static void bad_addresses(void)
{
	const u64 addrs[] = {0,
			     0x40000000,
			     machine.uart,
			     (u64)secondary_entry + 1,
			     machine.ram_base - 2,
			     machine.ram_base + machine.ram_size,
			     1UL << 60,
			     ~0UL,
			     ~1UL};
	u64 begin = now();

	wake_soon();
	for (unsigned int i = 0; i < ARRAY_SIZE(addrs); i++)
		expect_error(SUSP_TO_RAM, addrs[i], SBI_ERR_INVALID_ADDRESS);
	T_OK(now() - begin < ms(4000));
}

/* ---- other harts -------------------------------------------------------------------------- */

static volatile u32 go, up;

static void runs(u64 arg)
{
	(void)arg;
	up = 1;
	while (!go)
		;
}

static void sleeps(u64 arg)
{
	(void)arg;
	csr_set(sie, SSIP);
	do {
		T_EQ(sbi(SBI_EXT_HSM, HSM_HART_SUSPEND, HSM_SUSPEND_RETENTIVE, 0, 0).error, 0);
	} while (!(csr_read(sip) & SSIP));
	csr_clear(sip, SSIP);
}

/* A hart that runs, is about to start, or sleeps by itself, is not stopped. */
static void denied(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	for (unsigned int i = 1; i < hart_count(); i++) {
		go = up = 0;
		wake_soon();
		T_EQ(hart_start(i, runs, 0), 0);
		expect_error(SUSP_TO_RAM, (u64)secondary_entry, SBI_ERR_DENIED);
		T_OK(wait_for(up, 20000));
		expect_error(SUSP_TO_RAM, (u64)secondary_entry, SBI_ERR_DENIED);
		/* What is wrong with the call itself is told first. */
		expect_error(1, (u64)secondary_entry, SBI_ERR_INVALID_PARAM);
		expect_error(SUSP_TO_RAM, 0, SBI_ERR_INVALID_ADDRESS);
		go = 1;
		T_OK(hart_join(i));
	}
	T_EQ(hart_start(1, sleeps, 0), 0);
	T_OK(wait_for(sbi_hart_status(harts[1].id).value == HSM_SUSPENDED, 20000));
	expect_error(SUSP_TO_RAM, (u64)secondary_entry, SBI_ERR_DENIED);
	T_EQ(sbi_hart_status(this_hart()->id).value, HSM_STARTED);
	T_EQ(sbi_send_ipi(1, harts[1].id).error, 0);
	T_OK(hart_join(1));
}

/* ---- to sleep and back -------------------------------------------------------------------- */

/* ra, sp, s0 to s11: of who went to sleep. */
static u64 back[14];

int leave(u64 *regs);
void come_back(u64 *regs) __attribute__((noreturn));

#define CALLEE_SAVED(op)                                                                    \
#op " ra, 0(a0)\n" #op " sp, 8(a0)\n" #op " s0, 16(a0)\n" #op " s1, 24(a0)\n" #op   \
	    " s2, 32(a0)\n" #op " s3, 40(a0)\n" #op " s4, 48(a0)\n" #op " s5, 56(a0)\n" #op \
	    " s6, 64(a0)\n" #op " s7, 72(a0)\n" #op " s8, 80(a0)\n" #op " s9, 88(a0)\n" #op \
	    " s10, 96(a0)\n" #op " s11, 104(a0)\n"

/* leave() returns 0; come_back() makes it return once more, 1. */
__asm__(".text\n"
	"leave:\n" CALLEE_SAVED(sd) "li a0, 0\nret\n"
				    "come_back:\n" CALLEE_SAVED(ld) "li a0, 1\nret\n");

static void resumed(u64 arg)
{
	(void)arg;
	come_back(back);
}

static u64 second_stack[STACK_SIZE / 8] __attribute__((aligned(16)));

/* Suspends, and returns once the hart has begun a second life; on a stack of its own, for this one
 * is in use. */
static void sleep_at(u64 type, u64 opaque)
{
	struct hart *h = this_hart();
	u64 stack = h->stack;

	h->fn = resumed;
	h->stack = (u64)(second_stack + ARRAY_SIZE(second_stack));
	h->entry[1] = ~opaque;
	if (!leave(back))
		test_fail("suspend came back: %ld",
			  suspend(type, (u64)secondary_entry, opaque).error);
	this_hart()->stack = stack;
}

static void expect_new_life(u64 opaque)
{
	struct hart *h = this_hart();

	T_EQ(h->entry[0], h->id);
	T_EQ(h->entry[1], opaque);
	T_EQ(h->entry[2], 0);
	T_EQ(h->entry[3] & SSTATUS_SIE, 0);
	T_EQ(csr_read(satp), 0);
	T_EQ(sbi_hart_status(h->id).value, HSM_STARTED);
}

static u64 pattern[8192];

static u64 pattern_of(unsigned int i)
{
	return i * 0x9e3779b97f4a7c15UL;
}

static void by_timer(void)
{
	static const u64 opaques[] = {0, 1, 0xfedcba9876543210UL, ~0UL, 0xffffffff};

	for (unsigned int i = 0; i < ARRAY_SIZE(pattern); i++)
		pattern[i] = pattern_of(i);
	for (unsigned int i = 0; i < ARRAY_SIZE(opaques) && !test_failed(); i++) {
		u64 t = now() + ms(5);

		mmu_on(1);
		csr_set(sie, STIP);
		timer_set(t);
		sleep_at(SUSP_TO_RAM, opaques[i]);
		T_OK(now() >= t);
		expect_new_life(opaques[i]);
		T_EQ(csr_read(sip) & STIP, STIP);
		timer_set(~0UL);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(pattern); i++)
		if (pattern[i] != pattern_of(i))
			test_fail("word %u of RAM has changed", i);
}

/* What is pending and enabled already is an interrupt, too; and stays pending. */
static void by_pending(void)
{
	csr_set(sie, SSIP);
	csr_set(sip, SSIP);
	sleep_at(SUSP_TO_RAM, 77);
	expect_new_life(77);
	T_EQ(csr_read(sip) & SSIP, SSIP);
}

/* What is pending and not enabled wakes nobody. */
static void not_by_disabled(void)
{
	u64 t = now() + ms(30);

	csr_write(sie, STIP);
	csr_set(sip, SSIP);
	timer_set(t);
	sleep_at(SUSP_TO_RAM, 78);
	T_OK(now() >= t);
	T_EQ(csr_read(sip) & SSIP, SSIP);
}

/* A sleep type has 32 bits. */
static void long_type(void)
{
	csr_set(sie, SSIP);
	csr_set(sip, SSIP);
	sleep_at(1UL << 32, 79);
	expect_new_life(79);
}

static void nothing(u64 arg)
{
	(void)arg;
}

static void others_after(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	for (int n = 0; n < 10 && !test_failed(); n++) {
		for (unsigned int i = 1; i < hart_count(); i++) {
			T_EQ(hart_start(i, nothing, i), 0);
			T_OK(hart_join(i));
		}
		csr_set(sie, STIP);
		timer_set(now() + ms(2));
		sleep_at(SUSP_TO_RAM, 80);
	}
}

const struct test guest_tests[] = {
	{"SUSP is there; unknown functions", present},
	{"sleep types there are not", bad_types},
	{"a resume address that is no memory", bad_addresses},
	{"denied while another hart is not stopped", denied},
	{"the timer ends it: registers, clock and RAM", by_timer},
	{"an interrupt that is pending ends it", by_pending},
	{"one that is not enabled does not", not_by_disabled},
	{"bits above a sleep type's 32", long_type},
	{"other harts start and stop before and after", others_after},
	{NULL, NULL},
};
