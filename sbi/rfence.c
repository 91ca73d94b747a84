/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFENCE (SBI 3.0, chapter 8).
 *
 * The caller's own hart is fenced as asked. Another vCPU gets the fence into its queue
 * (guest/riscv/vfence.h), or, for FENCE.I, a bit: one that is not running costs no interrupt. The call
 * returns when no target runs with what it knew before.
 *
 * hfence functions are for guests that have the H extension themselves, which no guest has yet.
 */
#include "guest/vm/vm.h"
#include "lib/bits.h"
#include "sbi/ext.h"
#include "sbi/window.h"

#define FENCE_FEW     16U /* others that are asked with interrupts off */
#define FENCE_PORTION 32U /* and between two breaks */

struct call {
	u64 fid;
	struct vfence fence; /* if it is not FENCE.I */
};

static u32 request_of(const struct call *c)
{
	return c->fid == SBI_RFENCE_REMOTE_FENCE_I ? REQ_FENCEI : REQ_VVMA;
}

/* "Sent" is the event after which "received" comes. */
static void count_event(struct vcpu *v, struct vcpu *to, u64 fid)
{
	static const u8 sent[] = {
		[SBI_RFENCE_REMOTE_FENCE_I] = SBI_PMU_FW_FENCE_I_SENT,
		[SBI_RFENCE_REMOTE_SFENCE_VMA] = SBI_PMU_FW_SFENCE_VMA_SENT,
		[SBI_RFENCE_REMOTE_SFENCE_VMA_ASID] = SBI_PMU_FW_SFENCE_ASID_SENT,
	};

	vpmu_count(&v->vpmu, sent[fid]);
	vpmu_count(&to->vpmu, sent[fid] + 1U);
}

static void ask_others(struct vcpu *v, u64 targets, const struct call *c)
{
	for (u32 asked = 1; targets; targets &= targets - 1, asked++) {
		struct vcpu *to = &v->vm->vcpu[bits_lowest(targets)];

		if (asked % FENCE_PORTION == 0 && !vcpu_break(v))
			return;
		count_event(v, to, c->fid);
		if (c->fid != SBI_RFENCE_REMOTE_FENCE_I)
			vfence_push(&to->fences, &c->fence);
		guest_request(&to->run, request_of(c));
	}
}

static void await_others(struct vcpu *v, u64 targets, const struct call *c)
{
	for (; targets; targets &= targets - 1)
		guest_request_sync(&v->vm->vcpu[bits_lowest(targets)].run, request_of(c));
}

/* v is in this hart. Interrupts off. */
static __always_inline void fence_here(const struct call *c)
{
	if (c->fid == SBI_RFENCE_REMOTE_FENCE_I)
		fence_i();
	else
		vfence_do(&c->fence);
}

static void fence_self(struct vcpu *v, const struct call *c)
{
	irq_off();
	vcpu_take_hart(v);
	fence_here(c);
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

/*
 * As ask_others(), of those that are outside their guests. False: one is not, and must be waited for; with
 * interrupts off, as they are here, two that wait for each other would do so for ever. Nor are events counted
 * here.
 */
static __always_inline bool ask_outsiders(struct vcpu *v, u64 targets, const struct call *c)
{
	for (; targets; targets &= targets - 1) {
		struct vcpu *to = &v->vm->vcpu[bits_lowest(targets)];

		if (guest_is_in(&to->run) || READ_ONCE(to->vpmu.events))
			return false;
		if (c->fid != SBI_RFENCE_REMOTE_FENCE_I)
			vfence_push(&to->fences, &c->fence);
		if (!guest_request_outside(&to->run, request_of(c)))
			return false;
	}
	return true;
}

/* Where no other target is in its guest nobody is waited for. What is not plain goes the whole way, and so
 * does a call in which one is there: that has the fences of others done twice. */
bool sbi_rfence_watched(struct vcpu *v, u64 fid, u64 *a)
{
	struct call c;
	u64 targets;

	if (fid > SBI_RFENCE_REMOTE_SFENCE_VMA_ASID || READ_ONCE(v->vpmu.events) ||
	    !sbi_hart_mask(v, a[0], a[1], &targets))
		return false;
	c.fid = fid;
	if (fid != SBI_RFENCE_REMOTE_FENCE_I && !window_fence(fid, a, &c.fence))
		return false;
	if (!bits_few(targets & ~BIT(v->id), FENCE_FEW) ||
	    !ask_outsiders(v, targets & ~BIT(v->id), &c))
		return false;
	if (targets & BIT(v->id))
		fence_here(&c);
	a[0] = SBI_SUCCESS;
	a[1] = 0;
	return true;
}
