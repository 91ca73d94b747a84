/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls down to a firmware that is a script: what is called, with which arguments in which
 * registers, and that nothing is called which the probe did not find.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/log.h"
#include "sbi/fw.h"

#include <stdio.h>
#include <string.h>

static struct {
	unsigned long a[6], fid, eid;
} call;
static unsigned int calls;
static struct sbi_ret answer;

/* What the firmware has, by EID; version < 0.2 for a firmware without BASE. */
static unsigned long has[16];
static long version;

static bool firmware_has(unsigned long eid)
{
	for (size_t i = 0; i < ARRAY_SIZE(has); i++)
		if (has[i] == eid)
			return true;
	return false;
}

static struct sbi_ret base_call(unsigned long fid, unsigned long arg)
{
	if (version < SBI_VERSION(0, 2))
		return (struct sbi_ret){SBI_ERR_NOT_SUPPORTED, 0x77};
	switch (fid) {
	case 0: return (struct sbi_ret){0, version};
	case 1: return (struct sbi_ret){0, 1};
	case 2: return (struct sbi_ret){0, 0x10005};
	case 3: return (struct sbi_ret){0, firmware_has(arg)};
	default: return (struct sbi_ret){SBI_ERR_NOT_SUPPORTED, 0};
	}
}

struct sbi_ret fw_ecall(unsigned long a0, unsigned long a1, unsigned long a2, unsigned long a3,
			unsigned long a4, unsigned long a5, unsigned long fid, unsigned long eid)
{
	if (eid == 0x10)
		return base_call(fid, a0);
	call.a[0] = a0;
	call.a[1] = a1;
	call.a[2] = a2;
	call.a[3] = a3;
	call.a[4] = a4;
	call.a[5] = a5;
	call.fid = fid;
	call.eid = eid;
	calls++;
	return answer;
}

static char lines[4096];

static void sink(const char *s, size_t n)
{
	strncat(lines, s, n);
}

/* The EIDs are spelt as the specification's ASCII, not with limen's constants. */
static const unsigned long everything[] = {0x54494d45, 0x735049,   0x52464e43, 0x48534d,
					   0x53525354, 0x4442434e, 0x504d55,   0x53555350,
					   0x46574654, 1,	   2};

static int setup(void **state)
{
	(void)state;
	memset(&fw, 0, sizeof(fw));
	memset(has, 0xff, sizeof(has));
	memcpy(has, everything, sizeof(everything));
	version = SBI_VERSION(3, 0);
	answer = (struct sbi_ret){0, 0};
	calls = 0;
	lines[0] = 0;
	log_set_sink(sink);
	return 0;
}

static void expect_call(unsigned long eid, unsigned long fid, unsigned long a0, unsigned long a1,
			unsigned long a2, unsigned long a3, unsigned long a4)
{
	assert_int_equal(calls, 1);
	calls = 0;
	assert_int_equal(call.eid, eid);
	assert_int_equal(call.fid, fid);
	assert_int_equal(call.a[0], a0);
	assert_int_equal(call.a[1], a1);
	assert_int_equal(call.a[2], a2);
	assert_int_equal(call.a[3], a3);
	assert_int_equal(call.a[4], a4);
	assert_int_equal(call.a[5], 0);
}

static void test_probe(void **state)
{
	(void)state;
	fw_probe();
	assert_int_equal(calls, 0);
	assert_int_equal(fw.spec_version, 0x03000000);
	assert_int_equal(fw.impl_id, 1);
	for (int i = 0; i < FW_EXTS; i++)
		assert_true(fw_has(i));
	has[0] = has[5] = ~0UL;
	fw_probe();
	for (int i = 0; i < FW_EXTS; i++)
		assert_int_equal(fw_has(i), i != FW_TIME && i != FW_DBCN);
}

static void test_before_base(void **state)
{
	(void)state;
	version = 1;
	fw_probe();
	for (int i = 0; i < FW_EXTS; i++)
		assert_int_equal(fw_has(i), i == FW_PUTCHAR || i == FW_GETCHAR);
	fw_report();
	assert_non_null(strstr(lines, "SBI 0.1"));
}

static void test_report_names_what_is_missing(void **state)
{
	(void)state;
	has[3] = ~0UL; /* HSM */
	has[6] = ~0UL; /* PMU */
	fw_probe();
	fw_hide(FW_DBCN);
	fw_report();
	assert_non_null(strstr(lines, "limen: firmware: SBI 3.0, OpenSBI (1) version 0x10005\r\n"));
	assert_non_null(strstr(lines, "warning: firmware: HSM is missing: "));
	assert_non_null(strstr(lines, "firmware: PMU is missing: "));
	assert_non_null(strstr(lines, "firmware: DBCN is hidden: "));
	assert_null(strstr(lines, "TIME"));
	assert_null(strstr(lines, "putchar"));
}

static void test_only_what_was_found_is_called(void **state)
{
	(void)state;
	memset(has, 0xff, sizeof(has));
	fw_probe();
	assert_int_equal(fw_set_timer(1), ERR_NOTSUP);
	assert_int_equal(fw_send_ipi(1, 0), ERR_NOTSUP);
	assert_int_equal(fw_remote_fence_i(1, 0), ERR_NOTSUP);
	assert_int_equal(fw_remote_hfence_vvma_asid(1, 0, 0, 0, 0), ERR_NOTSUP);
	assert_int_equal(fw_hart_start(1, HPA(0), 0), ERR_NOTSUP);
	assert_int_equal(fw_hart_status(1), ERR_NOTSUP);
	assert_int_equal(fw_hart_stop(), ERR_NOTSUP);
	assert_int_equal(fw_system_reset(0, 0), ERR_NOTSUP);
	assert_int_equal(fw_console_write(HPA(0), 1), ERR_NOTSUP);
	assert_int_equal(fw_console_read(HPA(0), 1), ERR_NOTSUP);
	assert_int_equal(fw_console_byte('x'), ERR_NOTSUP);
	assert_int_equal(fw_console_getchar(), ERR_NOTSUP);
	assert_int_equal(calls, 0);
}

static void test_hidden_before_or_after_the_probe(void **state)
{
	(void)state;
	assert_int_equal(fw_ext_by_name("dbcn,x", 4), FW_DBCN);
	assert_int_equal(fw_ext_by_name("dbcn", 3), ERR_NOENT);
	assert_int_equal(fw_ext_by_name("", 0), ERR_NOENT);
	fw_hide(FW_DBCN);
	fw_probe();
	assert_false(fw_has(FW_DBCN));
	assert_int_equal(fw_console_write(HPA(0), 1), ERR_NOTSUP);
	fw_hide(FW_TIME);
	assert_int_equal(fw_set_timer(1), ERR_NOTSUP);
	assert_int_equal(calls, 0);
}

#define WIDE 0xfedcba9876543210UL

static void test_arguments(void **state)
{
	(void)state;
	fw_probe();
	assert_int_equal(fw_set_timer(WIDE), OK);
	expect_call(0x54494d45, 0, WIDE, 0, 0, 0, 0);
	assert_int_equal(fw_send_ipi(WIDE, 64), OK);
	expect_call(0x735049, 0, WIDE, 64, 0, 0, 0);
	assert_int_equal(fw_hart_start(3, HPA(WIDE), ~WIDE), OK);
	expect_call(0x48534d, 0, 3, WIDE, ~WIDE, 0, 0);
	assert_int_equal(fw_hart_stop(), OK);
	expect_call(0x48534d, 1, 0, 0, 0, 0, 0);
	answer.value = 4;
	assert_int_equal(fw_hart_status(WIDE), SBI_HSM_STATE_SUSPENDED);
	expect_call(0x48534d, 2, WIDE, 0, 0, 0, 0);
	assert_int_equal(fw_system_reset(1, 7), OK);
	expect_call(0x53525354, 0, 1, 7, 0, 0, 0);
}

static void test_feature(void **state)
{
	u64 value = 7;

	(void)state;
	fw_probe();
	answer.value = 1;
	assert_int_equal(fw_feature_get(4, &value), OK);
	expect_call(0x46574654, 1, 4, 0, 0, 0, 0);
	assert_int_equal(value, 1);
	answer = (struct sbi_ret){SBI_ERR_DENIED, 0};
	assert_int_equal(fw_feature_get(5, &value), ERR_NOTSUP);
	assert_int_equal(fw_feature_set(4, 1), ERR_NOTSUP);
	answer = (struct sbi_ret){SBI_SUCCESS, 0};
	calls = 0;
	assert_int_equal(fw_feature_set(4, 1), OK);
	expect_call(0x46574654, 0, 4, 1, 0, 0, 0);
	calls = 0;
	fw_hide(FW_FWFT);
	assert_int_equal(fw_feature_get(0, &value), ERR_NOTSUP);
	assert_int_equal(fw_feature_set(4, 1), ERR_NOTSUP);
	assert_int_equal(calls, 0);
}

static void test_fences(void **state)
{
	(void)state;
	fw_probe();
	assert_int_equal(fw_remote_fence_i(WIDE, 2), OK);
	expect_call(0x52464e43, 0, WIDE, 2, 0, 0, 0);
	assert_int_equal(fw_remote_sfence_vma(WIDE, 2, 3, 4), OK);
	expect_call(0x52464e43, 1, WIDE, 2, 3, 4, 0);
	assert_int_equal(fw_remote_sfence_vma_asid(WIDE, 2, 3, 4, 5), OK);
	expect_call(0x52464e43, 2, WIDE, 2, 3, 4, 5);
	assert_int_equal(fw_remote_hfence_gvma_vmid(WIDE, 2, 3, 4, 5), OK);
	expect_call(0x52464e43, 3, WIDE, 2, 3, 4, 5);
	assert_int_equal(fw_remote_hfence_gvma(WIDE, 2, 3, 4), OK);
	expect_call(0x52464e43, 4, WIDE, 2, 3, 4, 0);
	assert_int_equal(fw_remote_hfence_vvma_asid(WIDE, 2, 3, 4, 5), OK);
	expect_call(0x52464e43, 5, WIDE, 2, 3, 4, 5);
	assert_int_equal(fw_remote_hfence_vvma(WIDE, 2, 3, 4), OK);
	expect_call(0x52464e43, 6, WIDE, 2, 3, 4, 0);
}

static void test_debug_console(void **state)
{
	(void)state;
	fw_probe();
	answer.value = 5;
	assert_int_equal(fw_console_write(HPA(WIDE), 100), 5);
	expect_call(0x4442434e, 0, 100, WIDE, 0, 0, 0);
	assert_int_equal(fw_console_read(HPA(WIDE), 100), 5);
	expect_call(0x4442434e, 1, 100, WIDE, 0, 0, 0);
	assert_int_equal(fw_console_byte('x'), OK);
	expect_call(0x4442434e, 2, 'x', 0, 0, 0, 0);
	answer.value = 101; /* more than asked for */
	assert_int_equal(fw_console_read(HPA(0), 100), 100);
	answer.value = -1;
	assert_int_equal(fw_console_read(HPA(0), 100), 100);
	answer = (struct sbi_ret){SBI_ERR_INVALID_PARAM, 50};
	assert_int_equal(fw_console_write(HPA(0), 100), ERR_INVAL);
}

static void test_legacy_console(void **state)
{
	(void)state;
	fw_probe();
	fw_hide(FW_DBCN);
	assert_int_equal(fw_console_byte('x'), OK);
	expect_call(1, 0, 'x', 0, 0, 0, 0);
	answer.error = 'y';
	assert_int_equal(fw_console_getchar(), 'y');
	expect_call(2, 0, 0, 0, 0, 0, 0);
	answer.error = -1;
	assert_int_equal(fw_console_getchar(), ERR_AGAIN);
}

static void test_errors(void **state)
{
	static const int want[] = {OK,	      ERR_NOTSUP, ERR_NOTSUP,  ERR_INVAL,  ERR_NOTSUP,
				   ERR_RANGE, ERR_EXIST,  ERR_EXIST,   ERR_EXIST,  ERR_NOENT,
				   ERR_BUSY,  ERR_RANGE,  ERR_TIMEOUT, ERR_NOTSUP, ERR_NOTSUP};

	(void)state;
	fw_probe();
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		answer.error = -(long)i;
		assert_int_equal(fw_hart_start(0, HPA(0), 0), want[i]);
		if (i)
			assert_int_equal(fw_hart_status(0), want[i]);
	}
	assert_int_equal(fw_err(-15), ERR_NOTSUP);
	assert_int_equal(fw_err(1), ERR_NOTSUP);
	assert_int_equal(fw_err(INT64_MIN), ERR_NOTSUP);
	assert_int_equal(fw_err(-3L - (1L << 32)), ERR_NOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_probe, setup),
		cmocka_unit_test_setup(test_before_base, setup),
		cmocka_unit_test_setup(test_report_names_what_is_missing, setup),
		cmocka_unit_test_setup(test_only_what_was_found_is_called, setup),
		cmocka_unit_test_setup(test_hidden_before_or_after_the_probe, setup),
		cmocka_unit_test_setup(test_arguments, setup),
		cmocka_unit_test_setup(test_feature, setup),
		cmocka_unit_test_setup(test_fences, setup),
		cmocka_unit_test_setup(test_debug_console, setup),
		cmocka_unit_test_setup(test_legacy_console, setup),
		cmocka_unit_test_setup(test_errors, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
