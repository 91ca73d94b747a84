/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bool semihost_exit(int code). The three instructions that make an ebreak a semihosting call must
 * be uncompressed and in one page. Without semihosting the ebreak is a breakpoint trap, which the
 * exception table turns into "false".
 */
#define SYS_EXIT_EXTENDED		0x20
#define ADP_STOPPED_APPLICATION_EXIT	0x20026

	.section .text
	.globl	semihost_exit
	.type	semihost_exit, @function
semihost_exit:
	addi	sp, sp, -16
	li	t0, ADP_STOPPED_APPLICATION_EXIT
	sd	t0, 0(sp)
	sd	a0, 8(sp)
	li	a0, SYS_EXIT_EXTENDED
	mv	a1, sp
	j	1f
	.balign	16
	.option	push
	.option	norvc
1:	slli	x0, x0, 0x1f
2:	ebreak
	srai	x0, x0, 7
	.option	pop
	li	a0, 1
	addi	sp, sp, 16
	ret
3:	li	a0, 0
	addi	sp, sp, 16
	ret
	.size	semihost_exit, . - semihost_exit

	.section __ex_table, "a"
	.balign	8
	.dword	2b, 3b
