/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FP and vector registers to and from memory. The only FP and vector instructions of the image.
 */
	.section .text
	.option push
	.option arch, +f, +d

	.globl	fp_regs_save	/* a0 = struct fp_state; not fcsr */
	.type	fp_regs_save, @function
fp_regs_save:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	fsd	f\n, (8 * \n)(a0)
	.endr
	ret
	.size	fp_regs_save, . - fp_regs_save

	.globl	fp_regs_restore	/* a0 = struct fp_state */
	.type	fp_regs_restore, @function
fp_regs_restore:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	fld	f\n, (8 * \n)(a0)
	.endr
	ld	t0, 256(a0)
	fscsr	t0
	ret
	.size	fp_regs_restore, . - fp_regs_restore

	.option pop
	.option push
	.option arch, +v

	.globl	vector_regs_save	/* a0 = state, a1 = vlenb; not vcsr, and vstart is 0 afterwards */
	.type	vector_regs_save, @function
vector_regs_save:
	csrr	t1, vl
	csrr	t2, vtype
	sd	t1, 8(a0)
	sd	t2, 16(a0)
	addi	a0, a0, 32
	slli	a1, a1, 3		/* eight registers at a time */
	csrw	vstart, zero
	vs8r.v	v0, (a0)
	add	a0, a0, a1
	vs8r.v	v8, (a0)
	add	a0, a0, a1
	vs8r.v	v16, (a0)
	add	a0, a0, a1
	vs8r.v	v24, (a0)
	ret
	.size	vector_regs_save, . - vector_regs_save

	.globl	vector_regs_restore	/* a0 = state, a1 = vlenb */
	.type	vector_regs_restore, @function
vector_regs_restore:
	ld	t0, 0(a0)
	ld	t1, 8(a0)
	ld	t2, 16(a0)
	ld	t3, 24(a0)
	addi	a0, a0, 32
	slli	a1, a1, 3
	csrw	vstart, zero
	vl8re8.v v0, (a0)
	add	a0, a0, a1
	vl8re8.v v8, (a0)
	add	a0, a0, a1
	vl8re8.v v16, (a0)
	add	a0, a0, a1
	vl8re8.v v24, (a0)
	/* vl and vtype can only be set by an instruction; vstart after it, which clears it. */
	vsetvl	zero, t1, t2
	csrw	vstart, t0
	csrw	vcsr, t3
	ret
	.size	vector_regs_restore, . - vector_regs_restore

	.option pop
