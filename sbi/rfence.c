/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFENCE (SBI 3.0, chapter 8).
 *
 * The caller's own hart is fenced as precisely as asked, up to a few pages. Another vCPU forgets all
 * of its first stage: as the fence is remembered in one bit, one that is not running costs no
 * interrupt. The call returns when no target runs with what it knew before.
 *
 * hfence functions are for guests that have the H extension themselves, which no guest has yet.
 */
#include "guest/vm.h"
#include "sbi/ext.h"
#include "sbi/window.h"

/* "Sent" is the event after which "received" comes. */
static void fence_others(struct vcpu *v, u64 targets, u32 request, u32 sent)
{
	u64 left;

	for (left = targets; left; left &= left - 1) {
		struct vcpu *to = &v->vm->vcpu[__builtin_ctzl(left)];

		vpmu_count(&v->vpmu, sent);
		vpmu_count(&to->vpmu, sent + 1);
		guest_request(&to->run, request);
	}
	for (left = targets; left; left &= left - 1)
		guest_request_sync(&v->vm->vcpu[__builtin_ctzl(left)].run, request);
}

static void fence_self(struct vcpu *v, u64 fid, const u64 *a)
{
	irq_off();
	vcpu_take_hart(v);
	if (fid == SBI_RFENCE_REMOTE_FENCE_I)
		fence_i();
	else
		window_fence_vma(a[2], a[3], fid == SBI_RFENCE_REMOTE_SFENCE_VMA_ASID, a[4]);
	irq_on();
}

static struct sbi_ret call(struct vcpu *v, u64 fid, const u64 *a)
{
	static const u8 sent[] = {
		[SBI_RFENCE_REMOTE_FENCE_I] = SBI_PMU_FW_FENCE_I_SENT,
		[SBI_RFENCE_REMOTE_SFENCE_VMA] = SBI_PMU_FW_SFENCE_VMA_SENT,
		[SBI_RFENCE_REMOTE_SFENCE_VMA_ASID] = SBI_PMU_FW_SFENCE_ASID_SENT,
	};
	u32 request = fid == SBI_RFENCE_REMOTE_FENCE_I ? REQ_FENCEI : REQ_VVMA;
	u64 targets;

	if (fid > SBI_RFENCE_REMOTE_SFENCE_VMA_ASID)
		return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	if (!sbi_hart_mask(v, a[0], a[1], &targets))
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (targets & BIT(v->id))
		fence_self(v, fid, a);
	if (targets & ~BIT(v->id))
		fence_others(v, targets & ~BIT(v->id), request, sent[fid]);
	return SBI_RET(SBI_SUCCESS, 0);
}

void sbi_rfence(struct vcpu *v, u64 fid, const u64 *a)
{
	sbi_return(v, call(v, fid, a));
}
