/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the first C to a hypervisor that runs threads on all its harts.
 */
#ifndef HYP_MACHINE_BOOT_H
#define HYP_MACHINE_BOOT_H

#include "hyp/tree/bootargs.h"
#include "hyp/tree/platform.h"
#include "lib/compiler.h"
#include "lib/types.h"

/* Facts of this boot; constant once limen_main() runs. */
struct boot_info {
	hpa_t load;		   /* where the image lies */
	struct platform_range fit; /* what follows the image in its file; size 0: nothing */
	struct platform *platform;
	const struct bootargs *args;
	u64 began; /* when boot_main() did, by arch_clock() */
};

extern struct boot_info boot_info;

/* From head.S: hart id, device tree, and where the image was loaded; on the boot stack, interrupts
 * off, on boot's tables. */
__noreturn void boot_main(u64 hartid, u64 fdt, u64 load);

/* The work of the layer above, in a thread of its own on hart 0 once everything is up. */
void limen_main(void);

#endif
