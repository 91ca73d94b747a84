/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for code addresses. The table is made by tools/mksyms from the linked image and linked in
 * by a second pass; until then, and on the host, lib/symtab_none.c stands in with an empty one.
 */
#ifndef LIB_SYMBOLS_H
#define LIB_SYMBOLS_H

#include "lib/types.h"

#define SYMBOL_NAME_MAX 48 /* bytes, with the NUL; tools/mksyms takes no longer name */

/*
 * The table, in read-only data: the functions from __image_start on, one after the other. Of each
 * its length in units of two bytes of text, seven bits a byte, the lowest first, and bit 7 set in
 * all but the last; then the codes of its name, and 0. A length with no name is a hole between
 * functions; a length of 0 ends the table.
 *
 * What a code stands for is in symtab_codes: a character and 0, or two codes, both smaller than it.
 */
extern const u8 symtab[];
extern const u8 symtab_codes[][2];

/* A function, and how far inside it an address is. */
struct symbol {
	char name[SYMBOL_NAME_MAX];
	size_t offset;
};

/* The function that has addr inside it; false, and the name "?", for none. Goes through the table
 * from its start, so for reports only. Any context. */
bool symbol_find(uintptr_t addr, struct symbol *s);

#endif
