/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry and return of traps taken in HS-mode by the hypervisor itself.
 */
#include "arch/riscv/csr.h"
#include "arch/riscv/trap.h"
#include "arch/stack.h"

	.section .noinstr.text, "ax"	/* it may interrupt the idle wait */
	.balign 4
	.globl trap_entry
	.type trap_entry, @function
trap_entry:
	addi	sp, sp, -TRAP_FRAME_SIZE
	/* Did the frame reach into the guard? sscratch lends one register. */
	csrw	sscratch, t0
	srli	t0, sp, STACK_SHIFT
	andi	t0, t0, 1
	beqz	t0, stack_overflow
	addi	t0, sp, TRAP_FRAME_SIZE
save_frame:
	sd	t0, 16(sp)
	csrr	t0, sscratch
	sd	x1, 8(sp)
	sd	x3, 24(sp)
	sd	x4, 32(sp)
	sd	x5, 40(sp)
	sd	x6, 48(sp)
	sd	x7, 56(sp)
	sd	x8, 64(sp)
	sd	x9, 72(sp)
	sd	x10, 80(sp)
	sd	x11, 88(sp)
	sd	x12, 96(sp)
	sd	x13, 104(sp)
	sd	x14, 112(sp)
	sd	x15, 120(sp)
	sd	x16, 128(sp)
	sd	x17, 136(sp)
	sd	x18, 144(sp)
	sd	x19, 152(sp)
	sd	x20, 160(sp)
	sd	x21, 168(sp)
	sd	x22, 176(sp)
	sd	x23, 184(sp)
	sd	x24, 192(sp)
	sd	x25, 200(sp)
	sd	x26, 208(sp)
	sd	x27, 216(sp)
	sd	x28, 224(sp)
	sd	x29, 232(sp)
	sd	x30, 240(sp)
	sd	x31, 248(sp)
	csrr	t1, sepc
	csrr	t2, sstatus
	csrr	t3, scause
	csrr	t4, stval
	sd	t1, TRAP_FRAME_SEPC(sp)
	sd	t2, TRAP_FRAME_SSTATUS(sp)
	sd	t3, TRAP_FRAME_SCAUSE(sp)
	sd	t4, TRAP_FRAME_STVAL(sp)
	/* A frame record, so that a back trace goes on past the trap: ra is where it happened. */
	addi	sp, sp, -16
	sd	t1, 8(sp)
	sd	s0, 0(sp)
	addi	s0, sp, 16
	addi	a0, sp, 16
	call	trap_handle
	addi	sp, sp, 16
	ld	t1, TRAP_FRAME_SEPC(sp)
	ld	t2, TRAP_FRAME_SSTATUS(sp)
	csrw	sepc, t1
	csrw	sstatus, t2
	ld	x1, 8(sp)
	ld	x3, 24(sp)
	ld	x5, 40(sp)
	ld	x6, 48(sp)
	ld	x7, 56(sp)
	ld	x8, 64(sp)
	ld	x9, 72(sp)
	ld	x10, 80(sp)
	ld	x11, 88(sp)
	ld	x12, 96(sp)
	ld	x13, 104(sp)
	ld	x14, 112(sp)
	ld	x15, 120(sp)
	ld	x16, 128(sp)
	ld	x17, 136(sp)
	ld	x18, 144(sp)
	ld	x19, 152(sp)
	ld	x20, 160(sp)
	ld	x21, 168(sp)
	ld	x22, 176(sp)
	ld	x23, 184(sp)
	ld	x24, 192(sp)
	ld	x25, 200(sp)
	ld	x26, 208(sp)
	ld	x27, 216(sp)
	ld	x28, 224(sp)
	ld	x29, 232(sp)
	ld	x30, 240(sp)
	ld	x31, 248(sp)
	ld	x2, 16(sp)
	sret

/* The thread's stack is used up: the frame goes to one of this hart's own, found through tp, and
 * trap_handle() sees that it does not lie below the sp it holds. */
stack_overflow:
	addi	t0, sp, TRAP_FRAME_SIZE
	addi	sp, tp, %tprel_lo(overflow_sp)
	ld	sp, 0(sp)
	addi	sp, sp, -TRAP_FRAME_SIZE
	j	save_frame
	.size trap_entry, . - trap_entry
