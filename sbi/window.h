/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an early answer (sbi/early.c) and the whole exit have in common. Window: always inlined, no
 * call out, RCU may not be watching. Interrupts off.
 */
#ifndef SBI_WINDOW_H
#define SBI_WINDOW_H

#include "arch/riscv/sbi.h"
#include "guest/riscv/vfence.h"
#include "lib/compiler.h"
#include "lib/types.h"

#define LIMEN_IMPL_ID	   0x6c6d656eL /* "lmen" */
#define LIMEN_IMPL_VERSION 0x00000001L

/*
 * The extension and the function of the call that a guest makes; x are its registers. Both numbers are signed
 * and 32 bits wide, and of what is as wide as that SBI uses 32 bits alone (SBI 3.0, chapter 3, "Binary
 * Encoding").
 */
__window u64 window_eid(const u64 *x)
{
	return (u64)(s64)(s32)x[17];
}

__window u64 window_fid(const u64 *x)
{
	return (u64)(s64)(s32)x[16];
}

/* The functions of BASE whose answer is a constant; false: another one. */
__window bool window_base(u64 fid, u64 *value)
{
	static const u64 constants[] = {
		[SBI_BASE_GET_SPEC_VERSION] = SBI_VERSION(3, 0),
		[SBI_BASE_GET_IMPL_ID] = LIMEN_IMPL_ID,
		[SBI_BASE_GET_IMPL_VERSION] = LIMEN_IMPL_VERSION,
	};

	if (fid >= ARRAY_SIZE(constants))
		return false;
	*value = constants[fid];
	return true;
}

/* The fence that SFENCE_VMA or SFENCE_VMA_ASID asks for; false: its range is not valid. */
__window bool window_fence(u64 fid, const u64 *a, struct vfence *out)
{
	return vfence_make(a[2], a[3], (u16)a[4], fid != SBI_RFENCE_REMOTE_SFENCE_VMA_ASID, out);
}

#endif
