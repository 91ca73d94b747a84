/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds the device tree a guest finds at boot. What is in it comes from the caller alone, never
 * from the host's tree.
 *
 * Devicetree Specification v0.4; bindings of dt-schema and Linux: riscv/cpus, riscv/extensions,
 * interrupt-controller/riscv,cpu-intc, interrupt-controller/sifive,plic-1.0.0, serial/8250.
 */
#ifndef GUEST_IMAGE_GTREE_H
#define GUEST_IMAGE_GTREE_H

#include "guest/image/errline.h"
#include "lib/types.h"

/* Room enough for any guest of limen: 64 vCPUs with a long list of extensions, long bootargs. */
#define GTREE_ROOM KIB(256)

/* vCPUs a tree can have: the contexts of a PLIC. */
#define GTREE_VCPUS_MAX 15872

/* The interrupt controller; all 0: a PLIC. */
struct gtree_irqchip {
	u64 aplic_size; /* bytes of an APLIC's registers; 0: it is a PLIC */
	u32 imsic_ids; /* identities of each vCPU's interrupt file; 0: none, the APLIC interrupts */
};

struct gtree_params {
	gpa_t ram_base;
	u64 ram_size; /* bytes */
	u32 vcpus;    /* >= 1; hart ids 0 to vcpus - 1 */

	/* What each vCPU is. */
	const char *isa;	    /* "riscv,isa": "rv64imafdc_zicsr_..." */
	const char *isa_base;	    /* "riscv,isa-base": "rv64i" */
	const char *const *isa_ext; /* "riscv,isa-extensions": isa_exts words */
	size_t isa_exts;
	u32 mmu;	/* the widest satp mode: 39, 48 or 57 */
	u32 cbom_block; /* bytes; 0: no Zicbom */
	u32 cbop_block; /* bytes; 0: no Zicbop */
	u32 cboz_block; /* bytes; 0: no Zicboz */
	u32 timebase;	/* ticks of `time` a second */
	struct gtree_irqchip irqchip;

	/* Called every 10,000 instructions or so; NULL: nothing. */
	void (*look)(void);

	/* What the kernel is told. */
	const char *bootargs; /* NULL: none */
	gpa_t initrd;
	u64 initrd_size; /* bytes; 0: no initrd */
	const void *rng_seed;
	size_t rng_seed_size; /* bytes; 0: no seed */
};

/*
 * Builds the tree at buf (8-byte aligned, size bytes) and says in *used how long it is. Any
 * context. ERR_NOMEM: it does not fit. ERR_INVAL: the parameters make no guest. A line in *e says
 * more.
 */
enum err gtree_build(void *buf, size_t size, const struct gtree_params *p, size_t *used,
		     struct errline *e) __must_check;

#endif
