/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/clock.h"

#include "arch/arch.h"
#include "arch/riscv/csr.h"
#include "sbi/fw.h"

static u64 ticks_per_second;
static bool use_sstc;

void clock_init(u64 hz, bool sstc)
{
	ticks_per_second = hz;
	use_sstc = sstc;
}

u64 arch_clock_hz(void)
{
	return ticks_per_second;
}

bool arch_timer_is_cheap(void)
{
	return use_sstc;
}

/* Unordered stimecmp: its interrupt is this hart's own. */
void arch_timer_set(u64 deadline)
{
	if (use_sstc)
		csr_write(stimecmp, deadline);
	else
		fw_set_timer(deadline);
}
