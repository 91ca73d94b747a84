/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi/server.h"

#include "guest/vm.h"
#include "lib/trace.h"
#include "sbi/ext.h"

#define ECALL_LEN 4

bool sbi_has(u64 eid)
{
	switch (eid) {
	case SBI_EXT_BASE:
	case SBI_EXT_TIME:
	case SBI_EXT_IPI:
	case SBI_EXT_RFENCE:
	case SBI_EXT_HSM:
	case SBI_EXT_SRST:
	case SBI_EXT_DBCN:
	case SBI_EXT_PMU:
	case SBI_EXT_SUSP:
	case SBI_EXT_STA:
	case SBI_EXT_FWFT: return true;
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

/* A chain instead of a switch: the calls a guest makes all the time are found first. */
static __always_inline void dispatch(struct vcpu *v)
{
	u64 *x = v->arch.x, eid = x[17];

	v->arch.sepc += ECALL_LEN;
	if (eid == SBI_EXT_BASE)
		sbi_base(v, x[16], &x[10]);
	else if (eid == SBI_EXT_TIME)
		sbi_time(v, x[16], &x[10]);
	else if (eid == SBI_EXT_IPI)
		sbi_ipi(v, x[16], &x[10]);
	else if (eid == SBI_EXT_RFENCE)
		sbi_rfence(v, x[16], &x[10]);
	else if (eid == SBI_EXT_HSM)
		sbi_hsm(v, x[16], &x[10]);
	else if (eid == SBI_EXT_DBCN)
		sbi_dbcn(v, x[16], &x[10]);
	else if (eid == SBI_EXT_SRST)
		sbi_srst(v, x[16], &x[10]);
	else if (eid == SBI_EXT_PMU)
		sbi_pmu(v, x[16], &x[10]);
	else if (eid == SBI_EXT_SUSP)
		sbi_susp(v, x[16], &x[10]);
	else if (eid == SBI_EXT_STA)
		sbi_sta(v, x[16], &x[10]);
	else if (eid == SBI_EXT_FWFT)
		sbi_fwft(v, x[16], &x[10]);
	else
		sbi_return(v, SBI_RET(SBI_ERR_NOT_SUPPORTED, 0));
}

static __cold void traced_call(struct vcpu *v)
{
	trace_record(TRACE_SBI, v->arch.x[17], v->arch.x[16]);
	dispatch(v);
}

/* All of dispatch() are tail calls: with a call before them it would need a stack frame. */
void sbi_call(struct vcpu *v)
{
	if (trace_on(TRACE_SBI))
		traced_call(v);
	else
		dispatch(v);
}

u64 sbi_call_watched(struct vcpu *v)
{
	u64 *x = v->arch.x;

	if (trace_on(TRACE_SBI))
		return 0; /* the other way notes it */
	if (x[17] == SBI_EXT_DBCN)
		return sbi_dbcn_watched(v, x[16], &x[10]) ? ECALL_LEN : 0;
	if (x[17] != SBI_EXT_IPI)
		return 0;
	sbi_ipi(v, x[16], &x[10]);
	return ECALL_LEN;
}
