/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limen's boot arguments, and their page in docs/. Run from the top of the source tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/riscv/ext.h"
#include "hyp/tree/bootargs.h"

static struct bootargs args;
static char last[BOOTARGS_LINE_MAX];
static unsigned int warnings;

static void note(void *arg, const char *text)
{
	(void)arg;
	assert_true(strlen(text) < BOOTARGS_LINE_MAX);
	for (const char *c = text; *c; c++)
		assert_true(*c >= ' ' && *c <= '~');
	strcpy(last, text);
	warnings++;
}

static void parse(const char *s)
{
	const struct bootargs_warn warn = {note, NULL};
	char *copy = s ? strdup(s) : NULL;

	warnings = 0;
	memset(&args, 0x5a, sizeof(args));
	bootargs_parse(copy, &args, &warn);
	free(copy);
}

static void expect_default(void)
{
	assert_int_equal(args.arch.hidden, 0);
	assert_true(isa_empty(&args.arch.hidden_ext));
	assert_int_equal(args.arch.satp_bits, 0);
	assert_int_equal(args.loglevel, LOG_INFO);
	assert_int_equal(args.panic, BOOTARGS_PANIC_NONE);
	assert_false(args.selftest_conformance);
	assert_int_equal(args.torture, BOOTARGS_TORTURE_NONE);
	assert_int_equal(args.torture_periods, 0);
	assert_int_equal(args.torture_guests, 0);
	assert_int_equal(args.trace, 0);
}

static void test_none(void **state)
{
	(void)state;
	parse(NULL);
	expect_default();
	parse("");
	expect_default();
	parse(" \t\n ");
	expect_default();
	parse("hide=");
	expect_default();
	parse("hide=,,");
	expect_default();
	assert_int_equal(warnings, 0);
}

static void test_words(void **state)
{
	(void)state;
	parse("  hide=sstc,htval,,1g satp=sv48\tloglevel=error hide=htinst satp=sv39 ");
	assert_int_equal(warnings, 0);
	assert_int_equal(args.arch.satp_bits, 39);
	assert_int_equal(args.loglevel, LOG_ERROR);
	assert_int_equal(args.arch.hidden, BIT(HIDE_HTVAL) | BIT(HIDE_1G) | BIT(HIDE_HTINST));
	assert_true(bootargs_hidden(&args.arch, HIDE_HTVAL));
	assert_false(bootargs_hidden(&args.arch, HIDE_VMIDLEN));
	assert_true(isa_has(&args.arch.hidden_ext, EXT_SSTC));
	assert_false(isa_has(&args.arch.hidden_ext, EXT_SVADU));
	parse("testdev=0x10011000");
	assert_true(args.testdev == 0x10011000);
	parse("testdev=0xfffffffffff000");
	assert_true(args.testdev == 0xfffffffffff000);
	parse("satp=sv57 loglevel=warn");
	assert_true(args.testdev == 0);
	assert_int_equal(args.arch.satp_bits, 57);
	assert_int_equal(args.loglevel, LOG_WARN);
	parse("loglevel=error loglevel=info");
	assert_int_equal(args.loglevel, LOG_INFO);
}

static void test_console(void **state)
{
	(void)state;
	parse("");
	assert_false(args.console_all);
	parse("console=all");
	assert_true(args.console_all);
	assert_int_equal(warnings, 0);
}

static void test_panic(void **state)
{
	(void)state;
	parse("panic=check");
	assert_int_equal(args.panic, BOOTARGS_PANIC_CHECK);
	parse("panic=check panic=trap");
	assert_int_equal(args.panic, BOOTARGS_PANIC_TRAP);
	parse("panic=overflow");
	assert_int_equal(args.panic, BOOTARGS_PANIC_OVERFLOW);
	assert_int_equal(warnings, 0);
}

static void test_selftest(void **state)
{
	(void)state;
	parse("selftest=conformance");
	assert_true(args.selftest_conformance);
	assert_false(args.selftest_vms);
	assert_false(args.selftest_lifecycle);
	parse("selftest=conformance,vms");
	assert_true(args.selftest_conformance);
	assert_true(args.selftest_vms);
	parse("selftest=lifecycle");
	assert_true(args.selftest_lifecycle);
	assert_false(args.selftest_conformance);
	assert_int_equal(warnings, 0);
}

static void test_trace(void **state)
{
	(void)state;
	parse("trace=call,guest-exit");
	assert_int_equal(args.trace, BIT(TRACE_CALL) | BIT(TRACE_GUEST_EXIT));
	parse("trace=call trace=mmio,,");
	assert_int_equal(args.trace, BIT(TRACE_CALL) | BIT(TRACE_MMIO));
	parse("trace=on");
	assert_int_equal(args.trace, TRACE_ALL);
	parse("trace=");
	assert_int_equal(args.trace, 0);
	assert_int_equal(warnings, 0);
}

static void expect_torture(const char *s, u32 periods, u32 guests)
{
	parse(s);
	assert_int_equal(warnings, 0);
	assert_int_equal(args.torture, BOOTARGS_TORTURE_RCU);
	assert_int_equal(args.torture_periods, periods);
	assert_int_equal(args.torture_guests, guests);
}

static void test_torture(void **state)
{
	(void)state;
	expect_torture("torture=rcu", BOOTARGS_TORTURE_PERIODS, 0);
	expect_torture("torture=rcu,20", 20, 0);
	expect_torture("torture=stall torture=rcu,0,512", 0, 512);
	expect_torture("torture=rcu,100000000,1", BOOTARGS_TORTURE_MAX, 1);
	parse("torture=rcu,5,5 torture=stall");
	assert_int_equal(warnings, 0);
	assert_int_equal(args.torture, BOOTARGS_TORTURE_STALL);
	assert_int_equal(args.torture_periods, 0);
}

static void test_all(void **state)
{
	(void)state;
	parse("hide=all");
	assert_int_equal(warnings, 0);
	assert_int_equal(args.arch.hidden, (BIT(HIDE_FEATURES) - 1) & ~BIT(HIDE_HSM));
	assert_true(isa_has(&args.arch.hidden_ext, EXT_SSTC) &&
		    isa_has(&args.arch.hidden_ext, EXT_V));
	assert_false(isa_has(&args.arch.hidden_ext, EXT_D) ||
		     isa_has(&args.arch.hidden_ext, EXT_I));
	parse("hide=hsm,all,d");
	assert_int_equal(args.arch.hidden, BIT(HIDE_FEATURES) - 1);
	assert_true(isa_has(&args.arch.hidden_ext, EXT_D));
}

/* Each names the word, and leaves everything as it was. */
static void expect_warning(const char *s, const char *want)
{
	parse(s);
	expect_default();
	assert_int_equal(warnings, 1);
	assert_string_equal(last, want);
}

static void test_bad_torture(void **state)
{
	static const char *const bad[] = {"",
					  "rc",
					  "rcus",
					  "rcu,",
					  "rcu,x",
					  "rcu,1,",
					  "rcu,1,2,3",
					  "rcu,-1",
					  "stall,1",
					  "rcu,100000001",
					  "rcu,99999999999999999999"};
	char arg[60], want[BOOTARGS_LINE_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(arg, sizeof(arg), "torture=%s", bad[i]);
		snprintf(want, sizeof(want),
			 "boot arguments: torture= is rcu, rcu,PERIODS,GUESTS or stall, not: "
			 "\"%s\"",
			 bad[i]);
		expect_warning(arg, want);
	}
}

static void test_unknown(void **state)
{
	(void)state;
	expect_warning("quiet", "boot arguments: not known: \"quiet\"");
	expect_warning("hide", "boot arguments: not known: \"hide\"");
	expect_warning("Hide=sstc", "boot arguments: not known: \"Hide=sstc\"");
	expect_warning("=", "boot arguments: not known: \"=\"");
	expect_warning("hide=sst", "boot arguments: hide= does not know: \"sst\"");
	expect_warning("hide=m", "boot arguments: hide= does not know: \"m\"");
	expect_warning("hide=htvals,", "boot arguments: hide= does not know: \"htvals\"");
	expect_warning("testdev=",
		       "boot arguments: testdev= is a port's address, as 0x10011000, not: \"\"");
	expect_warning("testdev=0x",
		       "boot arguments: testdev= is a port's address, as 0x10011000, not: \"0x\"");
	expect_warning(
		"testdev=10011000",
		"boot arguments: testdev= is a port's address, as 0x10011000, not: \"10011000\"");
	expect_warning(
		"testdev=0x10011004",
		"boot arguments: testdev= is a port's address, as 0x10011000, not: \"0x10011004\"");
	expect_warning(
		"testdev=0x1001100g",
		"boot arguments: testdev= is a port's address, as 0x10011000, not: \"0x1001100g\"");
	expect_warning("testdev=0x1000000000000000",
		       "boot arguments: testdev= is a port's address, as 0x10011000, not: "
		       "\"0x1000000000000000\"");
	expect_warning("satp=", "boot arguments: satp= is sv39, sv48 or sv57, not: \"\"");
	expect_warning("satp=sv32", "boot arguments: satp= is sv39, sv48 or sv57, not: \"sv32\"");
	expect_warning("loglevel=7",
		       "boot arguments: loglevel= is error, warn or info, not: \"7\"");
	expect_warning("console=a", "boot arguments: console= is all, not: \"a\"");
	expect_warning("panic=", "boot arguments: panic= is check, trap or overflow, not: \"\"");
	expect_warning("panic=5", "boot arguments: panic= is check, trap or overflow, not: \"5\"");
	expect_warning(
		"selftest=all",
		"boot arguments: selftest= is conformance, conformance,vms or lifecycle, not: "
		"\"all\"");
	expect_warning("trace=off", "boot arguments: trace= does not know: \"off\"");
	expect_warning("a\x1b[2J\xc3", "boot arguments: not known: \"a?[2J?\"");
	expect_warning("0123456789012345678901234567890123456789012345678901234567890123456789",
		       "boot arguments: not known: \"0123456789012345678901234567890123456789"
		       "01234567890123456789\"...");
	parse("root=/dev/vda ro hide=sstc,x,y console=hvc0");
	assert_int_equal(warnings, 5);
	assert_true(isa_has(&args.arch.hidden_ext, EXT_SSTC));
}

static char page[65536];

/* Is name set as code somewhere on the page? */
static bool documented(const char *name)
{
	char code[40];

	snprintf(code, sizeof(code), "`%s`", name);
	return strstr(page, code) != NULL;
}

static void test_docs(void **state)
{
	FILE *f = fopen("docs/boot-arguments.md", "r");
	unsigned int e;
	bool in_all;

	(void)state;
	assert_non_null(f);
	page[fread(page, 1, sizeof(page) - 1, f)] = '\0';
	fclose(f);
	assert_true(documented("satp=sv39") && documented("satp=sv48") && documented("satp=sv57"));
	assert_true(documented("loglevel=error") && documented("loglevel=warn"));
	assert_true(documented("panic=check") && documented("panic=trap"));
	assert_true(documented("panic=overflow"));
	assert_true(documented("torture=rcu") && documented("torture=stall"));
	assert_true(documented("trace=on"));
	assert_true(documented("console=all"));
	assert_true(documented("selftest=conformance") && documented("selftest=lifecycle"));
	assert_true(documented("selftest=conformance,vms"));
	for_each_ext(e) if (ext_hide_name(e) && !documented(ext_hide_name(e)))
		fail_msg("hide=%s is not on the page", ext_hide_name(e));
	for (unsigned int i = 0; i < HIDE_FEATURES; i++)
		assert_true(documented(bootargs_hide_name((enum hide_feature)i, &in_all)));
}

/* And whatever a table of the page names in its first column can be hidden. */
static void test_docs_names(void **state)
{
	char *line, *save = NULL;
	unsigned int names = 0;

	(void)state;
	test_docs(state);
	for (line = strtok_r(strstr(page, "## What can be hidden"), "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *end = strchr(line + 1, '|'), *c = line;

		if (line[0] != '|' || !end)
			continue;
		for (c = strchr(c, '`'); c && c < end; c = strchr(c + 1, '`')) {
			char word[64], *close = strchr(c + 1, '`');

			assert_non_null(close);
			snprintf(word, sizeof(word), "hide=%.*s", (int)(close - c - 1), c + 1);
			parse(word);
			if (warnings)
				fail_msg("%s", last);
			names++;
			c = close;
		}
	}
	assert_in_range(names, 60, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),	    cmocka_unit_test(test_words),
		cmocka_unit_test(test_console),	    cmocka_unit_test(test_trace),
		cmocka_unit_test(test_panic),	    cmocka_unit_test(test_trace),
		cmocka_unit_test(test_all),	    cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_docs),	    cmocka_unit_test(test_docs_names),
		cmocka_unit_test(test_torture),	    cmocka_unit_test(test_selftest),
		cmocka_unit_test(test_bad_torture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
