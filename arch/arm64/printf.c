/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch/arm64/libc/stdio.h. Any context in which an ordinary function may run.
 */
#include <stdio.h>
#include <string.h>

#include "lib/compiler.h"
#include "lib/types.h"

struct out {
	char *buf;
	size_t room; /* bytes of buf, its NUL included */
	size_t made; /* characters so far, with those that had no room */
	va_list args;
};

struct spec {
	bool left, zero, precise;
	int width, precision;
	unsigned int longs;
};

static void put(struct out *o, char c)
{
	if (o->made + 1 < o->room)
		o->buf[o->made] = c;
	o->made++;
}

static void put_padded(struct out *o, const struct spec *s, const char *text, size_t n)
{
	size_t width = s->width > 0 ? (size_t)s->width : 0, pad = width > n ? width - n : 0;

	for (size_t i = s->left ? 0 : pad; i; i--)
		put(o, s->zero ? '0' : ' ');
	for (size_t i = 0; i < n; i++)
		put(o, text[i]);
	for (size_t i = s->left ? pad : 0; i; i--)
		put(o, ' ');
}

static void put_number(struct out *o, const struct spec *s, u64 v, unsigned int base, bool minus)
{
	char text[24];
	size_t at = sizeof(text);

	do
		text[--at] = "0123456789abcdef"[v % base];
	while (v /= base);
	if (minus)
		text[--at] = '-';
	put_padded(o, s, text + at, sizeof(text) - at);
}

static void put_string(struct out *o, struct spec *s, const char *text)
{
	size_t n = 0, most = s->precise ? (size_t)s->precision : SIZE_MAX;

	while (n < most && text[n])
		n++;
	s->zero = false;
	put_padded(o, s, text, n);
}

/* NOLINTBEGIN(clang-analyzer-valist.Uninitialized): the analyzer does not know AArch64's va_copy(). */
static int number(struct out *o, const char **fmt)
{
	int n = 0;

	if (**fmt == '*') {
		(*fmt)++;
		return va_arg(o->args, int);
	}
	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		n = n * 10 + **fmt - '0';
	return n;
}

static struct spec read_spec(struct out *o, const char **fmt)
{
	struct spec s = {0};

	for (; **fmt == '-' || **fmt == '0'; (*fmt)++) {
		s.left |= **fmt == '-';
		s.zero |= **fmt == '0';
	}
	s.width = number(o, fmt);
	if (**fmt == '.') {
		(*fmt)++;
		s.precise = true;
		s.precision = number(o, fmt);
	}
	for (; **fmt == 'l' || **fmt == 'z'; (*fmt)++)
		s.longs++;
	return s;
}

static void convert(struct out *o, struct spec *s, char how)
{
	char c;
	s64 v;

	switch (how) {
	case 'd':
		v = s->longs ? va_arg(o->args, long) : va_arg(o->args, int);
		put_number(o, s, v < 0 ? -(u64)v : (u64)v, 10, v < 0);
		break;
	case 'u':
	case 'x':
		put_number(o, s,
			   s->longs ? va_arg(o->args, unsigned long)
				    : va_arg(o->args, unsigned int),
			   how == 'x' ? 16 : 10, false);
		break;
	case 'p':
		put_string(o, s, "0x");
		put_number(o, s, (uintptr_t)va_arg(o->args, void *), 16, false);
		break;
	case 's': put_string(o, s, va_arg(o->args, const char *)); break;
	case 'c':
		c = (char)va_arg(o->args, int);
		put_padded(o, s, &c, 1);
		break;
	default: put(o, how);
	}
}

/* NOLINTEND(clang-analyzer-valist.Uninitialized) */

int vsnprintf(char *buf, size_t n, const char *fmt, va_list ap)
{
	struct out o = {.buf = buf, .room = n};

	va_copy(o.args, ap);
	for (; *fmt; fmt++) {
		struct spec s;

		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		fmt++;
		s = read_spec(&o, &fmt);
		if (!*fmt)
			break;
		convert(&o, &s, *fmt);
	}
	va_end(o.args);
	if (n)
		buf[o.made < n ? o.made : n - 1] = 0;
	return (int)o.made;
}

int snprintf(char *buf, size_t n, const char *fmt, ...)
{
	va_list ap;
	int made;

	va_start(ap, fmt);
	made = vsnprintf(buf, n, fmt, ap);
	va_end(ap);
	return made;
}
