// SPDX-License-Identifier: BSD-2-Clause
/*
 * An access that begins in a device and ends behind it: refused with an access fault, and without
 * a part of it done. (Bare, QEMU's devices do as they like.)
 *
 * # expect: pass
 * # harts: 1
 * # aia: none
 * # bare: differs
 */
#include "rt.h"

static void load8(u64 at)
{
	(void)*(volatile u64 *)at;
}

static void store8(u64 at)
{
	*(volatile u64 *)at = 0xa5a5a5a5a5a5a5a5UL;
}

static void load2(u64 at)
{
	(void)*(volatile u16 *)at;
}

static void straddle(u64 end, u64 from)
{
	T_EQ(trap_try(load8, from), 5);
	T_EQ(this_hart()->trap.stval, from);
	T_EQ(trap_try(store8, from), 7);
	T_EQ(this_hart()->trap.stval, from);
	T_EQ(trap_try(load2, end - 1), 5);
}

static void uart_end(void)
{
	volatile u8 *scr = (volatile u8 *)machine.uart + 7;

	*scr = 0x3c;
	straddle(machine.uart + machine.uart_size, machine.uart + machine.uart_size - 4);
	T_EQ(*scr, 0x3c);
}

static void plic_end(void)
{
	straddle(machine.plic + machine.plic_size, machine.plic + machine.plic_size - 4);
}

const struct test guest_tests[] = {
	{"over the end of the UART", uart_end},
	{"over the end of the PLIC", plic_end},
	{NULL, NULL},
};
