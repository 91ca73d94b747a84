/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program of Linux that executes COUNT instructions, two a turn, and ends. tests/boot/perf.t has
 * them counted. System calls as in Linux's include/uapi/asm-generic/unistd.h.
 */
#define SYS_EXIT 93

	.text
	.globl	_start, turns
_start:
	li	t0, COUNT / 2
	.type	turns, @function	/* perf takes no other for a symbol */
turns:
	addi	t0, t0, -1
	bnez	t0, turns
	.size	turns, . - turns
	li	a0, 0
	li	a7, SYS_EXIT
	ecall
