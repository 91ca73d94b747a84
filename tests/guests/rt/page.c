// SPDX-License-Identifier: BSD-2-Clause
/*
 * One Sv39 page table for all harts of a test guest: everything below 4 GiB at its own address by
 * gigapages, and 4 KiB pages from MMU_ALIAS on for what a test wants to see elsewhere.
 */
#include "rt.h"

#define ENTRIES 512
#define TABLES	12

static u64 root[ENTRIES] __attribute__((aligned(4096)));
static u64 tables[TABLES][ENTRIES] __attribute__((aligned(4096)));
static unsigned int used;

static u64 *next_table(u64 *entry)
{
	if (!(*entry & PTE_V)) {
		if (used == TABLES) {
			print("Bail out! no more page tables\n");
			power_off(1);
		}
		*entry = mmu_leaf((u64)tables[used++], PTE_V);
	}
	return (u64 *)(*entry >> 10 << 12);
}

volatile u64 *mmu_pte(u64 va)
{
	u64 *t = next_table(&root[va >> 30 & 511]);

	t = next_table(&t[va >> 21 & 511]);
	return &t[va >> 12 & 511];
}

void mmu_table_at(u64 va, u64 table)
{
	u64 *t = next_table(&root[va >> 30 & 511]);

	t[va >> 21 & 511] = mmu_leaf(table, PTE_V);
	__asm__ volatile("sfence.vma" ::: "memory");
}

void mmu_on(u64 asid)
{
	for (u64 i = 0; i < 4; i++)
		root[i] = mmu_leaf(i << 30, i < 2 ? PTE_RW : PTE_RWX);
	__asm__ volatile("sfence.vma" ::: "memory");
	csr_write(satp, 8UL << 60 | asid << 44 | (u64)root >> 12);
	__asm__ volatile("sfence.vma" ::: "memory");
}

void mmu_off(void)
{
	csr_write(satp, 0);
	__asm__ volatile("sfence.vma" ::: "memory");
}
