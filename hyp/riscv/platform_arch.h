/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tree says of RISC-V's harts and interrupt controllers: part of hyp/tree/platform.h, which
 * includes it.
 *
 * Bindings riscv/cpus.yaml, riscv/extensions.yaml, interrupt-controller/sifive,plic-1.0.0.yaml,
 * riscv,aplic.yaml, riscv,imsics.yaml.
 */
#ifndef HYP_RISCV_PLATFORM_ARCH_H
#define HYP_RISCV_PLATFORM_ARCH_H

#define PLATFORM_CONTEXTS_MAX (2 * HARTS_MAX)
#define PLATFORM_AIA_MAX      8
#define PLATFORM_AIA_REGS_MAX 16
#define PLATFORM_IRQ_S_EXT    9	 /* supervisor external interrupt of a hart */
#define PLATFORM_IRQ_M_EXT    11 /* machine external interrupt of a hart */

struct platform_hart_arch {
	u8 mmu_bits;	      /* 39, 48, 57; 0: no MMU, or not said */
	u32 intc_phandle;     /* its interrupt controller; 0: none */
	u32 cbom, cboz, cbop; /* cache block sizes in bytes; 0: not said */
	const char *isa;      /* riscv,isa; NULL: none */
	const char *isa_base; /* riscv,isa-base; NULL: none */
	const char *isa_list; /* riscv,isa-extensions, strings one after the other; NULL: none */
	u32 isa_list_size;    /* bytes of isa_list, NULs included */
};

struct platform_plic_context {
	u64 hart; /* hart id; PLATFORM_NO_HART: nobody limen knows */
	u32 irq;  /* the hart's interrupt it raises: PLATFORM_IRQ_S_EXT, ..._M_EXT, or any */
};

struct platform_plic {
	bool present;
	struct platform_range reg;
	u32 phandle;
	u32 cells; /* of an interrupt of this controller */
	u32 ndev;  /* interrupt sources: 1 to ndev */
	u32 contexts;
	struct platform_plic_context context[PLATFORM_CONTEXTS_MAX];
};

enum platform_aia_kind { PLATFORM_APLIC, PLATFORM_IMSIC };

#define PLATFORM_NO_TARGET 0xffff

/* A hart that an IMSIC or a domain of an APLIC serves, in the order of interrupts-extended. */
struct platform_aia_target {
	u16 hart;  /* index in struct platform's hart[]; PLATFORM_NO_TARGET: nobody limen knows */
	u16 index; /* APLIC: the hart's index in this domain */
};

struct platform_aia {
	enum platform_aia_kind kind;
	u32 regs; /* of an IMSIC of supervisor level all; else the first */
	struct platform_range reg[PLATFORM_AIA_REGS_MAX];
	u32 phandle;
	u32 cells;	 /* APLIC: of an interrupt of this domain */
	bool supervisor; /* IMSIC: raises S external interrupts; APLIC: so do its harts or its IMSIC */
	u32 num;	 /* IMSIC: interrupt identities; APLIC: sources */
	u32 guest_num;	/* IMSIC: identities of a guest's file */
	u32 msi_parent; /* APLIC: phandle of its IMSIC; 0: wired straight to the harts */
	/* IMSIC: where in an address the file, the hart and the group of harts stand. */
	u32 guest_bits, hart_bits, group_bits, group_shift;
	u32 targets; /* of supervisor level alone */
	struct platform_aia_target target[HARTS_MAX];
};

struct platform_arch {
	struct platform_plic plic;
	u32 aias;
	struct platform_aia aia[PLATFORM_AIA_MAX];
};

struct platform;

/* The PLIC's context for that hart's supervisor external interrupt, or -1. */
int platform_plic_context(const struct platform *p, u64 hart);

/* The IMSIC of supervisor level, whichever place in the tree it has, or NULL. */
const struct platform_aia *platform_imsic(const struct platform *p);

/* The domain of an APLIC whose interrupts supervisor level gets, or NULL. */
const struct platform_aia *platform_aplic(const struct platform *p);

/* Which target of a that hart is, or -1. */
int platform_aia_target(const struct platform *p, const struct platform_aia *a, u64 hart);

/* The pages of target i of an IMSIC: its own file's, then those of its guests'. *pages says how many
 * there are; 0 when the tree has no place for them. */
hpa_t platform_imsic_files(const struct platform_aia *a, u32 i, u32 *pages);

/* The number by which an APLIC that sends to this IMSIC names the hart with that page. */
u32 platform_imsic_hart_index(const struct platform_aia *a, hpa_t page);

#endif
