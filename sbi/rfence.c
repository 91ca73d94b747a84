/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFENCE (SBI 3.0, chapter 8).
 *
 * The caller's own hart is fenced as asked. Another vCPU gets the fence into its queue
 * (guest/vfence.h), or, for FENCE.I, a bit: one that is not running costs no interrupt. The call
 * returns when no target runs with what it knew before.
 *
 * hfence functions are for guests that have the H extension themselves, which no guest has yet.
 */
#include "guest/vm.h"
#include "sbi/ext.h"
#include "sbi/window.h"

struct call {
	u64 fid;
	struct vfence fence; /* if it is not FENCE.I */
};

static u32 request_of(const struct call *c)
{
	return c->fid == SBI_RFENCE_REMOTE_FENCE_I ? REQ_FENCEI : REQ_VVMA;
}

/* "Sent" is the event after which "received" comes. */
static void ask_others(struct vcpu *v, u64 targets, const struct call *c)
{
	static const u8 sent[] = {
		[SBI_RFENCE_REMOTE_FENCE_I] = SBI_PMU_FW_FENCE_I_SENT,
		[SBI_RFENCE_REMOTE_SFENCE_VMA] = SBI_PMU_FW_SFENCE_VMA_SENT,
		[SBI_RFENCE_REMOTE_SFENCE_VMA_ASID] = SBI_PMU_FW_SFENCE_ASID_SENT,
	};

	for (; targets; targets &= targets - 1) {
		struct vcpu *to = &v->vm->vcpu[__builtin_ctzl(targets)];

		vpmu_count(&v->vpmu, sent[c->fid]);
		vpmu_count(&to->vpmu, sent[c->fid] + 1U);
		if (c->fid != SBI_RFENCE_REMOTE_FENCE_I)
			vfence_push(&to->fences, &c->fence);
		guest_request(&to->run, request_of(c));
	}
}

static void await_others(struct vcpu *v, u64 targets, const struct call *c)
{
	for (; targets; targets &= targets - 1)
		guest_request_sync(&v->vm->vcpu[__builtin_ctzl(targets)].run, request_of(c));
}

static void fence_self(struct vcpu *v, const struct call *c)
{
	irq_off();
	vcpu_take_hart(v);
	if (c->fid == SBI_RFENCE_REMOTE_FENCE_I)
		fence_i();
	else
		vfence_do(&c->fence);
	irq_on();
}

static struct sbi_ret call(struct vcpu *v, u64 fid, const u64 *a)
{
	struct call c = {.fid = fid};
	u64 targets;

	if (fid > SBI_RFENCE_REMOTE_SFENCE_VMA_ASID)
		return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	if (!sbi_hart_mask(v, a[0], a[1], &targets))
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (fid != SBI_RFENCE_REMOTE_FENCE_I && !window_fence(fid, a, &c.fence))
		return SBI_RET(SBI_ERR_INVALID_ADDRESS, 0);
	/* The others are on their way out while this hart fences. */
	ask_others(v, targets & ~BIT(v->id), &c);
	if (targets & BIT(v->id))
		fence_self(v, &c);
	await_others(v, targets & ~BIT(v->id), &c);
	return SBI_RET(SBI_SUCCESS, 0);
}

void sbi_rfence(struct vcpu *v, u64 fid, const u64 *a)
{
	sbi_return(v, call(v, fid, a));
}
