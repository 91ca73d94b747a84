// SPDX-License-Identifier: BSD-2-Clause
/*
 * Instructions that a hart has not got, or not in that mode: each is an illegal instruction, at its own address
 * and with itself or 0 in stval, whatever the hart below made of it. A guest has no H, so its instructions and
 * CSRs are among them; a hypervisor finds most of these as virtual instructions.
 *
 * # expect: pass
 * # harts: 1
 */
#include "rt.h"

#define ILLEGAL	   2
#define BREAKPOINT 3
#define EBREAK	   0x00100073

#define CSRR(csr) (0x00002673 | (u32)(csr) << 20) /* csrr a2, csr */
#define CSRW(csr) (0x00059073 | (u32)(csr) << 20) /* csrw csr, a1 */

enum where {
	EVERYWHERE,
	USER,  /* in U-mode alone */
	LIMEN, /* in both, where there is no H; QEMU's own machine has it */
};

static const struct {
	const char *name;
	u32 insn;
	enum where where;
} list[] = {
	{"all zeroes", 0, EVERYWHERE},
	{"all ones", 0xffffffff, EVERYWHERE},
	{"csrr mstatus", CSRR(0x300), EVERYWHERE},
	{"csrr mhartid", CSRR(0xf14), EVERYWHERE},
	{"csrw cycle", CSRW(0xc00), EVERYWHERE},
	{"csrw time", CSRW(0xc01), EVERYWHERE},
	{"csrr 0x5a5", CSRR(0x5a5), EVERYWHERE},
	{"csrr 0x9ff", CSRR(0x9ff), EVERYWHERE},
	{"sret", 0x10200073, USER},
	{"wfi", 0x10500073, USER},
	{"sfence.vma", 0x12000073, USER},
	{"csrr sstatus", CSRR(0x100), USER},
	{"csrr satp", CSRR(0x180), USER},
	{"csrw stvec", CSRW(0x105), USER},
	{"csrr sie", CSRR(0x104), USER},
	{"hlv.w", 0x68054673, LIMEN},
	{"hlvx.hu", 0x64354673, LIMEN},
	{"hlv.d", 0x6c054673, LIMEN},
	{"hsv.b", 0x62b54073, LIMEN},
	{"hsv.d", 0x6eb54073, LIMEN},
	{"hfence.vvma", 0x22000073, LIMEN},
	{"hfence.gvma", 0x62000073, LIMEN},
	{"csrr hstatus", CSRR(0x600), LIMEN},
	{"csrr hedeleg", CSRR(0x602), LIMEN},
	{"csrr hgatp", CSRR(0x680), LIMEN},
	{"csrw hvip", CSRW(0x645), LIMEN},
	{"csrr henvcfg", CSRR(0x60a), LIMEN},
	{"csrr htimedelta", CSRR(0x605), LIMEN},
	{"csrr hgeip", CSRR(0xe12), LIMEN},
	{"csrr vsstatus", CSRR(0x200), LIMEN},
	{"csrr vsatp", CSRR(0x280), LIMEN},
	{"csrw vsatp", CSRW(0x280), LIMEN},
	{"csrw vstvec", CSRW(0x205), LIMEN},
	{"csrr vstimecmp", CSRR(0x24d), LIMEN},
};

static u32 code[4] __attribute__((aligned(64)));

static u64 run(u32 insn, u64 spp)
{
	u64 x[32] = {0};

	code[0] = insn;
	code[1] = EBREAK;
	__asm__ volatile("fence.i" ::: "memory");
	for (u64 i = 1; i < 32; i++)
		x[i] = 0x5a5a0000 + i;
	x[10] = (u64)code;
	x[11] = 0;
	return trap_run(x, (u64)code, spp);
}

static void expect_illegal(const char *name, u32 insn, u64 spp)
{
	const struct trap *t = &this_hart()->trap;
	u64 cause = run(insn, spp);

	if (cause != ILLEGAL || t->sepc != (u64)code || (t->stval && t->stval != insn) ||
	    (t->sstatus & SSTATUS_SPP) != spp)
		test_fail("%s in %s-mode: cause %lu, sepc 0x%lx, stval 0x%lx", name,
			  spp ? "S" : "U", cause, t->sepc, t->stval);
	if (t->x[12] != 0x5a5a0000 + 12)
		test_fail("%s: x12 is 0x%lx", name, t->x[12]);
}

static void in_mode(u64 spp)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(list); i++)
		if (!(list[i].where == LIMEN && bare()) && !(list[i].where == USER && spp))
			expect_illegal(list[i].name, list[i].insn, spp);
}

static void from_s(void)
{
	in_mode(SSTATUS_SPP);
}

static void from_u(void)
{
	in_mode(0);
}

/* What scounteren does not let through, user mode has not got; S-mode has, what it was given. */
static void counters(void)
{
	static const u32 reads[] = {CSRR(0xc00), CSRR(0xc01), CSRR(0xc02), CSRR(0xc03),
				    CSRR(0xc1f)};
	u64 old = csr_read(scounteren);

	SKIP_IF(bare(), "OpenSBI reads them for whoever asks");
	csr_write(scounteren, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(reads); i++)
		expect_illegal("a counter", reads[i], 0);
	T_EQ(run(CSRR(0xc01), SSTATUS_SPP), BREAKPOINT);
	csr_write(scounteren, 2);
	T_EQ(run(CSRR(0xc01), 0), BREAKPOINT);
	expect_illegal("csrr cycle", CSRR(0xc00), 0);
	csr_write(scounteren, old);
}

/* They are illegal there when the guest says so itself. */
static void forbidden(void)
{
	u64 old = csr_read(sstatus) & SSTATUS_FS;

	csr_clear(sstatus, SSTATUS_FS);
	expect_illegal("flw", 0x00052007, SSTATUS_SPP);
	expect_illegal("csrr fcsr", CSRR(3), 0);
	csr_set(sstatus, old);
	if (!machine_has("v")) {
		expect_illegal("vsetvli", 0x0c007057, SSTATUS_SPP);
		expect_illegal("csrr vl", CSRR(0xc20), SSTATUS_SPP);
	}
	if (machine_has("zicboz")) {
		csr_write(senvcfg, 0);
		expect_illegal("cbo.zero", 0x0045200f, 0);
	}
	if (machine_has("zicbom")) {
		csr_write(senvcfg, 0);
		expect_illegal("cbo.flush", 0x0025200f, 0);
		expect_illegal("cbo.inval", 0x0005200f, 0);
	}
}

const struct test guest_tests[] = {
	{"from S-mode", from_s},
	{"from U-mode", from_u},
	{"counters", counters},
	{"what the guest has forbidden", forbidden},
	{NULL, NULL},
};
