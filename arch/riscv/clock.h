/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hart's timer: stimecmp where Sstc works, the firmware's TIME extension where not.
 */
#ifndef ARCH_RISCV_CLOCK_H
#define ARCH_RISCV_CLOCK_H

#include "lib/types.h"

/* Once, at boot: ticks a second, and whether Sstc may be used. */
void clock_init(u64 hz, bool sstc);
bool clock_has_sstc(void);

#define CLOCK_NEVER (~0UL)

/* The calling hart's timer interrupt becomes pending at the given time, or never. Replaces what
 * was set before. Interrupts off. */
void clock_set_deadline(u64 deadline);

#endif
