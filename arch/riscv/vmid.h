/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs, and when a hart must forget translations before it enters a guest (E14).
 *
 * Pure: decides, and executes nothing. A VMID is good for one generation; when they run out a new
 * generation begins, and each VM gets a new VMID at its next entry. Address-translation caches are
 * private to a hart, so nothing is sent to the others: each hart flushes itself once, before its
 * first entry in the new generation. Harts that are in a guest at that moment may go on with the
 * old VMID, because no other VM can use that number there before the hart has flushed.
 *
 * vmid_check() is called with interrupts off, after arch.loaded_on says where, as the last
 * thing that could change which guest runs. It returns what to do before the entry, with vsatp 0
 * meanwhile (the note in "Memory-Management Fences"), in this order:
 *
 *   VMID_FENCE_G_ALL	hgatp = 0, HFENCE.GVMA x0, x0; always comes with the two below
 *			hgatp = the new value, if it is not what hgatp holds
 *   VMID_FENCE_G_VMID	HFENCE.GVMA x0, vmid; if tables were cut off, with hgatp = 0 before the write, too
 *   VMID_FENCE_VV	HFENCE.VVMA x0, x0, which acts on the VMID in hgatp
 *
 * hgatp is never written with anything else than 0 and what vmid_check() has just returned. A value
 * kept from an earlier run has a VMID that may be another VM's by now, and walks by speculation
 * would fill the cache with one VM's translations under the other's VMID.
 *
 * Why so. hgatp may be walked by speculation whenever it is not 0 ("hgatp": active but in U-mode),
 * so a fence while it holds a VMID that is about to become another VM's could be undone before
 * hgatp is written. G_VMID after the write: "writing hgatp does not imply any ordering constraints
 * between page-table updates and subsequent G-stage address translations", and a changed MODE wants
 * the fence after it; so it comes also with a VMID of which nothing can be cached.
 * VV comes with a VMID that is new to the hart, because HFENCE.GVMA need not flush a cache that
 * maps guest virtual to guest physical addresses ("Hypervisor Memory-Management Fence
 * Instructions", note), and with a vCPU that is not the one this hart ran last for this VM, or that
 * ran elsewhere since: ASIDs are private to a vCPU, and its SFENCE.VMAs reached only the hart it
 * was on.
 *
 * A hart that had the VM before may still know the way to tables that were cut off since, and are another
 * VM's memory by now: with hgatp written first a walk would go there, and could set an A bit in it. So
 * what a VMID knows is forgotten before hgatp names that VMID, too.
 *
 * HLV, HLVX and HSV use the same caches. Who executes one does all that an entry does, or works through guest/mem/gmem.h instead.
 *
 * Changing G-stage tables of a VM that may run (guest/riscv/gfence.h does it): after the change call
 * vmid_vm_changed_pages(), then call each hart in which a vCPU of the VM lives, and have it forget what
 * led to tables that were cut off. A hart that comes
 * later sees the new number in vmid_check() and fences; harts that are elsewhere do so whenever
 * they come back to this VM. After that wait the cut-off tables and unmapped pages may be freed. A
 * hart that was called may fence the range alone instead, between its exit and its next
 * entry: vmid_vm_fenced(). Never fence remotely by VMID (SBI RFENCE): a hart may still run with
 * the VM's VMID of the generation before.
 *
 * VMID 0 belongs to no VM, so that hgatp = 0 (Bare) between runs never changes the MODE of a VMID
 * in use. With VMIDLEN 0 every VM has VMID 0, and a hart flushes whenever it enters another VM than
 * last; it does not write hgatp in between without vmid_hart_forget().
 *
 * Spec: RISC-V privileged architecture 20240411, "Hypervisor Guest Address Translation and
 * Protection (hgatp) Register", "Hypervisor Memory-Management Fence Instructions".
 */
#ifndef ARCH_RISCV_VMID_H
#define ARCH_RISCV_VMID_H

#include "lib/spinlock.h"
#include "lib/types.h"

#define VMID_BITS_MAX 14

#define VMID_FENCE_G_ALL  1U
#define VMID_FENCE_G_VMID 2U
#define VMID_FENCE_VV	  4U

/* One for the machine. All harts have the same VMIDLEN, or the least of them is taken. */
struct vmid_space {
	unsigned int bits; /* VMIDLEN */
	struct spinlock lock;
	u64 generation; /* from 1; grows under lock, read without */
	u32 next;	/* under lock: VMID handed out next in this generation */
	u64 next_id;	/* under lock: of the next VM */
};

/* One a hart; touched by that hart alone, interrupts off. */
struct vmid_hart {
	u64 generation; /* that this hart has flushed for; 0: none */
	u64 vm;		/* id of the VM entered last; used with VMIDLEN 0 */
};

/* What a hart knows of a VM; touched by that hart alone, interrupts off. */
struct vmid_seen {
	u64 tag;  /* the VM's tag when the hart last entered it; 0: never */
	u64 seq;  /* the VM's changes that the hart has fenced for */
	u32 vcpu; /* index + 1 of the vCPU that ran last */
};

/* Changes of a VM's tables that are remembered, and pages that are fenced one by one for all of them. */
#define VMID_CHANGES 8
#define VMID_PAGES   64

/* Leaves at start and each 2^shift bytes on were changed, count of them; 0: everything. */
struct vmid_change {
	u64 start;
	u32 count, shift;
};

/* One a VM. */
struct vmid_vm {
	u64 tag;		/* atomic: generation and VMID; written under space->lock */
	u64 seq;		/* atomic: number of changes of its G-stage tables */
	u64 id;			/* never given to another VM */
	struct vmid_seen *seen; /* one a hart */
	struct spinlock lock;	/* the last changes, and who adds one */
	struct vmid_change change[VMID_CHANGES]; /* number n is at n % VMID_CHANGES */
};

/* One a vCPU; touched by the hart that runs it, interrupts off. */
struct vmid_vcpu {
	u32 index;
	u32 hart; /* index + 1 of the hart it was loaded on last; 0: none; guest/riscv/vcpu_where.h */
};

/* bits is VMIDLEN (0 to 14; more count as 14). Before any VM. */
void vmid_space_init(struct vmid_space *s, unsigned int bits);

/* seen has one zeroed entry for each hart and lives as long as the VM. Any context. */
void vmid_vm_init(struct vmid_space *s, struct vmid_vm *vm, struct vmid_seen *seen);

/* Makes sure that the VM has a VMID of the current generation and that this hart may use it.
 * Returns VMID_FENCE_* and the VMID. hart is the caller's index. Interrupts off. */
unsigned int vmid_check(struct vmid_space *s, struct vmid_hart *h, unsigned int hart,
			struct vmid_vm *vm, struct vmid_vcpu *vcpu, u32 *vmid);

/* Is it this vCPU that vmid_check() let into this hart last, of all the VM's, and was it let into none
 * since? hart is the caller's index. Interrupts off. */
static inline bool vmid_last_ran(const struct vmid_vm *vm, unsigned int hart,
				 const struct vmid_vcpu *vcpu)
{
	return vm->seen[hart].vcpu == vcpu->index + 1 && vcpu->hart == hart + 1;
}

/* The VM's G-stage tables were changed, as c says. Returns the number of the change. Any context. */
u64 vmid_vm_changed_pages(struct vmid_vm *vm, const struct vmid_change *c);

/* The same for a change of everything. */
u64 vmid_vm_changed(struct vmid_vm *vm);

/* The changes after number from up to number to, in out. False: one is forgotten, or of everything, or
 * they are of more than VMID_PAGES pages; then the whole VMID has to be fenced. Any context. */
bool vmid_changes(struct vmid_vm *vm, u64 from, u64 to, struct vmid_change out[VMID_CHANGES]);

/* This hart has fenced for change number seq by itself, with the VMID that its hgatp holds, on
 * account of the caller. Takes it into account if it is the next one; otherwise the next
 * vmid_check() asks for the whole fence. Interrupts off since before that fence. */
void vmid_vm_fenced(struct vmid_vm *vm, unsigned int hart, u64 seq);

/* This hart's hgatp was written with something else than a VM's: the next entry flushes. */
void vmid_hart_forget(struct vmid_hart *h);

#endif
