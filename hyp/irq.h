/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of the hypervisor: the timer, kicks, and the machine's devices.
 */
#ifndef HYP_IRQ_H
#define HYP_IRQ_H

#include "hyp/platform.h"
#include "lib/err.h"

/* Enables the three kinds on the calling hart. Interrupts off. */
void irq_hart_init(void);

/* Has fn called for every external interrupt of a hart: the interrupt controller's claim loop. */
void irq_set_external(void (*fn)(void));

/* hyp/plic.c: the platform's PLIC takes the console's interrupt to this hart. ERR_NOENT: no PLIC,
 * or no context of this hart; ERR_NOMEM. */
enum err plic_init(const struct platform *p, u64 hartid, u32 source, void (*handler)(void));

#endif
