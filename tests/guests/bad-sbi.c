// SPDX-License-Identifier: BSD-2-Clause
/*
 * SBI calls with random arguments, 20,000 of them, to every extension there is, was, or may be.
 * Whatever the answer, the caller must still be there and whole afterwards, and so must everybody
 * else. What would rightly end or change this guest is left out: see harmful().
 *
 * Bare, OpenSBI does not survive all of it.
 *
 * # expect: pass
 * # harts: 1
 * # bare: differs
 */
#include "rt.h"

#define CALLS 20000

static u64 state = 0x9e3779b97f4a7c15UL;

static u64 rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static const u64 eids[] = {
	SBI_EXT_BASE,
	SBI_EXT_TIME,
	SBI_EXT_IPI,
	SBI_EXT_RFENCE,
	SBI_EXT_HSM,
	SBI_EXT_SRST,
	SBI_EXT_PMU,
	SBI_EXT_DBCN,
	SBI_EXT_SUSP,
	SBI_EXT_CPPC,
	SBI_EXT_NACL,
	SBI_EXT_STA,
	SBI_EXT_SSE,
	SBI_EXT_FWFT,
	SBI_EXT_DBTR,
	SBI_EXT_MPXY,
	0,
	1,
	2,
	3,
	4,
	5,
	6,
	7,
	0x0f,
	0x08000000,
	0x09000000,
	0x0a000000,
	0x09ffffff,
	0xffffffff,
};

/* A number somebody may have got wrong: small, a power of two, an edge, an address, or noise. */
static u64 argument(void)
{
	u64 r = rnd();

	switch (r >> 8 & 7) {
	case 0: return r >> 60;
	case 1: return 1UL << (r >> 58);
	case 2: return ~0UL << (r >> 58);
	case 3: return (1UL << (r >> 58)) - 1;
	case 4: return machine.ram_base + machine.ram_size - (r >> 60);
	case 5: return machine.ram_base - (r >> 60);
	case 6: return r >> 32;
	default: return r;
	}
}

/* Memory that a call may make the hypervisor write to, or have it read and print. */
static bool in_ram(u64 a)
{
	return a >= machine.ram_base && a < machine.ram_base + machine.ram_size;
}

static bool any_in_ram(const u64 *a)
{
	for (int i = 0; i < 6; i++)
		if (in_ram(a[i]))
			return true;
	return false;
}

/* What a guest may rightly do, and would not be there, or not be itself, after. */
static bool harmful(u64 eid, u32 fid, const u64 *a)
{
	switch (eid) {
	case SBI_EXT_SRST: return fid == 0 && (u32)a[0] < 3;
	case SBI_EXT_HSM:
		return (fid == HSM_HART_STOP) ||
		       (fid == HSM_HART_SUSPEND && !((u32)a[0] & 0x7fffffff)) ||
		       (fid == HSM_HART_START && in_ram(a[1]));
	case SBI_EXT_SUSP: return fid == 0 && (u32)a[0] == 0;
	case SBI_EXT_DBCN: return fid == DBCN_WRITE_BYTE || (in_ram(a[1]) && a[0]);
	case 1: return true; /* v0.1 console_putchar */
	case SBI_EXT_FWFT: return fid == 0 && (u32)a[0] < 6;
	case SBI_EXT_SSE:
	case SBI_EXT_PMU:
	case SBI_EXT_STA:
	case SBI_EXT_NACL:
	case SBI_EXT_DBTR:
	case SBI_EXT_MPXY: return any_in_ram(a);
	default: return false;
	}
}

static struct {
	u64 eid, fid, a[6];
} last;

static void do_call(u64 unused)
{
	(void)unused;
	sbi6(last.eid, last.fid, last.a[0], last.a[1], last.a[2], last.a[3], last.a[4], last.a[5]);
}

static void random_call(void)
{
	u64 eid = rnd() % 16 ? eids[rnd() % ARRAY_SIZE(eids)] : (u32)rnd();
	u64 fid = rnd() % 8 ? rnd() % 9 : argument();
	u64 a[6];

	for (int i = 0; i < 6; i++)
		a[i] = argument();
	if (eid == 8 || harmful(eid, (u32)fid, a)) /* 8: v0.1 shutdown */
		return;
	last.eid = eid;
	last.fid = fid;
	for (int i = 0; i < 6; i++)
		last.a[i] = a[i];
	/* Those of v0.1 that take a pointer may trap on it. */
	if (trap_try(do_call, 0) != NO_TRAP && eid > 8)
		test_fail("eid 0x%lx fid 0x%lx trapped", eid, fid);
	csr_clear(sip, 1UL << IRQ_SOFT);
}

static void survive(void)
{
	u64 stvec = csr_read(stvec), sscratch = csr_read(sscratch);

	for (int i = 0; i < CALLS; i++) {
		random_call();
		if (csr_read(stvec) != stvec || csr_read(sscratch) != sscratch ||
		    csr_read(satp) != 0 || (csr_read(sstatus) & SSTATUS_SIE)) {
			test_fail("call %d changed a CSR: eid 0x%lx fid 0x%lx args %lx %lx %lx", i,
				  last.eid, last.fid, last.a[0], last.a[1], last.a[2]);
			return;
		}
	}
}

/* And everything still works. */
static void still_there(void)
{
	u64 t = now() + ms(5);

	sbi_set_timer(t);
	T_OK(wait_for(csr_read(sip) & 1UL << IRQ_TIMER, 20000));
	T_OK(now() >= t);
	sbi_set_timer(~0UL);
	T_EQ(sbi_send_ipi(1, this_hart()->id).error, 0);
	T_OK(wait_for(csr_read(sip) & 1UL << IRQ_SOFT, 20000));
	T_EQ(sbi_hart_status(this_hart()->id).value, HSM_STARTED);
}

const struct test guest_tests[] = {
	{"20000 random calls", survive},
	{"everything still works", still_there},
	{NULL, NULL},
};
