/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TIME (SBI 3.0, chapter 6).
 */
#include "sbi/ext.h"

static struct sbi_ret call(struct vcpu *v, u64 fid, const u64 *a)
{
	if (fid != SBI_TIME_SET_TIMER)
		return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	vpmu_count(&v->vpmu, SBI_PMU_FW_SET_TIMER);
	vcpu_set_timer(v, a[0]);
	return SBI_RET(SBI_SUCCESS, 0);
}

void sbi_time(struct vcpu *v, u64 fid, const u64 *a)
{
	sbi_return(v, call(v, fid, a));
}
