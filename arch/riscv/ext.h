/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extension table: what limen knows of each ISA extension. A guest is offered what the table
 * allows and every hart has, never a copy of the host's ISA string.
 *
 * Bits of henvcfg: privileged specification 20240411, "Hypervisor Environment Configuration
 * Register (henvcfg)". Bits of hstateen0: the same volume, "State Enable 0 Registers" of
 * Smstateen/Ssstateen 1.0.
 *
 * Pure code: any context, no state; a CSR is looked at only through the caller's function.
 */
#ifndef ARCH_RISCV_EXT_H
#define ARCH_RISCV_EXT_H

#include "arch/riscv/isa.h"

/* State it adds to a vCPU, bits. */
#define EXT_STATE_FP	 BIT(0) /* f0-f31, fcsr */
#define EXT_STATE_VECTOR BIT(1) /* v0-v31, vstart, vcsr, vl, vtype */
#define EXT_STATE_CSRS	 BIT(2) /* CSRs of its own */

/* The word of hide= that switches it off. */
enum ext_hide {
	EXT_HIDE_NEVER, /* there is none */
	EXT_HIDE_NAME,	/* its own name; the others are of several extensions */
	EXT_HIDE_V,
	EXT_HIDE_AIA,
	EXT_HIDE_STATEEN,
};

#define EXT_NAME_MAX 12 /* bytes of the longest name, with its NUL */
#define EXT_LIST_MAX 2

/* henvcfg */
#define ENV_LPE	    BIT(2)
#define ENV_SSE	    BIT(3)
#define ENV_CBIE_FL (1UL << 4) /* CBIE = 01: CBO.INVAL flushes */
#define ENV_CBCFE   BIT(6)
#define ENV_CBZE    BIT(7)
#define ENV_ADUE    BIT(61)
#define ENV_PBMTE   BIT(62)
#define ENV_STCE    BIT(63)

/* hstateen0 */
#define STATEEN_IMSIC  BIT(58)
#define STATEEN_AIA    BIT(59)
#define STATEEN_CSRIND BIT(60)
#define STATEEN_ENVCFG BIT(62)
#define STATEEN_SE0    BIT(63)

/* No pointers, and registers by their ends alone: there are a hundred rows. */
struct ext_row {
	char name[EXT_NAME_MAX];  /* in the device tree */
	u8 hide : 3;		  /* enum ext_hide */
	u8 state : 3;		  /* EXT_STATE_* */
	bool offer : 1;		  /* may a guest have it */
	bool stays : 1;		  /* hide=all leaves it: a stock user land needs it */
	u8 stateen;		  /* bits 63-56 of hstateen0 a guest needs, where the hart has it */
	u16 env;		  /* bits 63-56 and 7-0 of henvcfg a guest needs to use it */
	u8 needs[EXT_LIST_MAX];	  /* enum ext: without one of these it is dropped */
	u8 implies[EXT_LIST_MAX]; /* enum ext: having it is having these */
	/* CSRs that can all be read where it is, whatever the tree says; none: the tree says it. */
	u16 probe[EXT_LIST_MAX];
};

/* A hart, or several harts taken together, as far as guests are concerned. */
struct ext_hart {
	struct isa_set isa;
	u64 henvcfg;   /* the bits of ext_henvcfg_all() that stick; 0: no henvcfg */
	u64 hstateen0; /* the bits of ext_hstateen0_all() that stick; ~0: no state enables */
};

/* The row of an extension; EXT_NONE < e < EXT_COUNT. */
const struct ext_row *ext_row(unsigned int e);

/* The whole table, by enum ext. */
extern const struct ext_row ext_rows[EXT_COUNT];

/* The word of hide= that switches an extension off; NULL: none does. */
const char *ext_hide_name(unsigned int e);

/* The bits of henvcfg and of hstateen0 that an extension takes. */
u64 ext_henvcfg_of(unsigned int e);
u64 ext_hstateen0_of(unsigned int e);

/* The extension of that name (n bytes, any case), or EXT_NONE. */
enum ext ext_find(const char *name, size_t n);

/* Adds the extension of that name, or all that a shorthand stands for (g, b, zk, zkn, zvks...);
 * false: limen knows neither. */
bool ext_add_name(struct isa_set *s, const char *name, size_t n);

/* Adds whatever the extensions in the set imply. */
void ext_add_implied(struct isa_set *s);

/* Takes out each extension that needs one the set does not have, until none is left. */
void ext_drop_unmet(struct isa_set *s);

/* Asks there(csr, arg) for each CSR by which an extension is known, and sets or clears it. */
void ext_probe(struct isa_set *s, bool (*there)(unsigned int csr, void *arg), void *arg);

/* Adds to *hidden what hide=name switches off; false: no extension has that name. */
bool ext_hide(const char *name, size_t n, struct isa_set *hidden);

/* Adds all that hide=all switches off. */
void ext_hide_all(struct isa_set *hidden);

/* Takes the hidden ones out of a hart's set, with what cannot be without them. */
void ext_apply_hidden(struct isa_set *s, const struct isa_set *hidden);

/* What is common: all &= h. Start from a copy of the first hart. */
void ext_hart_common(struct ext_hart *all, const struct ext_hart *h);

/*
 * What a guest on these harts is offered: the allow-list, of which every hart has what it takes.
 * states: the EXT_STATE_* limen can switch on these harts.
 */
void ext_offer(const struct ext_hart *harts, unsigned int states, struct isa_set *guest);

/* henvcfg and hstateen0 for a guest with this set, and the most that is ever asked for; and henvcfg
 * as a hart of the guest starts with it: without what the guest has to ask for by SBI FWFT. */
u64 ext_henvcfg(const struct isa_set *guest);
u64 ext_henvcfg_start(const struct isa_set *guest);
u64 ext_hstateen0(const struct isa_set *guest);
u64 ext_henvcfg_all(void);
u64 ext_hstateen0_all(void);

/* hcounteren for a guest with this set: time, and with Zicntr the hart's own cycle and instret. */
u64 ext_hcounteren(const struct isa_set *guest);

/* The EXT_STATE_* bits of all extensions in the set. */
unsigned int ext_states(const struct isa_set *s);

#endif
