// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that uses an atomic instruction on a device's register: nobody emulates that, so it must
 * be stopped, and told why.
 *
 * # expect: report access at 0x10000004 by an instruction that cannot be emulated
 * # harts: 1
 * # bare: differs
 */
#include "rt.h"

void guest_main(void)
{
	u32 *word = (u32 *)(machine.uart + 4);

	print("# about to add to a device register\n");
	__atomic_fetch_add(word, 1, __ATOMIC_RELAXED);
	print("not ok 1 - survived\n");
	power_off(0);
}
