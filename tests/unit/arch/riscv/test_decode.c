/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder of a guest's device accesses, held against the assembler and objdump: what must
 * decode, what must not, every 16-bit word, random 32-bit words, and the values that move between
 * the registers and the device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/arch/riscv/decode_table.h"

/* The same words every time; xorshift64. */
static u64 random_state;

static u64 random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static int seed(void **state)
{
	(void)state;
	random_state = 0x9e3779b97f4a7c15ULL;
	return 0;
}

static const struct mmio_insn garbage = {true, true, 99, 99, 99, 99};

static void check_insn(const char *text, const struct mmio_insn *got, const struct mmio_insn *want)
{
	if (got->store == want->store && got->sign_extend == want->sign_extend &&
	    got->width == want->width && got->reg == want->reg && got->len == want->len &&
	    got->addr_offset == want->addr_offset)
		return;
	fail_msg("%s: store %d width %u sign %d reg %u len %u offset %u", text, got->store,
		 got->width, got->sign_extend, got->reg, got->len, got->addr_offset);
}

static void test_assembler(void **state)
{
	(void)state;
	if (decode_zcb_by_hand)
		print_message("# this assembler does not know Zcb: encoded by hand\n");
	for (size_t i = 0; i < decode_asm_count; i++) {
		const struct decode_case *c = &decode_asm[i];
		struct mmio_insn got = garbage;

		if (decode_mmio(c->insn, &got))
			fail_msg("%s (%08x) refused", c->text, c->insn);
		check_insn(c->text, &got, &c->want);
	}
	assert_true(decode_asm_count > 3000);
}

/* The address that the assembler's text means. */
static u64 text_address(const char *text, const u64 *regs)
{
	const char *comma = strchr(text, ',');
	unsigned int base;
	int offset;

	assert_non_null(comma);
	assert_int_equal(sscanf(comma + 1, "%d(x%u)", &offset, &base), 2);
	return regs[base] + (u64)(s64)offset;
}

static void test_addresses(void **state)
{
	u64 regs[32] = {0};

	(void)state;
	for (unsigned int i = 1; i < 32; i++)
		regs[i] = 0x0101010101010101ULL * i;
	for (size_t i = 0; i < decode_asm_count; i++) {
		const struct decode_case *c = &decode_asm[i];
		u64 want = text_address(c->text, regs), got = decode_address(c->insn, regs);

		if (got != want)
			fail_msg("%s (%08x): %llx, not %llx", c->text, c->insn,
				 (unsigned long long)got, (unsigned long long)want);
	}
}

/* What follows a compressed instruction in memory has no say. */
static void test_upper_half(void **state)
{
	(void)state;
	for (size_t i = 0; i < decode_asm_count; i++) {
		const struct decode_case *c = &decode_asm[i];
		struct mmio_insn got = garbage;

		if (c->want.len != 2)
			continue;
		assert_int_equal(decode_mmio(c->insn | 0xffff0000, &got), OK);
		check_insn(c->text, &got, &c->want);
	}
}

static void test_transformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < decode_asm_count; i++) {
		const struct decode_case *c = &decode_asm[i];
		struct mmio_insn got = garbage, want = c->want;

		want.addr_offset = (u8)(i % 8);
		assert_int_equal(htinst_kind(c->htinst), HTINST_INSN);
		assert_int_equal(decode_htinst(c->htinst | (u64)want.addr_offset << 15, &got), OK);
		check_insn(c->text, &got, &want);
	}
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < decode_refused_count; i++) {
		const struct decode_refused *c = &decode_refused[i];
		struct mmio_insn got = garbage;

		if (decode_mmio(c->insn, &got) != ERR_NOTSUP)
			fail_msg("%s (%08x) decoded", c->text, c->insn);
	}
	assert_true(decode_refused_count > 30);
}

/* AMO, floating point and HLV are transformed too, and must not be taken for loads. */
static void test_transformed_refused(void **state)
{
	struct mmio_insn got;

	(void)state;
	assert_int_equal(decode_htinst(0x0000202f | 5 << 7, &got), ERR_NOTSUP); /* amoadd.w */
	assert_int_equal(decode_htinst(0x00002007 | 1 << 7, &got), ERR_NOTSUP); /* flw */
	assert_int_equal(decode_htinst(0x00003025, &got), ERR_NOTSUP);		/* c.fsd */
	assert_int_equal(decode_htinst(0x68004073, &got), ERR_NOTSUP);		/* hlv.w */
	assert_int_equal(decode_htinst(0x0000700f, &got), ERR_NOTSUP);
	assert_int_equal(decode_htinst(0x00007003, &got), ERR_NOTSUP); /* LOAD, funct3 7 */
	assert_int_equal(decode_htinst(0x00004023, &got), ERR_NOTSUP); /* STORE, funct3 4 */
	/* Not of the specified form: an immediate is left. */
	assert_int_equal(decode_htinst(0x00402503, &got), ERR_NOENT);
	assert_int_equal(decode_htinst(0x80002503, &got), ERR_NOENT);
	assert_int_equal(decode_htinst(0x00a02223, &got), ERR_NOENT);
	assert_int_equal(decode_htinst(0x02a02023, &got), ERR_NOENT);
}

static void test_htinst_kinds(void **state)
{
	static const u64 none[] = {0,	       2,      0x2002,	   0x1000, 0x3000ULL << 32,
				   1ULL << 32, 0x2040, 0x100002503};
	struct mmio_insn got;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		assert_int_equal(htinst_kind(none[i]), HTINST_NONE);
		assert_int_equal(decode_htinst(none[i], &got), ERR_NOENT);
	}
	assert_int_equal(htinst_kind(0x2000), HTINST_WALK_READ);
	assert_int_equal(htinst_kind(0x3000), HTINST_WALK_READ);
	assert_int_equal(htinst_kind(0x2020), HTINST_WALK_WRITE);
	assert_int_equal(htinst_kind(0x3020), HTINST_WALK_WRITE);
	assert_int_equal(decode_htinst(0x3000, &got), ERR_NOENT);
	assert_int_equal(decode_htinst(0x3020, &got), ERR_NOENT);
}

/* The same number decode_table.py makes of objdump's reading. */
static u16 pack(enum err e, const struct mmio_insn *i)
{
	if (e)
		return 0;
	return (u16)(DECODE_IS | (i->store ? DECODE_STORE : 0) |
		     (i->sign_extend ? DECODE_SIGN : 0) | i->width << DECODE_WIDTH |
		     i->reg << DECODE_REG);
}

static void check_invariants(u32 word, enum err e, const struct mmio_insn *i, unsigned int len)
{
	if (e) {
		assert_int_equal(e, ERR_NOTSUP);
		return;
	}
	assert_true(i->width == 1 || i->width == 2 || i->width == 4 || i->width == 8);
	assert_true(i->reg < 32);
	assert_int_equal(i->addr_offset, 0);
	assert_false(i->store && i->sign_extend);
	if (i->len != len)
		fail_msg("%08x: length %u", word, i->len);
}

static void test_every_half(void **state)
{
	unsigned int decoded = 0;

	(void)state;
	for (u32 w = 0; w < 65536; w++) {
		struct mmio_insn got = garbage;
		enum err e = decode_mmio(w, &got);

		check_invariants(w, e, &got, (w & 3) == 3 ? 4 : 2);
		if ((w & 3) == 3)
			continue;
		if (pack(e, &got) != decode_half[w])
			fail_msg("%04x: %04x, objdump says %04x", w, pack(e, &got), decode_half[w]);
		decoded += !e;
	}
	/* Eight of C (two of them without x0) and the five of Zcb. */
	assert_int_equal(decoded, 4 * 2048 + 2 * 31 * 64 + 2 * 32 * 64 + 2 * 256 + 3 * 128);
}

static void test_objdump_words(void **state)
{
	unsigned int decoded = 0;

	(void)state;
	for (size_t i = 0; i < decode_word_count; i++) {
		const struct decode_word *c = &decode_word[i];
		struct mmio_insn got = garbage;
		u16 is = pack(decode_mmio(c->insn, &got), &got);

		if (is != c->want)
			fail_msg("%08x: %04x, objdump says %04x", c->insn, is, c->want);
		decoded += is != 0;
	}
	assert_true(decoded > 2000);
}

static void test_random_words(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 2000000; n++) {
		u64 word = random_next();
		struct mmio_insn got = garbage;
		enum err e = decode_mmio((u32)word, &got);

		check_invariants((u32)word, e, &got, (word & 3) == 3 ? 4 : 2);
		e = decode_htinst(n & 1 ? word : (u32)word, &got);
		assert_true(e == OK || e == ERR_NOTSUP || e == ERR_NOENT);
		if (!e)
			assert_true(got.reg < 32 && got.addr_offset < 32);
	}
}

static void test_load_values(void **state)
{
	static const struct {
		u8 width;
		bool sign;
		u64 raw, want;
	} c[] = {
		{1, true, 0x1280, 0xffffffffffffff80},
		{1, true, 0xff7f, 0x7f},
		{1, false, 0x1280, 0x80},
		{2, true, 0x128000, 0xffffffffffff8000},
		{2, true, 0xff7fff, 0x7fff},
		{2, false, 0x128000, 0x8000},
		{4, true, 0x1280000000, 0xffffffff80000000},
		{4, true, 0xff7fffffff, 0x7fffffff},
		{4, false, 0x1280000000, 0x80000000},
		{8, true, ~0ULL, ~0ULL},
		{8, true, 1ULL << 63, 1ULL << 63},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		struct mmio_insn insn = {
			.width = c[i].width, .sign_extend = c[i].sign, .reg = 31, .len = 4};
		u64 regs[32] = {0};

		assert_true(mmio_insn_extend(&insn, c[i].raw) == c[i].want);
		mmio_insn_load(&insn, regs, c[i].raw);
		assert_true(regs[31] == c[i].want);
		insn.reg = 0;
		mmio_insn_load(&insn, regs, c[i].raw);
		assert_true(regs[0] == 0);
	}
}

static void test_store_values(void **state)
{
	u64 regs[32] = {[0] = 1, [7] = 0x8899aabbccddeeff};
	struct mmio_insn i = {.store = true, .reg = 7, .len = 4};

	(void)state;
	i.width = 1;
	assert_true(mmio_insn_store_value(&i, regs) == 0xff);
	i.width = 2;
	assert_true(mmio_insn_store_value(&i, regs) == 0xeeff);
	i.width = 4;
	assert_true(mmio_insn_store_value(&i, regs) == 0xccddeeff);
	i.width = 8;
	assert_true(mmio_insn_store_value(&i, regs) == 0x8899aabbccddeeff);
	i.reg = 0;
	assert_true(mmio_insn_store_value(&i, regs) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_assembler),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_upper_half),
		cmocka_unit_test(test_transformed),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_transformed_refused),
		cmocka_unit_test(test_htinst_kinds),
		cmocka_unit_test(test_every_half),
		cmocka_unit_test(test_objdump_words),
		cmocka_unit_test_setup(test_random_words, seed),
		cmocka_unit_test(test_load_values),
		cmocka_unit_test(test_store_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
