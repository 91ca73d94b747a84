/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Magic numbers: RFC 1952 (gzip), RFC 8878 (zstd), the formats' own documents for xz, lz4, bzip2, lzma and
 * lzop; U-Boot's include/image.h (uImage); Devicetree Specification v0.4, section 5.2; Linux's
 * drivers/firmware/efi/libstub/zboot-header.S; Linux's arch/arm64 and x86 boot documents.
 *
 * A raw binary may begin with any bytes that are code. Where a format's magic number is short, more of its
 * header is looked at.
 */
#include "guest/image/filekind.h"

#include <string.h>

#include "image_arch.h"

#define UNPACK(program) "give the unpacked Image (" program " it first)"
#define TAKE_OUT	"give the Image that is in it (dumpimage takes it out)"
#define BUILD		"give an Image for " IMAGE_ARCH

static const struct magic {
	u16 at;
	u8 size;
	const char *bytes;
	struct filekind kind;
} magics[] = {
	{0, 2, "\x1f\x8b", {"packed with gzip", UNPACK("gunzip")}},
	{0, 6, "\xfd\x37zXZ\0", {"packed with xz", UNPACK("unxz")}},
	{0, 4, "\x28\xb5\x2f\xfd", {"packed with zstd", UNPACK("unzstd")}},
	{0, 4, "\x04\x22\x4d\x18", {"packed with lz4", UNPACK("unlz4")}},
	{0, 4, "\x02\x21\x4c\x18", {"packed with lz4, the legacy format", UNPACK("unlz4")}},
	{0, 9, "\x89LZO\0\r\n\x1a\n", {"packed with lzo", UNPACK("lzop -d")}},
	{4, 6, "1AY&SY", {"packed with bzip2", UNPACK("bunzip2")}}, /* behind "BZh" and a digit */
	{0, 4, "\x27\x05\x19\x56", {"a uImage of U-Boot", TAKE_OUT}},
	{0, 4, "\xd0\x0d\xfe\xed", {"a FIT image or a device tree", TAKE_OUT}},
	{4, 4, "zimg", {"a packed EFI image", "give the plain Image"}},
	{56, 4, "ARM\x64", {"a Linux Image for arm64", BUILD}},
	{0x202, 4, "HdrS", {"a Linux bzImage for x86", BUILD}},
};

/* The header of .lzma has no magic number: properties, which are 0x5d but for who chose others; the
 * dictionary's size, a multiple of 64 KiB; the unpacked size, or all ones. */
static bool is_lzma(const u8 *data, size_t size)
{
	static const u8 head[] = {0x5d, 0, 0},
			unknown[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	u64 unpacked;

	if (size < 13 || memcmp(data, head, sizeof(head)))
		return false;
	memcpy(&unpacked, data + 5, sizeof(unpacked));
	return !memcmp(data + 5, unknown, sizeof(unknown)) || (unpacked && unpacked < 1UL << 32);
}

const struct filekind *filekind_of(const void *data, size_t size)
{
	static const struct filekind lzma = {"packed with lzma", UNPACK("unlzma")};
	const u8 *p = data;

	for (unsigned int i = 0; i < ARRAY_SIZE(magics); i++) {
		const struct magic *m = &magics[i];

		if (size >= (size_t)m->at + m->size && !memcmp(p + m->at, m->bytes, m->size))
			return &m->kind;
	}
	return is_lzma(p, size) ? &lzma : NULL;
}
