/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own page tables: Sv39, Sv48, Sv57.
 *
 * Pure: builds tables and executes no fence, so that it runs before translation is on and in unit
 * tests. What it returns in struct pgtable_fence is what has to be fenced on every hart that uses
 * the tables: SFENCE.VMA with each address, or without when all is set. Entries carry G, so the
 * ASID must be x0. Fresh mappings have a fence too: a hart may remember an entry without V
 * ("Svnapot": TLBs may cache PTEs whose V bit is clear, as with normal PTEs; Svvptc is the
 * extension that promises otherwise). Before the tables are first used none is needed but the one
 * that goes with the write of satp.
 *
 * Spec: RISC-V privileged architecture 20240411, "Sv39" to "Sv57", "Supervisor Memory-Management
 * Fence Instruction". The caller locks. Any interrupt state.
 */
#ifndef ARCH_RISCV_PGTABLE_H
#define ARCH_RISCV_PGTABLE_H

#include "arch/riscv/pt.h"

struct pgtable {
	struct pt pt;
};

struct pgtable_fence {
	uintptr_t start;
	u64 size;	    /* bytes; 0: nothing changed */
	unsigned int shift; /* one SFENCE.VMA for each 2^shift bytes is enough */
	bool all;	    /* fence without an address */
};

/* What changes did; starts as all zero and may collect several of them. garbage is freed with
 * pt_garbage_free() after the fence. */
struct pgtable_change {
	struct pgtable_fence fence;
	struct pt_garbage garbage;
};

/* levels is 3, 4 or 5; root is a zeroed page, aligned, that stays the caller's. src lives as long
 * as the tables. ERR_INVAL: other levels, a misaligned root. */
enum err pgtable_init(struct pgtable *pt, unsigned int levels, hpa_t root,
		      const struct pt_source *src);

/*
 * Maps [va, va + size) to hpa with the largest pages that fit; prot is PT_READ, PT_WRITE and
 * PT_EXEC. All or nothing.
 * ERR_INVAL: misaligned, W with X, W without R, or no permission. ERR_RANGE: not canonical, wraps,
 * or hpa passes 56 bits. ERR_EXIST: overlaps a mapping. ERR_NOMEM: no table page.
 */
enum err pgtable_map(struct pgtable *pt, uintptr_t va, hpa_t hpa, u64 size, unsigned int prot,
		     struct pgtable_change *chg);

/* Takes mappings away; holes are skipped. ERR_NOMEM: a large page at an end could not be split,
 * and nothing was unmapped. ERR_INVAL, ERR_RANGE: as above. */
enum err pgtable_unmap(struct pgtable *pt, uintptr_t va, u64 size, struct pgtable_change *chg);

/* Gives all pages in the range other permissions; holes are skipped. Errors as above. */
enum err pgtable_protect(struct pgtable *pt, uintptr_t va, u64 size, unsigned int prot,
			 struct pgtable_change *chg);

/* Finds what va is mapped to. ERR_NOENT: nothing. ERR_RANGE: not canonical. */
enum err pgtable_lookup(const struct pgtable *pt, uintptr_t va, struct pt_leaf *out);

/* The value for satp. A write with a MODE the hart does not have is ignored as a whole ("satp"):
 * compare with what is read back. */
u64 pgtable_satp(const struct pgtable *pt, u32 asid);

#endif
