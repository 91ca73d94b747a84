// SPDX-License-Identifier: BSD-2-Clause
/*
 * Looks for what another VM has left (tests/guests/scrub-fill.c): in RAM, in the registers and CSRs that
 * a hart starts with. tests/boot/lifecycle.t has it made in that one's memory, on its hart.
 *
 * # expect: pass
 * # harts: 2
 * # bare: differs
 */
#include "rt.h"

void scrub_entry(void);
u64 fp_save(u64 f[32]);
void vec_save(u8 *v, u64 csrs[4]);
u64 vec_bytes(void);

extern u8 __image_end[];

static u64 found[48];
static u64 floats[33];
static u8 vectors[32 * 256];
static u64 vector_csrs[4];

static void none_between(u64 from, u64 to)
{
	for (const volatile u64 *p = (const volatile u64 *)from; (u64)p < to; p++)
		if (*p) {
			test_fail("0x%lx at 0x%lx", *p, (u64)p);
			return;
		}
}

static void ram(void)
{
	none_between(machine.ram_base, 0x80200000UL);
	none_between((u64)__image_end, machine.dtb & ~7UL);
	none_between((machine.dtb + machine.dtb_size + 7) & ~7UL,
		     machine.ram_base + machine.ram_size);
}

static void second_hart(u64 arg)
{
	(void)arg;
	if (machine_has("d")) {
		csr_set(sstatus, SSTATUS_FS);
		floats[32] = fp_save(floats);
	}
	if (machine_has("v")) {
		csr_set(sstatus, SSTATUS_VS);
		if (vec_bytes() <= 256)
			vec_save(vectors, vector_csrs);
	}
}

static void registers(void)
{
	struct sbiret r;

	SKIP_IF(hart_count() < 2, "one hart");
	harts[1].fn = second_hart;
	r = sbi(SBI_EXT_HSM, HSM_HART_START, harts[1].id, (u64)scrub_entry, (u64)found);
	T_EQ(r.error, 0);
	T_OK(hart_join(1));
	T_EQ(found[10], harts[1].id);
	T_EQ(found[11], (u64)found);
	for (unsigned int i = 1; i < 32; i++)
		if (i != 10 && i != 11 && found[i])
			test_fail("x%u is 0x%lx", i, found[i]);
}

static void csrs(void)
{
	static const char *const names[] = {"sscratch", "stvec", "sepc", "scause",
					    "stval",	"satp",	 "sie",	 "sip"};

	SKIP_IF(hart_count() < 2, "one hart");
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (found[32 + i])
			test_fail("%s is 0x%lx", names[i], found[32 + i]);
	T_EQ(found[40] & (SSTATUS_SIE | SSTATUS_SPIE | SSTATUS_SPP | SSTATUS_FS | SSTATUS_VS), 0);
	T_EQ(found[41], csr_read(scounteren));
	T_OK(found[41] != 2);
}

static void read_senvcfg(u64 arg)
{
	(void)arg;
	T_EQ(csr_read(0x10a), 0);
}

static void read_siselect(u64 arg)
{
	(void)arg;
	T_EQ(csr_read(0x150), 0);
}

static void more_csrs(void)
{
	(void)trap_try(read_senvcfg, 0);
	(void)trap_try(read_siselect, 0);
}

static void fp_vector(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	for (unsigned int i = 0; i < 33; i++)
		T_EQ(floats[i], 0);
	for (unsigned int i = 0; i < sizeof(vectors); i++)
		if (vectors[i])
			test_fail("vector byte %u is 0x%x", i, vectors[i]);
	T_EQ(vector_csrs[0] | vector_csrs[2] | vector_csrs[3], 0);
}

const struct test guest_tests[] = {
	{"RAM is zero", ram},
	{"a hart starts with clean registers", registers},
	{"and clean CSRs", csrs},
	{"senvcfg and siselect are clean", more_csrs},
	{"floating-point and vector registers are clean", fp_vector},
	{NULL, NULL},
};
