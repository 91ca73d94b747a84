/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder of CSR instructions against a table of the chapter: every combination of the fields
 * that mean something, every opcode and funct3, words by the assembler, and what the instructions do
 * to a CSR and to the registers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "arch/riscv/decode_csr.h"

/* The chapter's tables: encodings, and when the CSR is read and written. */
enum when { ALWAYS, NOT_RD_0, NOT_SRC_0 };

static const struct row {
	const char *name;
	u32 funct3;
	bool imm;
	enum when reads, writes;
} table[] = {
	{"csrrw", 1, false, NOT_RD_0, ALWAYS},	{"csrrs", 2, false, ALWAYS, NOT_SRC_0},
	{"csrrc", 3, false, ALWAYS, NOT_SRC_0}, {"csrrwi", 5, true, NOT_RD_0, ALWAYS},
	{"csrrsi", 6, true, ALWAYS, NOT_SRC_0}, {"csrrci", 7, true, ALWAYS, NOT_SRC_0},
};

static bool holds(enum when w, u32 rd, u32 src)
{
	return w == ALWAYS || (w == NOT_RD_0 ? rd != 0 : src != 0);
}

static void check(const struct row *row, u32 csr, u32 rd, u32 src)
{
	u32 word = csr << 20 | src << 15 | row->funct3 << 12 | rd << 7 | 0x73;
	struct csr_insn i;

	memset(&i, 0xa5, sizeof(i));
	if (decode_csr(word, &i))
		fail_msg("%s (%08x) refused", row->name, word);
	if (i.csr != csr || i.rd != rd || i.src != src || i.imm != row->imm ||
	    i.reads != holds(row->reads, rd, src) || i.writes != holds(row->writes, rd, src))
		fail_msg("%s (%08x): csr %x rd %u src %u imm %d reads %d writes %d", row->name,
			 word, i.csr, i.rd, i.src, i.imm, i.reads, i.writes);
}

/* All of rd and source for some CSRs, all CSRs for some of rd and source. */
static void test_every_field(void **state)
{
	static const u32 csrs[] = {0, 0x150, 0x151, 0x15c, 0x7ff, 0x800, 0xc01, 0xfff};
	static const u32 few[] = {0, 1, 10, 31};

	(void)state;
	for (size_t r = 0; r < ARRAY_SIZE(table); r++) {
		for (size_t c = 0; c < ARRAY_SIZE(csrs); c++)
			for (u32 n = 0; n < 1024; n++)
				check(&table[r], csrs[c], n % 32, n / 32);
		for (u32 csr = 0; csr < 4096; csr++)
			for (size_t n = 0; n < 16; n++)
				check(&table[r], csr, few[n % 4], few[n / 4]);
	}
}

/* Every opcode with every funct3: only those of the table are taken. */
static void test_every_opcode(void **state)
{
	(void)state;
	for (u32 n = 0; n < 1024; n++) {
		u32 opcode = n % 128, funct3 = n / 128;
		struct csr_insn i;
		bool is = false;

		for (size_t r = 0; r < ARRAY_SIZE(table); r++)
			is |= opcode == 0x73 && table[r].funct3 == funct3;
		assert_int_equal(decode_csr(0x15c50500 | funct3 << 12 | opcode, &i),
				 is ? OK : ERR_NOTSUP);
		assert_int_equal(decode_csr(0xfff00f80 | funct3 << 12 | opcode, &i),
				 is ? OK : ERR_NOTSUP);
	}
}

/* Encoded by the assembler. */
static void test_assembler(void **state)
{
	static const struct {
		u32 word;
		struct csr_insn want;
	} c[] = {
		/* csrrw a0, stopei, zero */
		{0x15c01573, {CSR_OP_WRITE, 0x15c, 10, 0, false, true, true}},
		/* csrw siselect, a1 */
		{0x15059073, {CSR_OP_WRITE, 0x150, 0, 11, false, false, true}},
		/* csrr a0, sireg */
		{0x15102573, {CSR_OP_SET, 0x151, 10, 0, false, true, false}},
		/* csrs sireg, t6 */
		{0x151fa073, {CSR_OP_SET, 0x151, 0, 31, false, true, true}},
		/* csrrc s0, sireg, a2 */
		{0x15163473, {CSR_OP_CLEAR, 0x151, 8, 12, false, true, true}},
		/* csrwi sireg, 1 */
		{0x1510d073, {CSR_OP_WRITE, 0x151, 0, 1, true, false, true}},
		/* csrsi sireg, 31 */
		{0x151fe073, {CSR_OP_SET, 0x151, 0, 31, true, true, true}},
		/* csrci sireg, 0 */
		{0x15107073, {CSR_OP_CLEAR, 0x151, 0, 0, true, true, false}},
	};
	/* ecall, wfi, hlv.w a0, (a1), wrs.nto, a load, c.nop twice */
	static const u32 refused[] = {0x00000073, 0x10500073, 0x6805c573, 0x00d00073,
				      0x0005a503, 0x00010001, 0};
	struct csr_insn got;

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(c); n++) {
		memset(&got, 0x5a, sizeof(got));
		assert_int_equal(decode_csr(c[n].word, &got), OK);
		assert_int_equal(got.op, c[n].want.op);
		assert_int_equal(got.csr, c[n].want.csr);
		assert_int_equal(got.rd, c[n].want.rd);
		assert_int_equal(got.src, c[n].want.src);
		assert_int_equal(got.imm, c[n].want.imm);
		assert_int_equal(got.reads, c[n].want.reads);
		assert_int_equal(got.writes, c[n].want.writes);
	}
	for (size_t n = 0; n < ARRAY_SIZE(refused); n++)
		assert_int_equal(decode_csr(refused[n], &got), ERR_NOTSUP);
}

static struct csr_insn decoded(u32 word)
{
	struct csr_insn i;

	assert_int_equal(decode_csr(word, &i), OK);
	return i;
}

static void test_values(void **state)
{
	u64 regs[32];
	struct csr_insn i;

	(void)state;
	for (u32 n = 0; n < 32; n++)
		regs[n] = 0xf0f0f0f000000000 + n;
	regs[0] = 99; /* never looked at */

	i = decoded(0x151fa073); /* csrs sireg, t6 */
	assert_int_equal(csr_insn_operand(&i, regs), 0xf0f0f0f00000001f);
	assert_int_equal(csr_insn_apply(&i, 0x100, 0x1f), 0x11f);
	i = decoded(0x15163473); /* csrrc s0, sireg, a2 */
	assert_int_equal(csr_insn_apply(&i, 0xff, 0x1e), 0xe1);
	csr_insn_result(&i, regs, 0x8182838485868788);
	assert_int_equal(regs[8], 0x8182838485868788);
	i = decoded(0x15c01573); /* csrrw a0, stopei, zero */
	assert_int_equal(csr_insn_operand(&i, regs), 0);
	assert_int_equal(csr_insn_apply(&i, 0xff, 0), 0);
	i = decoded(0x15107073); /* csrci sireg, 0 */
	assert_int_equal(csr_insn_operand(&i, regs), 0);
	assert_int_equal(csr_insn_apply(&i, 0xff, 0), 0xff);
	i = decoded(0x151fe073); /* csrsi sireg, 31 */
	assert_int_equal(csr_insn_operand(&i, regs), 31);
	csr_insn_result(&i, regs, 5);
	assert_int_equal(regs[0], 99);
	/* A read that writes nothing leaves the value, whatever the operand. */
	i = decoded(0x15102573); /* csrr a0, sireg */
	assert_int_equal(csr_insn_apply(&i, 0xff, 0xf00), 0xff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_field),
		cmocka_unit_test(test_every_opcode),
		cmocka_unit_test(test_assembler),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
