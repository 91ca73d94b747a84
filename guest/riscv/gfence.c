/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/riscv/gfence.h"

#include "arch/riscv/hfence.h"
#include "guest/riscv/vcpu_where.h"
#include "hyp/sched/hartcall.h"

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

/* The guest that was here is out of its run, and comes in again by vcpu_take_hart(). What led to tables
 * that are cut off is forgotten here and now; what the tables lead to, then. */
static void forget(void *arg)
{
	const struct gstage_fence *f = arg;

	if (f->all)
		hfence_gvma_all();
}

void gfence_change(struct vm *vm, const struct gstage_fence *f)
{
	u64 count = f->all || !f->shift ? 0 : (f->size + BIT(f->shift) - 1) >> f->shift;
	struct vmid_change c = {f->start.a, count > VMID_PAGES ? 0 : (u32)count, f->shift};
	struct gstage_fence what = *f;
	struct hartmask harts = {{0}};

	(void)vmid_vm_changed_pages(&vm->arch.vmid, &c);
	vm_loaded_harts(vm, &harts);
	hartcall_each(&harts, forget, &what);
}

void gstage_fence_range(struct vm *vm, gpa_t gpa, u64 size)
{
	const u64 first = ALIGN_DOWN(gpa.a, 4096UL);
	const struct gstage_fence f = {GPA(first), gpa.a + size - first, 12, false};

	gfence_change(vm, &f);
}
