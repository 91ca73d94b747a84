/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands between QEMU's first instructions and OpenSBI's fw_dynamic, in M-mode: only one hart goes
 * there at once and boots, the others wait until OpenSBI kicks them because somebody asked for them
 * (HSM), and come late. Without it the first to come boots.
 *
 * It is in ROM, where nobody else puts anything, and where OpenSBI finds its struct fw_dynamic_info
 * (OpenSBI, include/sbi/fw_dynamic.h) whenever a hart comes.
 * FIRMWARE, NEXT: where OpenSBI and limen are. HART: the hart that boots.
 * ABSENT: a hart that never comes, though OpenSBI believes it does.
 */
#define MSIP 8

	.globl	_start
_start:
	li	t1, ABSENT
	beq	a0, t1, 3f
	li	t1, HART
	beq	a0, t1, 2f
	csrw	mie, MSIP
1:	wfi
	csrr	t1, mip
	andi	t1, t1, MSIP
	beqz	t1, 1b
	csrw	mie, zero
2:	lla	a2, info
	li	t0, FIRMWARE
	jr	t0
3:	wfi
	j	3b
	.balign	8
info:	.dword	0x4942534f	/* magic: OSBI */
	.dword	2		/* version, the first with boot_hart */
	.dword	NEXT
	.dword	1		/* next_mode: S */
	.dword	0		/* options */
	.dword	HART
