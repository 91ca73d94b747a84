/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/counts.h"

#include "arch/riscv/csr.h"
#include "arch/riscv/probe.h"

DEFINE_PER_HART(struct guest_counts *, guest_counting);

bool counts_readable(void)
{
	unsigned long v;

	return csr_try_read(cycle, &v) && csr_try_read(instret, &v);
}

noinstr void guest_run_counted(struct arch_vcpu *v)
{
	struct guest_counts *c = this_hart(guest_counting);
	u64 cycle = csr_read(cycle), instret = csr_read(instret);

	guest_switch_call(v);
	instret = csr_read(instret) - instret;
	cycle = csr_read(cycle) - cycle;
	if (c->switched & BIT(COUNTS_CYCLE))
		c->value[COUNTS_CYCLE] += cycle;
	if (c->switched & BIT(COUNTS_INSTRET))
		c->value[COUNTS_INSTRET] += instret;
}
