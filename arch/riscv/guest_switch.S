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
 */
#include "arch/riscv/csr.h"
#include "arch/riscv/vcpu.h"

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
	ld	t0, ARCH_VCPU_SSTATUS(a0)
	ld	t1, ARCH_VCPU_HSTATUS(a0)
	ld	t2, ARCH_VCPU_SEPC(a0)
	csrw	CSR_sstatus, t0
	csrw	CSR_hstatus, t1
	csrw	CSR_sepc, t2
	csrw	CSR_sscratch, a0
	lla	t0, guest_exit
	csrw	CSR_stvec, t0
	ld	x1, 8(a0)
	ld	x2, 16(a0)
	ld	x3, 24(a0)
	ld	x4, 32(a0)
	ld	x5, 40(a0)
	ld	x6, 48(a0)
	ld	x7, 56(a0)
	ld	x8, 64(a0)
	ld	x9, 72(a0)
	ld	x11, 88(a0)
	ld	x12, 96(a0)
	ld	x13, 104(a0)
	ld	x14, 112(a0)
	ld	x15, 120(a0)
	ld	x16, 128(a0)
	ld	x17, 136(a0)
	ld	x18, 144(a0)
	ld	x19, 152(a0)
	ld	x20, 160(a0)
	ld	x21, 168(a0)
	ld	x22, 176(a0)
	ld	x23, 184(a0)
	ld	x24, 192(a0)
	ld	x25, 200(a0)
	ld	x26, 208(a0)
	ld	x27, 216(a0)
	ld	x28, 224(a0)
	ld	x29, 232(a0)
	ld	x30, 240(a0)
	ld	x31, 248(a0)
	ld	x10, 80(a0)
	sret

	.balign	4			/* stvec, direct mode */
guest_exit:
	csrrw	a0, CSR_sscratch, a0
	sd	x1, 8(a0)
	sd	x2, 16(a0)
	sd	x3, 24(a0)
	sd	x4, 32(a0)
	sd	x5, 40(a0)
	sd	x6, 48(a0)
	sd	x7, 56(a0)
	sd	x8, 64(a0)
	sd	x9, 72(a0)
	sd	x11, 88(a0)
	sd	x12, 96(a0)
	sd	x13, 104(a0)
	sd	x14, 112(a0)
	sd	x15, 120(a0)
	sd	x16, 128(a0)
	sd	x17, 136(a0)
	sd	x18, 144(a0)
	sd	x19, 152(a0)
	sd	x20, 160(a0)
	sd	x21, 168(a0)
	sd	x22, 176(a0)
	sd	x23, 184(a0)
	sd	x24, 192(a0)
	sd	x25, 200(a0)
	sd	x26, 208(a0)
	sd	x27, 216(a0)
	sd	x28, 224(a0)
	sd	x29, 232(a0)
	sd	x30, 240(a0)
	sd	x31, 248(a0)
	csrr	t0, CSR_sscratch	/* the guest's a0 */
	sd	t0, 80(a0)
	lla	t0, trap_entry
	csrw	CSR_stvec, t0
	ld	sp, ARCH_VCPU_HOST_SP(a0)
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
	ld	tp, 8(sp)
	ld	s0, 16(sp)
	ld	ra, 24(sp)
	/* Guest-page faults (20, 21, 23) tell more; 22 gives nothing and does no harm. */
	addi	t0, t0, -EXC_INSN_GUEST_PAGE
	li	t1, EXC_STORE_GUEST_PAGE - EXC_INSN_GUEST_PAGE
	bgtu	t0, t1, 1f
	csrr	t0, CSR_htval
	csrr	t1, CSR_htinst
	sd	t0, ARCH_VCPU_HTVAL(a0)
	sd	t1, ARCH_VCPU_HTINST(a0)
1:	addi	sp, sp, 32
	ret
	.size	guest_switch, . - guest_switch
