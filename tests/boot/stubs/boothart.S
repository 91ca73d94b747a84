/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands where QEMU's harts start, in M-mode, before OpenSBI's fw_dynamic, and tells that which
 * hart shall boot; otherwise the first to come does. a2 is the struct fw_dynamic_info of QEMU
 * (OpenSBI, include/sbi/fw_dynamic.h: magic, version, next_addr, next_mode, options, boot_hart),
 * which is in ROM: a copy is changed. All harts run this, and write the same.
 * FIRMWARE: where OpenSBI is. HART: the hart.
 */
	.globl	_start
_start:
	lla	t0, info
	ld	t1, 0(a2)
	sd	t1, 0(t0)
	li	t1, 2			/* the first version that has boot_hart */
	sd	t1, 8(t0)
	ld	t1, 16(a2)
	sd	t1, 16(t0)
	ld	t1, 24(a2)
	sd	t1, 24(t0)
	ld	t1, 32(a2)
	sd	t1, 32(t0)
	li	t1, HART
	sd	t1, 40(t0)
	fence
	mv	a2, t0
	li	t0, FIRMWARE
	jr	t0
	.balign	8
info:	.zero	48
