/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BASE (SBI 3.0, chapter 4). limen has no registered implementation id: those are handed out from 0
 * upwards, a dozen so far. The one it gives is far from them, and positive in 32 bits, which is all that some
 * callers keep. The machine ids are the hart's own, which a guest needs for errata.
 */
#include "sbi/ext.h"
#include "sbi/fw.h"
#include "sbi/window.h"

/* Out of the way of the calls that need no firmware. */
static __attribute__((noinline)) struct sbi_ret machine_id(u64 fid)
{
	struct sbi_ret r = fw_call(SBI_EXT_BASE, fid, 0, 0, 0, 0, 0, 0);

	return SBI_RET(SBI_SUCCESS, r.error ? 0 : r.value);
}

static struct sbi_ret call(struct vcpu *v, u64 fid, const u64 *a)
{
	u64 value;

	(void)v;
	if (window_base(fid, &value))
		return SBI_RET(SBI_SUCCESS, value);
	switch (fid) {
	case SBI_BASE_PROBE_EXTENSION: return SBI_RET(SBI_SUCCESS, sbi_has(a[0]));
	case SBI_BASE_GET_MVENDORID:
	case SBI_BASE_GET_MARCHID:
	case SBI_BASE_GET_MIMPID: return machine_id(fid);
	default: return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	}
}

void sbi_base(struct vcpu *v, u64 fid, const u64 *a)
{
	sbi_return(v, call(v, fid, a));
}
