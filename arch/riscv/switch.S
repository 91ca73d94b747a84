/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Switch of hypervisor threads: the callee-saved registers go to the stack, sp to the context.
 */
	.section .text
	.globl	arch_context_switch	/* a0 = from, a1 = to; struct arch_context {sp} */
	.type	arch_context_switch, @function
arch_context_switch:
	addi	sp, sp, -112
	sd	ra, 104(sp)
	sd	s0, 96(sp)		/* with ra above: a frame record */
	sd	s1, 0(sp)
	sd	s2, 8(sp)
	sd	s3, 16(sp)
	sd	s4, 24(sp)
	sd	s5, 32(sp)
	sd	s6, 40(sp)
	sd	s7, 48(sp)
	sd	s8, 56(sp)
	sd	s9, 64(sp)
	sd	s10, 72(sp)
	sd	s11, 80(sp)
	sd	sp, 0(a0)
	ld	sp, 0(a1)
	ld	ra, 104(sp)
	ld	s0, 96(sp)
	ld	s1, 0(sp)
	ld	s2, 8(sp)
	ld	s3, 16(sp)
	ld	s4, 24(sp)
	ld	s5, 32(sp)
	ld	s6, 40(sp)
	ld	s7, 48(sp)
	ld	s8, 56(sp)
	ld	s9, 64(sp)
	ld	s10, 72(sp)
	ld	s11, 80(sp)
	addi	sp, sp, 112
	ret
	.size	arch_context_switch, . - arch_context_switch

/* A new context's first step: s1 = fn, s2 = arg (arch_context_init() put them there). */
	.globl	arch_context_start
	.type	arch_context_start, @function
arch_context_start:
	mv	a0, s2
	li	s0, 0
	jalr	s1
	unimp
	.size	arch_context_start, . - arch_context_start
