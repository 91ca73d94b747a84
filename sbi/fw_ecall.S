/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * struct sbi_ret fw_ecall(a0..a5, fid, eid): C's calling convention has put everything where SBI
 * wants it (a0..a5, a6 = function, a7 = extension; back in a0, a1). All else is preserved.
 */
	.section .noinstr.text, "ax"
	.globl	fw_ecall
	.type	fw_ecall, @function
fw_ecall:
	ecall
	ret
	.size	fw_ecall, . - fw_ecall
