/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the programs around Linux's boot: s0 in decimal and a newline, before the label end. Where
 * the text begins is in a1 then, its length in a2. Clobbers t0, t1.
 */
	la	a1, end
	addi	a1, a1, -1
	li	t0, '\n'
	sb	t0, 0(a1)
	li	t0, 10
1:	remu	t1, s0, t0
	divu	s0, s0, t0
	addi	t1, t1, '0'
	addi	a1, a1, -1
	sb	t1, 0(a1)
	bnez	s0, 1b
	la	a2, end
	sub	a2, a2, a1
