/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of flattened device trees (Devicetree Specification v0.4, chapter 5).
 *
 * fdt_check_full() does nearly all of it. But before libfdt 1.7.0 a property's length of almost
 * 2^32 makes fdt_next_tag() go backwards, for ever; so the tokens are walked here first.
 */
#include "guest/image/tree.h"

#include <libfdt.h>
#include <string.h>

/* The length of the token at p and of what belongs to it, 0 if that is more than room. */
static size_t token_len(const u8 *p, size_t room)
{
	const u8 *end;
	size_t len;

	switch (fdt32_ld((const fdt32_t *)(const void *)p)) {
	case FDT_BEGIN_NODE:
		end = memchr(p + 4, '\0', room - 4);
		len = end ? (size_t)(end - p) + 1 : room + 1;
		break;
	case FDT_PROP:
		len = room < 12 ? room + 1
				: 12 + (size_t)fdt32_ld((const fdt32_t *)(const void *)(p + 4));
		break;
	default: len = 4; break;
	}
	return len <= room ? ALIGN_UP(len, 4) : 0;
}

/* Does each token of the structure block end within it? The header is checked. */
static bool tokens_end(const u8 *blob)
{
	const u8 *p = blob + fdt_off_dt_struct(blob);
	size_t left = fdt_size_dt_struct(blob);

	while (left >= 4) {
		size_t len = token_len(p, left);

		if (len == 0 || len > left)
			return false;
		p += len;
		left -= len;
	}
	return true;
}

enum err tree_check(const void *blob, size_t max, const char *what, struct errline *e)
{
	int rc;

	if (!IS_ALIGNED((uintptr_t)blob, 8))
		return errline_set(e, ERR_INVAL, "%s: not at a multiple of 8 bytes", what);
	if (max < sizeof(struct fdt_header) || fdt_magic(blob) != FDT_MAGIC)
		return errline_set(e, ERR_NOENT, "%s: no compiled device tree", what);
	if (fdt_totalsize(blob) > max)
		return errline_set(e, ERR_FORMAT, "%s: totalsize: %u bytes, of which %zu are here",
				   what, fdt_totalsize(blob), max);
	if (fdt_version(blob) < 17)
		return errline_set(e, ERR_FORMAT, "%s: version: %u; limen reads 17", what,
				   fdt_version(blob));
	rc = fdt_check_header(blob);
	if (!rc && !tokens_end(blob))
		rc = -FDT_ERR_BADSTRUCTURE;
	if (!rc)
		rc = fdt_check_full(blob, max);
	return rc ? errline_set(e, ERR_FORMAT, "%s: broken tree: %s", what, fdt_strerror(rc)) : OK;
}
