/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for code addresses. The table is made by tools/mksyms from the linked image and linked in
 * by a second pass; until then, and on the host, lib/symtab_none.c stands in with an empty one.
 */
#ifndef LIB_SYMBOLS_H
#define LIB_SYMBOLS_H

#include "lib/types.h"

/* The table, in read-only data: sorted by offset, no two the same, none overlapping. */
struct symbol {
	u32 offset; /* from __image_start */
	u16 size;   /* bytes; an address at or past offset + size is not the symbol's */
	u16 name;   /* offset into symtab_names, of a terminated string */
};

extern const struct symbol symtab[];
extern const u32 symtab_count;
extern const char symtab_names[];

/* The function that has addr inside it, and how far inside if offset is not NULL; NULL for none.
 * Any context. */
const char *symbol_lookup(uintptr_t addr, size_t *offset);

#endif
