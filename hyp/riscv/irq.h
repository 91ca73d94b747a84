/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of the hypervisor: the timer, kicks, the machine's devices (hyp/irq/hostirq.h), the files of
 * guests that wait (hyp/riscv/vsfile.h), and counters that overflow (arch/riscv/hpm.h).
 */
#ifndef HYP_RISCV_IRQ_H
#define HYP_RISCV_IRQ_H

#include "arch/riscv/csr.h"
#include "lib/types.h"

/* Enables the five kinds on the calling hart. Interrupts off; after vcpu_hart_init(), which turns off what
 * guests could bring. */
void irq_hart_init(void);

/* The calling hart's external interrupt off and on, and whether it is pending; and its soft interrupt, as a
 * kick brings it. Interrupts off. */
static inline void irq_ext_off(void)
{
	csr_clear(sie, SIP_SEIP);
}

static inline void irq_ext_on(void)
{
	csr_set(sie, SIP_SEIP);
}

/* Unordered sip: what is pending is asked of the controller, not of memory. */
static inline bool irq_ext_pending(void)
{
	return csr_read(sip) & SIP_SEIP;
}

/* Unordered sip: this hart itself takes it, and sees what it wrote. */
static inline void irq_raise_soft(void)
{
	csr_set(sip, SIP_SSIP);
}

#endif
