/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generic timer: the system counter, and EL2's physical timer, which is limen's alone.
 */
#include "arch/arch.h"
#include "arch/arm64/sysreg.h"

u64 arch_clock_hz(void)
{
	return sysreg_read(cntfrq_el0);
}

/* The ISB makes the timer's level what it is from now on before the caller takes interrupts. */
void arch_timer_set(u64 deadline)
{
	if (deadline == ~0UL) {
		sysreg_write(cnthp_ctl_el2, 0);
	} else {
		sysreg_write(cnthp_cval_el2, deadline);
		sysreg_write(cnthp_ctl_el2, CNT_ENABLE);
	}
	isb();
}

/* Two registers of the hart's own. */
bool arch_timer_is_cheap(void)
{
	return true;
}
