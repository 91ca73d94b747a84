/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An access to each CSR there is a number for: csr_readers + 8 * n reads CSR n into a0, csr_writers + 8 * n
 * writes a0 to it. By number, as the assembler knows few of them.
 */
	.macro	accesses funct3, rs1, rd
	.set	number, 0
	.rept	4096
	.word	number << 20 | \rs1 << 15 | \funct3 << 12 | \rd << 7 | 0x73
	.word	0x8067			/* ret */
	.set	number, number + 1
	.endr
	.endm

	.text
	.balign	8
	.globl	csr_readers
csr_readers:
	accesses 2, 0, 10
	.globl	csr_writers
csr_writers:
	accesses 1, 10, 0

/* Clears the records of control transfers (Smctr/Ssctr 1.0, "Supervisor CTR Clear"). */
	.globl	ctr_clear
ctr_clear:
	.word	0x10400073
	ret
