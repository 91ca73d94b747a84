/* SPDX-License-Identifier: BSD-2-Clause */
#include "sbi/server.h"

#include "guest/vm/vm.h"
#include "lib/trace.h"
#include "sbi/ext.h"
#include "sbi/window.h"

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

/* A chain instead of a switch: the calls a guest makes all the time are found first. */
static __always_inline void dispatch(struct vcpu *v)
{
	u64 *x = v->arch.x, eid = window_eid(x), fid = window_fid(x);

	v->arch.sepc += SBI_ECALL_LEN;
	if (eid == SBI_EXT_BASE)
		sbi_base(v, fid, &x[10]);
	else if (eid == SBI_EXT_TIME)
		sbi_time(v, fid, &x[10]);
	else if (eid == SBI_EXT_IPI)
		sbi_ipi(v, fid, &x[10]);
	else if (eid == SBI_EXT_RFENCE)
		sbi_rfence(v, fid, &x[10]);
	else if (eid == SBI_EXT_HSM)
		sbi_hsm(v, fid, &x[10]);
	else if (eid == SBI_EXT_DBCN)
		sbi_dbcn(v, fid, &x[10]);
	else if (eid == SBI_EXT_SRST)
		sbi_srst(v, fid, &x[10]);
	else if (eid == SBI_EXT_PMU)
		sbi_pmu(v, fid, &x[10]);
	else if (eid == SBI_EXT_SUSP)
		sbi_susp(v, fid, &x[10]);
	else if (eid == SBI_EXT_STA)
		sbi_sta(v, fid, &x[10]);
	else if (eid == SBI_EXT_FWFT)
		sbi_fwft(v, fid, &x[10]);
	else
		sbi_return(v, SBI_RET(SBI_ERR_NOT_SUPPORTED, 0));
}

static __cold void traced_call(struct vcpu *v)
{
	trace_record(TRACE_CALL, window_eid(v->arch.x), window_fid(v->arch.x));
	dispatch(v);
}

/* All of dispatch() are tail calls: with a call before them it would need a stack frame. */
void sbi_call(struct vcpu *v)
{
	mark_note(TRACE_CALL, v->arch.x[17], v->arch.x[16]);
	if (trace_on(TRACE_CALL))
		traced_call(v);
	else
		dispatch(v);
}

/* Tail calls here, too. */
bool sbi_call_watched(struct vcpu *v)
{
	u64 *x = v->arch.x, eid = window_eid(x), fid = window_fid(x);

	mark_note(TRACE_CALL, eid, x[16]);
	if (trace_on(TRACE_CALL))
		return false; /* the other way notes it */
	if (eid == SBI_EXT_IPI)
		return sbi_ipi_watched(v, fid, &x[10]);
	if (eid == SBI_EXT_RFENCE)
		return sbi_rfence_watched(v, fid, &x[10]);
	if (eid == SBI_EXT_DBCN)
		return sbi_dbcn_watched(v, fid, &x[10]);
	return false;
}
