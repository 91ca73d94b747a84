/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hart that does nothing any more. On its own, so that what calls it can be tested on the host.
 */
#include "arch/arch.h"
#include "arch/riscv/csr.h"
#include "hyp/machine/reset.h"

void machine_halt(void)
{
	arch_irq_off();
	csr_write(sie, 0);
	for (;;)
		__asm__ volatile("wfi");
}
