// SPDX-License-Identifier: BSD-2-Clause
/*
 * memset() and memcpy() by words, in place of the C library's, which go byte by byte: guests' RAM
 * is cleared with the one and filled with the other.
 *
 * Any context in which an ordinary function may run; not noinstr.
 */
#include <string.h>

#include "lib/compiler.h"
#include "lib/types.h"

/* Whatever type the memory has: compiled with -fno-strict-aliasing. */
#define WORD  sizeof(u64)
#define BLOCK (8 * WORD)

static size_t to_alignment(const void *p)
{
	return -(uintptr_t)p & (WORD - 1);
}

void *memset(void *dst, int c, size_t n)
{
	u64 fill = (u8)c * 0x0101010101010101UL;
	size_t head = min_u64(to_alignment(dst), n);
	u8 *p = dst;
	u64 *w;

	for (n -= head; head; head--)
		*p++ = (u8)c;
	for (w = (u64 *)(void *)p; n >= BLOCK; n -= BLOCK, w += 8) {
		w[0] = fill;
		w[1] = fill;
		w[2] = fill;
		w[3] = fill;
		w[4] = fill;
		w[5] = fill;
		w[6] = fill;
		w[7] = fill;
	}
	for (; n >= WORD; n -= WORD)
		*w++ = fill;
	for (p = (u8 *)w; n; n--)
		*p++ = (u8)c;
	return dst;
}

/* Both aligned; what is left of n is less than a word. */
static size_t copy_words(u64 *to, const u64 *from, size_t n)
{
	for (; n >= BLOCK; n -= BLOCK, to += 8, from += 8) {
		u64 a = from[0], b = from[1], c = from[2], d = from[3];
		u64 e = from[4], f = from[5], g = from[6], h = from[7];

		to[0] = a;
		to[1] = b;
		to[2] = c;
		to[3] = d;
		to[4] = e;
		to[5] = f;
		to[6] = g;
		to[7] = h;
	}
	for (; n >= WORD; n -= WORD)
		*to++ = *from++;
	return n;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	const u8 *from = src;
	size_t head = min_u64(to_alignment(dst), n), left;
	u8 *to = dst;

	for (n -= head; head; head--)
		*to++ = *from++;
	if (!to_alignment(from)) {
		left = copy_words((u64 *)(void *)to, (const u64 *)(const void *)from, n);
		to += n - left;
		from += n - left;
		n = left;
	}
	for (; n; n--)
		*to++ = *from++;
	return dst;
}
