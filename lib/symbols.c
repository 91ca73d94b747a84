/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/symbols.h"

#include "lib/compiler.h"

/* From the linker script; nowhere on the host, unless a test has one. */
extern const char __image_start[] __weak;

/* The length of a function, in bytes; *at comes to stand on its name. */
static size_t read_length(const u8 **at)
{
	size_t units = 0;
	unsigned int shift = 0;
	u8 byte;

	do {
		byte = *(*at)++;
		units |= (size_t)(byte & 127) << shift;
		shift += 7;
	} while (byte & 128);
	return 2 * units;
}

/* Writes what a code stands for, and returns the place after it. */
static char *expand(u8 code, char *to)
{
	const u8 *two = symtab_codes[code];

	if (two[1])
		return expand(two[1], expand(two[0], to));
	*to = (char)two[0];
	return to + 1;
}

static void read_name(const u8 *at, char *to)
{
	while (*at)
		to = expand(*at++, to);
	*to = '\0';
}

bool symbol_find(uintptr_t addr, struct symbol *s)
{
	uintptr_t start = (uintptr_t)__image_start;
	const u8 *at = symtab;
	size_t length;

	*s = (struct symbol){.name = "?"};
	while (addr >= start && (length = read_length(&at)) != 0) {
		if (addr - start < length) {
			if (*at == 0)
				return false;
			read_name(at, s->name);
			s->offset = addr - start;
			return true;
		}
		start += length;
		while (*at++)
			;
	}
	return false;
}
