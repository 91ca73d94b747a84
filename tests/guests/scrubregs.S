/* SPDX-License-Identifier: BSD-2-Clause */
/* What C cannot: all registers at once. */

	.text
/* void scrub_keep(u64 secret, volatile u64 *flag, u64 what): what to *flag; then secret in each register
 * and in the CSRs a trap would need, for ever. */
	.globl	scrub_keep
scrub_keep:
	csrw	sscratch, a0
	csrw	stvec, a0
	sd	a2, (a1)
	.irp	r, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	mv	x\r, a0
	.endr
1:	j	1b

/* Where a hart is started with the address of a table in a1: x1 to x31 as it found them, then sscratch,
 * stvec, sepc, scause, stval, satp, sie, sip, sstatus, scounteren; then as any other hart. */
	.globl	scrub_entry
	.balign	4
scrub_entry:
	.irp	r, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\r, 8 * \r(a1)
	.endr
	csrr	t0, sscratch
	sd	t0, 8 * 32(a1)
	csrr	t0, stvec
	sd	t0, 8 * 33(a1)
	csrr	t0, sepc
	sd	t0, 8 * 34(a1)
	csrr	t0, scause
	sd	t0, 8 * 35(a1)
	csrr	t0, stval
	sd	t0, 8 * 36(a1)
	csrr	t0, satp
	sd	t0, 8 * 37(a1)
	csrr	t0, sie
	sd	t0, 8 * 38(a1)
	csrr	t0, sip
	sd	t0, 8 * 39(a1)
	csrr	t0, sstatus
	sd	t0, 8 * 40(a1)
	csrr	t0, scounteren
	sd	t0, 8 * 41(a1)
	j	secondary_entry
