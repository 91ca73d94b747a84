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

/* How limen learns that a hart has it. */
enum ext_known {
	EXT_BY_TREE, /* the device tree says so */
	EXT_BY_CSR,  /* its CSRs can be read, whatever the tree says */
};

/* State it adds to a vCPU, bits. */
#define EXT_STATE_FP	 BIT(0) /* f0-f31, fcsr */
#define EXT_STATE_VECTOR BIT(1) /* v0-v31, vstart, vcsr, vl, vtype */
#define EXT_STATE_CSRS	 BIT(2) /* CSRs of its own */

#define EXT_LIST_MAX 4

struct ext_row {
	const char *name;	  /* in the device tree */
	const char *hide;	  /* hide= name that switches it off; NULL: cannot be hidden */
	u64 henvcfg;		  /* bits a guest needs to use it */
	u64 hstateen0;		  /* the same, where the hart has state enables */
	u8 known;		  /* enum ext_known */
	u8 state;		  /* EXT_STATE_* */
	bool offer;		  /* may a guest have it */
	bool stays;		  /* hide=all leaves it: a stock user land needs it */
	u8 needs[EXT_LIST_MAX];	  /* enum ext: without one of these it is dropped */
	u8 implies[EXT_LIST_MAX]; /* enum ext: having it is having these */
	u16 probe[EXT_LIST_MAX];  /* CSRs that must all be readable, for EXT_BY_CSR */
};

/* A hart, or several harts taken together, as far as guests are concerned. */
struct ext_hart {
	struct isa_set isa;
	u64 henvcfg;   /* the bits of ext_henvcfg_all() that stick; 0: no henvcfg */
	u64 hstateen0; /* the bits of ext_hstateen0_all() that stick; ~0: no state enables */
};

/* The row of an extension; EXT_NONE < e < EXT_COUNT. */
const struct ext_row *ext_row(unsigned int e);

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
