// SPDX-License-Identifier: BSD-2-Clause
/*
 * SBI STA (SBI v3.0, chapter 16): where stolen time may be told and where not; that it grows while
 * this hart could run and does not, and only then; that what the guest does to the record harms
 * nobody else; that nothing is written any more once the guest has said so, or its hart was stopped.
 *
 * The last line but the plan says what was stolen in all; tests/boot/trace.t compares.
 *
 * # expect: pass
 * # harts: 2
 * # bare: differs
 */
#include "rt.h"

#include <string.h>

#define STIP (1UL << IRQ_TIMER)
#define NONE (~0UL)

struct record {
	u32 sequence;
	u32 flags;
	u64 steal; /* ns */
	u8 preempted;
	u8 pad[47];
};

/* One a hart, each with a page of its own around it. */
static struct {
	u8 before[64];
	struct record r;
	u8 after[64];
} area[MAX_HARTS] __attribute__((aligned(4096)));

_Static_assert(sizeof(struct record) == 64, "struct record");

static struct sbiret set(u64 lo, u64 hi, u64 flags)
{
	return sbi(SBI_EXT_STA, STA_SET_SHMEM, lo, hi, flags);
}

static struct record *mine(void)
{
	return &area[this_hart()->index].r;
}

static void begin(void)
{
	struct sbiret r = set((u64)mine(), 0, 0);

	T_EQ(r.error, 0);
	T_EQ(r.value, 0);
}

static void end(void)
{
	T_EQ(set(NONE, NONE, 0).error, 0);
}

/* As the specification has a reader do it. */
static u64 read_steal(const struct record *r)
{
	u32 before, after;
	u64 steal;

	do {
		before = READ_ONCE(r->sequence);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		steal = READ_ONCE(r->steal);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = READ_ONCE(r->sequence);
	} while (before != after || (before & 1));
	return steal;
}

static void present(void)
{
	T_EQ(sbi(SBI_EXT_BASE, BASE_PROBE_EXTENSION, SBI_EXT_STA).value, 1);
	T_EQ(sbi(SBI_EXT_STA, 1, NONE, NONE).error, SBI_ERR_NOT_SUPPORTED);
	T_EQ(sbi(SBI_EXT_STA, ~0UL, NONE, NONE).error, SBI_ERR_NOT_SUPPORTED);
}

static bool all_bytes(const void *p, unsigned int n, u8 byte)
{
	for (unsigned int i = 0; i < n; i++)
		if (((const volatile u8 *)p)[i] != byte)
			return false;
	return true;
}

/* Time may be stolen from the first instruction on, so the count, and how often it has changed, may be
 * more than zero; what was there before is more than either can have come to. */
static void zeroed(void)
{
	const struct record *r = mine();

	memset(area, 0xa5, sizeof(area));
	begin();
	T_OK(r->sequence < 0x10000 && read_steal(r) < 1UL << 40);
	T_OK(all_bytes(&r->flags, sizeof(r->flags), 0));
	T_OK(all_bytes(&r->preempted, 64 - offsetof(struct record, preempted), 0));
	T_OK(all_bytes(area[0].before, 64, 0xa5));
	T_OK(all_bytes(area[0].after, 64, 0xa5));
	end();
	T_EQ(set((u64)mine(), 0, 0).error, 0);
	T_EQ(set((u64)mine(), 0, 0).error, 0);
	end();
	end();
}

static void bad_flags(void)
{
	static const u64 flags[] = {1, 2, 0x80000000, 1UL << 32, 1UL << 63, ~0UL};

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		T_EQ(set((u64)mine(), 0, flags[i]).error, SBI_ERR_INVALID_PARAM);
		T_EQ(set(NONE, NONE, flags[i]).error, SBI_ERR_INVALID_PARAM);
	}
}

static void bad_alignment(void)
{
	for (u64 i = 1; i < 64; i++)
		T_EQ(set((u64)mine() + i, 0, 0).error, SBI_ERR_INVALID_PARAM);
	/* All ones is an address, and no good one, unless both halves are. */
	T_EQ(set(NONE, 0, 0).error, SBI_ERR_INVALID_PARAM);
	T_EQ(set(NONE, 1, 0).error, SBI_ERR_INVALID_PARAM);
}

static void bad_address(void)
{
	u64 top = machine.ram_base + machine.ram_size;
	const u64 addrs[] = {0,		64,	      machine.ram_base - 64, top,
			     top + 64,	machine.uart, machine.plic,	     1UL << 56,
			     1UL << 63, ~63UL};

	for (unsigned int i = 0; i < ARRAY_SIZE(addrs); i++) {
		struct sbiret r = set(addrs[i], 0, 0);

		if (r.error != SBI_ERR_INVALID_ADDRESS || r.value)
			test_fail("0x%lx: error %ld value %ld", addrs[i], r.error, r.value);
	}
	T_EQ(set((u64)mine(), 1, 0).error, SBI_ERR_INVALID_ADDRESS);
	T_EQ(set((u64)mine(), 1UL << 63, 0).error, SBI_ERR_INVALID_ADDRESS);
	T_EQ(set((u64)mine(), NONE, 0).error, SBI_ERR_INVALID_ADDRESS);
}

static void last_of_ram(void)
{
	u64 at = machine.ram_base + machine.ram_size - 64;

	SKIP_IF(at < machine.dtb + machine.dtb_size, "the tree is there");
	memset((void *)at, 0xa5, 64);
	T_EQ(set(at, 0, 0).error, 0);
	T_OK(all_bytes((void *)at, 64, 0));
	end();
}

/* ---- what is told ------------------------------------------------------------------------- */

static void spin(u64 until)
{
	while (now() < until)
		;
}

/* Leaves the hart for a moment: what there is to tell has been told afterwards. */
static void settle(void)
{
	u64 t = now() + ms(2);

	csr_set(sie, STIP);
	timer_set(t);
	do {
		wfi();
	} while (now() < t);
}

static volatile u32 stop, running;

static u64 longest_gap; /* ticks for which hart 0 saw no time pass */

/* Spins, and looks at the clock: what is not seen of it was not this hart's. */
static u64 spin_and_sum(u64 until)
{
	u64 lost = 0, last = now();

	longest_gap = 0;
	while (last < until) {
		u64 t = now();

		if (t - last > us(500))
			lost += t - last;
		if (t - last > longest_gap)
			longest_gap = t - last;
		last = t;
	}
	return lost;
}

static void check_form(const struct record *r)
{
	T_EQ(READ_ONCE(r->sequence) & 1, 0);
	T_EQ(r->flags, 0);
	T_OK(all_bytes(r->pad, sizeof(r->pad), 0));
}

static void other_spins(u64 arg)
{
	u64 last = 0, steal;

	(void)arg;
	begin();
	running = 1;
	while (!stop) {
		steal = read_steal(mine());
		if (steal < last)
			test_fail("steal went back, %lu to %lu", last, steal);
		if (READ_ONCE(mine()->preempted))
			test_fail("preempted, and running");
		last = steal;
	}
	check_form(mine());
	running = 0;
}

static bool start_other(void (*fn)(u64 arg))
{
	stop = running = 0;
	return T_EQ(hart_start(1, fn, 0), 0) && T_OK(wait_for(running, 20000));
}

/* Two harts that both want to run. On one real hart each steals half of the other's time; what this
 * one was told is what it missed. */
static void told(void)
{
	u64 before, lost, steal;

	SKIP_IF(hart_count() < 2, "one hart");
	begin();
	if (!start_other(other_spins))
		return;
	settle();
	before = read_steal(mine());
	lost = spin_and_sum(now() + ms(400)) * 1000 / (machine.timebase / 1000000);
	steal = read_steal(mine()) - before;
	check_form(mine());
	print("# steal %lu us, missed %lu us, longest %lu us\n", steal / 1000, lost / 1000,
	      longest_gap / (machine.timebase / 1000000));
	/* What is missed without being stolen is QEMU's, or the host's own. */
	T_OK(steal <= lost + 10000000);
	stop = 1;
	T_OK(hart_join(1));
	T_EQ(READ_ONCE(mine()->preempted), 0);
	end();
}

/* While we run and the other one could, it is marked: only where the two share a hart. */
static void preempted(void)
{
	u64 begun, seen = 0;

	SKIP_IF(hart_count() < 2, "one hart");
	begin();
	if (!start_other(other_spins))
		return;
	settle();
	begun = read_steal(mine());
	for (u64 t = now() + ms(200); now() < t;)
		seen += READ_ONCE(area[1].r.preempted) == 1;
	/* A quarter stolen: the two share a hart. */
	if (read_steal(mine()) - begun > 50000000)
		T_OK(seen > 0);
	stop = 1;
	T_OK(hart_join(1));
	end();
}

/* Waiting is not stolen. */
static void waiting(void)
{
	u64 before, t;

	begin();
	settle();
	before = read_steal(mine());
	t = now() + ms(100);
	timer_set(t);
	while (now() < t)
		wfi();
	T_OK(read_steal(mine()) - before < 80000000);
	end();
}

/* ---- and what is not ---------------------------------------------------------------------- */

/* Whatever is written into the record, and whoever is told: it goes on. */
static void scribble(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	begin();
	if (!start_other(other_spins))
		return;
	for (u64 t = now() + ms(100), x = 1; now() < t; x = x * 5 + 1)
		memset(mine(), (int)x, sizeof(*mine()));
	stop = 1;
	T_OK(hart_join(1));
	begin();
	T_OK(all_bytes(mine(), 64, 0));
	end();
}

static void off(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	begin();
	if (!start_other(other_spins))
		return;
	end();
	memset(mine(), 0x5a, sizeof(*mine()));
	spin(now() + ms(60));
	T_OK(all_bytes(mine(), 64, 0x5a));
	stop = 1;
	T_OK(hart_join(1));
}

/* An error leaves the record where it was. */
static void error_keeps(void)
{
	u64 before;

	SKIP_IF(hart_count() < 2, "one hart");
	begin();
	if (!start_other(other_spins))
		return;
	spin(now() + ms(60));
	before = read_steal(mine());
	T_EQ(set(0, 0, 0).error, SBI_ERR_INVALID_ADDRESS);
	T_EQ(set(1, 0, 0).error, SBI_ERR_INVALID_PARAM);
	T_EQ(set(NONE, NONE, 1).error, SBI_ERR_INVALID_PARAM);
	spin(now() + ms(60));
	if (before > 10000000)
		T_OK(read_steal(mine()) > before);
	stop = 1;
	T_OK(hart_join(1));
	end();
}

static void nobody_told(u64 arg)
{
	(void)arg;
	running = 1;
	while (!stop)
		;
}

/* A hart that starts anew has no record: the old one's memory is the guest's again. */
static void restart(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	if (!start_other(other_spins))
		return;
	stop = 1;
	T_OK(hart_join(1));
	memset(&area[1].r, 0x5a, 64);
	if (!start_other(nobody_told))
		return;
	spin(now() + ms(60));
	T_OK(all_bytes(&area[1].r, 64, 0x5a));
	stop = 1;
	T_OK(hart_join(1));
	T_OK(all_bytes(&area[1].r, 64, 0x5a));
}

/* Each hart's record counts from the VM's start, however often it was begun. */
static void summary(void)
{
	u64 stolen = 0, passed = now() * 1000 / (machine.timebase / 1000000);

	begin();
	if (hart_count() > 1 && start_other(other_spins)) {
		spin(now() + ms(60));
		stop = 1;
		T_OK(hart_join(1));
		stolen = read_steal(&area[1].r);
	}
	settle();
	stolen += read_steal(mine());
	print("# stolen in all: %lu us\n", stolen / 1000);
	T_OK(stolen <= 2 * passed);
	end();
}

const struct test guest_tests[] = {
	{"STA is there; unknown functions", present},
	{"the record is zeroed, and nothing else", zeroed},
	{"flags are zero", bad_flags},
	{"alignment", bad_alignment},
	{"addresses that are no RAM", bad_address},
	{"the last 64 bytes of RAM", last_of_ram},
	{"what is told is what was missed", told},
	{"a hart that was preempted is marked", preempted},
	{"waiting is not stolen", waiting},
	{"a record scribbled over", scribble},
	{"nothing is written once it is off", off},
	{"an error changes nothing", error_keeps},
	{"a hart started anew has no record", restart},
	{"what was stolen in all", summary},
	{NULL, NULL},
};
