/* SPDX-License-Identifier: BSD-2-Clause */
/* The hart's pins, as hyp/irq/hostirq_chip.h asks for them. */
#ifndef HYP_RISCV_IRQ_INLINE_H
#define HYP_RISCV_IRQ_INLINE_H

#include "arch/riscv/csr.h"
#include "lib/types.h"

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
