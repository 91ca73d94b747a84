/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions. The image starts with the header of a Linux arm64 Image (Linux,
 * Documentation/arch/arm64/booting), so whatever boots Linux at EL2 boots limen: x0 = physical address of
 * the device tree, MMU and data cache off. It runs where it is linked, and nowhere else.
 */
#include "arch/arm64/sysreg.h"

	.section .head.text, "ax"
	.globl	_start
_start:
	b	boot_hart
	.word	0
	.quad	0x200000		/* text_offset: 2 MiB into the RAM of QEMU's virt */
	.quad	__image_size
	.quad	2			/* flags: little endian, 4 KiB pages */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.word	0

boot_hart:
	msr	daifset, #15
	mrs	x1, CurrentEL
	cmp	x1, #(2 << 2)
	b.ne	hang
	adr	x1, _start
	ldr	x2, =_start
	cmp	x1, x2
	b.ne	hang
	mov	x20, x0
	bl	el2_quiet
	adrp	x1, boot_hart_area
	msr	tpidr_el2, x1
	adrp	x1, __boot_stack_top
	mov	sp, x1
	mov	x29, #0			/* back traces end here */
	bl	boot_tables
	/* What was written with the caches off, they may have as it was before. */
	adrp	x1, __boot_start
	adrp	x2, __boot_end
	mrs	x3, ctr_el0
	ubfx	x3, x3, #16, #4
	mov	x4, #4
	lsl	x4, x4, x3
1:	dc	ivac, x1
	add	x1, x1, x4
	cmp	x1, x2
	b.lo	1b
	bl	mmu_on
	mov	x0, x20
	bl	boot_main
hang:	wfi
	b	hang

/*
 * A hart started by CPU_ON: x0 = struct hart_boot {tp, sp, fn}, which it reads with its MMU on, as it was
 * written. Runs fn() on that stack.
 */
	.globl	secondary_start
secondary_start:
	msr	daifset, #15
	mov	x20, x0
	bl	el2_quiet
	bl	mmu_on
	ldp	x1, x2, [x20]
	ldr	x3, [x20, #16]
	msr	tpidr_el2, x1
	mov	sp, x2
	mov	x29, #0
	blr	x3
	b	hang

/* EL2 as limen uses it: without FEAT_VHE's way, on its own sp. Clobbers x1. */
el2_quiet:
	msr	spsel, #1
	mov	x1, #HCR_RW
	msr	hcr_el2, x1
	isb
	ret

/* Clobbers x1, x2. */
mmu_on:
	ldr	x1, =MAIR_VALUE
	msr	mair_el2, x1
	ldr	x1, =TCR_VALUE
	mrs	x2, id_aa64mmfr0_el1
	and	x2, x2, #15
	cmp	x2, #PS_MAX
	b.ls	1f
	mov	x2, #PS_MAX
1:	orr	x1, x1, x2, lsl #TCR_PS_SHIFT
	msr	tcr_el2, x1
	adrp	x1, boot_root
	msr	ttbr0_el2, x1
	isb
	tlbi	alle2
	ic	iallu
	dsb	sy
	isb
	ldr	x1, =(SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I)
	msr	sctlr_el2, x1
	isb
	ret
	.ltorg

	.section .boot, "aw", @nobits
	.balign	4096
	.globl	boot_root, boot_pool, boot_pool_end, boot_hart_area
boot_root:
	.skip	4096
boot_pool:
	.skip	16 * 4096
boot_pool_end:
boot_hart_area:
	.skip	4096
