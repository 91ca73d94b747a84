/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world switch: registers and nothing else. CSRs are C's business (arch/riscv/guest.c).
 *
 * From `csrw stvec` to guest_exit's `csrw stvec` nothing may fault: the code touches the vCPU, which
 * the direct map holds, and this stack. In the guest sscratch is the vCPU.
 */
#include "arch/riscv/csr.h"
#include "arch/riscv/vcpu.h"

	.section .noinstr.text, "ax"
	.globl	guest_switch		/* a0 = struct arch_vcpu */
	.type	guest_switch, @function
	.balign	4
guest_switch:
	addi	sp, sp, -112
	sd	ra, 104(sp)
	sd	s0, 96(sp)
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
	sd	tp, 88(sp)
	sd	sp, ARCH_VCPU_HOST_SP(a0)
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
	ld	tp, 88(sp)
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
	.size	guest_switch, . - guest_switch
