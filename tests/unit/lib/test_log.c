/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: prefixes, cutting and cleaning of lines, quiet mode, the ring, panic mode.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "lib/log.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

static char out[4096];
static size_t sink_calls;

static void sink(const char *s, size_t n)
{
	size_t have = strlen(out);

	assert_true(have + n < sizeof(out));
	memcpy(out + have, s, n);
	out[have + n] = 0;
	sink_calls++;
}

static int setup(void **state)
{
	(void)state;
	out[0] = 0;
	sink_calls = 0;
	log_set_quiet(false);
	log_set_sink(sink);
	return 0;
}

static void test_prefixes(void **state)
{
	(void)state;
	log_info("one %d", 1);
	log_warn("two %s", "b");
	log_error("three");
	log_report("four");
	assert_string_equal(out, "limen: one 1\r\n"
				 "limen: warning: two b\r\n"
				 "limen: error: three\r\n"
				 "limen: four\r\n");
	assert_int_equal(sink_calls, 4);
}

static void test_default_sink_is_the_console(void **state)
{
	char buf[64];

	(void)state;
	host_console_capture(buf, sizeof(buf));
	log_set_sink(NULL);
	log_info("hello");
	host_console_capture(NULL, 0);
	assert_string_equal(buf, "limen: hello\r\n");
	assert_int_equal(sink_calls, 0);
}

static void test_quiet(void **state)
{
	char buf[64] = "";

	(void)state;
	log_set_quiet(true);
	log_info("hidden 1");
	log_warn("hidden 2");
	log_error("hidden 3");
	log_report("seen");
	assert_string_equal(out, "limen: seen\r\n");
	log_set_quiet(false);
	log_info("again");
	assert_string_equal(out, "limen: seen\r\nlimen: again\r\n");
	buf[log_copy(buf, 46)] = 0;
	assert_string_equal(buf, "warning: hidden 2\nerror: hidden 3\nseen\nagain\n");
}

static void test_level(void **state)
{
	char buf[64] = "";

	(void)state;
	log_set_level(LOG_WARN);
	log_info("hidden 1");
	log_warn("seen 1");
	log_set_level(LOG_ERROR);
	log_warn("hidden 2");
	log_error("seen 2");
	log_report("seen 3");
	log_set_quiet(true);
	log_error("hidden 3");
	log_set_level(LOG_INFO);
	log_set_quiet(false);
	log_info("seen 4");
	assert_string_equal(out, "limen: warning: seen 1\r\nlimen: error: seen 2\r\n"
				 "limen: seen 3\r\nlimen: seen 4\r\n");
	buf[log_copy(buf, 31)] = 0;
	assert_string_equal(buf, "seen 3\nerror: hidden 3\nseen 4\n");
}

static void test_hostile_text(void **state)
{
	(void)state;
	log_info("%s", "a\x1b[2Jb\r\nc\td\x7f\x9b"
		       "e");
	assert_string_equal(out, "limen: a?[2Jb??c d??e\r\n");
}

static void test_long_line_is_cut(void **state)
{
	char longer[2 * LOG_LINE_MAX], buf[LOG_LINE_MAX];
	size_t n;

	(void)state;
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = 0;
	log_warn("%s", longer);
	assert_int_equal(strlen(out), LOG_LINE_MAX - 1 + 2);
	assert_string_equal(out + LOG_LINE_MAX - 1 - 4, "x...\r\n");
	n = log_copy(buf, sizeof(buf));
	assert_int_equal(n, LOG_LINE_MAX - strlen("limen: "));
	assert_int_equal(buf[n - 1], '\n');
	assert_memory_equal(buf, "warning: xxx", 12);
}

/* A line that fits exactly is not cut. */
static void test_longest_line(void **state)
{
	char fits[LOG_LINE_MAX - 7];

	(void)state;
	memset(fits, 'y', sizeof(fits));
	fits[sizeof(fits) - 1] = 0;
	log_info("%s", fits);
	assert_int_equal(strlen(out), 7 + sizeof(fits) - 1 + 2);
	assert_null(strchr(out, '.'));
}

static void test_ring_keeps_the_newest(void **state)
{
	static char all[65536];
	char line[32];
	size_t n;
	int first;

	(void)state;
	log_set_quiet(true);
	for (int i = 0; i < 5000; i++)
		log_info("line %d", i);
	n = log_copy(all, sizeof(all));
	assert_in_range(n, 16384 - 12, 16384);
	all[n] = 0;
	assert_int_equal(sscanf(all, "line %d\n", &first), 1);
	for (char *p = all; *p; first++) {
		snprintf(line, sizeof(line), "line %d\n", first);
		assert_memory_equal(p, line, strlen(line));
		p += strlen(line);
	}
	assert_int_equal(first, 5000);
}

static void test_copy_gives_whole_lines(void **state)
{
	char buf[32];

	(void)state;
	log_info("aaaa");
	log_info("bbbb");
	assert_int_equal(log_copy(buf, 0), 0);
	assert_int_equal(log_copy(buf, 4), 0);
	assert_int_equal(log_copy(buf, 5), 5);
	assert_memory_equal(buf, "bbbb\n", 5);
	assert_int_equal(log_copy(buf, 9), 5);
	assert_int_equal(log_copy(buf, 10), 10);
	assert_memory_equal(buf, "aaaa\nbbbb\n", 10);
}

#define HARTS 4
#define LINES 200

static char many[HARTS * LINES * 32];
static size_t many_used;

static void sink_many(const char *s, size_t n)
{
	size_t at = many_used;

	assert_true(at + n < sizeof(many));
	sched_yield(); /* whoever is not kept out by the lock comes now */
	memcpy(many + at, s, n);
	many_used = at + n;
}

static void log_lines(unsigned int hart)
{
	for (int i = 0; i < LINES; i++)
		log_info("hart %u line %03d", hart, i);
}

static void test_harts_do_not_mix(void **state)
{
	int next[HARTS] = {0};
	unsigned int hart;
	int line;

	(void)state;
	log_set_sink(sink_many);
	host_harts_run(HARTS, log_lines);
	for (char *p = many; p < many + many_used; p = strchr(p, '\n') + 1) {
		assert_int_equal(sscanf(p, "limen: hart %u line %d\r\n", &hart, &line), 2);
		assert_int_equal(line, next[hart]++);
	}
	for (hart = 0; hart < HARTS; hart++)
		assert_int_equal(next[hart], LINES);
}

static void sink_nested(const char *s, size_t n)
{
	log_set_sink(sink);
	assert_true(log_panic_mode());
	log_error("died in the sink");
	sink(s, n);
}

/* The last test: there is no way back from it. */
static void test_panic_passes_the_lock(void **state)
{
	(void)state;
	log_set_quiet(true);
	log_set_level(LOG_ERROR);
	log_set_sink(sink_nested);
	log_report("last words");
	assert_string_equal(out, "limen: error: died in the sink\r\nlimen: last words\r\n");
	log_set_quiet(true);
	log_info("still heard");
	assert_non_null(strstr(out, "still heard"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_copy_gives_whole_lines, setup),
		cmocka_unit_test_setup(test_prefixes, setup),
		cmocka_unit_test_setup(test_default_sink_is_the_console, setup),
		cmocka_unit_test_setup(test_quiet, setup),
		cmocka_unit_test_setup(test_level, setup),
		cmocka_unit_test_setup(test_hostile_text, setup),
		cmocka_unit_test_setup(test_long_line_is_cut, setup),
		cmocka_unit_test_setup(test_longest_line, setup),
		cmocka_unit_test_setup(test_ring_keeps_the_newest, setup),
		cmocka_unit_test_setup(test_harts_do_not_mix, setup),
		cmocka_unit_test_setup(test_panic_passes_the_lock, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
