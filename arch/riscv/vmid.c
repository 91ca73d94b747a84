/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invariants: a VM's tag is written once a generation, so two VMs never have the same tag (with
 * VMIDLEN 0 all have, and the id takes its place); vmid_hart.generation never passes
 * vmid_space.generation; a VM's entry of vmid_seen for a hart is written by that hart alone.
 *
 * Why stale reads do no harm: a hart that reads the old generation beside a roll-over enters with
 * the VMID of a generation it has flushed for, and in that generation the number is this VM's.
 * Any entry with a tag of the new generation finds vmid_hart.generation old and flushes first.
 *
 * Tags: [G1] a change of the tables against a vCPU that comes, store buffering: the one stores the change
 * and its number, then reads where vCPUs are loaded; the other stores where it is, then reads the number.
 * [G2] the change itself before its number.
 */
#include "arch/riscv/vmid.h"

#include "lib/check.h"

#define TAG_GENERATION(tag) ((tag) >> VMID_BITS_MAX)
#define TAG_VMID(tag)	    ((u32)((tag) & (BIT(VMID_BITS_MAX) - 1)))

void vmid_space_init(struct vmid_space *s, unsigned int bits)
{
	*s = (struct vmid_space){.bits = bits < VMID_BITS_MAX ? bits : VMID_BITS_MAX,
				 .lock = SPINLOCK_INIT("vmid"),
				 .generation = 1,
				 .next = 1,
				 .next_id = 1};
}

void vmid_vm_init(struct vmid_space *s, struct vmid_vm *vm, struct vmid_seen *seen)
{
	unsigned long flags = spin_lock_irqsave(&s->lock);

	*vm = (struct vmid_vm){
		.id = s->next_id++, .seen = seen, .lock = SPINLOCK_INIT("vmid_changes")};
	spin_unlock_irqrestore(&s->lock, flags);
}

/* Gives the VM a VMID of the current generation, or begins the next. Returns its tag. */
static u64 assign(struct vmid_space *s, struct vmid_vm *vm)
{
	unsigned long flags = spin_lock_irqsave(&s->lock);
	u64 tag = vm->tag;

	if (TAG_GENERATION(tag) != s->generation) {
		u32 vmid = 0;

		if (s->bits && s->next >> s->bits) {
			__atomic_store_n(&s->generation, s->generation + 1, __ATOMIC_RELAXED);
			s->next = 1;
		}
		if (s->bits)
			vmid = s->next++;
		tag = s->generation << VMID_BITS_MAX | vmid;
		__atomic_store_n(&vm->tag, tag, __ATOMIC_RELAXED);
	}
	spin_unlock_irqrestore(&s->lock, flags);
	return tag;
}

/* What this hart has to flush because of whose translations it holds. */
static unsigned int check_hart(struct vmid_space *s, struct vmid_hart *h, const struct vmid_vm *vm,
			       u64 tag)
{
	bool other = !s->bits && h->vm != vm->id;

	h->vm = vm->id;
	if (likely(h->generation == TAG_GENERATION(tag) && !other))
		return 0;
	h->generation = TAG_GENERATION(tag);
	return VMID_FENCE_G_ALL | VMID_FENCE_G_VMID | VMID_FENCE_VV;
}

/* What it has to flush because of what happened to the VM, or to the vCPU, since. */
static unsigned int check_seen(struct vmid_vm *vm, unsigned int hart, u64 tag,
			       struct vmid_vcpu *vcpu)
{
	struct vmid_seen *seen = &vm->seen[hart];
	unsigned int todo = 0;
	/* Order: the number of changes is read, before the fence that makes them seen; and the
	 * caller said where the vCPU is loaded, with a full barrier, before it is read.
	 * Pairs with: vmid_vm_changed_pages() [G1] [G2] */
	u64 seq = arch_load_acquire(&vm->seq);

	if (seen->tag != tag)
		todo |= VMID_FENCE_G_VMID | VMID_FENCE_VV;
	else if (seen->seq != seq)
		todo |= VMID_FENCE_G_VMID;
	if (seen->vcpu != vcpu->index + 1 || vcpu->hart != hart + 1)
		todo |= VMID_FENCE_VV;
	*seen = (struct vmid_seen){tag, seq, vcpu->index + 1};
	vcpu->hart = hart + 1;
	return todo;
}

unsigned int vmid_check(struct vmid_space *s, struct vmid_hart *h, unsigned int hart,
			struct vmid_vm *vm, struct vmid_vcpu *vcpu, u32 *vmid)
{
	u64 tag = __atomic_load_n(&vm->tag, __ATOMIC_RELAXED);
	unsigned int todo;

	DCHECK(arch_irqs_off());
	if (unlikely(TAG_GENERATION(tag) != __atomic_load_n(&s->generation, __ATOMIC_RELAXED)))
		tag = assign(s, vm);
	todo = check_hart(s, h, vm, tag);
	todo |= check_seen(vm, hart, tag, vcpu);
	*vmid = TAG_VMID(tag);
	return todo;
}

u64 vmid_vm_changed_pages(struct vmid_vm *vm, const struct vmid_change *c)
{
	unsigned long flags = spin_lock_irqsave(&vm->lock);
	u64 seq = vm->seq + 1;

	vm->change[seq % VMID_CHANGES] = *c;
	/* Order: the change of the tables, before its number. Pairs with: check_seen() [G2] */
	arch_store_release(&vm->seq, seq);
	spin_unlock_irqrestore(&vm->lock, flags);
	/* Order: the number is stored, before the caller reads where vCPUs are loaded.
	 * Pairs with: check_seen() [G1] */
	arch_mb();
	return seq;
}

u64 vmid_vm_changed(struct vmid_vm *vm)
{
	static const struct vmid_change everything;

	return vmid_vm_changed_pages(vm, &everything);
}

/* In the lock. */
static bool copy_changes(const struct vmid_vm *vm, u64 from, u64 to, struct vmid_change *out)
{
	u64 pages = 0;

	if (vm->seq - from > VMID_CHANGES)
		return false;
	for (u64 n = from + 1; n <= to; n++) {
		*out = vm->change[n % VMID_CHANGES];
		pages += out->count;
		if (!out++->count || pages > VMID_PAGES)
			return false;
	}
	return true;
}

bool vmid_changes(struct vmid_vm *vm, u64 from, u64 to, struct vmid_change out[VMID_CHANGES])
{
	unsigned long flags = spin_lock_irqsave(&vm->lock);
	bool all = copy_changes(vm, from, to, out);

	spin_unlock_irqrestore(&vm->lock, flags);
	return all;
}

void vmid_vm_fenced(struct vmid_vm *vm, unsigned int hart, u64 seq)
{
	struct vmid_seen *seen = &vm->seen[hart];

	if (seen->seq + 1 == seq)
		seen->seq = seq;
}

void vmid_hart_forget(struct vmid_hart *h)
{
	h->vm = 0;
	h->generation = 0;
}
