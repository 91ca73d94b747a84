/* SPDX-License-Identifier: BSD-2-Clause */
/* The address map of guest/mem/gmap.h, the interrupt controllers' part. */
#ifndef GUEST_RISCV_GMAP_IRQCHIP_H
#define GUEST_RISCV_GMAP_IRQCHIP_H

/* The PLIC, PLIC 1.0: one context a vCPU (S-mode), context = vCPU. */
#define GMAP_PLIC_BASE 0x0c000000UL
#define GMAP_PLIC_SIZE 0x04000000UL
#define GMAP_PLIC_NDEV 96U /* the highest interrupt source */

/* The APLIC in its place: one domain, one hart index a vCPU; and the vCPUs' interrupt files, a page
 * each. */
#define GMAP_APLIC_BASE	   0x0d000000UL
#define GMAP_APLIC_SOURCES 96U
#define GMAP_IMSIC_BASE	   0x28000000UL
#define GMAP_IMSIC_IDS	   255U

#endif
