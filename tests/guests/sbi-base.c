// SPDX-License-Identifier: BSD-2-Clause
/*
 * SBI BASE: every function, unknown functions and extensions, and that a call changes no register
 * but a0 and a1 (SBI v3.0, chapters 3 and 4).
 *
 * # expect: pass
 * # harts: 1
 */
#include "rt.h"

static void spec_version(void)
{
	struct sbiret r = sbi(SBI_EXT_BASE, BASE_GET_SPEC_VERSION);

	T_EQ(r.error, 0);
	T_EQ((u64)r.value >> 31, 0);
	if (bare())
		T_OK(r.value >> 24 >= 2);
	else
		T_EQ(r.value, 3 << 24);
}

static void implementation(void)
{
	struct sbiret id = sbi(SBI_EXT_BASE, BASE_GET_IMPL_ID);
	struct sbiret version = sbi(SBI_EXT_BASE, BASE_GET_IMPL_VERSION);

	T_EQ(id.error, 0);
	T_EQ(version.error, 0);
	/* Some callers keep 32 bits of them, and some take these for signed. */
	T_EQ((u64)id.value >> 31, 0);
	T_EQ((u64)version.value >> 31, 0);
	if (!bare())
		T_EQ(id.value, LIMEN_IMPL_ID);
	print("# implementation %ld version 0x%lx\n", id.value, version.value);
	/* Twice the same. */
	T_EQ(sbi(SBI_EXT_BASE, BASE_GET_IMPL_ID).value, id.value);
	T_EQ(sbi(SBI_EXT_BASE, BASE_GET_IMPL_VERSION).value, version.value);
}

static void machine_ids(void)
{
	for (u64 fid = BASE_GET_MVENDORID; fid <= BASE_GET_MIMPID; fid++) {
		struct sbiret r = sbi(SBI_EXT_BASE, fid);

		T_EQ(r.error, 0);
		T_EQ(sbi(SBI_EXT_BASE, fid).value, r.value);
	}
}

/* The first so many of those below are what OpenSBI has too. */
#define BARE_EIDS 7

static void probe_present(void)
{
	static const u64 eids[] = {SBI_EXT_BASE, SBI_EXT_TIME, SBI_EXT_IPI,  SBI_EXT_RFENCE,
				   SBI_EXT_HSM,	 SBI_EXT_SRST, SBI_EXT_DBCN, SBI_EXT_PMU,
				   SBI_EXT_SUSP, SBI_EXT_STA,  SBI_EXT_FWFT};

	for (unsigned int i = 0; i < (bare() ? BARE_EIDS : ARRAY_SIZE(eids)); i++) {
		struct sbiret r = sbi(SBI_EXT_BASE, BASE_PROBE_EXTENSION, eids[i]);

		if (r.error || r.value != 1)
			test_fail("extension 0x%lx: error %ld value %ld", eids[i], r.error,
				  r.value);
	}
}

/* Also numbers that look like a known one when cut to 16 bits. */
static const u64 unknown_eids[] = {0xdeadbeef, 0x11,	   0xffffffff, 0x08000000,
				   0x7fffffff, 0x54494d46, 0x0a000001};

static void probe_absent(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(unknown_eids); i++) {
		struct sbiret r = sbi(SBI_EXT_BASE, BASE_PROBE_EXTENSION, unknown_eids[i]);

		if (r.error || r.value)
			test_fail("extension 0x%lx: error %ld value %ld", unknown_eids[i], r.error,
				  r.value);
	}
	/* The argument is a long, and looked at whole. */
	T_EQ(sbi(SBI_EXT_BASE, BASE_PROBE_EXTENSION, 1UL << 32 | SBI_EXT_BASE).value, 0);
}

static void unknown_extension(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(unknown_eids); i++)
		for (u64 fid = 0; fid < 3; fid++)
			T_EQ(sbi(unknown_eids[i], fid, 1, 2, 3).error, SBI_ERR_NOT_SUPPORTED);
}

static void unknown_function(void)
{
	static const struct {
		u64 eid, fid;
	} calls[] = {
		{SBI_EXT_BASE, 7},	    {SBI_EXT_BASE, ~0U}, {SBI_EXT_BASE, 0x7fffffff},
		{SBI_EXT_TIME, 1},	    {SBI_EXT_TIME, ~0U}, {SBI_EXT_IPI, 1},
		{SBI_EXT_IPI, 0x80000000U}, {SBI_EXT_RFENCE, 7}, {SBI_EXT_RFENCE, ~0U},
		{SBI_EXT_HSM, 4},	    {SBI_EXT_HSM, ~0U},	 {SBI_EXT_SRST, 1},
		{SBI_EXT_SRST, ~0U},	    {SBI_EXT_DBCN, 3},	 {SBI_EXT_DBCN, ~0U},
		{SBI_EXT_PMU, 9},	    {SBI_EXT_PMU, ~0U},	 {SBI_EXT_SUSP, 1},
		{SBI_EXT_SUSP, ~0U},	    {SBI_EXT_STA, 1},	 {SBI_EXT_STA, ~0U},
		{SBI_EXT_FWFT, 2},	    {SBI_EXT_FWFT, ~0U},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		struct sbiret r = sbi(calls[i].eid, calls[i].fid);

		if (r.error != SBI_ERR_NOT_SUPPORTED)
			test_fail("0x%lx function %ld: error %ld", calls[i].eid, calls[i].fid,
				  r.error);
	}
}

/* An EID and a FID have 32 bits: what is above them is not part of them. */
static void wide_numbers(void)
{
	u64 junk = 0xdeadbeefUL << 32, id = this_hart()->id;

	SKIP_IF(bare(), "OpenSBI looks at all 64 bits");
	T_EQ(sbi(SBI_EXT_BASE | junk, BASE_GET_SPEC_VERSION | junk).value, 3 << 24);
	T_EQ(sbi(SBI_EXT_BASE | junk, BASE_PROBE_EXTENSION | junk, SBI_EXT_SRST).value, 1);
	T_EQ(sbi(SBI_EXT_TIME | junk, junk, ~0UL).error, 0);
	T_EQ(sbi(SBI_EXT_IPI | junk, junk, 1, id).error, 0);
	T_OK(csr_read(sip) & 1UL << IRQ_SOFT);
	csr_clear(sip, 1UL << IRQ_SOFT);
	T_EQ(sbi(SBI_EXT_RFENCE | junk, RFENCE_FENCE_I | junk, 1, id).error, 0);
	T_EQ(sbi(SBI_EXT_HSM | junk, HSM_HART_GET_STATUS | junk, id).error, 0);
	T_EQ(sbi(SBI_EXT_DBCN | junk, DBCN_WRITE | junk, 0, machine.ram_base).error, 0);
	T_EQ(sbi(SBI_EXT_SRST | junk, junk, 7, 0).error, SBI_ERR_INVALID_PARAM);
	T_EQ(sbi(SBI_EXT_PMU | junk, PMU_NUM_COUNTERS | junk).error, 0);
	T_EQ(sbi(SBI_EXT_SUSP | junk, junk, 7).error, SBI_ERR_INVALID_PARAM);
	T_EQ(sbi(SBI_EXT_STA | junk, junk, ~0UL, ~0UL).error, 0);
	T_EQ(sbi(SBI_EXT_FWFT | junk, FWFT_GET | junk, 6).error, SBI_ERR_DENIED);
	T_EQ(sbi(0xdeadbeef, junk).error, SBI_ERR_NOT_SUPPORTED);
	T_EQ(sbi(SBI_EXT_BASE, junk | 77).error, SBI_ERR_NOT_SUPPORTED);
}

/* ecall; ebreak */
static const u32 call_code[] = {0x00000073, 0x00100073};

/* The registers after a call are those before it, but for a0 and a1. */
static void check_preserved(u64 eid, u64 fid, u64 a0, u64 a1, u64 a2)
{
	u64 x[32];
	const struct trap *t = &this_hart()->trap;

	for (u64 i = 0; i < 32; i++)
		x[i] = 0x5a5a000012340000UL + i * 0x0101010100000101UL;
	x[10] = a0;
	x[11] = a1;
	x[12] = a2;
	x[16] = fid;
	x[17] = eid;
	T_EQ(trap_run(x, (u64)call_code, SSTATUS_SPP), 3);
	T_EQ(t->sepc, (u64)&call_code[1]);
	for (int i = 1; i < 32; i++)
		if (i != 10 && i != 11 && t->x[i] != x[i])
			test_fail("call 0x%lx/%lu: x%d was 0x%lx, is 0x%lx", eid, fid, i, x[i],
				  t->x[i]);
}

static void registers_preserved(void)
{
	u64 self = this_hart()->id;

	check_preserved(SBI_EXT_BASE, BASE_GET_SPEC_VERSION, 1, 2, 3);
	check_preserved(SBI_EXT_BASE, 77, 1, 2, 3);
	check_preserved(0xdeadbeef, 1, 1, 2, 3);
	check_preserved(SBI_EXT_TIME, 0, ~0UL, 2, 3);
	check_preserved(SBI_EXT_IPI, 0, 1, self, 3);
	check_preserved(SBI_EXT_RFENCE, RFENCE_FENCE_I, 1, self, 0);
	check_preserved(SBI_EXT_RFENCE, RFENCE_SFENCE_VMA, 1, self, 0);
	check_preserved(SBI_EXT_HSM, HSM_HART_GET_STATUS, self, 2, 3);
	check_preserved(SBI_EXT_HSM, HSM_HART_START, self, 2, 3);
	check_preserved(SBI_EXT_DBCN, DBCN_WRITE, 0, (u64)call_code, 0);
	check_preserved(SBI_EXT_SRST, 0, 0x1234, 0, 3);
}

/* How the boot hart comes in: satp zero, interrupts off. */
static void entry_state(void)
{
	T_EQ(harts[0].entry[2], 0);
	T_EQ(harts[0].entry[3] & SSTATUS_SIE, 0);
	T_EQ(harts[0].entry[1] & 7, 0);
	T_OK(machine.ram_size >= 8 << 20);
	T_OK(machine.nharts >= 1);
}

const struct test guest_tests[] = {
	{"state on entry", entry_state},
	{"get_spec_version", spec_version},
	{"get_impl_id and get_impl_version", implementation},
	{"machine ids", machine_ids},
	{"probe_extension finds what there must be", probe_present},
	{"probe_extension gives 0 for unknown ones", probe_absent},
	{"an unknown extension is not supported", unknown_extension},
	{"an unknown function is not supported", unknown_function},
	{"bits above the 32 of an extension's and a function's number", wide_numbers},
	{"a call preserves all registers but a0 and a1", registers_preserved},
	{NULL, NULL},
};
