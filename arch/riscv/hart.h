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

/* Takes back the hart added last, which did not come up. */
void hart_drop_last(void);

/* The calling hart's area. */
char *hart_area(void);

/* Counts the harts added so far as up. */
void hart_set_count(unsigned int n);

/* Hardware id of a hart, by index. Any context. */
u64 hart_id(unsigned int index);

#endif
