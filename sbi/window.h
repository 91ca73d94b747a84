/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an early answer (sbi/early.c) and the whole exit have in common. Window: always inlined, no
 * call out, RCU may not be watching. Interrupts off.
 */
#ifndef SBI_WINDOW_H
#define SBI_WINDOW_H

#include "arch/riscv/sbi.h"
#include "guest/vfence.h"
#include "lib/compiler.h"
#include "lib/types.h"

#define LIMEN_IMPL_ID	   0x6c696d656eL /* "limen" */
#define LIMEN_IMPL_VERSION 0x00000001L

/* The functions of BASE whose answer is a constant; false: another one. */
__window bool window_base(u64 fid, u64 *value)
{
	if (fid == SBI_BASE_GET_SPEC_VERSION)
		*value = SBI_VERSION(3, 0);
	else if (fid == SBI_BASE_GET_IMPL_ID)
		*value = LIMEN_IMPL_ID;
	else if (fid == SBI_BASE_GET_IMPL_VERSION)
		*value = LIMEN_IMPL_VERSION;
	else
		return false;
	return true;
}

/* The fence that SFENCE_VMA or SFENCE_VMA_ASID asks for; false: its range is not valid. */
__window bool window_fence(u64 fid, const u64 *a, struct vfence *out)
{
	return vfence_make(a[2], a[3], (u16)a[4], fid != SBI_RFENCE_REMOTE_SFENCE_VMA_ASID, out);
}

#endif
