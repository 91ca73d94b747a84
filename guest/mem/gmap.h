/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's physical address map: where RAM and the emulated devices are. It is the map of
 * QEMU's virt machine as far as it goes, so that a kernel built for that finds its console.
 */
#ifndef GUEST_MEM_GMAP_H
#define GUEST_MEM_GMAP_H

#include "lib/types.h"

/* RAM: one piece, in whole 2 MiB. */
#define GMAP_RAM_BASE  0x80000000UL
#define GMAP_RAM_ALIGN 0x200000UL

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

/* The console: an NS16550A, registers one byte apart. */
#define GMAP_UART_BASE	0x10000000UL
#define GMAP_UART_SIZE	0x100UL
#define GMAP_UART_IRQ	10U /* its source at the PLIC or APLIC */
#define GMAP_UART_CLOCK 3686400U

#endif
