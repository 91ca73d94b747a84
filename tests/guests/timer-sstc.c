// SPDX-License-Identifier: BSD-2-Clause
/*
 * The timer by stimecmp (Sstc). Where stimecmp traps, everything is skipped, and the device tree
 * must not list sstc.
 *
 * # expect: pass
 * # harts: 2
 */
#include "timer-tests.h"

void arm(u64 deadline)
{
	stimecmp_write(deadline);
}

static u64 stimecmp_read(void)
{
	u64 v;

	__asm__ volatile("csrr %0, 0x14d" : "=r"(v)::"memory");
	return v;
}

static void listed(void)
{
	T_EQ(machine_has("sstc"), have_sstc());
}

static void reads_back(void)
{
	static const u64 values[] = {~0UL, 1UL << 63, 0x0123456789abcdefUL, ~0UL - 1};

	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
		arm(values[i]);
		T_EQ(stimecmp_read(), values[i]);
		/* and still after something that makes the hart leave the guest */
		sbi(SBI_EXT_DBCN, DBCN_WRITE, 0, 0, 0);
		T_EQ(stimecmp_read(), values[i]);
	}
}

/* The two ways to set the timer, mixed: the last one counts. */
static void mixed_with_sbi(void)
{
	for (int i = 0; i < 200 && !test_failed(); i++) {
		sbi_set_timer(0);
		T_OK(wait_for(csr_read(sip) & 1UL << IRQ_TIMER, 20000));
		arm(~0UL);
		T_EQ(csr_read(sip) & 1UL << IRQ_TIMER, 0);
		arm(0);
		T_OK(wait_for(csr_read(sip) & 1UL << IRQ_TIMER, 20000));
		sbi_set_timer(~0UL);
		T_EQ(csr_read(sip) & 1UL << IRQ_TIMER, 0);
	}
}

/* A tree that lists sstc where it traps is wrong: then everything runs, and fails. */
const char *guest_needs(void)
{
	return have_sstc() || machine_has("sstc") ? NULL : "no Sstc";
}

const struct test guest_tests[] = {
	{"the device tree says whether there is Sstc", listed},
	{"stimecmp reads back", reads_back},
	TIMER_TESTS,
	{"stimecmp and set_timer mixed", mixed_with_sbi},
	{NULL, NULL},
};
