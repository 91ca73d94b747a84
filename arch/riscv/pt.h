/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trees of page tables that the host's own translation (pgtable.h) and the G-stage (gstage.h)
 * are both made of: Sv39, Sv48 and Sv57, where the G-stage differs only in its root, which has two
 * more index bits and four pages ("Guest Physical Address Translation").
 *
 * Pure: takes table pages from the source it is given, executes no fence and reads no CSR. Spec:
 * RISC-V privileged architecture 20240411, "Virtual Address Translation Process" and "Supervisor
 * Memory-Management Fence Instruction". Addresses here have no sign: 0 up to 2^(bits of the mode).
 *
 * The owner of a tree locks it: one change at a time. pt_lookup() beside a change is not safe,
 * because a table may go. Functions with a source that does not block do not block.
 */
#ifndef ARCH_RISCV_PT_H
#define ARCH_RISCV_PT_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/types.h"

#define PTE_V	      BIT(0)
#define PTE_R	      BIT(1)
#define PTE_W	      BIT(2)
#define PTE_X	      BIT(3)
#define PTE_U	      BIT(4)
#define PTE_G	      BIT(5)
#define PTE_A	      BIT(6)
#define PTE_D	      BIT(7)
#define PTE_PPN_SHIFT 10
#define PTE_PPN	      (((1UL << 44) - 1) << PTE_PPN_SHIFT)

#define PT_PAGE	      4096UL
#define PT_PAGE_SHIFT 12
#define PT_HPA_BITS   56
#define PT_SHIFT_4K   12U
#define PT_SHIFT_2M   21U
#define PT_SHIFT_1G   30U
#define PT_SHIFT_512G 39U

/* What a leaf permits. */
#define PT_READ	 PTE_R
#define PT_WRITE PTE_W
#define PT_EXEC	 PTE_X
#define PT_PROT	 (PT_READ | PT_WRITE | PT_EXEC)

/* Where tables come from. */
struct pt_source {
	void *ctx;
	/* 2^order zeroed pages, aligned to their size; false when there are none. */
	bool (*alloc)(void *ctx, unsigned int order, hpa_t *out);
	void (*free)(void *ctx, unsigned int order, hpa_t page);
	/* Where a table can be read and written now. */
	void *(*va)(void *ctx, hpa_t page);
};

/*
 * Tables that were cut off from a tree, linked through their own first words. A hart may still
 * walk them until it has executed the fence that goes with the change, so they are freed after it.
 * All zero is the empty list.
 */
struct pt_garbage {
	u64 head;
};

/*
 * What one or more changes did, as the caller needs it for fences; starts as all zero. Leaves
 * changed only inside [start, start + size), none of them smaller than 2^shift, so one fence for
 * each 2^shift bytes finds them all. all: an entry that points to a table changed as well, so
 * a fence must name no address, because one that does orders leaf entries only.
 */
struct pt_change {
	u64 start, size;
	unsigned int shift;
	bool all;
	struct pt_garbage garbage;
};

struct pt {
	hpa_t root;
	unsigned int levels;	/* 3, 4, 5 */
	unsigned int root_bits; /* of index in the root: 9, or 11 */
	const struct pt_source *src;
};

struct pt_leaf {
	hpa_t hpa;	    /* of the address asked for */
	u64 pte;	    /* the leaf as it stands */
	unsigned int shift; /* log2 of what the leaf maps */
};

/* Bits of address that the tree translates. */
static inline unsigned int pt_bits(const struct pt *pt)
{
	return PT_PAGE_SHIFT + 9 * (pt->levels - 1) + pt->root_bits;
}

/*
 * Maps [at, at + size) to hpa with leaves of attr (a leaf's low ten bits), each as large as the
 * alignment of both sides allows, up to 1 GiB, or 512 GiB with four and five levels. All or
 * nothing, except that *chg may then hold tables that were linked and cut off again.
 * ERR_INVAL: misaligned. ERR_RANGE: outside the tree's addresses, or of the 56 physical bits.
 * ERR_EXIST: something is mapped there. ERR_NOMEM: no table page.
 */
enum err pt_map(struct pt *pt, u64 at, hpa_t hpa, u64 size, u64 attr, struct pt_change *chg);

/*
 * Takes away what is mapped in [at, at + size); holes are skipped. Larger leaves at the ends are
 * split first. ERR_NOMEM: a split had no page, nothing was unmapped. ERR_INVAL, ERR_RANGE: above.
 */
enum err pt_unmap(struct pt *pt, u64 at, u64 size, struct pt_change *chg);

/* In each leaf within the range, clears and then sets the given bits, which leaves R or X set (an
 * entry without them is no leaf); otherwise as pt_unmap(). */
enum err pt_protect(struct pt *pt, u64 at, u64 size, u64 clear, u64 set, struct pt_change *chg);

/* Splits each leaf that reaches into the range until it maps at most 2^shift bytes. ERR_NOMEM: it
 * stopped half way, and every translation is as it was. Otherwise as pt_unmap(). */
enum err pt_split(struct pt *pt, u64 at, u64 size, unsigned int shift, struct pt_change *chg);

/* Finds the leaf of an address. ERR_NOENT: not mapped. ERR_RANGE: outside the tree's addresses. */
enum err pt_lookup(const struct pt *pt, u64 at, struct pt_leaf *out);

/* Frees every table below the root. No hart uses the tree, and a fence has made them forget it. */
void pt_free_tables(struct pt *pt);

/* Frees the tables of a list, after the fence, and leaves it empty. */
void pt_garbage_free(const struct pt_source *src, struct pt_garbage *g);

#endif
