// SPDX-License-Identifier: BSD-2-Clause
/*
 * SBI PMU (SBI v3.0, chapter 11): every function and error, every firmware event that a guest can
 * cause, counted exactly, for each hart by itself; snapshots.
 *
 * # expect: pass
 * # harts: 2
 * # bare: differs
 */
#include "rt.h"

#include <string.h>

#define COUNTERS    64
#define EVENT(code) (0xfUL << 16 | (code))

/* Firmware counters, by index; found by first(). */
static u64 fw[COUNTERS];
static unsigned int fws;
static u64 fw_mask;

static struct sbiret info(u64 i)
{
	return sbi(SBI_EXT_PMU, PMU_GET_INFO, i);
}

static struct sbiret config(u64 base, u64 mask, u64 flags, u64 event, u64 data)
{
	return sbi(SBI_EXT_PMU, PMU_CONFIG, base, mask, flags, event, data);
}

static long start(u64 base, u64 mask, u64 flags, u64 value)
{
	return sbi(SBI_EXT_PMU, PMU_START, base, mask, flags, value).error;
}

static long stop(u64 base, u64 mask, u64 flags)
{
	return sbi(SBI_EXT_PMU, PMU_STOP, base, mask, flags).error;
}

static u64 value(u64 i)
{
	struct sbiret r = sbi(SBI_EXT_PMU, PMU_FW_READ, i);

	if (r.error)
		test_fail("counter %lu cannot be read: %ld", i, r.error);
	return (u64)r.value;
}

static u64 total(void)
{
	struct sbiret r = sbi(SBI_EXT_PMU, PMU_NUM_COUNTERS);

	T_EQ(r.error, 0);
	T_OK(r.value > 0 && r.value <= COUNTERS);
	return (u64)r.value;
}

/* Everything as it was at first. */
static void release_all(void)
{
	stop(0, fw_mask, PMU_STOP_RESET);
}

/* A counter for the event, running from 0, or ~0. */
static u64 begin(u64 code)
{
	struct sbiret r = config(0, fw_mask, PMU_CFG_CLEAR | PMU_CFG_AUTO_START, EVENT(code), 0);

	if (r.error)
		test_fail("no counter for firmware event %lu: %ld", code, r.error);
	return r.error ? ~0UL : (u64)r.value;
}

static void first(void)
{
	u64 n = total();

	T_EQ(sbi(SBI_EXT_BASE, BASE_PROBE_EXTENSION, SBI_EXT_PMU).value, 1);
	for (u64 i = 0; i < n; i++) {
		struct sbiret r = info(i);

		/* Not all numbers need be one. */
		if (r.error)
			T_EQ(r.error, SBI_ERR_INVALID_PARAM);
		else if ((u64)r.value >> 63) {
			/* Linux looks at the width. */
			T_EQ((u64)r.value >> 12 & 63, 63);
			fw[fws++] = i;
		}
	}
	for (unsigned int i = 0; i < fws; i++)
		fw_mask |= 1UL << fw[i];
	print("# %lu counters, %u of the firmware's\n", n, fws);
	T_OK(fws >= 8);
	T_EQ(sbi(SBI_EXT_PMU, 9).error, SBI_ERR_NOT_SUPPORTED);
	T_EQ(sbi(SBI_EXT_PMU, ~0UL).error, SBI_ERR_NOT_SUPPORTED);
}

static void no_such_counter(void)
{
	const u64 wrong[] = {total(), total() + 1, 64, 1UL << 32, 1UL << 63, ~0UL};

	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		u64 w = wrong[i];

		T_EQ(info(w).error, SBI_ERR_INVALID_PARAM);
		T_EQ(sbi(SBI_EXT_PMU, PMU_FW_READ, w).error, SBI_ERR_INVALID_PARAM);
		T_EQ(sbi(SBI_EXT_PMU, PMU_FW_READ_HI, w).error, SBI_ERR_INVALID_PARAM);
		T_EQ(config(w, 1, 0, EVENT(FW_SET_TIMER), 0).error, SBI_ERR_INVALID_PARAM);
		T_EQ(start(w, 1, 0, 0), SBI_ERR_INVALID_PARAM);
		T_EQ(stop(w, 1, 0), SBI_ERR_INVALID_PARAM);
	}
	/* One that there is and one that there is not: nothing happens to either. */
	T_EQ(config(fw[0], 1UL << 63 | 1, 0, EVENT(FW_SET_TIMER), 0).error, SBI_ERR_INVALID_PARAM);
	T_EQ(config(0, ~0UL, 0, EVENT(FW_SET_TIMER), 0).error, SBI_ERR_INVALID_PARAM);
	T_EQ(config(fw[0], 1, PMU_CFG_AUTO_START, EVENT(FW_SET_TIMER), 0).value, fw[0]);
	T_EQ(stop(fw[0], 1UL << 63 | 1, 0), SBI_ERR_INVALID_PARAM);
	T_EQ(start(fw[0], 1, 0, 0), SBI_ERR_ALREADY_STARTED);
	release_all();
}

static void wrong_flags(void)
{
	T_EQ(config(fw[0], 1, 0x100, EVENT(FW_SET_TIMER), 0).error, SBI_ERR_INVALID_PARAM);
	T_EQ(config(fw[0], 1, 1UL << 63, EVENT(FW_SET_TIMER), 0).error, SBI_ERR_INVALID_PARAM);
	/* Filters are hints. */
	T_EQ(config(fw[0], 1, 0xf8, EVENT(FW_SET_TIMER), 0).error, 0);
	T_EQ(start(fw[0], 1, 4, 0), SBI_ERR_INVALID_PARAM);
	T_EQ(start(fw[0], 1, 1UL << 63, 0), SBI_ERR_INVALID_PARAM);
	T_EQ(start(fw[0], 1, PMU_START_SET_INIT | PMU_START_SNAPSHOT, 0), SBI_ERR_INVALID_PARAM);
	T_EQ(stop(fw[0], 1, 4), SBI_ERR_INVALID_PARAM);
	T_EQ(stop(fw[0], 1, ~0UL), SBI_ERR_INVALID_PARAM);
	T_EQ(stop(fw[0], 1, 0), SBI_ERR_ALREADY_STOPPED);
	release_all();
}

static void wrong_events(void)
{
	static const u64 events[] = {
		EVENT(22), EVENT(255), EVENT(256),	     EVENT(0xfffe),	   EVENT(0xffff),
		0x40000,   0xe0005,    EVENT(5) | 1UL << 20, EVENT(5) | 1UL << 63, ~0UL,
		0};

	for (unsigned int i = 0; i < ARRAY_SIZE(events); i++) {
		struct sbiret r = config(0, fw_mask, 0, events[i], 0);

		if (r.error != SBI_ERR_NOT_SUPPORTED)
			test_fail("event 0x%lx: %ld", events[i], r.error);
	}
	T_EQ(config(0, fw_mask, 0, EVENT(FW_SET_TIMER), 1).error, SBI_ERR_NOT_SUPPORTED);
	/* Nobody can count it among no counters. */
	T_EQ(config(0, 0, 0, EVENT(FW_SET_TIMER), 0).error, SBI_ERR_NOT_SUPPORTED);
	/* All the standard ones are there, whether they can occur or not. */
	for (u64 code = 0; code < 22; code++) {
		T_EQ(config(0, fw_mask, 0, EVENT(code), 0).error, 0);
		release_all();
	}
}

static void life(void)
{
	struct sbiret r = config(0, fw_mask, PMU_CFG_CLEAR, EVENT(FW_SET_TIMER), 0);
	u64 c = (u64)r.value;

	T_EQ(r.error, 0);
	T_EQ(stop(c, 1, 0), SBI_ERR_ALREADY_STOPPED);
	sbi_set_timer(~0UL);
	T_EQ(value(c), 0);
	T_EQ(start(c, 1, PMU_START_SET_INIT, 1000), 0);
	T_EQ(start(c, 1, PMU_START_SET_INIT, 5), SBI_ERR_ALREADY_STARTED);
	for (int i = 0; i < 7; i++)
		sbi_set_timer(~0UL);
	T_EQ(value(c), 1007);
	T_EQ(sbi(SBI_EXT_PMU, PMU_FW_READ_HI, c).value, 0);
	T_EQ(sbi(SBI_EXT_PMU, PMU_FW_READ_HI, c).error, 0);
	T_EQ(stop(c, 1, 0), 0);
	sbi_set_timer(~0UL);
	T_EQ(value(c), 1007);
	/* Without a new value it goes on. */
	T_EQ(start(c, 1, 0, 5), 0);
	sbi_set_timer(~0UL);
	T_EQ(value(c), 1008);
	T_EQ(stop(c, 1, PMU_STOP_RESET), 0);
	T_EQ(start(c, 1, 0, 0), SBI_ERR_INVALID_PARAM);
	/* 64 bits, and over them. */
	T_EQ(config(c, 1, 0, EVENT(FW_SET_TIMER), 0).value, c);
	T_EQ(start(c, 1, PMU_START_SET_INIT, ~0UL), 0);
	sbi_set_timer(~0UL);
	T_EQ(value(c), 0);
	release_all();
}

/* As many as there are, each another number; then none, until one is given back. */
static void all_of_them(void)
{
	u64 seen = 0;

	for (unsigned int i = 0; i < fws; i++)
		seen |= 1UL << begin(FW_SET_TIMER);
	T_EQ(seen, fw_mask);
	T_EQ(config(0, fw_mask, 0, EVENT(FW_SET_TIMER), 0).error, SBI_ERR_NOT_SUPPORTED);
	for (unsigned int i = 0; i < fws; i++)
		T_EQ(value(fw[i]), 0);
	sbi_set_timer(~0UL);
	for (unsigned int i = 0; i < fws; i++)
		T_EQ(value(fw[i]), 1);
	T_EQ(stop(0, fw_mask & ~(1UL << fw[1]), 0), 0);
	T_EQ(stop(0, fw_mask, 0), SBI_ERR_ALREADY_STOPPED);
	T_EQ(stop(fw[1], 1, 0), SBI_ERR_ALREADY_STOPPED);
	T_EQ(stop(fw[1], 1, PMU_STOP_RESET), SBI_ERR_ALREADY_STOPPED);
	T_EQ(config(0, fw_mask, 0, EVENT(FW_IPI_SENT), 0).value, fw[1]);
	T_EQ(start(0, fw_mask, PMU_START_SET_INIT, 3), 0);
	sbi_set_timer(~0UL);
	T_EQ(value(fw[0]), 4);
	T_EQ(value(fw[1]), 3);
	release_all();
}

static void skip_match(void)
{
	T_EQ(config(fw[2], 1, 0, EVENT(FW_SET_TIMER), 0).value, fw[2]);
	/* The first of the set, taken or not. */
	T_EQ(config(fw[2], 3, PMU_CFG_SKIP | PMU_CFG_CLEAR | PMU_CFG_AUTO_START,
		    EVENT(FW_SET_TIMER), 0)
		     .value,
	     fw[2]);
	sbi_set_timer(~0UL);
	T_EQ(value(fw[2]), 1);
	T_EQ(config(fw[2], 3, 0, EVENT(FW_SET_TIMER), 0).value, fw[3]);
	release_all();
}

/* ---- events ------------------------------------------------------------------------------- */

static void illegal(u64 arg)
{
	(void)arg;
	__asm__ volatile("csrr zero, 0x600"); /* hstatus: a guest has none */
}

static void bad_load(u64 addr)
{
	(void)*(volatile u64 *)addr;
}

static void bad_store(u64 addr)
{
	*(volatile u64 *)addr = 0;
}

/* Its own: traps that limen gives it, its timer; what it does to itself is sent to nobody. */
static void own_events(void)
{
	u64 ill = begin(FW_ILLEGAL_INSN), load = begin(FW_ACCESS_LOAD);
	u64 store = begin(FW_ACCESS_STORE), ipi = begin(FW_IPI_SENT);
	u64 fence = begin(FW_FENCE_I_SENT), self = this_hart()->id;

	for (int i = 0; i < 3; i++)
		T_EQ(trap_try(illegal, 0), 2);
	T_EQ(value(ill), 3);
	/* The UART has registers of one byte. */
	for (int i = 0; i < 4; i++)
		T_EQ(trap_try(bad_load, machine.uart), 5);
	for (int i = 0; i < 2; i++)
		T_EQ(trap_try(bad_store, machine.uart), 7);
	T_EQ(value(load), 4);
	T_EQ(value(store), 2);
	T_EQ(value(ill), 3);
	sbi_send_ipi(1, self);
	csr_clear(sip, 1UL << IRQ_SOFT);
	sbi(SBI_EXT_RFENCE, RFENCE_FENCE_I, 1, self);
	T_EQ(value(ipi), 0);
	T_EQ(value(fence), 0);
	release_all();
}

static volatile u32 phase;
static volatile u64 received[4];
static const u64 received_codes[4] = {FW_IPI_RECEIVED, FW_FENCE_I_RECEIVED, FW_SFENCE_VMA_RECEIVED,
				      FW_SFENCE_ASID_RECEIVED};

static void receiver(u64 arg)
{
	u64 c[4];

	(void)arg;
	for (int i = 0; i < 4; i++)
		c[i] = begin(received_codes[i]);
	phase = 1;
	while (phase == 1)
		;
	for (int i = 0; i < 4; i++)
		received[i] = value(c[i]);
	/* Stopped: no more. */
	stop(0, fw_mask, 0);
	phase = 3;
	while (phase == 3)
		;
	for (int i = 0; i < 4; i++)
		T_EQ(value(c[i]), received[i]);
}

static void send(u64 n)
{
	u64 to = harts[1].id;

	for (u64 i = 0; i < n; i++) {
		sbi_send_ipi(1, to);
		sbi(SBI_EXT_RFENCE, RFENCE_FENCE_I, 1, to);
		sbi(SBI_EXT_RFENCE, RFENCE_FENCE_I, 1, to);
		sbi(SBI_EXT_RFENCE, RFENCE_SFENCE_VMA, 1, to, 0, 0);
		sbi(SBI_EXT_RFENCE, RFENCE_SFENCE_VMA_ASID, 1, to, 0x1000, 0x1000, 1);
	}
}

static void sent_and_received(void)
{
	u64 ipi, fence, vma, asid;

	SKIP_IF(hart_count() < 2, "one hart");
	ipi = begin(FW_IPI_SENT);
	fence = begin(FW_FENCE_I_SENT);
	vma = begin(FW_SFENCE_VMA_SENT);
	asid = begin(FW_SFENCE_ASID_SENT);
	phase = 0;
	T_EQ(hart_start(1, receiver, 0), 0);
	T_OK(wait_for(phase == 1, 20000));
	send(5);
	/* All harts: one of them is somebody else. */
	if (hart_count() == 2)
		sbi(SBI_EXT_RFENCE, RFENCE_FENCE_I, 0, ~0UL);
	phase = 2;
	T_OK(wait_for(phase == 3, 20000));
	T_EQ(value(ipi), 5);
	T_EQ(value(fence), hart_count() == 2 ? 11 : 10);
	T_EQ(value(vma), 5);
	T_EQ(value(asid), 5);
	T_EQ(received[0], 5);
	T_EQ(received[1], value(fence));
	T_EQ(received[2], 5);
	T_EQ(received[3], 5);
	send(2);
	phase = 4;
	T_OK(hart_join(1));
	T_EQ(value(ipi), 7);
	release_all();
}

static void fresh(u64 arg)
{
	(void)arg;
	T_EQ(stop(0, fw_mask, 0), SBI_ERR_ALREADY_STOPPED);
	T_EQ(start(fw[0], 1, 0, 0), SBI_ERR_INVALID_PARAM);
	T_EQ(value(fw[0]), 0);
	T_EQ(stop(fw[0], 1, PMU_STOP_SNAPSHOT), SBI_ERR_NO_SHMEM);
	begin(FW_SET_TIMER);
	sbi_set_timer(~0UL);
	sbi(SBI_EXT_PMU, PMU_SNAPSHOT, machine.ram_base, 0, 0);
}

/* A hart that starts has none of what it had; and none of ours. */
static void restart(void)
{
	u64 c;

	SKIP_IF(hart_count() < 2, "one hart");
	c = begin(FW_SET_TIMER);
	for (int i = 0; i < 3; i++) {
		T_EQ(hart_start(1, fresh, 0), 0);
		T_OK(hart_join(1));
	}
	T_EQ(value(c), 0);
	release_all();
}

/* ---- cycle and instret -------------------------------------------------------------------- */

#define CYCLE	0UL
#define INSTRET 2UL

static u64 instret(void)
{
	u64 v;

	__asm__ volatile("csrr %0, 0xc02" : "=r"(v)::"memory");
	return v;
}

static u64 cycle(void)
{
	u64 v;

	__asm__ volatile("csrr %0, 0xc00" : "=r"(v)::"memory");
	return v;
}

static void hw_counters(void)
{
	SKIP_IF(!machine_has("zicntr"), "no Zicntr");
	T_EQ(info(CYCLE).value, 0xc00 | 63 << 12);
	T_EQ(info(INSTRET).value, 0xc02 | 63 << 12);
	T_EQ(info(1).error, SBI_ERR_INVALID_PARAM);
	T_EQ(sbi(SBI_EXT_PMU, PMU_FW_READ, CYCLE).error, SBI_ERR_INVALID_PARAM);
	T_EQ(sbi(SBI_EXT_PMU, PMU_FW_READ_HI, INSTRET).error, SBI_ERR_INVALID_PARAM);
	T_EQ(config(0, 7, 0, 1, 0).error, SBI_ERR_INVALID_PARAM);
	T_EQ(config(0, 5, 0, EVENT(FW_SET_TIMER), 0).error, SBI_ERR_NOT_SUPPORTED);
	T_EQ(config(0, fw_mask, 0, 1, 0).error, SBI_ERR_NOT_SUPPORTED);
	T_EQ(config(0, 5, 0, 1, 1).error, SBI_ERR_NOT_SUPPORTED);
	T_EQ(config(0, 5, 0, 3, 0).error, SBI_ERR_NOT_SUPPORTED);
	T_EQ(config(0, 5, 0, 0x20000, 0).error, SBI_ERR_NOT_SUPPORTED);
	T_EQ(config(0, 5 | fw_mask, 0, 1, 0).value, CYCLE);
	T_EQ(config(0, 5 | fw_mask, 0, 2, 0).value, INSTRET);
	T_EQ(config(0, 4, PMU_CFG_SKIP, 1, 0).error, SBI_ERR_NOT_SUPPORTED);
	T_EQ(start(0, 5, PMU_START_SET_INIT, 5000), 0);
	T_EQ(config(0, 5 | fw_mask, 0, 1, 0).error, SBI_ERR_NOT_SUPPORTED);
	T_OK(instret() >= 5000);
	T_OK(cycle() >= 5000);
	T_EQ(stop(0, 5, PMU_STOP_RESET), 0);
}

/* It stands when it is stopped, whatever else goes on; and goes on from any value. */
static void hw_life(void)
{
	u64 a, b;

	SKIP_IF(!machine_has("zicntr"), "no Zicntr");
	T_EQ(config(INSTRET, 1, PMU_CFG_CLEAR, 2, 0).value, INSTRET);
	T_EQ(instret(), 0);
	T_EQ(start(INSTRET, 1, PMU_START_SET_INIT, 1UL << 40), 0);
	a = instret();
	T_OK(a >= 1UL << 40 && a < 1UL << 50);
	for (int i = 0; i < 10; i++)
		sbi_set_timer(~0UL);
	b = instret();
	T_OK(b > a);
	T_EQ(stop(INSTRET, 1, 0), 0);
	a = instret();
	T_OK(a >= b);
	for (int i = 0; i < 10; i++)
		sbi_set_timer(~0UL);
	T_EQ(instret(), a);
	T_EQ(start(INSTRET, 1, 0, 77), 0);
	T_OK(instret() >= a);
	/* Over the end. */
	T_EQ(stop(INSTRET, 1, 0), 0);
	T_EQ(start(INSTRET, 1, PMU_START_SET_INIT, ~0UL), 0);
	for (int i = 0; i < 100; i++)
		sbi_set_timer(~0UL);
	T_OK(instret() < 1UL << 50);
	T_EQ(stop(INSTRET, 1, PMU_STOP_RESET), 0);
}

/* csrr a0, instret; ebreak */
static const u32 read_code[] = {0xc0202573, 0x00100073};

static void write_instret(u64 arg)
{
	__asm__ volatile("csrrw zero, 0xc02, %0" ::"r"(arg));
}

static void set_instret(u64 arg)
{
	__asm__ volatile("csrrs zero, 0xc02, %0" ::"r"(arg));
}

/* A counter is read-only; and other instructions that trap are what they were. */
static void hw_written(void)
{
	SKIP_IF(!machine_has("zicntr"), "no Zicntr");
	T_EQ(config(INSTRET, 1, PMU_CFG_CLEAR, 2, 0).value, INSTRET);
	T_EQ(trap_try(write_instret, 5), 2);
	T_EQ(trap_try(set_instret, 0), 2);
	T_EQ(trap_try(illegal, 0), 2);
	T_EQ(instret(), 0);
	__asm__ volatile("csrr zero, 0xc02");
	T_EQ(stop(INSTRET, 1, PMU_STOP_RESET), SBI_ERR_ALREADY_STOPPED);
}

/* In user mode scounteren decides. */
static void hw_user(void)
{
	u64 x[32] = {0}, before = csr_read(scounteren);

	SKIP_IF(!machine_has("zicntr"), "no Zicntr");
	T_EQ(config(INSTRET, 1, PMU_CFG_CLEAR, 2, 0).value, INSTRET);
	T_EQ(start(INSTRET, 1, PMU_START_SET_INIT, 123456), 0);
	T_EQ(stop(INSTRET, 1, 0), 0);
	csr_write(scounteren, 7);
	T_EQ(trap_run(x, (u64)read_code, 0), 3);
	T_EQ(this_hart()->trap.x[10], instret());
	csr_write(scounteren, 3);
	T_EQ(trap_run(x, (u64)read_code, 0), 2);
	T_EQ(trap_run(x, (u64)read_code, SSTATUS_SPP), 3);
	T_EQ(this_hart()->trap.x[10], instret());
	csr_write(scounteren, before);
	T_EQ(stop(INSTRET, 1, PMU_STOP_RESET), SBI_ERR_ALREADY_STOPPED);
}

static void count_down(u64 n)
{
	__asm__ volatile("1: addi %0, %0, -1\nbnez %0, 1b" : "+r"(n));
}

/* How many instructions are counted for work whose number is known: tests/boot/pmu.t judges, on a
 * machine that counts them exactly. */
static void hw_exact(void)
{
	u64 loop, calls;

	SKIP_IF(!machine_has("zicntr"), "no Zicntr");
	T_EQ(config(INSTRET, 1, 0, 2, 0).value, INSTRET);
	T_EQ(start(INSTRET, 1, PMU_START_SET_INIT, 0), 0);
	loop = instret();
	count_down(5000000);
	loop = instret() - loop;
	calls = instret();
	for (int i = 0; i < 1000; i++)
		sbi(SBI_EXT_DBCN, DBCN_WRITE, 0);
	calls = instret() - calls;
	T_EQ(stop(INSTRET, 1, PMU_STOP_RESET), 0);
	print("# counted: %lu of 10000000, %lu a call\n", loop, calls / 1000);
}

/* ---- shared memory ------------------------------------------------------------------------ */

static u64 page[PAGE_SIZE / 8] __attribute__((aligned(4096)));

static struct sbiret shmem(u64 lo, u64 hi, u64 flags)
{
	return sbi(SBI_EXT_PMU, PMU_SNAPSHOT, lo, hi, flags);
}

static void snapshot_errors(void)
{
	u64 top = machine.ram_base + machine.ram_size;
	const u64 addrs[] = {0,		0x1000,	 machine.ram_base - 4096, top, machine.uart,
			     1UL << 60, ~0xfffUL};

	T_EQ(config(fw[0], 1, 0, EVENT(FW_SET_TIMER), 0).error, 0);
	T_EQ(start(fw[0], 1, PMU_START_SNAPSHOT, 0), SBI_ERR_NO_SHMEM);
	T_EQ(stop(fw[0], 1, PMU_STOP_SNAPSHOT), SBI_ERR_NO_SHMEM);
	for (unsigned int i = 0; i < ARRAY_SIZE(addrs); i++)
		T_EQ(shmem(addrs[i], 0, 0).error, SBI_ERR_INVALID_ADDRESS);
	T_EQ(shmem((u64)page, 1, 0).error, SBI_ERR_INVALID_ADDRESS);
	T_EQ(shmem((u64)page, ~0UL, 0).error, SBI_ERR_INVALID_ADDRESS);
	T_EQ(shmem((u64)page + 64, 0, 0).error, SBI_ERR_INVALID_PARAM);
	T_EQ(shmem(~0UL, 0, 0).error, SBI_ERR_INVALID_PARAM);
	T_EQ(shmem((u64)page, 0, 1).error, SBI_ERR_INVALID_PARAM);
	T_EQ(shmem(~0UL, ~0UL, 1UL << 63).error, SBI_ERR_INVALID_PARAM);
	T_EQ(start(fw[0], 1, PMU_START_SNAPSHOT, 0), SBI_ERR_NO_SHMEM);
	T_EQ(shmem((u64)page, 0, 0).error, 0);
	T_EQ(shmem(~0UL, ~0UL, 0).error, 0);
	T_EQ(stop(fw[0], 1, PMU_STOP_SNAPSHOT), SBI_ERR_NO_SHMEM);
	release_all();
}

/* Values are relative to the call's base; the words of others stay. */
static void snapshots(void)
{
	u64 base = fw[1];

	T_EQ(config(base, 1, PMU_CFG_CLEAR, EVENT(FW_SET_TIMER), 0).error, 0);
	T_EQ(config(base + 2, 1, PMU_CFG_CLEAR, EVENT(FW_SET_TIMER), 0).error, 0);
	T_EQ(shmem((u64)page, 0, 0).error, 0);
	memset(page, 0xa5, sizeof(page));
	page[1] = 100;
	page[3] = 200;
	T_EQ(start(base, 5, PMU_START_SNAPSHOT, 7), 0);
	T_EQ(value(base), 100);
	T_EQ(value(base + 2), 200);
	sbi_set_timer(~0UL);
	T_EQ(page[1], 100);
	T_EQ(stop(base, 5, PMU_STOP_SNAPSHOT), 0);
	T_EQ(page[0], 0);
	T_EQ(page[1], 101);
	T_EQ(page[2], 0xa5a5a5a5a5a5a5a5UL);
	T_EQ(page[3], 201);
	for (unsigned int i = 4; i < ARRAY_SIZE(page); i++)
		T_EQ(page[i], 0xa5a5a5a5a5a5a5a5UL);
	T_EQ(start(base + 2, 1, 0, 0), 0);
	sbi_set_timer(~0UL);
	T_EQ(stop(base + 2, 1, PMU_STOP_SNAPSHOT | PMU_STOP_RESET), 0);
	T_EQ(page[1], 202);
	T_EQ(shmem(~0UL, ~0UL, 0).error, 0);
	release_all();
}

static struct {
	u32 event, output;
	u64 data;
} infos[8] __attribute__((aligned(16)));

static struct sbiret event_info(u64 lo, u64 hi, u64 n, u64 flags)
{
	return sbi(SBI_EXT_PMU, PMU_EVENT_INFO, lo, hi, n, flags);
}

static void event_infos(void)
{
	static const struct {
		u32 event;
		u64 data;
		u32 output;
	} want[] = {{EVENT(FW_SET_TIMER), 0, 1},
		    {EVENT(21), 0, 1},
		    {EVENT(22), 0, 0},
		    {EVENT(255), 0, 0},
		    {EVENT(300), 0, 0},
		    {EVENT(0xffff), 7, 0},
		    {0x50000, 0, 0}};
	u64 at = (u64)infos, top = machine.ram_base + machine.ram_size;

	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
		infos[i].event = want[i].event;
		infos[i].data = want[i].data;
		infos[i].output = 0xffffffff;
	}
	infos[7].output = 77;
	T_EQ(event_info(at, 0, ARRAY_SIZE(want), 0).error, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
		T_EQ(infos[i].output, want[i].output);
		T_EQ(infos[i].event, want[i].event);
		T_EQ(infos[i].data, want[i].data);
	}
	T_EQ(infos[7].output, 77);
	T_EQ(event_info(at, 0, 0, 0).error, 0);
	T_EQ(event_info(at, 0, 1, 1).error, SBI_ERR_INVALID_PARAM);
	T_EQ(event_info(at + 8, 0, 1, 0).error, SBI_ERR_INVALID_PARAM);
	T_EQ(event_info(at, 1, 1, 0).error, SBI_ERR_INVALID_ADDRESS);
	T_EQ(event_info(0, 0, 1, 0).error, SBI_ERR_INVALID_ADDRESS);
	T_EQ(event_info(top - 16, 0, 2, 0).error, SBI_ERR_INVALID_ADDRESS);
	T_EQ(event_info(at, 0, ~0UL, 0).error, SBI_ERR_INVALID_ADDRESS);
	T_EQ(event_info(at, 0, 1UL << 60, 0).error, SBI_ERR_INVALID_ADDRESS);
	infos[0].event |= 1U << 20;
	infos[0].output = 55;
	T_EQ(event_info(at, 0, 1, 0).error, SBI_ERR_INVALID_PARAM);
	infos[0].event = 0x80000000 | EVENT(FW_SET_TIMER);
	T_EQ(event_info(at, 0, 1, 0).error, SBI_ERR_INVALID_PARAM);
	T_EQ(infos[0].output, 55);
}

const struct test guest_tests[] = {
	{"the counters there are", first},
	{"counters there are not", no_such_counter},
	{"flags", wrong_flags},
	{"events", wrong_events},
	{"a counter's life", life},
	{"all counters at once", all_of_them},
	{"skip match", skip_match},
	{"its own traps; nothing is sent to itself", own_events},
	{"IPIs and fences, sent and received", sent_and_received},
	{"a hart that starts begins without", restart},
	{"cycle and instret are counters, too", hw_counters},
	{"they run and stand", hw_life},
	{"nobody writes them", hw_written},
	{"user mode reads what scounteren lets it", hw_user},
	{"instructions of known work", hw_exact},
	{"where a snapshot may be", snapshot_errors},
	{"snapshots", snapshots},
	{"event_get_info", event_infos},
	{NULL, NULL},
};
