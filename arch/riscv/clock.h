/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hart's timer: stimecmp where Sstc works, the firmware's TIME extension where not.
 */
#ifndef ARCH_RISCV_CLOCK_H
#define ARCH_RISCV_CLOCK_H

#include "lib/types.h"

/* Once, at boot: ticks a second, and whether Sstc may be used. */
void clock_init(u64 hz, bool sstc);

#endif
