/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions. The image starts with the header of a Linux RISC-V Image (Linux,
 * Documentation/arch/riscv/boot-image-header, version 0.2), so whatever boots Linux boots limen:
 * a0 = hart id, a1 = physical address of the device tree, satp = 0, loaded at any 2 MiB boundary.
 *
 * Boot tables are Sv39, which every hart with paging has: they map the image where it is linked
 * and 4 MiB at the device tree. hyp/riscv/boot.c replaces them.
 */
#include "arch/riscv/csr.h"
#include "arch/riscv/layout.h"

#define PTE_RWX_LEAF 0xcf	/* V R W X A D */
#define PTE_RW_LEAF  0xc7
#define PTE_TABLE    0x01
#define IMAGE_PAGES  8		/* 2 MiB each; limen.ld asserts that the image fits */

	.section .head.text, "ax"
	.globl _start
_start:
	j	boot_hart
	.balign 8
	.dword	0x200000		/* text_offset */
	.dword	__image_end - __image_start /* image_size; the packer adds the FIT */
	.dword	0			/* flags: little endian */
	.word	2			/* version 0.2 */
	.word	0
	.dword	0
	.ascii	"RISCV\0\0\0"
	.ascii	"RSC\x05"
	.word	0

boot_hart:
	csrw	CSR_sie, zero
	csrci	CSR_sstatus, SSTATUS_SIE
	lla	s2, _start		/* where the image was loaded */
	mv	s0, a0
	mv	s1, a1

	/* Root: image at -2 GiB, device tree at -3 GiB. */
	lla	t0, boot_root
	lla	t1, boot_image
	srli	t1, t1, 2
	ori	t1, t1, PTE_TABLE
	li	t2, 510 * 8
	add	t2, t0, t2
	sd	t1, 0(t2)
	lla	t1, boot_fdt
	srli	t1, t1, 2
	ori	t1, t1, PTE_TABLE
	sd	t1, -8(t2)

	lla	t0, boot_image
	srli	t1, s2, 2
	ori	t1, t1, PTE_RWX_LEAF
	li	t2, IMAGE_PAGES
	li	t3, 0x200000 >> 2
1:	sd	t1, 0(t0)
	add	t1, t1, t3
	addi	t0, t0, 8
	addi	t2, t2, -1
	bnez	t2, 1b

	lla	t0, boot_fdt
	srli	t1, s1, 21
	slli	t1, t1, 19
	ori	t1, t1, PTE_RW_LEAF
	sd	t1, 0(t0)
	add	t1, t1, t3
	sd	t1, 8(t0)

	lla	a0, boot_root
	srli	a0, a0, 12
	li	t0, SATP_MODE_SV39
	slli	t0, t0, SATP_MODE_SHIFT
	or	a0, a0, t0
	lla	a1, boot_high
	call	satp_jump

	.balign	4			/* stvec holds it once */
boot_high:
	lla	tp, boot_hart_area
	lla	sp, __boot_stack_top
	mv	a0, s0
	mv	a1, s1
	mv	a2, s2
	li	s0, 0			/* back traces end here */
	call	boot_main
1:	wfi
	j	1b

/*
 * A hart started through HSM: a0 = hart id, a1 = physical address of its struct hart_boot
 * {satp, tp, sp, fn}. Runs fn() on that stack.
 */
	.globl	secondary_start
	.balign 4
secondary_start:
	/* Order: the firmware's start, before what the other hart prepared is read; for the tables
	 * by the SFENCE.VMA barrier in satp_jump(). Pairs with: smp_start() [B2] */
	fence.i				/* this hart may remember other instructions here */
	csrw	CSR_sie, zero
	csrci	CSR_sstatus, SSTATUS_SIE
	ld	a0, 0(a1)
	ld	s3, 8(a1)
	ld	s4, 16(a1)
	ld	s5, 24(a1)
	lla	a1, secondary_high
	call	satp_jump
	.balign	4
secondary_high:
	mv	tp, s3
	mv	sp, s4
	li	s0, 0
	jalr	s5
1:	wfi
	j	1b

/*
 * Turns paging on with satp = a0 and goes on at a1's linked address: the fetch after the write
 * faults unless it happens to be mapped, and stvec is that address. Clobbers t0, a1.
 */
satp_jump:
	lla	t0, _start
	sub	a1, a1, t0
	li	t0, LINK_BASE
	add	a1, a1, t0
	csrw	CSR_stvec, a1
	sfence.vma
	csrw	CSR_satp, a0
	jr	a1

	.section .boot_tables, "aw", @nobits
	.balign 4096
boot_root:
	.skip	4096
boot_image:
	.skip	4096
boot_fdt:
	.skip	4096
	.globl	boot_hart_area
boot_hart_area:
	.skip	2048
