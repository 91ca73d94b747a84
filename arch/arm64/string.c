/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch/arm64/libc/string.h. Any context in which an ordinary function may run.
 */
#include <string.h>

#include "lib/compiler.h"
#include "lib/types.h"

#define WORD sizeof(u64)

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
	for (w = (u64 *)(void *)p; n >= WORD; n -= WORD)
		*w++ = fill;
	for (p = (u8 *)w; n; n--)
		*p++ = (u8)c;
	return dst;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	u8 *to = dst;
	const u8 *from = src;

	if (!to_alignment(to) && !to_alignment(from))
		for (; n >= WORD; n -= WORD, to += WORD, from += WORD)
			*(u64 *)(void *)to = *(const u64 *)(const void *)from;
	for (; n; n--)
		*to++ = *from++;
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	u8 *to = dst;
	const u8 *from = src;

	if (to <= from || to >= from + n)
		return memcpy(dst, src, n);
	while (n--)
		to[n] = from[n];
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x < *y ? -1 : 1;
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	for (const u8 *p = s; n; n--, p++)
		if (*p == (u8)c)
			return (void *)(uintptr_t)p;
	return NULL;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

size_t strspn(const char *s, const char *accept)
{
	size_t n = 0;

	while (s[n] && memchr(accept, s[n], strlen(accept)))
		n++;
	return n;
}

size_t strcspn(const char *s, const char *reject)
{
	size_t n = 0;

	while (s[n] && !memchr(reject, s[n], strlen(reject)))
		n++;
	return n;
}
