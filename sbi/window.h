/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an early answer (sbi/early.c) and the whole exit have in common. Window: always inlined, no
 * call out, RCU may not be watching. Interrupts off.
 */
#ifndef SBI_WINDOW_H
#define SBI_WINDOW_H

#include "arch/riscv/hfence.h"
#include "arch/riscv/sbi.h"
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

#define FENCE_PAGE    4096UL
#define FENCE_PRECISE (16 * FENCE_PAGE) /* a larger range is fenced as a whole */
#define ASID_MASK     0xffffUL		/* the bits above are reserved in HFENCE.VVMA's rs2 */

/* First-stage translations of the vCPU in this hart: [start, start + size), or all of them for what
 * SBI counts as all; of one address space if with_asid. */
__window void window_fence_vma(u64 start, u64 size, bool with_asid, u64 asid)
{
	u64 end = start + size;

	asid &= ASID_MASK;
	if ((!start && !size) || size > FENCE_PRECISE || end < start) {
		if (with_asid)
			hfence_vvma_asid(asid);
		else
			hfence_vvma_all();
		return;
	}
	for (u64 at = ALIGN_DOWN(start, FENCE_PAGE); at < end; at += FENCE_PAGE) {
		if (with_asid)
			hfence_vvma_addr_asid(at, asid);
		else
			hfence_vvma_addr(at);
	}
}

#endif
