// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest whose page tables lie where there is nothing: it must be stopped, and told why.
 *
 * # expect: report page tables lie outside its memory|jump outside its memory
 * # harts: 1
 * # bare: never ends
 */
#include "rt.h"

void guest_main(void)
{
	print("# about to use page tables from nowhere\n");
	csr_write(satp, 8UL << 60 | 0x40000000UL >> 12);
	__asm__ volatile("sfence.vma" ::: "memory");
	print("not ok 1 - survived\n");
	power_off(0);
}
