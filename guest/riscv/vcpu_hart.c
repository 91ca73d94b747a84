/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a vCPU takes a hart: its state, its tables, and what has to be fenced. The order is that of
 * arch/riscv/vmid.h, and guest/riscv/vcpu_where.h says who lives where.
 */
#include "guest/riscv/vcpu_steps.h"

#include "arch/riscv/hfence.h"
#include "guest/riscv/gfence.h"
#include "guest/vm/vm.h"
#include "hyp/sched/runqueue.h"

struct vmid_space vmid_space;
static DEFINE_PER_HART(struct vmid_hart, vmid_hart);

/* hgatp names the VMID and the tables from now on. What the VMID knew is forgotten before, since that may
 * lead to tables that are another's by now, and after, for walks since that were not ordered.
 * Unordered hgatp: vcpu_load() has said where; and walks are ordered by the fences. */
static void change_hgatp(u64 hgatp, u32 vmid, bool all)
{
	csr_write(hgatp, 0);
	if (all)
		hfence_gvma_all();
	else
		hfence_gvma_vmid(vmid);
	csr_write(hgatp, hgatp);
	hfence_gvma_vmid(vmid);
}

/* The order is that of arch/riscv/vmid.h: no walk by speculation finds a VMID with another VM's
 * tables behind it, or refills what was just fenced. Unordered hgatp, vsatp: as above. */
static void fence_entry(struct vcpu *v)
{
	const struct vmid_seen *seen = &v->vm->arch.vmid.seen[arch_hart_index()];
	u64 from = seen->seq, hgatp;
	u32 vmid;
	unsigned int fences = vmid_check(&vmid_space, &this_hart(vmid_hart), arch_hart_index(),
					 &v->vm->arch.vmid, &v->vmid, &vmid);

	DCHECK(csr_read(vsatp) == 0);
	hgatp = gstage_hgatp(v->vm->arch.gstage.mode, vmid, v->vm->arch.gstage.pt.root);
	/* Alone it means that this VMID's tables have changed, and nothing else; and pages alone leave
	 * what leads to them as it was. */
	if ((fences & VMID_FENCE_G_VMID) &&
	    (fences != VMID_FENCE_G_VMID ||
	     !gfence_catch_up(&v->vm->arch.vmid, from, seen->seq, vmid)))
		change_hgatp(hgatp, vmid, fences & VMID_FENCE_G_ALL);
	else
		csr_write(hgatp, hgatp);
	if (fences & VMID_FENCE_VV)
		hfence_vvma_all();
}

bool vcpu_is_here(const struct vcpu *v)
{
	const struct thread *t = READ_ONCE(v->thread);
	unsigned int here = arch_hart_index();

	return this_hart(vcpu_loaded) == &v->arch && v->arch.loaded_on == here &&
	       vmid_last_ran(&v->vm->arch.vmid, here, &v->vmid) && (!t || t->hart == here);
}

bool vcpu_take_hart_slow(struct vcpu *v)
{
	bool moved = v->vmid.hart != arch_hart_index() + 1;
	bool ready = !moved || vcpu_vsfile_arrive(v);
	bool others = this_hart(vcpu_loaded) && this_hart(vcpu_loaded) != &v->arch;

	if (!vmid_space.bits && this_hart(vcpu_loaded) != &v->arch)
		vmid_hart_forget(&this_hart(vmid_hart));
	vcpu_load(&v->arch);
	fence_entry(v);
	vcpu_open_spaces(&v->arch);
	/* Its own FENCE.I reached only the hart it was on. */
	if (moved)
		fence_i();
	/* The other vCPU's thread may go elsewhere from now on. */
	if (others)
		runqueue_nudge();
	v->seen_generation = this_hart(vmid_hart).generation;
	v->seen_seq = v->vm->arch.vmid.seen[arch_hart_index()].seq;
	DCHECK(vcpu_is_here(v));
	return ready;
}
