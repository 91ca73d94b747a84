/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops of the bench guest: void f(u64 n, u64 arg), n times an operation. What it takes longer
 * than loop_empty() is the operation.
 *
 * s0: turns left; s1: arg; s2: interrupts taken, s3: interrupts raised. Where there are none, s3 is
 * 1, s4 the guest's first address, s5 4096.
 */
#include "rt.h"

.macro ENTER
	addi	sp, sp, -64
	sd	ra, 0(sp)
	sd	s0, 8(sp)
	sd	s1, 16(sp)
	sd	s2, 24(sp)
	sd	s3, 32(sp)
	sd	s4, 48(sp)
	sd	s5, 56(sp)
	mv	s0, a0
	mv	s1, a1
	li	s2, 0
	li	s3, 1
	la	s4, _start
	li	s5, 4096
.endm

.macro LEAVE
	ld	ra, 0(sp)
	ld	s0, 8(sp)
	ld	s1, 16(sp)
	ld	s2, 24(sp)
	ld	s3, 32(sp)
	ld	s4, 48(sp)
	ld	s5, 56(sp)
	addi	sp, sp, 64
	ret
.endm

/* Where tools/bench counts from, turn by turn. No instruction. */
.macro TURN name
	.globl	turn_\name
turn_\name:
.endm

/* \before once, \op n times. */
.macro LOOP name, before, op
	.globl	\name
\name:
	ENTER
	\before
1:	TURN	\name
	\op
	addi	s0, s0, -1
	bnez	s0, 1b
	LEAVE
.endm

.macro NOTHING
.endm

/* Extension and function stay in their registers over a call; the arguments are set anew, all six,
 * as C code does it. */
.macro CALL name, eid, fid
	.macro before_\name
	li	a7, \eid
	li	a6, \fid
	.endm
	.macro op_\name
	args_\name
	ecall
	.endm
	LOOP	loop_\name, before_\name, op_\name
.endm

.macro ARGS r0, r1, r2=zero, r3=zero
	mv	a0, \r0
	mv	a1, \r1
	mv	a2, \r2
	mv	a3, \r3
	mv	a4, zero
	mv	a5, zero
.endm

.macro args_base
	ARGS	zero, zero
.endm
.macro args_status
	ARGS	s1, zero
.endm
.macro args_set_timer
	li	a0, -1
	ARGS	a0, zero
.endm
.macro args_fence_i
	ARGS	s3, s1
.endm
.macro args_sfence
	ARGS	s3, s1, s4, s5
.endm
/* An address that is no page's first: OpenSBI opens "address to address - 1" to itself, and with
 * Smepmp shuts itself out of all below. */
.macro args_dbcn
	ARGS	zero, sp
.endm

/* Arming it as an operating system does: now and something. */
.macro OP_STIMECMP
	rdtime	t0
	add	t0, t0, s1
	csrw	CSR_STIMECMP, t0
.endm
.macro OP_MMIO_READ
	lbu	t0, 7(s1)
.endm
.macro OP_MMIO_WRITE
	sb	s0, 7(s1)
.endm

	.text
	LOOP	loop_empty, NOTHING, NOTHING
	CALL	base, SBI_EXT_BASE, BASE_GET_SPEC_VERSION
	CALL	status, SBI_EXT_HSM, HSM_HART_GET_STATUS
	CALL	set_timer, SBI_EXT_TIME, 0
	CALL	fence_i, SBI_EXT_RFENCE, RFENCE_FENCE_I
	CALL	sfence, SBI_EXT_RFENCE, RFENCE_SFENCE_VMA
	CALL	dbcn, SBI_EXT_DBCN, DBCN_WRITE
	LOOP	loop_stimecmp, NOTHING, OP_STIMECMP
	LOOP	loop_mmio_read, NOTHING, OP_MMIO_READ
	LOOP	loop_mmio_write, NOTHING, OP_MMIO_WRITE

/* A store to each of n pages from arg on. */
	.globl	loop_touch
loop_touch:
	ENTER
1:	TURN	loop_touch
	sd	zero, 0(s1)
	add	s1, s1, s5
	addi	s0, s0, -1
	bnez	s0, 1b
	LEAVE

/* The same without the store. */
	.globl	loop_touch_empty
loop_touch_empty:
	ENTER
1:	add	s1, s1, s5
	addi	s0, s0, -1
	bnez	s0, 1b
	LEAVE

/* n times two instructions. */
	.globl	loop_compute
loop_compute:
1:	addi	a0, a0, -1
	bnez	a0, 1b
	ret

/* ---- interrupts: raise one, wait until the handler has counted it ---------------------------- */

/* bench_vector saves all that a kernel saves, does what stands at quiet_\what, and counts. */
.macro INTERRUPT name, what
	.globl	\name
\name:
	ENTER
	li	s3, 0
	la	t0, vector_\what
	csrrw	t0, stvec, t0
	sd	t0, 40(sp)
	csrsi	sstatus, SSTATUS_SIE
1:	TURN	\name
	raise_\what
	addi	s3, s3, 1
2:	bne	s2, s3, 2b
	addi	s0, s0, -1
	bnez	s0, 1b
	csrci	sstatus, SSTATUS_SIE
	ld	t0, 40(sp)
	csrw	stvec, t0
	LEAVE
	.balign	4
vector_\what:
	addi	sp, sp, -256
	.irp	r, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\r, 8 * \r(sp)
	.endr
	csrr	t0, sepc
	csrr	t1, sstatus
	sd	t0, 0(sp)
	sd	t1, 16(sp)
	csrr	t2, scause
	bgez	t2, .
	quiet_\what
	addi	s2, s2, 1
	ld	t0, 0(sp)
	ld	t1, 16(sp)
	csrw	sepc, t0
	csrw	sstatus, t1
	.irp	r, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\r, 8 * \r(sp)
	.endr
	addi	sp, sp, 256
	sret
.endm

.macro raise_sbi_timer
	li	a0, 0
	li	a7, SBI_EXT_TIME
	li	a6, 0
	ecall
.endm
.macro quiet_sbi_timer
	li	a0, -1
	li	a7, SBI_EXT_TIME
	li	a6, 0
	ecall
.endm
.macro raise_sstc
	csrw	CSR_STIMECMP, zero
.endm
.macro quiet_sstc
	li	t0, -1
	csrw	CSR_STIMECMP, t0
.endm
.macro raise_ipi
	li	a0, 1
	mv	a1, s1
	li	a7, SBI_EXT_IPI
	li	a6, 0
	ecall
.endm
.macro quiet_ipi
	csrci	sip, 1 << IRQ_SOFT
.endm

	INTERRUPT loop_timer_sbi, sbi_timer
	INTERRUPT loop_timer_sstc, sstc
	INTERRUPT loop_ipi, ipi

/* ---- two harts: each waits for the other's IPI, and sends one ---------------------------------- */

#define CSR_STOPEI    0x15c /* by number: the assembler does not know it */
#define PAIR_IDENTITY 1

#ifndef FENCE_TICKS
#define FENCE_TICKS 20
#endif

/* s1: the other's hart id; s5: where turns of waiting are counted. No interrupt is taken: SIE is off,
 * sie lets through what is to end the WFI. */
.macro SEND_IPI
	li	a0, 1
	mv	a1, s1
	li	a7, SBI_EXT_IPI
	li	a6, 0
	ecall
.endm
.macro AWAIT_IPI
2:	wfi
	csrr	t0, sip
	andi	t0, t0, 1 << IRQ_SOFT
	beqz	t0, 2b
	csrci	sip, 1 << IRQ_SOFT
.endm
/* Of PAIR_SPIN instructions a turn; the WFI does not wait, for a timer interrupt is pending. */
.macro SPIN_FOR_IPI
	la	s5, pair_spins
	slli	t0, s1, 3
	add	s5, s5, t0
2:	wfi
	ld	t0, 0(s5)
	addi	t0, t0, 1
	sd	t0, 0(s5)
	csrr	t0, sip
	andi	t0, t0, 1 << IRQ_SOFT
	beqz	t0, 2b
	csrci	sip, 1 << IRQ_SOFT
.endm
.macro TOUCH_FP
	.option	push
	.option	arch, +f, +d
	fmv.d.x	f0, s0
	.option	pop
.endm
.macro TOUCH_VECTOR
	.option	push
	.option	arch, +v
	vl1re8.v v0, (sp)
	.option	pop
.endm

/* With interrupt files: s1 is the other's page, after once. */
.macro FIND_PAGE
	la	t0, pair_pages
	slli	t1, s1, 3
	add	t0, t0, t1
	ld	s1, 0(t0)
.endm
.macro SEND_MSI
	li	t0, PAIR_IDENTITY
	sw	t0, 0(s1)
.endm
.macro AWAIT_MSI
2:	wfi
	csrrw	t0, CSR_STOPEI, zero
	beqz	t0, 2b
.endm

.macro PAIR name, touch, await, send=SEND_IPI, before=NOTHING
	.macro ask_\name
	\touch
	\send
	\await
	.endm
	.macro echo_\name
	\await
	\touch
	\send
	.endm
	LOOP	loop_ask_\name, \before, ask_\name
	LOOP	loop_echo_\name, \before, echo_\name
.endm

	PAIR	wake, NOTHING, AWAIT_IPI
	PAIR	fp, TOUCH_FP, AWAIT_IPI
	PAIR	vector, TOUCH_VECTOR, AWAIT_IPI
	PAIR	spin, NOTHING, SPIN_FOR_IPI
	PAIR	msi, NOTHING, AWAIT_MSI, SEND_MSI, FIND_PAGE

	.bss
	.balign	8
	.globl	pair_pages	/* each hart id's interrupt file */
pair_pages:
	.skip	8 * 64
	.balign	8
	.globl	pair_spins	/* a count for each hart id that is waited for */
pair_spins:
	.skip	8 * 64
	.text

/* Waits without end for the one IPI. */
.macro SPIN
	SPIN_FOR_IPI
	li	s0, 1
.endm
	LOOP	loop_spin, NOTHING, SPIN

/*
 * A fence of a hart that spins as above. QEMU goes on to the next hart when this one waits, or when it
 * has executed its part of what is left to the next timer: so there is one soon, and the WFI, which
 * does not wait, as an IPI is pending, makes that part anew.
 */
.macro FENCE_SOON
	rdtime	t0
	addi	t0, t0, FENCE_TICKS
	csrw	CSR_STIMECMP, t0
	wfi
	li	a7, SBI_EXT_RFENCE
	li	a6, RFENCE_SFENCE_VMA
	args_sfence
	ecall
.endm
	LOOP	loop_fence_soon, NOTHING, FENCE_SOON

/* ---- the clock, finer than its tick --------------------------------------------------------- */

/* u64 edge_begin(void): waits for a tick to begin; its number. */
	.globl	edge_begin
edge_begin:
	rdtime	t0
1:	rdtime	a0
	beq	a0, t0, 1b
	ret

/* u64 edge_end(u64 *spent): waits for a tick to begin; its number, and in *spent the instructions
 * from the call to there. */
	.globl	edge_end
edge_end:
	li	t1, 0
	rdtime	t0
1:	addi	t1, t1, 3
	rdtime	t2
	beq	t2, t0, 1b
	sd	t1, 0(a0)
	mv	a0, t2
	ret

/* u64 wfi_edge(u64 *spent, u64 ticks): sets stimecmp to that many ticks ahead, sleeps until then,
 * waits for a tick to begin; how many ticks that is after the deadline, and in *spent the
 * instructions from the WFI to there. It arms as a tick begins: QEMU adds the part of the tick that
 * has passed then to the time it waits. */
	.globl	wfi_edge
wfi_edge:
	li	t1, 1
	rdtime	t0
1:	rdtime	a2
	beq	a2, t0, 1b
	add	a2, a2, a1
	csrw	CSR_STIMECMP, a2
	TURN	wfi_edge
	wfi
	rdtime	t0
2:	addi	t1, t1, 3
	rdtime	t2
	beq	t2, t0, 2b
	sd	t1, 0(a0)
	sub	a0, t2, a2
	ret
