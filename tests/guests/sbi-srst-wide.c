// SPDX-License-Identifier: BSD-2-Clause
/*
 * A shutdown whose type and reason have bits above their 32, which are not part of them (SBI v3.0, chapters
 * 3 and 10). OpenSBI refuses it.
 *
 * # expect: pass
 * # harts: 1
 * # bare: differs
 */
#include "rt.h"

void guest_main(void)
{
	print("ok 1 - the machine goes off\n1..1\n");
	print("not ok 1 - it came back: %ld\n",
	      sbi(SBI_EXT_SRST, 0, 1UL << 32, 0xabcdUL << 32).error);
	power_off(1);
}
