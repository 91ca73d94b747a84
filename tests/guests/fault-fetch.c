// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that jumps to where there is nothing: it must be stopped, and told why. (Bare, it gets an
 * access fault.)
 *
 * # expect: report jump outside its memory
 * # harts: 1
 * # bare: differs
 */
#include "rt.h"

void guest_main(void)
{
	void (*volatile nowhere)(void) = (void (*)(void))0x40000000UL;

	print("# about to jump to nowhere\n");
	nowhere();
	print("not ok 1 - survived\n");
	power_off(0);
}
