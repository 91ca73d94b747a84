// SPDX-License-Identifier: BSD-2-Clause
/*
 * Breakpoints are the guest's own, whatever stands around them: so are the three instructions of a semihosting
 * call, which ask an emulator to do something on its host. A guest that could make one could end the emulator
 * with any status, and open the host's files.
 *
 * # expect: pass
 * # harts: 1
 */
#include "rt.h"

#define BREAKPOINT 3

#define EBREAK	 0x00100073
#define C_EBREAK 0x9002

/* RISC-V Semihosting 1.0: slli x0, x0, 0x1f; ebreak; srai x0, x0, 7. */
#define SEMIHOSTING_BEFORE 0x01f01013
#define SEMIHOSTING_AFTER  0x40705013

#define SYS_WRITE0	     0x04
#define SYS_EXIT_EXTENDED    0x20
#define ADP_APPLICATION_EXIT 0x20026

static u32 code[8] __attribute__((aligned(64)));

/* Runs code[] with a call's arguments; the trap is that of the ebreak at code[at]. */
static void expect_breakpoint(u32 call, const void *argument, u32 at, u64 spp)
{
	u64 x[32] = {0};

	__asm__ volatile("fence.i" ::: "memory");
	x[10] = call;
	x[11] = (u64)argument;
	T_EQ(trap_run(x, (u64)code, spp), BREAKPOINT);
	T_EQ(this_hart()->trap.sepc, (u64)&code[at]);
	T_EQ(this_hart()->trap.x[10], call);
	T_EQ(this_hart()->trap.sstatus & SSTATUS_SPP, spp);
}

static void breakpoints(void)
{
	static const u32 forms[] = {EBREAK, C_EBREAK | C_EBREAK << 16};

	for (unsigned int i = 0; i < ARRAY_SIZE(forms); i++) {
		code[0] = forms[i];
		expect_breakpoint(1, NULL, 0, SSTATUS_SPP);
		expect_breakpoint(1, NULL, 0, 0);
	}
}

static void semihosting(u64 spp)
{
	static const u64 exit_42[] = {ADP_APPLICATION_EXIT, 42};

	code[0] = SEMIHOSTING_BEFORE;
	code[1] = EBREAK;
	code[2] = SEMIHOSTING_AFTER;
	code[3] = EBREAK;
	expect_breakpoint(SYS_WRITE0, "not ok - this is written by an emulator\n", 1, spp);
	expect_breakpoint(SYS_EXIT_EXTENDED, exit_42, 1, spp);
}

static void semihosting_s(void)
{
	semihosting(SSTATUS_SPP);
}

static void semihosting_u(void)
{
	semihosting(0);
}

const struct test guest_tests[] = {
	{"breakpoints", breakpoints},
	{"a semihosting call from U-mode", semihosting_u},
	{"a semihosting call from S-mode", semihosting_s},
	{NULL, NULL},
};
