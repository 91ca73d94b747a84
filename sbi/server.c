/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi/server.h"

#include "guest/vm.h"
#include "sbi/ext.h"

bool sbi_has(u64 eid)
{
	switch (eid) {
	case SBI_EXT_BASE:
	case SBI_EXT_TIME:
	case SBI_EXT_IPI:
	case SBI_EXT_RFENCE:
	case SBI_EXT_HSM:
	case SBI_EXT_SRST:
	case SBI_EXT_DBCN: return true;
	default: return false;
	}
}

bool sbi_hart_mask(const struct vcpu *v, u64 mask, u64 base, u64 *out)
{
	u32 n = v->vm->vcpus;
	u64 all = n == 64 ? ~0UL : BIT(n) - 1;

	if (base == ~0UL) {
		*out = all;
		return true;
	}
	if (!mask) {
		*out = 0;
		return true;
	}
	if (base >= n || (mask & ~(all >> base)))
		return false;
	*out = mask << base;
	return true;
}

static struct sbi_ret dispatch(struct vcpu *v, u64 eid, u64 fid, const u64 *a)
{
	switch (eid) {
	case SBI_EXT_TIME: return sbi_time(v, fid, a);
	case SBI_EXT_IPI: return sbi_ipi(v, fid, a);
	case SBI_EXT_RFENCE: return sbi_rfence(v, fid, a);
	case SBI_EXT_BASE: return sbi_base(v, fid, a);
	case SBI_EXT_HSM: return sbi_hsm(v, fid, a);
	case SBI_EXT_SRST: return sbi_srst(v, fid, a);
	case SBI_EXT_DBCN: return sbi_dbcn(v, fid, a);
	default: return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	}
}

void sbi_call(struct vcpu *v)
{
	u64 *x = v->arch.x;
	struct sbi_ret ret;

	v->arch.sepc += 4;
	ret = dispatch(v, x[17], x[16], &x[10]);
	x[10] = (u64)ret.error;
	x[11] = (u64)ret.value;
}
