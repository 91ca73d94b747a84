/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's fences and loads, which the assembler need not know: privileged specification
 * 20240411, "Hypervisor Memory-Management Fence Instructions" and "Hypervisor Virtual-Machine Load
 * and Store Instructions".
 */
#ifndef ARCH_RISCV_HFENCE_H
#define ARCH_RISCV_HFENCE_H

#include "arch/riscv/extable.h"
#include "lib/compiler.h"
#include "lib/types.h"

#define H_INSN(text) ".option push\n.option arch, +h\n" text "\n.option pop\n"

/* All first-stage translations of the VMID in hgatp, on this hart. */
__window void hfence_vvma_all(void)
{
	__asm__ volatile(H_INSN("hfence.vvma zero, zero")::: "memory");
}

/* Of the VMID in hgatp: one address space, one page, or one page in one address space. */
__window void hfence_vvma_asid(u64 asid)
{
	__asm__ volatile(H_INSN("hfence.vvma zero, %0")::"r"(asid) : "memory");
}

__window void hfence_vvma_addr(u64 gva)
{
	__asm__ volatile(H_INSN("hfence.vvma %0, zero")::"r"(gva) : "memory");
}

__window void hfence_vvma_addr_asid(u64 gva, u64 asid)
{
	__asm__ volatile(H_INSN("hfence.vvma %0, %1")::"r"(gva), "r"(asid) : "memory");
}

/* All second-stage translations of all VMIDs, on this hart. */
__window void hfence_gvma_all(void)
{
	__asm__ volatile(H_INSN("hfence.gvma zero, zero")::: "memory");
}

/* All second-stage translations of one VMID. */
__window void hfence_gvma_vmid(u64 vmid)
{
	__asm__ volatile(H_INSN("hfence.gvma zero, %0")::"r"(vmid) : "memory");
}

/* The same for one page; its address is shifted right by two. */
__window void hfence_gvma_addr_vmid(u64 gpa_shifted, u64 vmid)
{
	__asm__ volatile(H_INSN("hfence.gvma %0, %1")::"r"(gpa_shifted), "r"(vmid) : "memory");
}

__window void fence_i(void)
{
	__asm__ volatile("fence.i" ::: "memory");
}

/*
 * Reads an instruction parcel of the guest that is loaded on this hart, with its execute
 * permission, at a guest virtual address as hstatus.SPVP and vsatp have it. False when it faults.
 * Interrupts off.
 */
static inline bool hlvx_hu(u64 gva, u16 *out)
{
	unsigned long v = 0, ok = 0;

	__asm__ volatile("1:\n" H_INSN("hlvx.hu %0, (%2)") "li %1, 1\n2:\n" EX_TABLE(1b, 2b)
			 : "+r"(v), "+r"(ok)
			 : "r"(gva)
			 : "memory");
	*out = (u16)v;
	return ok != 0;
}

#endif
