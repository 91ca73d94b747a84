/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files by their first bytes: one of each kind as its own tool writes it, cut at every length, and what begins
 * as code, an ELF file or a Linux Image.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "guest/image/filekind.h"

/* The first bytes of a packed "limen\n", or of a header; least: how many of them are needed. */
static const struct {
	const char *what;
	size_t least, size;
	const char *bytes;
} files[] = {
	{"packed with gzip", 2, 10, "\x1f\x8b\x08\0\0\0\0\0\0\x03"},
	{"packed with xz", 6, 12, "\xfd\x37zXZ\0\0\x04\xe6\xd6\xb4\x46"},
	{"packed with zstd", 4, 8, "\x28\xb5\x2f\xfd\x24\x06\x31\0"},
	{"packed with lz4", 4, 11, "\x04\x22\x4d\x18\x64\x40\xa7\x06\0\0\x80"},
	{"packed with lz4, the legacy format", 4, 8, "\x02\x21\x4c\x18\x08\0\0\0"},
	{"packed with lzo", 9, 12, "\x89LZO\0\r\n\x1a\n\x10\x40\x20"},
	{"packed with bzip2", 10, 14, "BZh91AY&SY\x8b\x16\x1f\x0e"},
	{"packed with lzma", 13, 14, "\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0"},
	{"packed with lzma", 13, 14, "\x5d\0\0\0\x04\x40\x42\x0f\0\0\0\0\0\0"},
	{"a uImage of U-Boot", 4, 12, "\x27\x05\x19\x56\x12\x34\x56\x78\x5f\0\0\0"},
	{"a FIT image or a device tree", 4, 8, "\xd0\x0d\xfe\xed\0\0\x10\0"},
	{"a packed EFI image", 8, 12, "MZ\0\0zimg\0\0\x10\0"},
};

static void test_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (size_t n = 0; n <= files[i].size; n++) {
			/* A copy of its own, so that a byte too far is seen. */
			u8 *copy = test_malloc(n + !n);
			const struct filekind *k;

			memcpy(copy, files[i].bytes, n);
			k = filekind_of(copy, n);
			test_free(copy);
			if (n < files[i].least) {
				assert_null(k);
				continue;
			}
			assert_non_null(k);
			assert_string_equal(k->what, files[i].what);
			assert_non_null(strstr(k->give, "give "));
		}
}

static void test_images(void **state)
{
	static u8 image[0x206];

	(void)state;
	memcpy(image, "MZ", 2);
	memcpy(image + 56, "ARMd", 4);
	assert_string_equal(filekind_of(image, 60)->what, "a Linux Image for arm64");
	assert_null(filekind_of(image, 59));
	memset(image, 0, sizeof(image));
	memcpy(image + 0x202, "HdrS", 4);
	assert_string_equal(filekind_of(image, sizeof(image))->what, "a Linux bzImage for x86");
	assert_null(filekind_of(image, sizeof(image) - 1));
}

/* What limen loads. */
static void test_none(void **state)
{
	static const struct {
		size_t size;
		const char *bytes;
	} good[] = {
		{4, "\x7f\x45LF"},
		{13, "\x6f\0\x80\0\0\0\0\0\0\0\0\0\0"}, /* j */
		{13, "\x5d\0\0\0\0\0\0\0\0\0\0\0\0"},	/* a hint, and then zeroes */
		{13, "\x5d\0\x73\0\x50\x10\xff\xff\xff\xff\xff\xff\xff"},
		{10, "BZh9\x13\0\0\0\0\0"},
		{4, "MZo\0"},
	};
	static u8 riscv[64] = "MZ";

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(filekind_of(good[i].bytes, good[i].size));
	memcpy(riscv + 56, "RSC\x05", 4);
	assert_null(filekind_of(riscv, sizeof(riscv)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
