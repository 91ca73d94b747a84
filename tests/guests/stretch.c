// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that asks for as much as it can in one go; what, its boot argument `ask=` says. Its other harts,
 * up to 64, wait for IPIs. tests/boot/stretch.t looks at how long limen was busy with it without a break,
 * and with interrupts off (lib/marks.h).
 */
#include "rt.h"

#include <string.h>

#define TURNS	20
#define ENTRIES 4096UL
#define VCPUS	64U

/* What the other harts do; they have no stack. */
void waits(void);
void stops(void);
void naps(void);
void spins(void);
__asm__(".balign 4\n"
	"waits: csrw sie, 2\n"
	"1: wfi\n"
	"csrc sip, 2\n"
	"j 1b\n"
	"stops: li a7, 0x48534d\n"
	"li a6, 1\n"
	"ecall\n"
	/* All of them at the same moments. */
	"naps: li t0, 32\n"
	"csrw sie, t0\n"
	"1: rdtime a0\n"
	"srli a0, a0, 14\n"
	"addi a0, a0, 1\n"
	"slli a0, a0, 14\n"
	"li a7, 0x54494d45\n"
	"li a6, 0\n"
	"ecall\n"
	"wfi\n"
	"j 1b\n"
	"spins: j spins\n");

static u8 shmem[4096] __attribute__((aligned(4096)));
static u32 infos[ENTRIES * 4] __attribute__((aligned(16)));
static char text[4096];

static void start_all(void (*at)(void))
{
	for (u64 i = 0; i < VCPUS; i++)
		sbi(SBI_EXT_HSM, HSM_HART_START, i, (u64)at, 0);
}

static void await(u64 state)
{
	for (u64 i = 1; i < VCPUS && sbi_hart_status(i).error == SBI_SUCCESS; i++)
		while (sbi_hart_status(i).value != (long)state)
			;
}

static void nap(void)
{
	csr_write(sie, 1UL << IRQ_TIMER);
	timer_set(now() + ms(1));
	wfi();
}

static void ask_pmu(void)
{
	for (u64 i = 0; i < ENTRIES; i++)
		infos[4 * i] = 0xf0000 + i % 22;
	for (int i = 0; i < TURNS; i++)
		sbi(SBI_EXT_PMU, PMU_EVENT_INFO, (u64)infos, 0, ENTRIES, 0);
	sbi(SBI_EXT_PMU, PMU_SNAPSHOT, (u64)shmem, 0, 0);
	for (u64 i = 0; i < 24; i++)
		sbi(SBI_EXT_PMU, PMU_CONFIG, 0, 0x7ffff, PMU_CFG_CLEAR,
		    i < 2 ? i + 1 : 0xf0000 + i - 2);
	for (int i = 0; i < TURNS; i++) {
		sbi(SBI_EXT_PMU, PMU_START, 0, 0x7fffd, PMU_START_SNAPSHOT);
		sbi(SBI_EXT_PMU, PMU_STOP, 0, 0x7fffd, PMU_STOP_SNAPSHOT);
		sbi(SBI_EXT_PMU, PMU_START, 0, 0x7fffd);
		sbi_send_ipi(1, 0);
		sbi(SBI_EXT_PMU, PMU_STOP, 0, 0x7fffd, i == TURNS - 1 ? PMU_STOP_RESET : 0);
	}
}

static void ask_ipis(void)
{
	start_all(waits);
	await(HSM_STARTED);
	for (int i = 0; i < TURNS; i++) {
		sbi_send_ipi(0, -1UL);
		if (i % 2)
			nap();
	}
}

static void ask_fences(void)
{
	start_all(waits);
	await(HSM_STARTED);
	for (u64 i = 0; i < 16 * TURNS; i++) {
		u64 size = i % 3 == 0 ? PAGE_SIZE : i % 3 == 1 ? 64 * PAGE_SIZE : 1UL << 40;

		sbi(SBI_EXT_RFENCE, i % 4 ? i % 4 - 1 : 0, 0, -1UL, i * 64 * PAGE_SIZE, size, i);
		if (i % 16 == 0) {
			sbi_send_ipi(0, -1UL);
			nap();
		}
	}
}

static void ask_starts(void)
{
	for (int i = 0; i < TURNS / 4; i++) {
		start_all(stops);
		await(HSM_STOPPED);
	}
}

static void ask_naps(void)
{
	start_all(naps);
	for (int i = 0; i < TURNS; i++)
		nap();
}

/* Its policy starts it again. */
static void ask_again(void)
{
	start_all(spins);
	nap();
	power_off(1);
}

static void ask_report(void)
{
	start_all(waits);
	await(HSM_STARTED);
	power_off(1);
}

static void ask_console(void)
{
	memset(text, 'x', sizeof(text));
	for (u64 i = 78; i < sizeof(text); i += 80)
		text[i] = '\r', text[i + 1] = '\n';
	for (int i = 0; i < TURNS; i++) {
		sbi(SBI_EXT_DBCN, DBCN_WRITE, sizeof(text), (u64)text, 0);
		sbi(SBI_EXT_DBCN, DBCN_WRITE, 16, (u64)text, 0);
		sbi(SBI_EXT_DBCN, DBCN_READ, sizeof(text), (u64)text, 0);
	}
	for (u64 i = 0; machine.uart && i < 256; i++)
		*(volatile u8 *)(machine.uart + i % 8) = (u8)i;
}

/* Every register of 4 KiB steps' beginnings, and what is dense, with all bits and with none. */
static void poke(u64 base, u64 size, u64 dense)
{
	static const u32 words[] = {~0U, 0, ~0U, 1};

	for (u32 w = 0; w < ARRAY_SIZE(words); w++) {
		for (u64 at = 0; at < dense; at += 4) {
			*(volatile u32 *)(base + at) = words[w];
			(void)*(volatile u32 *)(base + at);
		}
		for (u64 at = dense; at < size; at += 4096)
			for (u64 r = 0; r < 8; r += 4) {
				*(volatile u32 *)(base + at + r) = words[w];
				(void)*(volatile u32 *)(base + at + r);
			}
	}
}

static void ask_chip(void)
{
	u64 dense = machine.imsic ? 0x4000 : 0x4000 + 32 * VCPUS;

	start_all(waits);
	await(HSM_STARTED);
	if (machine.plic)
		poke(machine.plic, 0x200000 + 0x1000 * VCPUS, 0x2000 + 0x80 * VCPUS);
	if (machine.aplic)
		poke(machine.aplic, dense, dense);
	if (machine.imsic)
		for (u64 i = 0; i < VCPUS * 64; i++)
			*(volatile u32 *)(machine.imsic + i % VCPUS * 4096) =
				(u32)(i / VCPUS * 4 + 1);
}

static void ask_others(void)
{
	csr_write(sie, 1UL << IRQ_TIMER);
	for (u64 i = 0; i < 16 * TURNS; i++) {
		sbi(SBI_EXT_STA, STA_SET_SHMEM, (u64)shmem, 0, 0);
		sbi(SBI_EXT_FWFT, FWFT_SET, FWFT_PTE_AD, i % 2, 0);
		sbi(SBI_EXT_BASE, BASE_PROBE_EXTENSION, i);
		sbi_set_timer(now() + 10);
		sbi(SBI_EXT_HSM, HSM_HART_SUSPEND, HSM_SUSPEND_RETENTIVE, 0, 0);
	}
}

static const struct {
	const char *name;
	void (*fn)(void);
} asks[] = {
	{"pmu", ask_pmu},	{"ipis", ask_ipis},	  {"fences", ask_fences},
	{"starts", ask_starts}, {"naps", ask_naps},	  {"again", ask_again},
	{"report", ask_report}, {"console", ask_console}, {"chip", ask_chip},
	{"others", ask_others},
};

void guest_main(void)
{
	const char *ask = machine_bootarg("ask");

	for (u32 i = 0; ask && i < ARRAY_SIZE(asks); i++) {
		size_t n = strlen(asks[i].name);

		if (!strncmp(ask, asks[i].name, n) && (!ask[n] || ask[n] == ' '))
			asks[i].fn();
	}
	power_off(0);
}
