// SPDX-License-Identifier: BSD-2-Clause
/*
 * Leaves something in all that it can write: its RAM, its registers, the CSRs of its hart. Then it says
 * so at the beginning of its RAM, and keeps it all. tests/guests/scrub-look.c looks for it from another
 * VM (tests/boot/lifecycle.t).
 */
#include "rt.h"

#include <string.h>

#define SECRET 0x5ec2e75ec2e75ec2UL

void fp_load(const u64 f[32], u64 fcsr);
void vec_load(const u8 *v, u64 vl, u64 vtype, u64 vcsr);
u64 vec_bytes(void);
void scrub_keep(u64 secret, volatile u64 *flag, u64 what) __attribute__((noreturn));

extern u8 __image_end[];

static u8 vectors[32 * 256];

static void fill(u64 from, u64 to)
{
	for (volatile u64 *p = (volatile u64 *)from; (u64)p < to; p++)
		*p = SECRET;
}

static void write_senvcfg(u64 arg)
{
	csr_write(0x10a, arg);
}

static void write_siselect(u64 arg)
{
	csr_write(0x150, arg);
}

static void fill_csrs(void)
{
	csr_write(scounteren, 2);
	(void)trap_try(write_senvcfg, 0xf0);
	(void)trap_try(write_siselect, 0x72);
	csr_write(sepc, SECRET);
	csr_write(scause, 0x1e);
	csr_write(stval, SECRET);
}

void guest_main(void)
{
	u64 f[32];

	irq_off();
	fill(machine.ram_base + 8, 0x80200000UL);
	fill((u64)__image_end, machine.dtb & ~7UL);
	fill((machine.dtb + machine.dtb_size + 7) & ~7UL, machine.ram_base + machine.ram_size);
	if (machine_has("d")) {
		for (int i = 0; i < 32; i++)
			f[i] = SECRET;
		csr_set(sstatus, SSTATUS_FS);
		fp_load(f, 0x7f);
	}
	if (machine_has("v")) {
		memset(vectors, 0x5e, sizeof(vectors));
		csr_set(sstatus, SSTATUS_VS);
		if (vec_bytes() <= 256)
			vec_load(vectors, 3, 0x10, 7);
	}
	fill_csrs();
	scrub_keep(SECRET, (volatile u64 *)machine.ram_base, SECRET);
}
