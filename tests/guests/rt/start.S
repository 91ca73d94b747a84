/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a hart comes in, the trap vector, and the two ways to have a trap caught.
 *
 * Registers: tp and sscratch hold the hart's struct hart (rt.h); in the trap handler sscratch is 0,
 * which tells a trap within a trap.
 */
#include "rt.h"

/* \op every register but x0 and tp at \base(HART_X); \base may be the last one loaded. */
.macro ALL_BUT_TP op, base, off
	.irp r, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	\op	x\r, \off + 8 * \r(\base)
	.endr
.endm

/* Callee-saved registers into jmp[]. Clobbers nothing. */
.macro SAVE_JMP
	sd	ra, HART_JMP(tp)
	sd	sp, HART_JMP + 8(tp)
	.irp r, 0,1,2,3,4,5,6,7,8,9,10,11
	sd	s\r, HART_JMP + 16 + 8 * \r(tp)
	.endr
.endm

	.section .text.start, "ax"
	.globl	_start
_start:
	csrw	sie, zero
	csrci	sstatus, SSTATUS_SIE
	csrr	s0, satp
	csrr	s1, sstatus
	la	t0, __bss_start
	la	t1, __bss_end
1:	sd	zero, (t0)
	addi	t0, t0, 8
	bltu	t0, t1, 1b
	la	tp, harts
	la	sp, stacks + STACK_SIZE
	la	t0, trap_stacks + STACK_SIZE
	sd	sp, HART_STACK(tp)
	sd	t0, HART_TRAP_STACK(tp)
	sd	a0, HART_ID(tp)
	sd	a0, HART_ENTRY(tp)
	sd	a1, HART_ENTRY + 8(tp)
	sd	s0, HART_ENTRY + 16(tp)
	sd	s1, HART_ENTRY + 24(tp)
	csrw	sscratch, tp
	la	t0, trap_entry
	csrw	stvec, t0
	call	rt_main
1:	wfi
	j	1b

	.text
/* A hart started through HSM, or resumed out of a non-retentive suspend: finds its struct by the
 * hart id in a0. */
	.globl	secondary_entry
	.balign	4
secondary_entry:
	csrr	t2, satp
	csrr	t3, sstatus
	csrw	sie, zero
	la	tp, harts
	li	t0, MAX_HARTS
	li	t4, 1 << HART_SIZE_SHIFT
1:	ld	t1, HART_ID(tp)
	beq	t1, a0, 2f
	add	tp, tp, t4
	addi	t0, t0, -1
	bnez	t0, 1b
3:	wfi
	j	3b
2:	ld	sp, HART_STACK(tp)
	sd	a0, HART_ENTRY(tp)
	sd	a1, HART_ENTRY + 8(tp)
	sd	t2, HART_ENTRY + 16(tp)
	sd	t3, HART_ENTRY + 24(tp)
	csrw	sscratch, tp
	la	t0, trap_entry
	csrw	stvec, t0
	call	rt_secondary
	j	3b

	.globl	trap_entry
	.balign	4
trap_entry:
	csrrw	tp, sscratch, tp
	beqz	tp, nested
	ALL_BUT_TP sd, tp, HART_X
	csrrw	t0, sscratch, zero
	sd	t0, HART_X + 8 * 4(tp)
	csrr	t0, sepc
	sd	t0, HART_X(tp)
	csrr	t0, sstatus
	sd	t0, HART_SSTATUS(tp)
	csrr	t0, scause
	sd	t0, HART_SCAUSE(tp)
	csrr	t0, stval
	sd	t0, HART_STVAL(tp)
	ld	sp, HART_TRAP_STACK(tp)
	mv	a0, tp
	call	trap_handle
	ld	t0, HART_X(tp)
	csrw	sepc, t0
	ld	t0, HART_SSTATUS(tp)
	csrw	sstatus, t0
	csrw	sscratch, tp
	ALL_BUT_TP ld, tp, HART_X
	ld	tp, HART_X + 8 * 4(tp)
	sret

nested:	/* the handler itself trapped: say so on a stack nobody uses */
	csrr	a0, scause
	csrr	a1, sepc
	csrr	a2, stval
	la	tp, harts
	la	sp, nested_stack + STACK_SIZE
	call	trap_nested
1:	wfi
	j	1b

	.globl	trap_try
trap_try:
	SAVE_JMP
	csrr	t0, sstatus
	andi	t0, t0, SSTATUS_SIE
	addi	t0, t0, 1		/* bit 0: catching; bit 1: SIE as it was */
	sd	t0, HART_CATCHING(tp)
	mv	t0, a0
	mv	a0, a1
	jalr	t0
	sd	zero, HART_CATCHING(tp)
	ld	ra, HART_JMP(tp)
	li	a0, -1
	ret

	.globl	trap_run
trap_run:
	SAVE_JMP
	csrr	t0, sstatus
	andi	t0, t0, SSTATUS_SIE
	addi	t0, t0, 1
	sd	t0, HART_CATCHING(tp)
	csrci	sstatus, SSTATUS_SIE
	csrw	sepc, a1
	li	t0, SSTATUS_SPP | SSTATUS_SPIE
	csrc	sstatus, t0
	csrs	sstatus, a2
	mv	tp, a0
	ALL_BUT_TP ld, tp, 0
	ld	tp, 8 * 4(tp)
	sret

	.bss
	.balign	16
	.globl	stacks
stacks:	.skip	STACK_SIZE * MAX_HARTS
	.globl	trap_stacks
trap_stacks:
	.skip	STACK_SIZE * MAX_HARTS
nested_stack:
	.skip	STACK_SIZE
