// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that loads from where there is nothing, while its other hart runs on: the whole guest
 * must be stopped, and told why. (Bare, it gets an access fault.)
 *
 * # expect: report load of 4 bytes at 0x40000010, where it has nothing
 * # harts: 2
 * # bare: differs
 */
#include "rt.h"

static void spin(u64 arg)
{
	(void)arg;
	for (;;)
		;
}

void guest_main(void)
{
	if (hart_count() > 1)
		hart_start(1, spin, 0);
	print("# about to load from nowhere\n");
	print("not ok 1 - survived a load of 0x%x\n", *(volatile u32 *)0x40000010);
	power_off(0);
}
