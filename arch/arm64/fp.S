/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's floating point and SIMD registers, between a hart and struct vcpu_fp: x0. limen itself has
 * none, so they move with the vCPU and not with each exit.
 */
	.arch	armv8-a
	.macro	all insn
	.irp	n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
	one	\insn, \n
	.endr
	.endm
	.macro	one insn, n
	.altmacro
	two	\insn, \n, %(\n + 1)
	.noaltmacro
	.endm
	.macro	two insn, a, b
	\insn	q\a, q\b, [x0, #(16 * \a)]
	.endm

	.section .text
	.globl	fp_save
	.type	fp_save, @function
fp_save:
	all	stp
	mrs	x1, fpcr
	mrs	x2, fpsr
	add	x0, x0, #512
	stp	x1, x2, [x0]
	ret
	.size	fp_save, . - fp_save

	.globl	fp_restore
	.type	fp_restore, @function
fp_restore:
	all	ldp
	add	x0, x0, #512
	ldp	x1, x2, [x0]
	msr	fpcr, x1
	msr	fpsr, x2
	ret
	.size	fp_restore, . - fp_restore
