/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/riscv/vfault.h"

#include <stdio.h>

#include "arch/riscv/decode.h"
#include "arch/riscv/vtrap.h"
#include "guest/vm/vm.h"
#include "lib/log.h"

/* Which access it was. LR is a load; SC, AMO and the cache operations are stores. */
static u64 access_fault_of(u64 guest_page_fault)
{
	switch (guest_page_fault) {
	case EXC_INSN_GUEST_PAGE: return EXC_INSN_ACCESS;
	case EXC_LOAD_GUEST_PAGE: return EXC_LOAD_ACCESS;
	default: return EXC_STORE_ACCESS;
	}
}

static const char *name_of(u64 access_fault)
{
	switch (access_fault) {
	case EXC_INSN_ACCESS: return "fetch";
	case EXC_LOAD_ACCESS: return "load";
	default: return "store";
	}
}

/* Of several vCPUs at once one says it. */
static bool line_due(struct vfaults *f)
{
	u64 now = arch_clock(), next = READ_ONCE(f->next_line);

	return now >= next &&
	       __atomic_compare_exchange_n(&f->next_line, &next, now + arch_clock_hz(), false,
					   __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* "load at 0x18000010 (0x18000010), where it has nothing": the second is the guest physical address, as far as
 * the hart tells. */
static void describe(const struct vcpu *v, u64 cause, const char *why, char *text, size_t room)
{
	const struct guest_exit *x = &v->arch.exit;
	bool walk = htinst_kind(x->htinst) != HTINST_NONE && htinst_kind(x->htinst) != HTINST_INSN;
	char physical[24] = "";

	/* Of a walk it is an entry's. */
	if (x->htval && vcpu_features.htval)
		snprintf(physical, sizeof(physical), " (0x%llx)",
			 (unsigned long long)(x->htval << 2 | (walk ? 0 : x->stval & 3)));
	snprintf(text, room, "%s at 0x%llx%s, %s", name_of(cause), (unsigned long long)x->stval,
		 physical, why);
}

static void note(struct vcpu *v, const char *what)
{
	struct vfaults *f = &v->vm->faults;
	u64 count = __atomic_add_fetch(&f->count, 1, __ATOMIC_RELAXED);

	if (line_due(f))
		log_report("VM %s: vCPU %u, pc 0x%llx: %s: access fault, %llu so far",
			   v->vm->config->name, v->id, (unsigned long long)v->arch.sepc, what,
			   (unsigned long long)count);
}

/* The trap changes no register but those that say what it was, so it would find the same again. v is
 * loaded, interrupts off. */
static bool leads_to_itself(const struct vcpu *v)
{
	return (v->arch.sstatus & SSTATUS_SPP) && v->arch.sepc == (csr_read(vstvec) & ~3UL);
}

void vfault_give(struct vcpu *v, const char *why)
{
	u64 cause = access_fault_of(v->arch.exit.scause);
	char what[112];
	bool stuck;

	describe(v, cause, why, what, sizeof(what));
	irq_off();
	vcpu_take_hart(v);
	stuck = leads_to_itself(v);
	irq_on();
	if (stuck) {
		vm_fail(v, "%s, by its own trap vector", what);
		return;
	}
	note(v, what);
	vpmu_count_exception(&v->vpmu, cause);
	irq_off();
	vcpu_take_hart(v);
	vcpu_inject(&v->arch, cause, v->arch.exit.stval);
	irq_on();
}
