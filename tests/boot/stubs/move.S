/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands where the firmware jumps to and goes on to limen somewhere else, as a boot loader does
 * that has put it there: a0 (hart) and a1 (device tree) are kept. TARGET: the address.
 */
	.globl	_start
_start:
	li	t0, TARGET
	jr	t0
