/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AArch64 port's own snprintf(), against this machine's, with the formats that limen has.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int theirs(char *buf, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int theirs(char *buf, size_t n, const char *fmt, ...)
{
	va_list ap;
	int made;

	va_start(ap, fmt);
	made = vsnprintf(buf, n, fmt, ap);
	va_end(ap);
	return made;
}

#define vsnprintf own_vsnprintf
#define snprintf  own_snprintf
int own_vsnprintf(char *buf, size_t n, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
int own_snprintf(char *buf, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#include "arch/arm64/printf.c"

/* Both make the same of it, with room for all, for a part, for the NUL alone, and for nothing. */
#define same(...)                                                                 \
	do {                                                                      \
		static const size_t rooms[] = {128, 9, 2, 1, 0};                  \
		for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {                  \
			char a[128], b[128];                                      \
			memset(a, '#', sizeof(a));                                \
			memset(b, '#', sizeof(b));                                \
			assert_int_equal(theirs(a, rooms[i], __VA_ARGS__),        \
					 own_snprintf(b, rooms[i], __VA_ARGS__)); \
			assert_memory_equal(a, b, sizeof(a));                     \
		}                                                                 \
	} while (0)

static void test_numbers(void **state)
{
	(void)state;
	same("%d %d %d", 0, INT_MAX, INT_MIN);
	same("%u %x", UINT_MAX, 0xdeadbeefU);
	same("%ld %lu %lx %lx", LONG_MIN, ULONG_MAX, ULONG_MAX, 0UL);
	same("%lld %llu %llx", LLONG_MIN, ULLONG_MAX, 1ULL << 63);
	same("%zu %zx", SIZE_MAX, (size_t)16);
	same("%16lx|%016lx|%-16lx|", 0x1234UL, 0x1234UL, 0x1234UL);
	same("%08x %3u %-3u| %02x", 0xabcU, 7U, 7U, 255U);
}

static void test_text(void **state)
{
	(void)state;
	same("plain");
	same("%s|%s", "", "abc");
	same("%-5s|%5s|%2s", "abc", "abc", "abc");
	same("%.2s|%.*s|%.10s", "abcdef", 3, "abcdef", "abc");
	same("%-*s|%*s", 6, "ab", 6, "ab");
	same("%c%c|%%", 'x', 'y');
	same("%p", (void *)0x1234abcdUL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
