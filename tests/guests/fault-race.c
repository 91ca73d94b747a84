// SPDX-License-Identifier: BSD-2-Clause
/*
 * A load from a device that the page table lets the guest read and not write, while another hart makes a store of
 * the instruction, and a load again, as fast as it can. Whichever of them the hart executes: the load gives the
 * register, and the store is a page fault. A hypervisor that fetches the instruction after the hart did may find
 * the other one there, and must not do what the page table forbids.
 *
 * # expect: pass
 * # harts: 2
 */
#include "rt.h"

#define ENOUGH 3000 /* of each */

#define BREAKPOINT	 3
#define STORE_PAGE_FAULT 15

#define UART_VA	 (MMU_ALIAS + 0x3000)
#define UART_SCR 7

#define LBU    0x00754603 /* lbu a2, 7(a0) */
#define SB     0x00b503a3 /* sb a1, 7(a0) */
#define EBREAK 0x00100073

static volatile u32 code[2] __attribute__((aligned(64)));
static volatile bool done;

static void toggle(u64 arg)
{
	(void)arg;
	while (!done) {
		code[0] = SB;
		for (u64 end = now() + us(20); now() < end;)
			;
		code[0] = LBU;
		for (u64 end = now() + us(20); now() < end;)
			;
	}
}

static void changing(void)
{
	volatile u8 *scr = (volatile u8 *)machine.uart + UART_SCR;
	u64 x[32] = {0}, loads = 0, stores = 0;

	SKIP_IF(hart_count() < 2, "one hart");
	code[0] = LBU;
	code[1] = EBREAK;
	*mmu_pte(UART_VA) = mmu_leaf(machine.uart, PTE_V | PTE_R | PTE_A | PTE_D);
	mmu_on(0);
	x[10] = UART_VA + (machine.uart & 4095);
	x[11] = 0xc3;
	*scr = 0x3c;
	T_EQ(hart_start(1, toggle, 0), 0);
	for_rounds(i, 0, 1000000, 20000)
	{
		u64 cause;

		__asm__ volatile("fence.i" ::: "memory");
		cause = trap_run(x, (u64)code, SSTATUS_SPP);
		loads += cause == BREAKPOINT;
		stores += cause == STORE_PAGE_FAULT;
		if (cause != BREAKPOINT && cause != STORE_PAGE_FAULT)
			test_fail("cause %lu", cause);
		else if (cause == BREAKPOINT && this_hart()->trap.x[12] != 0x3c)
			test_fail("loaded 0x%lx", this_hart()->trap.x[12]);
		T_EQ(*scr, 0x3c);
		if (loads >= ENOUGH && stores >= ENOUGH)
			break;
	}
	done = true;
	mmu_off();
	T_OK(hart_join(1));
	print("# %lu loads, %lu stores\n", loads, stores);
	T_OK(loads && stores);
}

const struct test guest_tests[] = {
	{"a load that becomes a store", changing},
	{NULL, NULL},
};
