// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest whose trap vector lies where there is nothing, and that traps: the hart cannot go on, so
 * the guest must be stopped, and told why.
 *
 * # expect: report fetch at 0x18000000( \(0x18000000\))?, where it has nothing, by its own trap vector
 * # harts: 1
 * # bare: never ends
 */
#include "rt.h"

void guest_main(void)
{
	print("# about to trap to nowhere\n");
	csr_write(stvec, 0x18000000UL);
	__asm__ volatile("ebreak");
	print("not ok 1 - survived\n");
	power_off(0);
}
