/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/selftest/selftest.h"
#include "lib/compiler.h"

/* Nothing of limen's is mapped in the first page. */
__cold void selftest_trap(void)
{
	register unsigned long mark __asm__("x28") = 0x11111e57;
	register unsigned long at __asm__("x0") = 8;

	__asm__ volatile("str xzr, [%1]" : : "r"(mark), "r"(at) : "memory");
}
