/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's interrupt controllers, for hyp/irq/hostirq.h.
 */
#ifndef HYP_RISCV_IRQCHIP_H
#define HYP_RISCV_IRQCHIP_H

#include "hyp/irq/hostirq_chip.h"

/* Finds them and hands them over. msi: the harts' interrupt files may be used. Boot hart, before the
 * others run; once. */
void irqchip_init(const struct platform *p, bool msi);

/* The drivers of those that wires lead to. NULL where the tree has no such thing that can be used; an
 * APLIC sends messages if imsic_init() found interrupt files. Boot hart, once. */
const struct hostirq_chip *plic_init(const struct platform *p);
const struct hostirq_chip *aplic_init(const struct platform *p);

#endif
