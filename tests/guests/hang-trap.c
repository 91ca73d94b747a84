// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that traps for ever without leaving itself: its trap vector is not mapped in its own page
 * table. The hypervisor sees nothing of it but the time it takes.
 *
 * # expect: hang # about to trap for ever
 * # harts: 1
 * # bare: never ends
 */
#include "rt.h"

void guest_main(void)
{
	print("# about to trap for ever\n");
	mmu_on(0);
	csr_write(stvec, MMU_ALIAS);
	__asm__ volatile("ebreak");
	print("not ok 1 - survived\n");
	power_off(0);
}
