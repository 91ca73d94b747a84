/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest's tree says of RISC-V: part of guest/image/gtree.h, which includes it. Bindings of dt-schema
 * and Linux: riscv/cpus, riscv/extensions, interrupt-controller/riscv,cpu-intc,
 * interrupt-controller/sifive,plic-1.0.0.
 */
#ifndef GUEST_RISCV_GTREE_ARCH_H
#define GUEST_RISCV_GTREE_ARCH_H

#include "lib/types.h"

/* vCPUs a tree can have: the contexts of a PLIC. */
#define GTREE_VCPUS_MAX 15872

/* The interrupt controller; all 0: a PLIC. */
struct gtree_irqchip {
	u64 aplic_size; /* bytes of an APLIC's registers; 0: it is a PLIC */
	u32 imsic_ids; /* identities of each vCPU's interrupt file; 0: none, the APLIC interrupts */
};

struct gtree_arch {
	/* What each vCPU is. */
	const char *isa;	    /* "riscv,isa": "rv64imafdc_zicsr_..." */
	const char *isa_base;	    /* "riscv,isa-base": "rv64i" */
	const char *const *isa_ext; /* "riscv,isa-extensions": isa_exts words */
	size_t isa_exts;
	u32 mmu;	/* the widest satp mode: 39, 48 or 57 */
	u32 cbom_block; /* bytes; 0: no Zicbom */
	u32 cbop_block; /* bytes; 0: no Zicbop */
	u32 cboz_block; /* bytes; 0: no Zicboz */
	struct gtree_irqchip irqchip;
};

#endif
