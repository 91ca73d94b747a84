/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses to device registers, exactly one of the given width each. Device regions are mapped for
 * I/O, so accesses of one hart to one device stay in program order; order against memory, and against
 * the hart's own registers, is the caller's. Window.
 */
#ifndef HYP_MACHINE_MMIO_H
#define HYP_MACHINE_MMIO_H

#include "arch/arch.h"
#include "lib/compiler.h"
#include "lib/types.h"

__window u8 mmio_read8(const volatile void *reg)
{
	return *(const volatile u8 *)reg;
}

__window u32 mmio_read32(const volatile void *reg)
{
	return *(const volatile u32 *)reg;
}

__window void mmio_write8(volatile void *reg, u8 v)
{
	*(volatile u8 *)reg = v;
}

__window void mmio_write32(volatile void *reg, u32 v)
{
	*(volatile u32 *)reg = v;
}

/* All accesses before, to devices and to memory, come before all that follow, those to registers of the
 * hart by which it talks to devices among them. */
__window void mmio_mb(void)
{
	arch_io_mb();
}

#endif
