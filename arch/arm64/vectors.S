/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vectors of EL2. From EL2 itself, on its own sp: a frame, trap_handle(), and back. From a guest: to
 * guest_exit in guest_switch.S. The rest cannot be: EL2 never uses SP_EL0, and guests are AArch64.
 */
#include "arch/arm64/sysreg.h"
#include "arch/arm64/trap.h"
#include "arch/stack.h"

	.section .noinstr.text, "ax"	/* an interrupt may come out of the idle wait */

	.macro	own kind
	.balign	128
	sub	sp, sp, #TRAP_FRAME_SIZE
	/* Did the frame reach into the guard? x0 and sp are added and taken apart again, since there is no
	 * register to look with. */
	add	sp, sp, x0
	sub	x0, sp, x0
	tbz	x0, #STACK_SHIFT, 1f
	sub	x0, sp, x0
	sub	sp, sp, x0
	stp	x0, x1, [sp]
	mov	x1, #\kind
	add	x0, sp, #TRAP_FRAME_SIZE
	b	trap_save
1:	msr	tpidrro_el0, x0		/* a guest's, which never runs again */
	mrs	x0, tpidr_el2
	add	x0, x0, #:tprel_lo12:overflow_sp
	ldr	x0, [x0]
	sub	x0, x0, #TRAP_FRAME_SIZE
	str	x1, [x0, #8]
	mov	x1, #\kind
	b	trap_overflow
	.endm

	.macro	guest kind
	.balign	128
	stp	x0, x1, [sp, #-16]!
	mov	x1, #\kind
	b	guest_exit
	.endm

	.macro	never
	.balign	128
	b	trap_never
	.endm

	.balign	2048
	.globl	trap_vectors
	.type	trap_vectors, @function
trap_vectors:
	.rept	4
	never
	.endr
	own	TRAP_SYNC
	own	TRAP_IRQ
	own	TRAP_FIQ
	own	TRAP_SERROR
	guest	TRAP_SYNC
	guest	TRAP_IRQ
	guest	TRAP_FIQ
	guest	TRAP_SERROR
	.rept	4
	never
	.endr
	.balign	128
	.size	trap_vectors, . - trap_vectors

	.type	trap_never, @function
trap_never:
	brk	#1
	.size	trap_never, . - trap_never

	/* sp: the frame, x0 and x1 in it; x0: sp as it was, x1: the vector. */
	.type	trap_save, @function
trap_save:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	stp	x30, x0, [sp, #240]	/* TRAP_FRAME_SP */
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	mrs	x4, esr_el2
	mrs	x5, far_el2
	stp	x2, x3, [sp, #TRAP_FRAME_PC]
	stp	x4, x5, [sp, #TRAP_FRAME_ESR]
	str	x1, [sp, #TRAP_FRAME_KIND]
	mov	x0, sp
	/* A frame record, so that a back trace goes on past the trap. */
	stp	x29, x2, [sp, #-16]!
	mov	x29, sp
	bl	trap_handle
	add	sp, sp, #16
	ldp	x2, x3, [sp, #TRAP_FRAME_PC]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldp	x0, x1, [sp]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldr	x30, [sp, #240]
	add	sp, sp, #TRAP_FRAME_SIZE
	eret
	.size	trap_save, . - trap_save

	/* x0: a frame on this hart's own stack for that, x1 in it. trap_handle() sees by sp that it does not
	 * lie below the one it holds. What x0 was is lost. */
	.type	trap_overflow, @function
trap_overflow:
	mov	sp, x0
	str	xzr, [sp]
	mrs	x0, tpidrro_el0
	add	x0, x0, #TRAP_FRAME_SIZE
	b	trap_save
	.size	trap_overflow, . - trap_overflow
