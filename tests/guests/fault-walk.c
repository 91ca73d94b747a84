// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that loads by a page table where there is nothing, while what it executes is mapped well: it must
 * be stopped, and told why. On a hart that says nothing of the fault but that there is one, the walk of
 * the tables that limen makes itself has to tell this from tables that change meanwhile.
 *
 * # expect: report page tables lie outside its memory
 * # harts: 1
 * # bare: never ends
 */
#include "rt.h"

static u64 root[512] __attribute__((aligned(4096)));

void guest_main(void)
{
	u64 giga = machine.ram_base >> 30;

	root[giga] = (giga << 30 >> 12) << 10 | 0xcf; /* D, A, X, W, R, V */
	root[1] = (0x50000000UL >> 12) << 10 | 1;     /* V: a pointer */
	print("# about to load by a page table from nowhere\n");
	csr_write(satp, 8UL << 60 | (u64)root >> 12);
	__asm__ volatile("sfence.vma" ::: "memory");
	(void)*(volatile u8 *)0x40000000;
	csr_write(satp, 0);
	print("not ok 1 - survived\n");
	power_off(0);
}
