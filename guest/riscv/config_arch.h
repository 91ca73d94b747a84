/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM's configuration says of RISC-V: part of guest/image/config.h, which includes it.
 */
#ifndef GUEST_RISCV_CONFIG_ARCH_H
#define GUEST_RISCV_CONFIG_ARCH_H

/* What interrupts a VM's vCPUs with: `aia`. */
enum config_irqchip {
	CONFIG_AIA_BEST, /* it does not say: the best this machine's harts can do */
	CONFIG_AIA_NONE, /* a PLIC */
	CONFIG_AIA_APLIC,
	CONFIG_AIA_APLIC_IMSIC,
};

/* The property, and its words in the order of what stands above, from its second on. */
#define CONFIG_IRQCHIP	     "aia"
#define CONFIG_IRQCHIP_WORDS "none", "aplic", "aplic-imsic"
#define CONFIG_IRQCHIP_GIVE  "give \"none\", \"aplic\" or \"aplic-imsic\""

#endif
