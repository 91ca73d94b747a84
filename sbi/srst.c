/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SRST (SBI 3.0, chapter 10). A guest that shuts down for a system failure has failed.
 */
#include "guest/vm/vm.h"
#include "sbi/ext.h"

static struct sbi_ret call(struct vcpu *v, u64 fid, const u64 *a)
{
	/* Each has 32 bits; what is above them in its register is not part of it. */
	u32 type = (u32)a[0], reason = (u32)a[1];

	if (fid != SBI_SRST_SYSTEM_RESET)
		return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	if (type > SBI_SRST_TYPE_WARM_REBOOT || reason > SBI_SRST_REASON_SYSTEM_FAILURE)
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (reason == SBI_SRST_REASON_SYSTEM_FAILURE)
		vm_fail(v, "it shut itself down for a system failure");
	else
		vm_stop(v->vm, type == SBI_SRST_TYPE_SHUTDOWN ? VM_OFF : VM_REBOOT);
	return SBI_RET(SBI_SUCCESS, 0);
}

void sbi_srst(struct vcpu *v, u64 fid, const u64 *a)
{
	sbi_return(v, call(v, fid, a));
}
