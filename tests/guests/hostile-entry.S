/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a hart of the hostile guest comes in (hostile.c), its trap vectors, and a suspend that loses its
 * registers.
 */
#define HART_STACK_SIZE 2048

	.text
	.globl	hostile_entry
	.balign	4
hostile_entry:
	csrw	sie, zero
	la	t0, skip_trap
	csrw	stvec, t0
	la	sp, hostile_stacks
	addi	t0, a0, 1
	li	t1, HART_STACK_SIZE
	mul	t0, t0, t1
	add	sp, sp, t0
	call	hostile_hart
1:	wfi
	j	1b

	/* A hart that is started only to stop. */
	.globl	stop_entry
	.balign	4
stop_entry:
	li	a7, 0x48534d
	li	a6, 1
	ecall
1:	j	1b

	/* Goes on behind the instruction that trapped, which has four bytes. */
	.globl	skip_trap
	.balign	4
skip_trap:
	csrrw	t0, sscratch, t0
	csrr	t0, sepc
	addi	t0, t0, 4
	csrw	sepc, t0
	csrrw	t0, sscratch, t0
	sret

	/* Goes on where the code that could not be fetched was called from. */
	.globl	return_trap
	.balign	4
return_trap:
	csrw	sepc, ra
	sret

	/* long suspend_whole(u64 eid, u64 fid, u64 type): non-retentive; back here all the same */
	.globl	suspend_whole
suspend_whole:
	addi	sp, sp, -128
	sd	ra, 0(sp)
	sd	gp, 8(sp)
	sd	tp, 16(sp)
	.irp r, 0,1,2,3,4,5,6,7,8,9,10,11
	sd	s\r, 24 + 8 * \r(sp)
	.endr
	mv	a7, a0
	mv	a6, a1
	mv	a0, a2
	la	a1, 1f
	mv	a2, sp
	ecall
	j	2f
	.balign	4
1:	mv	sp, a1
	la	t0, skip_trap
	csrw	stvec, t0
2:	ld	ra, 0(sp)
	ld	gp, 8(sp)
	ld	tp, 16(sp)
	.irp r, 0,1,2,3,4,5,6,7,8,9,10,11
	ld	s\r, 24 + 8 * \r(sp)
	.endr
	addi	sp, sp, 128
	ret

	.bss
	.balign	16
hostile_stacks:
	.skip	HART_STACK_SIZE * 64
