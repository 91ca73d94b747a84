/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Switch of hypervisor threads: the callee-saved registers go to the stack, sp to the context. Not d8 to
 * d15: limen's own code has no floating point (-mgeneral-regs-only), and what they hold is a guest's.
 */
	.section .text
	.globl	arch_context_switch	/* x0 = from, x1 = to; struct arch_context {sp} */
	.type	arch_context_switch, @function
arch_context_switch:
	stp	x29, x30, [sp, #-96]!	/* a frame record */
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mov	x2, sp
	str	x2, [x0]
	ldr	x2, [x1]
	mov	sp, x2
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret
	.size	arch_context_switch, . - arch_context_switch

/* A new context's first step: x19 = fn, x20 = arg (arch_context_init() put them there). */
	.globl	arch_context_start
	.type	arch_context_start, @function
arch_context_start:
	mov	x0, x20
	mov	x29, #0
	blr	x19
	brk	#0
	.size	arch_context_start, . - arch_context_start
