/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Early answers: SBI calls finished inside the window, without the full switch. BASE that needs no
 * firmware, the timer of a guest with Sstc, IPI and fences to the caller itself, the state of a hart.
 * Each does what its extension's own file does, and leaves to that file whatever is not plain, or is
 * counted.
 *
 * All of it is noinstr: RCU is not watching, the time is the guest's, and nothing here is protected
 * by RCU (a VM's vCPU array does not change in its life). A kick that comes meanwhile is pending, and
 * ends the run at the sret.
 */
#include "guest/vm/vm.h"
#include "sbi/ext.h"
#include "sbi/server.h"
#include "sbi/window.h"

DEFINE_PER_HART(u64, early_answers);

/* Does the hart mask name the caller and nobody else? */
__window bool only_self(const struct vcpu *v, u64 mask, u64 base)
{
	if (base == ~0UL)
		return v->vm->vcpus == 1;
	return base <= v->id && v->id - base < 64 && mask == BIT(v->id - base);
}

/* Unordered vstimecmp: the guest's own. */
__window bool early_time(struct vcpu *v, u64 fid, const u64 *a)
{
	if (fid != SBI_TIME_SET_TIMER || !v->sstc || v->vpmu.events)
		return false;
	v->arch.vs.vstimecmp = a[0];
	csr_write(vstimecmp, a[0]);
	return true;
}

__window bool early_ipi(struct vcpu *v, u64 fid, const u64 *a)
{
	if (fid != SBI_IPI_SEND_IPI || !only_self(v, a[0], a[1]))
		return false;
	vcpu_set_hvip(&v->arch, HVIP_VSSIP);
	return true;
}

__window bool early_rfence(struct vcpu *v, u64 fid, const u64 *a)
{
	struct vfence fence;

	if (fid > SBI_RFENCE_REMOTE_SFENCE_VMA_ASID || !only_self(v, a[0], a[1]))
		return false;
	if (fid == SBI_RFENCE_REMOTE_FENCE_I) {
		fence_i();
		return true;
	}
	if (!window_fence(fid, a, &fence))
		return false;
	vfence_do(&fence);
	return true;
}

__window bool early_hsm(struct vcpu *v, u64 fid, const u64 *a, u64 *value)
{
	if (fid != SBI_HSM_GET_STATUS || a[0] >= v->vm->vcpus)
		return false;
	*value = READ_ONCE(v->vm->vcpu[a[0]].hsm);
	return true;
}

__window bool answer(struct vcpu *v, const u64 *x, u64 *value)
{
	u64 eid = window_eid(x), fid = window_fid(x);

	if (eid == SBI_EXT_BASE)
		return window_base(fid, value);
	if (eid == SBI_EXT_TIME)
		return early_time(v, fid, &x[10]);
	if (eid == SBI_EXT_IPI)
		return early_ipi(v, fid, &x[10]);
	if (eid == SBI_EXT_RFENCE)
		return early_rfence(v, fid, &x[10]);
	if (eid == SBI_EXT_HSM)
		return early_hsm(v, fid, &x[10], value);
	return false;
}

noinstr struct arch_vcpu *guest_early_answer(struct arch_vcpu *a)
{
	struct vcpu *v = container_of(a, struct vcpu, arch);
	u64 value = 0;

	if (!answer(v, a->x, &value))
		return NULL;
	a->x[10] = SBI_SUCCESS;
	a->x[11] = value;
	csr_write(sepc, csr_read(sepc) + 4);
	this_hart(early_answers)++;
	return a;
}
