/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of the hypervisor: the timer, kicks, the machine's devices (hyp/irq/hostirq.h), the files of
 * guests that wait (hyp/riscv/vsfile.h), and counters that overflow (arch/riscv/hpm.h).
 */
#ifndef HYP_RISCV_IRQ_H
#define HYP_RISCV_IRQ_H

#include "lib/types.h"

/* Enables the five kinds on the calling hart. Interrupts off; after vcpu_hart_init(), which turns off what
 * guests could bring. */
void irq_hart_init(void);

#endif
