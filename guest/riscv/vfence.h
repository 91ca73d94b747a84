/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fences of a guest's own translations (SFENCE.VMA as SBI RFENCE asks for it), and those that a vCPU
 * still has to do.
 *
 * A sender puts the fence into the target's queue, then makes REQ_VVMA (vcpu.h); the target takes the
 * request, then the queue, and fences, before its guest's next instruction. A target that is in its
 * guest is kicked, and the sender waits until it was seen outside (guest_request_sync()); one that is
 * not is neither kicked, nor woken, nor waited for. The queue is bounded in entries and in pages, so
 * that a drain is: what is too much becomes "all".
 *
 * Why fencing the hart that the target is on is enough, whatever happened since it was asked:
 *
 *   moved	first-stage translations of a vCPU that it may use again are on one hart, the one it was
 *		entered on last. Elsewhere vmid_check() has everything forgotten before it is entered
 *		(VMID_FENCE_VV), since vmid_vcpu.hart is another one. So a fence that is still in the
 *		queue is done once more than needed, and one that was done on the old hart, after which
 *		the vCPU moved, has no more to do on the new one.
 *   siblings	what a sibling left on the hart, with the same VMID and perhaps the same ASID, goes the
 *		same way: vmid_seen.vcpu. A fence for one vCPU need not reach the sibling's: they are
 *		two harts to the guest, which names both if it means both.
 *   VMIDs	HFENCE.VVMA acts on the VMID that is in hgatp. vcpu_take_hart() comes first and has put
 *		the VM's there, for this or the last generation. If a generation begins between the
 *		drain and the entry, the VM gets another VMID, and comes with VMID_FENCE_VV.
 *   started	a hart that starts knows nothing: start_hart() clears vmid_vcpu.hart.
 *   HLVX	uses the same translations, so who executes it drains first (emulate_fetch()), and counts
 *		as being in the guest meanwhile.
 *
 * And the order of memory: the guest's stores to its tables were before its call, which is before the
 * request; the target has acquired the request, so they are visible to its hart at the fence, and
 * "any previous stores already visible to the current hart" is what HFENCE.VVMA orders. [K2] in
 * entry/run.c, [S1] for the queue.
 *
 * Spec: SBI 3.0, chapter 8; RISC-V privileged architecture 20240411, "Supervisor Memory-Management
 * Fence Instruction" (an address that is none of the current mode's has no effect; ASID bits above 16
 * are zeroed by software), "Hypervisor Memory-Management Fence Instructions".
 */
#ifndef GUEST_RISCV_VFENCE_H
#define GUEST_RISCV_VFENCE_H

#include "arch/riscv/hfence.h"
#include "lib/spinlock.h"

#define VFENCE_PAGE 4096UL

/*
 * Pages that are fenced one by one, by one call (one more if its range is not aligned) and by one
 * drain. A page costs four instructions, so 64 cost what an exit does; to forget all costs one, and
 * then a walk of both stages (up to 24 reads with Sv39 over Sv39x4, if nothing of it is cached) for
 * each page that is used again. Linux changes over at 64, too.
 */
#define VFENCE_PAGES 64
#define VFENCE_SLOTS 8

struct vfence {
	u64 start, end; /* each page of [start, end), start at a page; end 0: all addresses */
	u16 asid;
	bool any_asid; /* all address spaces, global translations too */
};

/* What a vCPU has not done yet. */
struct vfence_queue {
	struct spinlock lock;
	bool all;   /* forget everything; the slots are empty */
	u32 count;  /* of slots */
	u32 budget; /* pages that may still be fenced one by one */
	struct vfence slot[VFENCE_SLOTS];
};

/* Where a range may begin that is fenced by page: then it does not reach the last page of the address
 * space, behind which a loop over its pages would begin anew. */
#define VFENCE_LAST_START (0UL - (VFENCE_PAGES + 2) * VFENCE_PAGE)

/*
 * A fence of [start, start + size); of all addresses where SBI counts the two as that, and where there
 * are many pages, or none, or the range is near the end of the address space. Of one address space, or
 * of any. False: the range passes the end of the address space. Window.
 */
__window bool vfence_make(u64 start, u64 size, u16 asid, bool any_asid, struct vfence *out)
{
	u64 end = start + size;

	*out = (struct vfence){ALIGN_DOWN(start, VFENCE_PAGE), end, asid, any_asid};
	if (likely(end > start && start < VFENCE_LAST_START && size <= VFENCE_PAGES * VFENCE_PAGE))
		return true;
	out->end = 0;
	return !size || size == ~0UL || end > start || !end;
}

/* Does it on this hart, with the VMID that is in hgatp. Window; interrupts off. */
__window void vfence_do(const struct vfence *f)
{
	u64 at = f->start;

	if (!f->end) {
		if (f->any_asid)
			hfence_vvma_all();
		else
			hfence_vvma_asid(f->asid);
		return;
	}
	do {
		if (f->any_asid)
			hfence_vvma_addr(at);
		else
			hfence_vvma_addr_asid(at, f->asid);
		at += VFENCE_PAGE;
	} while (at < f->end);
}

/* Empty. Nobody else uses it. */
void vfence_init(struct vfence_queue *q);

/* Empty but for whether everything is to be forgotten. Its lock is held, or nobody else's. */
static inline void vfence_clear(struct vfence_queue *q, bool all)
{
	q->all = all;
	q->count = 0;
	q->budget = VFENCE_PAGES;
}

static inline void vfence_add(struct vfence_queue *q, const struct vfence *f)
{
	u64 cost = f->end ? (f->end - f->start + VFENCE_PAGE - 1) / VFENCE_PAGE : 1;

	if (q->all)
		return;
	if ((!f->end && f->any_asid) || q->count == VFENCE_SLOTS || cost > q->budget) {
		vfence_clear(q, true);
		return;
	}
	q->slot[q->count++] = *f;
	q->budget -= (u32)cost;
}

/* The owner of the queue has to do f. What is stored before is ordered before its fence once the
 * caller has made REQ_VVMA. Any context. */
static inline void vfence_push(struct vfence_queue *q, const struct vfence *f)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);

	vfence_add(q, f);
	spin_unlock_irqrestore(&q->lock, flags);
}

/* Does all that is in the queue, on this hart, with the VMID in hgatp, and leaves it empty. The owner's
 * thread, which has taken REQ_VVMA and is loaded here; interrupts off. */
void vfence_drain(struct vfence_queue *q);

#endif
