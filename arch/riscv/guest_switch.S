/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world switch. a0 = struct arch_vcpu; called by arch_guest_run() with interrupts off.
 *
 * Keeps sp, tp and s0; all other registers are the caller's to save. From `csrw stvec` on the way in
 * to `csrw stvec` on the way out nothing may fault: the code touches the vCPU, which the direct map
 * holds, and this stack. In the guest sscratch is the vCPU.
 *
 * Any trap the hypervisor takes between two runs changes sepc, sstatus.SPP and hstatus.SPV, so these
 * three are written at each entry. sstatus also carries out whether FP and vector registers are
 * dirty (privileged specification 20240411, "Hypervisor Extension", sstatus.FS and vsstatus.FS).
 *
 * An exit may be answered on the host's sp and tp, with what a C function may clobber saved and nothing
 * else; every CSR stays the guest's, and the guest goes on at once. An ecall is offered to
 * guest_early_answer(); one that is not answered there, and a guest-page fault, to
 * guest_watched_answer(), if the vCPU wants it, with stvec the host's meanwhile.
 */
#include "arch/riscv/csr.h"
#include "arch/riscv/vcpu.h"

	/* Of what is no ecall. */
#define WATCHED_CAUSES (1 << EXC_LOAD_GUEST_PAGE | 1 << EXC_STORE_GUEST_PAGE)

	/* The vCPU's registers that C may clobber, and sp and tp; a0 goes its own way. */
	.macro	for_caller insn
	.irp	n, 1, 2, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31
	\insn	x\n, (8 * \n)(a0)
	.endr
	.endm

	/* The others. */
	.macro	for_callee insn
	.irp	n, 3, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
	\insn	x\n, (8 * \n)(a0)
	.endr
	.endm

	.section .noinstr.text, "ax"
	.globl	guest_switch
	.type	guest_switch, @function
	.balign	4
guest_switch:
	addi	sp, sp, -32
	sd	ra, 24(sp)
	sd	s0, 16(sp)		/* with ra above: a frame record */
	addi	s0, sp, 32
	sd	tp, 8(sp)
	sd	sp, ARCH_VCPU_HOST_SP(a0)
	sd	a0, 0(sp)
	ld	t0, ARCH_VCPU_SSTATUS(a0)
	ld	t1, ARCH_VCPU_HSTATUS(a0)
	ld	t2, ARCH_VCPU_SEPC(a0)
	csrw	CSR_sstatus, t0
	csrw	CSR_hstatus, t1
	csrw	CSR_sepc, t2
	csrw	CSR_sscratch, a0
	lla	t0, guest_exit
	csrw	CSR_stvec, t0
	for_callee ld
guest_resume:
	for_caller ld
	ld	x10, 80(a0)
	sret

	.balign	4			/* stvec, direct mode */
guest_exit:
	csrrw	a0, CSR_sscratch, a0
	for_caller sd
	csrr	t0, CSR_sscratch	/* the guest's a0 */
	csrw	CSR_sscratch, a0
	sd	t0, 80(a0)
	csrr	t1, CSR_scause
	li	t2, EXC_ECALL_VS
	ld	sp, ARCH_VCPU_HOST_SP(a0)
	ld	tp, 8(sp)
	bne	t1, t2, 1f
	call	guest_early_answer	/* a0: the vCPU again, or 0 */
	bnez	a0, guest_resume
	ld	a0, 0(sp)
	j	2f
1:	li	t2, WATCHED_CAUSES	/* no interrupt's number is among them */
	srl	t2, t2, t1
	andi	t2, t2, 1
	beqz	t2, 3f
	for_callee sd			/* a store may come from one of them */
2:	lbu	t1, ARCH_VCPU_WATCHED(a0)
	beqz	t1, 3f
	lla	t0, trap_entry
	csrw	CSR_stvec, t0
	call	guest_watched_answer	/* the same */
	lla	t0, guest_exit
	csrw	CSR_stvec, t0
	bnez	a0, guest_resume
	ld	a0, 0(sp)

3:	for_callee sd
	lla	t0, trap_entry
	csrw	CSR_stvec, t0
	csrr	t0, CSR_scause
	csrr	t1, CSR_sepc
	csrr	t2, CSR_sstatus
	csrr	t3, CSR_hstatus
	csrr	t4, CSR_stval
	sd	t0, ARCH_VCPU_SCAUSE(a0)
	sd	t1, ARCH_VCPU_SEPC(a0)
	sd	t2, ARCH_VCPU_SSTATUS(a0)
	sd	t3, ARCH_VCPU_HSTATUS(a0)
	sd	t4, ARCH_VCPU_STVAL(a0)
	ld	s0, 16(sp)
	ld	ra, 24(sp)
	/* Guest-page faults (20, 21, 23) tell more; 22 gives nothing and does no harm. */
	addi	t0, t0, -EXC_INSN_GUEST_PAGE
	li	t1, EXC_STORE_GUEST_PAGE - EXC_INSN_GUEST_PAGE
	bgtu	t0, t1, 5f
	csrr	t0, CSR_htval
	csrr	t1, CSR_htinst
	sd	t0, ARCH_VCPU_HTVAL(a0)
	sd	t1, ARCH_VCPU_HTINST(a0)
4:	addi	sp, sp, 32
	ret

	/* An interrupt's number, less what was subtracted, is above all exceptions' and not negative. */
5:	bltz	t0, 4b
	csrr	t0, time
	sd	t0, %tprel_lo(arch_guest_left)(tp)
	j	4b
	.size	guest_switch, . - guest_switch
