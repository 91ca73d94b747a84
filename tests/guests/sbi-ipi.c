// SPDX-License-Identifier: BSD-2-Clause
/*
 * SBI IPI: send_ipi (SBI v3.0, chapter 7, and hart masks in section 3.1).
 *
 * # expect: pass
 * # harts: 2
 */
#include "rt.h"

#define SSIP (1UL << IRQ_SOFT)

static void listen(void)
{
	csr_set(sie, SSIP);
	irq_on();
}

/* Sends to one hart by several ways of saying it, from this hart; each must arrive once. */
static void send_all_ways(u64 id, volatile u64 *count)
{
	for (u64 shift = 0; shift < 64 && shift <= id && !test_failed(); shift++) {
		u64 before = *count;

		T_EQ(sbi_send_ipi(1UL << shift, id - shift).error, 0);
		T_OK(wait_for(*count > before, 20000));
		T_EQ(*count, before + 1);
	}
}

static void to_self(void)
{
	struct hart *h = this_hart();

	listen();
	for (int i = 0; i < 100 && !test_failed(); i++)
		send_all_ways(h->id, &h->irqs[IRQ_SOFT]);
}

static void to_all(void)
{
	struct hart *h = this_hart();

	listen();
	T_EQ(sbi_send_ipi(0, ~0UL).error, 0);
	T_OK(wait_for(h->irqs[IRQ_SOFT], 20000));
	/* With base -1 the mask says nothing. */
	T_EQ(sbi_send_ipi(0xdeadbeef00000000UL, ~0UL).error, 0);
	T_OK(wait_for(h->irqs[IRQ_SOFT] > 1, 20000));
}

/* Pending until it is cleared; cleared by writing sip. */
static void pending_bit(void)
{
	T_EQ(csr_read(sip) & SSIP, 0);
	T_EQ(sbi_send_ipi(1, this_hart()->id).error, 0);
	T_OK(wait_for(csr_read(sip) & SSIP, 20000));
	/* Something that makes the hart leave the guest does not change it. */
	sbi(SBI_EXT_DBCN, DBCN_WRITE, 0, 0, 0);
	T_EQ(csr_read(sip) & SSIP, SSIP);
	csr_clear(sip, SSIP);
	T_EQ(csr_read(sip) & SSIP, 0);
	sbi(SBI_EXT_DBCN, DBCN_WRITE, 0, 0, 0);
	T_EQ(csr_read(sip) & SSIP, 0);
	/* A guest may also set it itself. */
	csr_set(sip, SSIP);
	T_EQ(csr_read(sip) & SSIP, SSIP);
	sbi(SBI_EXT_DBCN, DBCN_WRITE, 0, 0, 0);
	T_EQ(csr_read(sip) & SSIP, SSIP);
	listen();
	T_EQ(wait_for(this_hart()->irqs[IRQ_SOFT], 20000), true);
	T_EQ(this_hart()->irqs[IRQ_SOFT], 1);
}

static void expect_invalid(u64 mask, u64 base)
{
	struct sbiret r = sbi_send_ipi(mask, base);

	if (r.error != SBI_ERR_INVALID_PARAM)
		test_fail("mask 0x%lx base 0x%lx: error %ld", mask, base, r.error);
}

static u64 highest_id(void)
{
	u64 id = 0;

	for (unsigned int i = 0; i < hart_count(); i++)
		if (harts[i].id > id)
			id = harts[i].id;
	return id;
}

static void no_such_hart(void)
{
	u64 top = highest_id();

	expect_invalid(1, top + 1);
	expect_invalid(1, 4096);
}

/* Each of a mask's 64 bits counts, also beside a hart that does exist. */
static void long_mask(void)
{
	u64 self = this_hart()->id;

	SKIP_IF(bare(), "OpenSBI passes over harts that are not there");
	expect_invalid(1UL << 63, highest_id());
	expect_invalid(1UL << 32, self);
	expect_invalid(1UL << 33 | 1, self);
	expect_invalid(1UL << 63 | 1, self);
	expect_invalid(~0UL, 0);
}

/* A base above 32 bits is not the hart that its lower half would be. */
static void long_base(void)
{
	SKIP_IF(bare(), "OpenSBI cuts hart ids to 32 bits");
	expect_invalid(1, 1UL << 32);
	expect_invalid(1, this_hart()->id | 1UL << 32);
	expect_invalid(1, 1UL << 63);
}

/* hart_mask_base + bit must not wrap round to a hart there is. */
static void wraps(void)
{
	SKIP_IF(bare(), "OpenSBI wraps");
	expect_invalid(4, ~0UL - 1);
	expect_invalid(~0UL, ~0UL - 1);
	expect_invalid(1UL << 63, ~0UL - 62);
}

/* A failed call may or may not have reached the harts there are; an empty mask reaches none. */
static void empty_mask(void)
{
	csr_clear(sip, SSIP);
	T_EQ(sbi_send_ipi(0, this_hart()->id).error, 0);
	T_OK(!wait_for(csr_read(sip) & SSIP, 10));
}

static void receiver(u64 n)
{
	listen();
	T_OK(wait_for(this_hart()->irqs[IRQ_SOFT] >= n, 10000));
	irq_off();
}

static void to_other(void)
{
	volatile u64 *count = &harts[1].irqs[IRQ_SOFT];
	u64 ways = harts[1].id < 63 ? harts[1].id + 1 : 64;

	SKIP_IF(hart_count() < 2, "one hart");
	*count = 0;
	T_EQ(hart_start(1, receiver, 50 * ways), 0);
	T_OK(wait_for(harts[1].starts, 20000));
	for (int i = 0; i < 50 && !test_failed(); i++)
		send_all_ways(harts[1].id, count);
	T_OK(hart_join(1));
	T_EQ(*count, 50 * ways);
	/* and nothing came here */
	T_EQ(csr_read(sip) & SSIP, 0);
}

static void to_all_others(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	listen();
	for (unsigned int i = 1; i < hart_count() && i < MAX_HARTS; i++) {
		harts[i].irqs[IRQ_SOFT] = 0;
		T_EQ(hart_start(i, receiver, 1), 0);
		T_OK(wait_for(sbi_hart_status(harts[i].id).value == HSM_STARTED, 20000));
	}
	T_EQ(sbi_send_ipi(0, ~0UL).error, 0);
	T_OK(wait_for(this_hart()->irqs[IRQ_SOFT], 20000));
	for (unsigned int i = 1; i < hart_count() && i < MAX_HARTS; i++) {
		T_OK(hart_join(i));
		T_EQ(harts[i].irqs[IRQ_SOFT], 1);
	}
}

static volatile u64 slept; /* 1: about to, 2: was woken */

static void sleeper(u64 unused)
{
	(void)unused;
	csr_write(sie, SSIP);
	slept = 1;
	while (!(csr_read(sip) & SSIP))
		wfi();
	csr_clear(sip, SSIP);
	csr_write(sie, 0);
	slept = 2;
}

/* The sender goes on and never leaves its hart by itself, which may be the receiver's too. */
static void to_sleeper(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	slept = 0;
	T_EQ(hart_start(1, sleeper, 0), 0);
	T_OK(wait_for(slept == 1, 20000));
	T_OK(!wait_for(slept == 2, 100)); /* it has its WFI behind it */
	T_EQ(sbi_send_ipi(1, harts[1].id).error, 0);
	T_OK(wait_for(slept == 2, 5000));
	T_OK(hart_join(1));
}

static volatile u64 at_start; /* what sip held */

static void fresh(u64 unused)
{
	at_start = csr_read(sip);
	sleeper(unused);
}

/* A hart that is stopped has no use for an IPI, and does not find it when it starts; one that says it
 * has started gets each, though it may not have executed an instruction yet. */
static void before_start(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	for_rounds(i, 0, 200, 5000)
	{
		slept = 0;
		T_EQ(sbi_send_ipi(1, harts[1].id).error, 0);
		T_EQ(sbi_hart_status(harts[1].id).value, HSM_STOPPED);
		T_EQ(hart_start(1, i % 2 ? fresh : sleeper, 0), 0);
		T_OK(wait_for(sbi_hart_status(harts[1].id).value == HSM_STARTED, 20000));
		if (i % 2) {
			T_OK(wait_for(slept == 1, 20000));
			T_EQ(at_start & SSIP, 0);
		}
		T_EQ(sbi_send_ipi(1, harts[1].id).error, 0);
		T_OK(wait_for(slept == 2, 5000));
		T_OK(hart_join(1));
	}
}

const struct test guest_tests[] = {
	{"to self, by every base and bit", to_self},
	{"base -1 is every hart", to_all},
	{"sip.SSIP is set and cleared as it should", pending_bit},
	{"a hart that does not exist is an invalid parameter", no_such_hart},
	{"hart masks have 64 bits", long_mask},
	{"hart ids have 64 bits", long_base},
	{"base and bit do not wrap", wraps},
	{"an empty mask reaches nobody", empty_mask},
	{"to another hart, by every base and bit", to_other},
	{"base -1 reaches the others too", to_all_others},
	{"to one that waits, by one that goes on", to_sleeper},
	{"to one that is stopped, and one that has just started", before_start},
	{NULL, NULL},
};
