/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tag: [G3] a vCPU's fence for a change, before who waits for it goes on.
 */
#include "guest/gfence.h"

#include "arch/riscv/hfence.h"
#include "guest/vm.h"

/* HFENCE.GVMA takes the address shifted by two. */
static void fence_pages(const struct vmid_change *c, u32 vmid)
{
	for (u64 i = 0; i < c->count; i++)
		hfence_gvma_addr_vmid((c->start + (i << c->shift)) >> 2, vmid);
}

bool gfence_catch_up(struct vmid_vm *vm, u64 from, u64 to, u32 vmid)
{
	struct vmid_change c[VMID_CHANGES];

	if (!vmid_changes(vm, from, to, c))
		return false;
	for (u64 i = 0; i < to - from; i++)
		fence_pages(&c[i], vmid);
	return true;
}

/* Until the vCPU is not in a run that began before change number seq. */
static void await(struct vcpu *v, u64 seq)
{
	/* Order: its fence, before what the change cut off is another's. Pairs with:
	 * vcpu_take_hart_slow() [G3] */
	while (READ_ONCE(v->run.mode) == IN_GUEST && arch_load_acquire(&v->seen_seq) < seq)
		arch_relax();
	/* Order: its run is over, before what it used is another's. Pairs with: handle_exit(),
	 * guest_read_end() [K4] */
	arch_mb();
}

void gfence_change(struct vm *vm, const struct gstage_fence *f)
{
	u64 count = f->all || !f->shift ? 0 : (f->size + BIT(f->shift) - 1) >> f->shift;
	struct vmid_change c = {f->start.a, count > VMID_PAGES ? 0 : (u32)count, f->shift};
	u64 seq = vmid_vm_changed_pages(&vm->vmid, &c);

	for (u32 i = 0; i < vm->vcpus; i++)
		guest_kick(&vm->vcpu[i].run);
	for (u32 i = 0; i < vm->vcpus; i++)
		await(&vm->vcpu[i], seq);
}

void gstage_fence_range(struct vm *vm, gpa_t gpa, u64 size)
{
	const u64 first = ALIGN_DOWN(gpa.a, 4096UL);
	const struct gstage_fence f = {GPA(first), gpa.a + size - first, 12, false};

	gfence_change(vm, &f);
}
