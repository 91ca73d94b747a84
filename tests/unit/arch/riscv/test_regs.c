/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's registers by name: each name is one register of its own, and all that a guest has are
 * there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "arch/riscv/regs.h"

static struct arch_vcpu v;

/* How many 64-bit words of the vCPU are not 0, and what the last of them holds. */
static unsigned int words_set(u64 *val)
{
	unsigned int n = 0;

	for (size_t at = 0; at + 8 <= sizeof(v); at += 8) {
		u64 word;

		memcpy(&word, (const char *)&v + at, 8);
		if (word) {
			n++;
			*val = word;
		}
	}
	return n;
}

static void each_is_one_word(void **state)
{
	u64 val;

	(void)state;
	for (unsigned int i = 0; vcpu_reg_name(i); i++) {
		memset(&v, 0, sizeof(v));
		assert_int_equal(vcpu_reg_set(&v, vcpu_reg_name(i), 0x0123456789abcdef), OK);
		assert_int_equal(words_set(&val), 1);
		assert_int_equal(val, 0x0123456789abcdef);
		assert_int_equal(vcpu_reg_get(&v, vcpu_reg_name(i), &val), OK);
		assert_int_equal(vcpu_reg_value(&v, i), val);
		assert_int_equal(val, 0x0123456789abcdef);
	}
}

static void none_is_another(void **state)
{
	unsigned int n;
	u64 val;

	(void)state;
	memset(&v, 0, sizeof(v));
	for (n = 0; vcpu_reg_name(n); n++)
		assert_int_equal(vcpu_reg_set(&v, vcpu_reg_name(n), n + 1), OK);
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(vcpu_reg_get(&v, vcpu_reg_name(i), &val), OK);
		assert_int_equal(vcpu_reg_value(&v, i), val);
		assert_int_equal(val, i + 1);
	}
	assert_null(vcpu_reg_name(n));
	assert_null(vcpu_reg_name(~0U));
	assert_int_equal(v.x[0], 0); /* zero is no register anybody could write */
}

static void abi_names(void **state)
{
	static const char *const names[32] = {
		NULL, "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
		"a1", "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
		"s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
	};
	u64 val;

	(void)state;
	for (unsigned int i = 1; i < 32; i++)
		v.x[i] = 1000 + i;
	for (unsigned int i = 1; i < 32; i++) {
		assert_int_equal(vcpu_reg_get(&v, names[i], &val), OK);
		assert_int_equal(val, 1000 + i);
	}
	v.sepc = 7;
	v.vs.vsstatus = 8;
	v.vs.vsatp = 9;
	assert_true(!vcpu_reg_get(&v, "pc", &val) && val == 7);
	assert_true(!vcpu_reg_get(&v, "sstatus", &val) && val == 8);
	assert_true(!vcpu_reg_get(&v, "satp", &val) && val == 9);
}

static void unknown(void **state)
{
	static const char *const names[] = {"", "x0", "zero", "A0", "a0 ", "mstatus", "pcc"};
	struct arch_vcpu before;
	u64 val = 5;

	(void)state;
	before = v;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(vcpu_reg_get(&v, names[i], &val), ERR_NOENT);
		assert_int_equal(vcpu_reg_set(&v, names[i], 1), ERR_NOENT);
	}
	assert_int_equal(val, 5);
	assert_memory_equal(&v, &before, sizeof(v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_one_word),
		cmocka_unit_test(none_is_another),
		cmocka_unit_test(abi_names),
		cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
