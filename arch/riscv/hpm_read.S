/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * u64 hpm_read(u64 n): an instruction has the number of its CSR in it, so there is one for each, with
 * its return, six bytes apart. Two counters are needed; 16 are more than enough to choose from.
 */
#include "arch/riscv/csr.h"

	.section .text.hpm_read, "ax"
	.globl	hpm_read
	.type	hpm_read, @function
hpm_read:
	slli	a1, a0, 1
	slli	a0, a0, 2
	add	a0, a0, a1
	lla	a1, read
	add	a0, a0, a1
	jr	-18(a0)			/* the first is number 3 */
read:
	.set	csr, CSR_cycle + 3
	.rept	16
	csrr	a0, csr
	c.jr	ra
	.set	csr, csr + 1
	.endr
	.size	hpm_read, . - hpm_read
