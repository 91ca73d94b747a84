/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harts limen drives: index to hardware id and per-hart area. Filled while booting, by the
 * boot hart alone; read-only afterwards.
 */
#ifndef ARCH_RISCV_HART_H
#define ARCH_RISCV_HART_H

#include "lib/err.h"
#include "lib/types.h"

/* Bytes of a per-hart area; zeroed memory of this size, 16-byte aligned. */
size_t hart_area_size(void);

/* Adds the next hart with its area; returns its index. Boot hart only, before it runs there.
 * The caller keeps to HARTS_MAX. */
unsigned int hart_add(u64 id, void *area);

/* Takes hart index back, which did not come up; those behind it move up by one. Boot hart only,
 * before any of them knows its index. */
void hart_drop(unsigned int index);

/* The calling hart's area. */
char *hart_area(void);

/* From now on n harts count as up. */
void hart_set_count(unsigned int n);

/* From now on hart index is kicked by a store of identity to reg, and not through the firmware. The
 * hart itself, once its interrupt file takes that identity. */
void hart_set_kick(unsigned int index, volatile u32 *reg, u32 identity);

/* The handler of kicks runs: first thing in it, before it looks what for. Interrupts off. */
void hart_kicked(void);

#endif
