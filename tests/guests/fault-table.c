// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest whose page tables lie where there is nothing, so that it finds its trap vector nowhere: the hart cannot
 * go on, so the guest must be stopped, and told why.
 *
 * # expect: report fetch at 0x[0-9a-f]+( \(0x1800[0-9a-f]+\))?, by page tables outside its memory, by its own trap vector
 * # harts: 1
 * # bare: never ends
 */
#include "rt.h"

void guest_main(void)
{
	print("# about to use page tables from nowhere\n");
	csr_write(satp, 8UL << 60 | 0x18000000UL >> 12);
	__asm__ volatile("sfence.vma" ::: "memory");
	print("not ok 1 - survived\n");
	power_off(0);
}
