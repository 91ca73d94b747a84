/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extension sets: reading and writing them. Unprivileged specification 20240411, "ISA Extension
 * Naming Conventions"; where trees in the field are looser than it, this reads what Linux reads.
 */
#include "arch/riscv/isa.h"

#include "arch/riscv/ext.h"

#include <string.h>

bool isa_empty(const struct isa_set *s)
{
	static const struct isa_set none;

	return isa_equal(s, &none);
}

bool isa_equal(const struct isa_set *a, const struct isa_set *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

void isa_union(struct isa_set *a, const struct isa_set *b)
{
	for (unsigned int i = 0; i < ISA_SET_WORDS; i++)
		a->w[i] |= b->w[i];
}

void isa_intersect(struct isa_set *a, const struct isa_set *b)
{
	for (unsigned int i = 0; i < ISA_SET_WORDS; i++)
		a->w[i] &= b->w[i];
}

void isa_subtract(struct isa_set *a, const struct isa_set *b)
{
	for (unsigned int i = 0; i < ISA_SET_WORDS; i++)
		a->w[i] &= ~b->w[i];
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

/* Digits at the front of s. */
static size_t digits(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && is_digit(s[i]))
		i++;
	return i;
}

/* A version at the front of s: "2", "2p0". A p that no digit follows is the extension P. */
static size_t version(const char *s, size_t n)
{
	size_t major = digits(s, n), minor;

	if (major == 0 || major >= n || lower(s[major]) != 'p')
		return major;
	minor = digits(s + major + 1, n - major - 1);
	return minor ? major + 1 + minor : major;
}

/* The length of a multi-letter name without the version at its end: "zba1p0" is "zba". */
static size_t name_length(const char *s, size_t n)
{
	size_t end = n, minor;

	while (end > 0 && is_digit(s[end - 1]))
		end--;
	if (end == n || end < 2 || lower(s[end - 1]) != 'p' || !is_digit(s[end - 2]))
		return end;
	minor = end - 1;
	while (minor > 0 && is_digit(s[minor - 1]))
		minor--;
	return minor;
}

/* A multi-letter name, which ends at an underscore; returns its length. */
static size_t parse_long(const char *s, size_t n, struct isa_set *set)
{
	size_t len = 0;

	while (len < n && s[len] != '_')
		len++;
	ext_add_name(set, s, name_length(s, len));
	return len;
}

/*
 * One extension at the front of s; returns its length, at least 1. Old QEMU wrote "su" after the
 * single letters, for S- and U-mode: not names, and passed over unless an underscore came before.
 */
static size_t parse_one(const char *s, size_t n, bool after_underscore, struct isa_set *set)
{
	char c = lower(*s);

	if (c == 's' && !after_underscore && n > 1 && lower(s[1]) == 'u')
		return 2;
	if (c == 's' || c == 'z' || c == 'x')
		return parse_long(s, n, set);
	if (is_letter(c))
		ext_add_name(set, s, 1);
	return 1 + version(s + 1, n - 1);
}

/* "i" once meant these four as well, and old trees still mean it. */
static void add_old_base(struct isa_set *set)
{
	if (!isa_has(set, EXT_I))
		return;
	isa_add(set, EXT_ZICSR);
	isa_add(set, EXT_ZIFENCEI);
	isa_add(set, EXT_ZICNTR);
	isa_add(set, EXT_ZIHPM);
}

enum err isa_parse_string(const char *s, size_t n, struct isa_set *set)
{
	size_t at = 4;
	bool underscore = false;

	*set = (struct isa_set){0};
	n = strnlen(s, n);
	if (n < 5 || lower(s[0]) != 'r' || lower(s[1]) != 'v')
		return ERR_FORMAT;
	if (strncmp(s + 2, "64", 2) != 0 || (lower(s[4]) != 'i' && lower(s[4]) != 'g'))
		return ERR_NOTSUP;
	while (at < n) {
		if (s[at] == '_')
			at++;
		else
			at += parse_one(s + at, n - at, underscore, set);
		underscore = s[at - 1] == '_';
	}
	add_old_base(set);
	ext_add_implied(set);
	return OK;
}

enum err isa_parse_list(const char *base, const char *list, size_t n, struct isa_set *set)
{
	size_t at = 0;

	*set = (struct isa_set){0};
	if (n == 0 || list[n - 1] != '\0')
		return ERR_FORMAT;
	if (base && strcmp(base, "rv64i") != 0)
		return ERR_NOTSUP;
	while (at < n) {
		size_t len = strlen(list + at);

		ext_add_name(set, list + at, len);
		at += len + 1;
	}
	if (!isa_has(set, EXT_I))
		return ERR_NOTSUP;
	ext_add_implied(set);
	return OK;
}

/* Text that grows in a buffer; once it did not fit, it stays so. */
struct text {
	char *buf;
	size_t room, len;
	bool full;
};

static void put(struct text *t, const char *s, size_t n)
{
	if (t->full || n > t->room - t->len) {
		t->full = true;
		return;
	}
	memcpy(t->buf + t->len, s, n);
	t->len += n;
}

enum err isa_build_string(const struct isa_set *s, char *buf, size_t n)
{
	struct text t = {.buf = buf, .room = n};
	bool was_long = false;
	unsigned int e;

	put(&t, "rv64", 4);
	for_each_ext(e)
	{
		const char *name = ext_row(e)->name;
		size_t len = strlen(name);

		if (!isa_has(s, e))
			continue;
		if (was_long || len > 1)
			put(&t, "_", 1);
		was_long = len > 1;
		put(&t, name, len);
	}
	put(&t, "", 1);
	if (t.full && n > 0)
		buf[0] = '\0';
	return t.full ? ERR_RANGE : OK;
}

enum err isa_build_list(const struct isa_set *s, char *buf, size_t n, size_t *len)
{
	struct text t = {.buf = buf, .room = n};
	unsigned int e;

	for_each_ext(e) if (isa_has(s, e)) put(&t, ext_row(e)->name, strlen(ext_row(e)->name) + 1);
	*len = t.full ? 0 : t.len;
	return t.full ? ERR_RANGE : OK;
}
