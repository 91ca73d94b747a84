// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest whose trap vector lies where there is nothing, and that traps: the hart cannot go on, so
 * the guest must be stopped, and told why.
 *
 * # expect: report jump outside its memory
 * # harts: 1
 * # bare: never ends
 */
#include "rt.h"

void guest_main(void)
{
	print("# about to trap to nowhere\n");
	csr_write(stvec, 0x40000000UL);
	__asm__ volatile("ebreak");
	print("not ok 1 - survived\n");
	power_off(0);
}
