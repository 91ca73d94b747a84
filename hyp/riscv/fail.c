/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/selftest/selftest.h"
#include "lib/compiler.h"

/* Nothing of limen's is mapped in the first page. */
__cold void selftest_trap(void)
{
	register unsigned long mark __asm__("s11") = 0x11111e57;

	__asm__ volatile("sd zero, 8(zero)" : : "r"(mark) : "memory");
}
