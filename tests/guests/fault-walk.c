// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that loads by a page table where there is nothing, while what it executes is mapped well: the load is
 * an access fault. On a hart that says nothing of the fault but that there is one, the walk of the tables that
 * limen makes itself has to tell this from tables that change meanwhile.
 *
 * QEMU makes a page fault of it.
 *
 * # expect: pass
 * # harts: 1
 * # bare: differs
 */
#include "rt.h"

#define LOAD_ACCESS 5

static u64 root[512] __attribute__((aligned(4096)));

static void load(u64 at)
{
	(void)*(volatile u8 *)at;
}

static void by_table_at(u64 table)
{
	u64 giga = machine.ram_base >> 30;

	root[giga] = (giga << 30 >> 12) << 10 | 0xcf; /* D, A, X, W, R, V */
	root[1] = (table >> 12) << 10 | 1;	      /* V: a pointer */
	csr_write(satp, 8UL << 60 | (u64)root >> 12);
	__asm__ volatile("sfence.vma" ::: "memory");
	T_EQ(trap_try(load, 0x40000123), LOAD_ACCESS);
	T_EQ(this_hart()->trap.stval, 0x40000123);
	csr_write(satp, 0);
	__asm__ volatile("sfence.vma" ::: "memory");
}

static void nowhere(void)
{
	by_table_at(0x50000000);
}

static void behind_ram(void)
{
	by_table_at(machine.ram_base + machine.ram_size);
}

static void device(void)
{
	by_table_at(machine.uart & ~4095UL);
}

const struct test guest_tests[] = {
	{"a table where there is nothing", nowhere},
	{"a table behind RAM", behind_ram},
	{"a table in a device", device},
	{NULL, NULL},
};
