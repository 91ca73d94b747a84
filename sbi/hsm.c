/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HSM (SBI 3.0, chapter 9): a guest starts, stops and suspends its harts.
 *
 * A hart's state changes under vm->lock, so of two that start a third one wins and the other is
 * told ALREADY_AVAILABLE.
 */
#include "guest/riscv/vcpu_imsic.h"
#include "guest/vm/vm.h"
#include "sbi/ext.h"

#define SUSPEND_RETENTIVE     0x00000000U
#define SUSPEND_NON_RETENTIVE 0x80000000U

bool sbi_start_address(const struct vcpu *v, u64 pc)
{
	return !(pc & 1) && gmem_contains(&v->vm->mem, GPA(pc), 2);
}

static struct sbi_ret start(struct vcpu *v, u64 hart, u64 pc, u64 opaque)
{
	struct vcpu *target;
	unsigned long flags;
	bool won;

	if (hart >= v->vm->vcpus)
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (!sbi_start_address(v, pc))
		return SBI_RET(SBI_ERR_INVALID_ADDRESS, 0);
	target = &v->vm->vcpu[hart];
	flags = spin_lock_irqsave(&v->vm->lock);
	won = target->hsm == SBI_HSM_STATE_STOPPED;
	if (won) {
		target->start_pc = pc;
		target->start_opaque = opaque;
		WRITE_ONCE(target->hsm, SBI_HSM_STATE_START_PENDING);
	}
	spin_unlock_irqrestore(&v->vm->lock, flags);
	if (!won)
		return SBI_RET(SBI_ERR_ALREADY_AVAILABLE, 0);
	vcpu_request(target, REQ_STOP);
	return SBI_RET(SBI_SUCCESS, 0);
}

static void set_state(struct vcpu *v, u32 state)
{
	unsigned long flags = spin_lock_irqsave(&v->vm->lock);

	WRITE_ONCE(v->hsm, state);
	spin_unlock_irqrestore(&v->vm->lock, flags);
}

struct sbi_ret sbi_sleep(struct vcpu *v, u64 pc, u64 opaque)
{
	vcpu_wait_interrupt(v);
	set_state(v, SBI_HSM_STATE_STARTED);
	vcpu_resume(v, pc, opaque);
	/* The hart starts with its id and opaque in a0 and a1. */
	return SBI_RET(v->id, opaque);
}

static struct sbi_ret suspend(struct vcpu *v, u32 type, u64 pc, u64 opaque)
{
	bool retentive = type == SUSPEND_RETENTIVE;

	/* Reserved types, and the platform's own, which are none here. */
	if (!retentive && type != SUSPEND_NON_RETENTIVE)
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (!retentive && !sbi_start_address(v, pc))
		return SBI_RET(SBI_ERR_INVALID_ADDRESS, 0);
	set_state(v, SBI_HSM_STATE_SUSPENDED);
	if (!retentive)
		return sbi_sleep(v, pc, opaque);
	vcpu_wait_interrupt(v);
	set_state(v, SBI_HSM_STATE_STARTED);
	return SBI_RET(SBI_SUCCESS, 0);
}

static struct sbi_ret call(struct vcpu *v, u64 fid, const u64 *a)
{
	switch (fid) {
	case SBI_HSM_GET_STATUS:
		if (a[0] >= v->vm->vcpus)
			return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
		return SBI_RET(SBI_SUCCESS, READ_ONCE(v->vm->vcpu[a[0]].hsm));
	case SBI_HSM_START: return start(v, a[0], a[1], a[2]);
	case SBI_HSM_STOP:
		/* First, so that what is sent to a hart that is started anew is not forgotten. */
		vcpu_imsic_reset(v);
		set_state(v, SBI_HSM_STATE_STOPPED);
		guest_request(&v->run, REQ_STOP);
		return SBI_RET(SBI_SUCCESS, 0);
	/* A type has 32 bits; what is above them in its register is not part of it. */
	case SBI_HSM_SUSPEND: return suspend(v, (u32)a[0], a[1], a[2]);
	default: return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	}
}

void sbi_hsm(struct vcpu *v, u64 fid, const u64 *a)
{
	sbi_return(v, call(v, fid, a));
}
