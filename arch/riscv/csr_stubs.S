/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A read of each CSR of U-mode and S-mode that may be written and is no vendor's, since a CSR's number is
 * part of the instruction. csr_stub_try() has one done; a trap of one goes to csr_stub_absent, which
 * extable_find() knows by their range.
 */
	.macro	stubs first, count
	.set	number, \first
	.rept	\count
	.4byte	number << 20 | 2 << 12 | 5 << 7 | 0x73	/* csrr t0, number */
	.2byte	0x8082					/* c.jr ra */
	.set	number, number + 1
	.endr
	.endm

	.text
	.balign	2
	.globl	csr_stubs_000, csr_stubs_400, csr_stubs_900, csr_stubs_end
csr_stubs_000:
	stubs	0x000, 0x200
csr_stubs_400:
	stubs	0x400, 0x1c0
csr_stubs_900:
	stubs	0x900, 0xc0
csr_stubs_end:

/* bool csr_stub_try(const char *stub): was the CSR there? Clobbers t0, t1. */
	.globl	csr_stub_try
	.type	csr_stub_try, @function
csr_stub_try:
	mv	t1, a0
	li	a0, 1
	jr	t1
	.size	csr_stub_try, . - csr_stub_try

	.globl	csr_stub_absent
csr_stub_absent:
	li	a0, 0
	ret
