/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What harts have in common by their ISA texts: which harts count, and what is said of those whose
 * text cannot be read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "hyp/riscv/hartisa.h"
#include "lib/log.h"

static struct platform p;
static unsigned int lines;
static char last_line[LOG_LINE_MAX + 1];

static void sink(const char *s, size_t n)
{
	assert_true(n < sizeof(last_line));
	memcpy(last_line, s, n);
	last_line[n] = '\0';
	lines++;
}

static int setup(void **state)
{
	(void)state;
	memset(&p, 0, sizeof(p));
	lines = 0;
	log_set_sink(sink);
	return 0;
}

/* A usable hart with a riscv,isa-extensions of n bytes and a riscv,isa, each of which may be
 * NULL. */
static struct platform_hart *add_hart(const char *list, size_t n, const char *isa)
{
	struct platform_hart *h = &p.hart[p.harts];

	*h = (struct platform_hart){.id = 10 + p.harts, .usable = true, .arch.isa = isa};
	h->arch.isa_base = list ? "rv64i" : NULL;
	h->arch.isa_list = list;
	h->arch.isa_list_size = (u32)n;
	p.harts++;
	return h;
}

#define OLD_BASE   "i\0zicsr\0zifencei\0zicntr\0zihpm\0" /* what "rv64i" is in a string */
#define LIST(text) (text), sizeof(text)

static void expect(const char *text)
{
	struct isa_set got, want = {0};

	memset(&got, 0xa5, sizeof(got));
	hartisa_common(&p, &got);
	if (text)
		assert_int_equal(isa_parse_string(text, strlen(text), &want), OK);
	assert_true(isa_equal(&got, &want));
}

static void test_common(void **state)
{
	(void)state;
	expect(NULL);
	add_hart(NULL, 0, "rv64imah_zba_zbb");
	expect("rv64imah_zba_zbb");
	add_hart(NULL, 0, "rv64imah_zba");
	expect("rv64imah_zba");
	add_hart(NULL, 0, "rv64imah_zba_zbb");
	expect("rv64imah_zba");
	add_hart(NULL, 0, "rv64i")->usable = false;
	expect("rv64imah_zba");
	assert_int_equal(lines, 0);
}

/* The same text again counts again, and one that differs in one thing alone is another. */
static void test_texts(void **state)
{
	(void)state;
	add_hart(LIST(OLD_BASE "m\0zba"), NULL);
	add_hart(LIST(OLD_BASE "m\0zba"), NULL);
	expect("rv64im_zba");
	add_hart(LIST(OLD_BASE "m\0zbb"), NULL);
	expect("rv64im");
	add_hart(LIST(OLD_BASE "m\0zbb"), NULL)->arch.isa_base = "rv32i";
	expect(NULL);
	assert_int_equal(lines, 1);

	setup(NULL);
	add_hart(NULL, 0, "rv64im_zba");
	add_hart(LIST(OLD_BASE "m"), "rv64im_zba");
	expect("rv64im");
	setup(NULL);
	add_hart(LIST(OLD_BASE "m"), "rv64im_zba");
	add_hart(NULL, 0, "rv64i");
	expect("rv64i");
	assert_int_equal(lines, 0);
}

/* Where one hart names H, those that do not are left alone, wherever they are in the tree. */
static void test_h(void **state)
{
	(void)state;
	add_hart(NULL, 0, "rv64i");
	add_hart(NULL, 0, "rv64imh_zba");
	add_hart(NULL, 0, "rv64imh_zbb");
	add_hart(NULL, 0, "rv64ima");
	expect("rv64imh");
	p.hart[1].usable = p.hart[2].usable = false;
	expect("rv64i");
}

/* One line a hart, the first and those with the same text alike; the string helps a bad list out. */
static void test_unreadable(void **state)
{
	(void)state;
	add_hart(NULL, 0, NULL);
	expect(NULL);
	assert_int_equal(lines, 1);
	assert_non_null(strstr(last_line, "hart 10: no ISA string"));
	add_hart(NULL, 0, NULL);
	lines = 0;
	expect(NULL);
	assert_int_equal(lines, 2);
	assert_non_null(strstr(last_line, "hart 11: no ISA string"));
	add_hart("m", 1, "rv64imh");
	lines = 0;
	expect("rv64imh");
	assert_int_equal(lines, 2);
	add_hart(NULL, 0, "rv32i");
	lines = 0;
	expect("rv64imh");
	assert_int_equal(lines, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_common, setup),
		cmocka_unit_test_setup(test_texts, setup),
		cmocka_unit_test_setup(test_h, setup),
		cmocka_unit_test_setup(test_unreadable, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
