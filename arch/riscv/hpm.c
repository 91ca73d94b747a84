/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/hpm.h"

#include "arch/riscv/csr.h"
#include "sbi/fw.h"

#define HPM_FIRST 3U
#define HPM_END	  19U /* hpm_read.S knows those before it */

#define NOT_OF_A_GUEST (SBI_PMU_CFG_SET_MINH | SBI_PMU_CFG_SET_SINH | SBI_PMU_CFG_SET_UINH)

/*
 * An hpmcounter of 64 bits begins here or above, or its end would be so far off that QEMU 10.0 forgets
 * about the next one. It comes to its end before the guest's count does only after a hundred years.
 */
#define NEAR_THE_END (3UL << 62)

/* Of the boot hart. Written at boot, before there are others. */
static u32 usable; /* BIT(hpmcounter) */
static u8 width;

static u64 in_width(u64 value)
{
	return value & ~0UL >> (63 - width);
}

static u32 find_usable(u8 *bits)
{
	u32 found = 0;

	*bits = 0;
	for (u32 n = HPM_FIRST; n < HPM_END; n++) {
		long info = fw_pmu_info(n);

		if (info < 0 || SBI_PMU_INFO_NUMBER(info) != CSR_cycle + n)
			continue;
		if (!found)
			*bits = SBI_PMU_INFO_WIDTH(info);
		if (SBI_PMU_INFO_WIDTH(info) == *bits)
			found |= (u32)BIT(n);
	}
	return found;
}

u8 hpm_probe(void)
{
	struct guest_counts c = {.running = COUNTS_ALL, .switched = COUNTS_ALL};
	u8 bits;
	u32 found = find_usable(&bits);

	if (!usable) {
		usable = found;
		width = bits;
	}
	if (bits != width || (usable & ~found))
		return 0;
	hpm_start(&c);
	(void)hpm_look(&c);
	hpm_stop(&c);
	return c.switched || c.value[COUNTS_CYCLE] || c.value[COUNTS_INSTRET] ? 0 : width;
}

static void start(struct guest_counts *c, unsigned int n)
{
	u64 event = n == COUNTS_CYCLE ? SBI_PMU_HW_CPU_CYCLES : SBI_PMU_HW_INSTRUCTIONS;
	long hpm = fw_pmu_config(usable, NOT_OF_A_GUEST | c->inhibit[n], event);
	u64 value;

	if (hpm < 0 || hpm >= HPM_END || !(usable >> hpm & 1))
		return;
	c->value[n] = in_width(c->value[n]);
	value = c->value[n] | in_width(NEAR_THE_END);
	if (fw_pmu_start((u64)hpm, value)) {
		fw_pmu_stop(BIT(hpm));
		return;
	}
	c->hpm[n] = (u8)hpm;
	c->hpm_is[n] = value - c->value[n];
	c->switched &= ~(u32)BIT(n);
}

void hpm_start(struct guest_counts *c)
{
	for (u32 left = c->running; left; left &= left - 1)
		start(c, (unsigned int)__builtin_ctz(left));
}

void hpm_stop(struct guest_counts *c)
{
	u64 set = 0;

	for (unsigned int n = 0; n < COUNTS_NUMBER; n++) {
		set |= BIT(c->hpm[n]);
		c->hpm[n] = 0;
	}
	set &= usable;
	if (set)
		fw_pmu_stop(set);
}

bool hpm_look(struct guest_counts *c)
{
	u32 before = c->overflown;

	for (unsigned int n = 0; n < COUNTS_NUMBER; n++) {
		u64 now;

		if (!c->hpm[n])
			continue;
		now = hpm_read(c->hpm[n]) - c->hpm_is[n];
		if (now < c->value[n])
			c->overflown |= (u32)BIT(n);
		c->value[n] = now;
	}
	return c->overflown != before;
}
