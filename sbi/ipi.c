/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPI (SBI 3.0, chapter 7). Any interrupt state.
 */
#include "guest/vm.h"
#include "lib/bits.h"
#include "sbi/ext.h"

static void send_self(struct vcpu *v)
{
	unsigned long flags = irq_save();

	vcpu_take_hart(v);
	vcpu_inject_interrupt(v, HVIP_VSSIP);
	irq_restore(flags);
}

static struct sbi_ret call(struct vcpu *v, u64 fid, const u64 *a)
{
	u64 targets;

	if (fid != SBI_IPI_SEND_IPI)
		return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	if (!sbi_hart_mask(v, a[0], a[1], &targets))
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (targets & BIT(v->id))
		send_self(v);
	for (targets &= ~BIT(v->id); targets; targets &= targets - 1) {
		struct vcpu *to = &v->vm->vcpu[bits_lowest(targets)];

		vpmu_count(&v->vpmu, SBI_PMU_FW_IPI_SENT);
		vpmu_count(&to->vpmu, SBI_PMU_FW_IPI_RECEIVED);
		vcpu_request(to, REQ_IPI);
	}
	return SBI_RET(SBI_SUCCESS, 0);
}

void sbi_ipi(struct vcpu *v, u64 fid, const u64 *a)
{
	sbi_return(v, call(v, fid, a));
}

bool sbi_ipi_watched(struct vcpu *v, u64 fid, const u64 *a)
{
	sbi_return(v, call(v, fid, a));
	return true;
}
