/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SUSP (SBI 3.0, chapter 13): the VM is suspended to RAM. Its RAM and devices stay as they are; the
 * one hart that is not stopped sleeps until an interrupt that its sie lets through, as after a
 * non-retentive HSM suspend, and nobody is left who could start another meanwhile.
 */
#include "guest/vm/vm.h"
#include "sbi/ext.h"

/* Are all other harts stopped? Then v says SUSPENDED. A hart that is about to start is not. */
static bool last_hart_suspends(struct vcpu *v)
{
	unsigned long flags = spin_lock_irqsave(&v->vm->lock);
	bool alone = true;

	for (u32 i = 0; i < v->vm->vcpus; i++)
		alone &= i == v->id || v->vm->vcpu[i].hsm == SBI_HSM_STATE_STOPPED;
	if (alone)
		WRITE_ONCE(v->hsm, SBI_HSM_STATE_SUSPENDED);
	spin_unlock_irqrestore(&v->vm->lock, flags);
	return alone;
}

static struct sbi_ret suspend(struct vcpu *v, u32 type, u64 pc, u64 opaque)
{
	if (type != SBI_SUSP_SUSPEND_TO_RAM)
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (!sbi_start_address(v, pc))
		return SBI_RET(SBI_ERR_INVALID_ADDRESS, 0);
	if (!last_hart_suspends(v))
		return SBI_RET(SBI_ERR_DENIED, 0);
	return sbi_sleep(v, pc, opaque);
}

/* A sleep type has 32 bits; what is above them in its register is not part of it. */
static struct sbi_ret call(struct vcpu *v, u64 fid, const u64 *a)
{
	if (fid != SBI_SUSP_SYSTEM_SUSPEND)
		return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	return suspend(v, (u32)a[0], a[1], a[2]);
}

void sbi_susp(struct vcpu *v, u64 fid, const u64 *a)
{
	sbi_return(v, call(v, fid, a));
}
