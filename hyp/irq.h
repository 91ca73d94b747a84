/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of the hypervisor: the timer, kicks, the machine's devices (hyp/hostirq.h), and the
 * files of guests that wait (hyp/vsfile.h).
 */
#ifndef HYP_IRQ_H
#define HYP_IRQ_H

/* Enables the four kinds on the calling hart: kicks, the timer, devices, and guests' interrupt files.
 * Interrupts off; after vcpu_hart_init(), which turns off what guests could bring. */
void irq_hart_init(void);

#endif
