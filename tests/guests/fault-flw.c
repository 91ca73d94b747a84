// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that loads a floating-point register from a device: nobody emulates that, so it must be
 * stopped, and told why.
 *
 * # expect: report access at 0x10000004 by an instruction that cannot be emulated
 * # harts: 1
 * # bare: differs
 */
#include "rt.h"

void guest_main(void)
{
	csr_set(sstatus, SSTATUS_FS);
	print("# about to load a floating-point register from a device\n");
	__asm__ volatile(".option push\n"
			 ".option arch, +f\n"
			 "flw f0, 4(%0)\n"
			 ".option pop"
			 :
			 : "r"(machine.uart)
			 : "memory");
	print("not ok 1 - survived\n");
	power_off(0);
}
