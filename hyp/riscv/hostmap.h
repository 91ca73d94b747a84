/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own address space: the image with W^X, the direct map, devices, stacks
 * (arch/riscv/layout.h). All harts share it. Changed under a lock of
 * its own, below which only the page allocator's is taken.
 */
#ifndef HYP_RISCV_HOSTMAP_H
#define HYP_RISCV_HOSTMAP_H

#include "hyp/mem/hostmap.h"
#include "hyp/tree/platform.h"
#include "lib/err.h"
#include "lib/types.h"

/*
 * Builds the final tables and goes over to them. mode: 39, 48 or 57 to ask for one, 0 for the
 * narrowest that holds all RAM. fdt is the tree's physical address, which stays mapped where boot
 * saw it. Boot hart, once.
 * ERR_NOMEM: the machine's memory is in more pieces than boot has tables for. ERR_RANGE: RAM is
 * further apart than the harts' widest mode reaches. ERR_NOTSUP: this hart has not got the mode that
 * the tree says it has.
 */
enum err hostmap_init(const struct platform *p, hpa_t load, hpa_t fdt, u64 fdt_size,
		      unsigned int mode);

/* satp of these tables, for the other harts. */
u64 hostmap_satp(void);

/* 39, 48 or 57. */
unsigned int hostmap_mode(void);

/* Physical address of a byte of the image. */
hpa_t image_to_hpa(const void *p);

/* Is the byte in limen's text? */
bool image_is_text(uintptr_t va);

#endif
