/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage page tables: Sv39x4, Sv48x4, Sv57x4. From guest physical to host physical addresses.
 *
 * Pure: builds tables and executes no fence. Every changing call adds to a struct gstage_change
 * what has to be done about it; the caller does this, in this order:
 *
 *   1. the change
 *   2. the fence, on every hart that may hold translations of this VM (vmid.h says how):
 *      HFENCE.GVMA by VMID, with each address >> 2 of the range, or without one when fence.all is
 *      set
 *   3. pt_garbage_free(): only now is no hart walking the tables that were cut off
 *
 * When a fence is needed. HFENCE.GVMA orders stores to G-stage entries before later walks by the
 * hart that executes it ("Hypervisor Memory-Management Fence Instructions"); other harts must
 * execute their own. For the tables, "all other aspects of Sv39 … are adopted unchanged", so what
 * "Supervisor Memory-Management Fence Instruction" says holds here:
 *
 * unmap, protect: always; an old entry may be cached for as long as the hart likes.
 *
 * split: always, without an address; an entry turned from leaf to pointer, and a fence with an
 * address orders leaf entries only. Until then the old large page may be used, which translates
 * alike.
 *
 * map: also. Entries without V may be cached: the results of walks may be held, "all page table
 * entries reachable by executing the algorithm may be loaded into the address-translation cache",
 * Svnapot's text says it of entries whose V is clear outright, and Svvptc exists because it is so.
 * The fence may come lazily: until then a guest may take a guest-page fault on memory that is
 * mapped, so who handles one looks the address up first, and where it is mapped fences and goes
 * back. It is for nothing as long as no hart has used the tables: vmid_check() asks for a fence
 * before a VM's first entry on each hart.
 *
 * A leaf always has U set, because G-stage accesses count as those of U-mode, and A and D, so that
 * neither Svade nor Svadu shows; G is cleared, as asked ("Guest Physical Address Translation").
 * A leaf without U or X would show as an instruction guest-page fault at the guest's first fetch.
 *
 * Spec: RISC-V privileged architecture 20240411, "Hypervisor Guest Address Translation and
 * Protection (hgatp) Register", "Guest Physical Address Translation". The caller locks: one change
 * at a time, no lookup beside it. Any interrupt state; nothing here blocks.
 */
#ifndef ARCH_RISCV_GSTAGE_H
#define ARCH_RISCV_GSTAGE_H

#include "arch/riscv/pt.h"

/* hgatp.MODE */
enum gstage_mode {
	GSTAGE_SV39X4 = 8,  /* 41 bits of guest physical address, 3 levels */
	GSTAGE_SV48X4 = 9,  /* 50 bits, 4 levels */
	GSTAGE_SV57X4 = 10, /* 59 bits, 5 levels */
};

#define GSTAGE_ROOT_ORDER 2 /* four pages, aligned to 16 KiB */
#define GSTAGE_VMID_BITS  14

struct gstage {
	struct pt pt;
	enum gstage_mode mode;
};

struct gstage_fence {
	gpa_t start;
	u64 size;	    /* bytes; 0: nothing changed */
	unsigned int shift; /* one HFENCE.GVMA for each 2^shift bytes is enough */
	bool all;	    /* fence without an address */
};

/* What changes did; starts as all zero and may collect several of them. Not to be ignored when a
 * call failed: what it linked and took back is in garbage. */
struct gstage_change {
	struct gstage_fence fence;
	struct pt_garbage garbage;
};

struct gstage_leaf {
	hpa_t hpa;	   /* of the address asked for */
	unsigned int prot; /* PT_READ, PT_WRITE, PT_EXEC */
	u64 size;	   /* bytes the leaf maps */
};

/* An empty address space; the root comes from src, as all tables will. src lives as long as it
 * does. ERR_INVAL: no such mode. ERR_NOMEM: no pages for the root. */
enum err gstage_init(struct gstage *g, enum gstage_mode mode, const struct pt_source *src);

/* Frees all tables. The VM has ended, and no hart has the tables in hgatp any more, not even one
 * that runs no guest: speculation may walk them. No fence is needed: the VM's VMID is used again
 * only after each hart has flushed for another generation (vmid.h). */
void gstage_destroy(struct gstage *g);

/*
 * Maps [gpa, gpa + size) to hpa with the largest pages that fit; prot is PT_READ, PT_WRITE and
 * PT_EXEC. All or nothing.
 * ERR_INVAL: misaligned, size 0, no permission, W without R. ERR_RANGE: beyond what the mode
 * translates, wraps, or hpa passes 56 bits. ERR_EXIST: overlaps. ERR_NOMEM: no table page.
 */
enum err gstage_map(struct gstage *g, gpa_t gpa, hpa_t hpa, u64 size, unsigned int prot,
		    struct gstage_change *chg);

/* Takes mappings away; holes are skipped. ERR_NOMEM: a large page at an end could not be split,
 * and nothing was unmapped. ERR_INVAL, ERR_RANGE: as above. */
enum err gstage_unmap(struct gstage *g, gpa_t gpa, u64 size, struct gstage_change *chg);

/* Splits large pages in the range until none maps more than 2^shift bytes. ERR_NOMEM: stopped half
 * way, all translations as they were. Otherwise as above. */
enum err gstage_split(struct gstage *g, gpa_t gpa, u64 size, unsigned int shift,
		      struct gstage_change *chg);

/* Takes W away from all pages in the range (dirty logging). Errors as gstage_unmap(). */
enum err gstage_write_protect(struct gstage *g, gpa_t gpa, u64 size, struct gstage_change *chg);

/* Gives all pages in the range other permissions. Errors as gstage_unmap(). */
enum err gstage_protect(struct gstage *g, gpa_t gpa, u64 size, unsigned int prot,
			struct gstage_change *chg);

/* Finds what gpa is mapped to. ERR_NOENT: nothing. ERR_RANGE: beyond what the mode translates. */
enum err gstage_lookup(const struct gstage *g, gpa_t gpa, struct gstage_leaf *out);

/* Bits of guest physical address that a mode translates; 0 for no mode of ours. */
unsigned int gstage_mode_bits(enum gstage_mode mode);

/* The narrowest of the supported modes (a mask of BIT(mode)) that covers addresses up to and
 * including last. ERR_NOTSUP: none does. */
enum err gstage_pick_mode(u64 supported, gpa_t last, enum gstage_mode *out);

/* The value for hgatp. vmid below 2^14; root aligned to 16 KiB. */
u64 gstage_hgatp(enum gstage_mode mode, u32 vmid, hpa_t root);

/*
 * Did hgatp take what was written? Its fields are WARL one by one, and some harts drop the whole
 * write instead, as for satp; so compare MODE, VMID and PPN with what is read back, and nothing
 * else (QEMU keeps ones in the reserved bits above VMID).
 */
bool gstage_hgatp_took(u64 wrote, u64 read);

/* VMIDLEN, from what hgatp reads after ones were written to the 14 bits of VMID: "the
 * least-significant bits are implemented first". */
unsigned int gstage_vmid_bits(u64 read);

/* What hgatp can do: a mask of BIT(mode), and VMIDLEN. */
struct gstage_caps {
	u64 modes;
	unsigned int vmid_bits;
};

/*
 * Finds out by writing and reading back through write_read. root is 16 KiB of zeroes, so that a
 * walk by speculation meanwhile finds nothing. hgatp is left 0. The caller then executes
 * HFENCE.GVMA x0, x0, since MODE was changed for a VMID ("HFENCE.GVMA").
 */
void gstage_probe(u64 (*write_read)(void *ctx, u64 hgatp), void *ctx, hpa_t root,
		  struct gstage_caps *out);

#endif
