/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's physical address map: where RAM and the emulated devices are. It is the map of
 * QEMU's virt machine as far as it goes, so that a kernel built for that finds its console. The interrupt
 * controllers' are the architecture's.
 */
#ifndef GUEST_MEM_GMAP_H
#define GUEST_MEM_GMAP_H

#include "lib/types.h"

/* RAM: one piece, in whole 2 MiB. */
#define GMAP_RAM_BASE  0x80000000UL
#define GMAP_RAM_ALIGN 0x200000UL

/* The console: an NS16550A, registers one byte apart. */
#define GMAP_UART_BASE	0x10000000UL
#define GMAP_UART_SIZE	0x100UL
#define GMAP_UART_IRQ	10U /* its source at the interrupt controller */
#define GMAP_UART_CLOCK 3686400U

#endif
