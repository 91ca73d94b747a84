/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world switch. x0 = struct arch_vcpu; called by arch_guest_run() with interrupts off.
 *
 * Keeps sp and x29; all other general registers are the caller's to save. The hypervisor's vectors, sp,
 * TPIDR_EL2 and translations are registers of EL2's own, which a guest cannot reach: nothing of them is
 * swapped. ELR_EL2 and SPSR_EL2 are those of the last exception, so they are written at each entry.
 * While a guest runs, SP_EL2 leads to {x29, x30, vcpu}.
 *
 * An exception from a guest masks interrupts, and returning to it (ERET) clears the local exclusive
 * monitor, so that one guest's LDXR is never another's (DDI 0487, "Exception return").
 *
 * A guest's HVC is offered to guest_early_answer() with what a C function may clobber saved and nothing
 * else; answered there, the guest goes on at once.
 */
#include "arch/arm64/sysreg.h"
#include "arch/arm64/trap.h"
#include "arch/arm64/vcpu.h"

	/* The vCPU's registers that C may clobber, but x0 and x1; x0 is the vCPU. */
	.macro	for_caller insn_pair, insn
	.irp	n, 2, 4, 6, 8, 10, 12, 14, 16
	for_pair \insn_pair, \n
	.endr
	\insn	x18, [x0, #(8 * 18)]
	\insn	x30, [x0, #(8 * 30)]
	.endm

	/* The others. */
	.macro	for_callee insn_pair, insn
	\insn	x19, [x0, #(8 * 19)]
	.irp	n, 20, 22, 24, 26, 28
	for_pair \insn_pair, \n
	.endr
	.endm

	.macro	for_pair insn, n
	.altmacro
	for_two	\insn, \n, %(\n + 1)
	.noaltmacro
	.endm

	.macro	for_two insn, a, b
	\insn	x\a, x\b, [x0, #(8 * \a)]
	.endm

	.section .noinstr.text, "ax"
	.globl	guest_switch
	.type	guest_switch, @function
guest_switch:
	stp	x29, x30, [sp, #-32]!	/* a frame record */
	mov	x29, sp
	str	x0, [sp, #16]
	ldp	x1, x2, [x0, #ARCH_VCPU_PC]
	msr	elr_el2, x1
	msr	spsr_el2, x2
	for_callee ldp, ldr
guest_resume:
	for_caller ldp, ldr
	ldp	x0, x1, [x0]
	eret
	dsb	nsh			/* no instruction behind it is executed early */
	isb

	.globl	guest_exit		/* from vectors.S: x0 and x1 are on the stack, x1: the vector */
guest_exit:
	ldr	x0, [sp, #32]
	for_caller stp, str
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0]
	str	x1, [x0, #ARCH_VCPU_VECTOR]
	cbnz	x1, 1f
	mrs	x2, esr_el2
	lsr	x2, x2, #ESR_EC_SHIFT
	cmp	x2, #EC_HVC64
	b.ne	1f
	bl	guest_early_answer	/* x0: the vCPU again, or 0 */
	cbnz	x0, guest_resume
	ldr	x0, [sp, #16]
1:	for_callee stp, str
	mrs	x1, elr_el2
	mrs	x2, spsr_el2
	mrs	x3, esr_el2
	mrs	x4, far_el2
	mrs	x5, hpfar_el2
	stp	x1, x2, [x0, #ARCH_VCPU_PC]
	stp	x3, x4, [x0, #ARCH_VCPU_ESR]
	str	x5, [x0, #ARCH_VCPU_HPFAR]
	ldp	x29, x30, [sp], #32
	ret
	.size	guest_switch, . - guest_switch
