/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/arm64/pt.h"

#include "arch/arch.h"

#define VALID	   1UL
#define TABLE	   3UL /* a table above level 3, a page in it */
#define LAST_LEVEL 3
#define ADDRESS	   0x0000fffffffff000UL

static u64 span(unsigned int level)
{
	return PT_PAGE << 9 * (LAST_LEVEL - level);
}

/* The next table below an entry, made if there is none; NULL: no memory, or a leaf is there. */
static u64 *below(u64 *entry, void *(*table)(void), enum err *e)
{
	u64 *t;

	if ((*entry & TABLE) == TABLE)
		return (u64 *)(uintptr_t)(*entry & ADDRESS);
	if (*entry & VALID) {
		*e = ERR_EXIST;
		return NULL;
	}
	t = table();
	if (!t) {
		*e = ERR_NOMEM;
		return NULL;
	}
	/* Order: the table is empty, before a walk finds it. Pairs with: the walk by hardware [A6] */
	arch_wmb();
	WRITE_ONCE(*entry, (u64)(uintptr_t)t | TABLE);
	return t;
}

/* The entry that maps so much from at on, and how much that is. */
static u64 *place(u64 *t, u64 at, u64 pa, u64 size, unsigned int *level, void *(*table)(void),
		  enum err *e)
{
	for (*level = 1; t && *level <= LAST_LEVEL; (*level)++) {
		u64 *entry = &t[at / span(*level) % PT_ENTRIES];

		if (size >= span(*level) && IS_ALIGNED(at | pa, span(*level)) &&
		    (*level == LAST_LEVEL || (*entry & TABLE) != TABLE))
			return entry;
		t = below(entry, table, e);
	}
	return NULL;
}

enum err pt_map(u64 *root, u64 at, u64 pa, u64 size, u64 attributes, void *(*table)(void))
{
	enum err e = OK;

	while (size && !e) {
		unsigned int level;
		u64 *entry = place(root, at, pa, size, &level, table, &e);

		if (!entry)
			break;
		if (*entry & VALID) {
			e = ERR_EXIST;
			break;
		}
		WRITE_ONCE(*entry, pa | attributes | (level == LAST_LEVEL ? TABLE : VALID));
		at += span(level);
		pa += span(level);
		size -= span(level);
	}
	dsb(ishst);
	isb();
	return e;
}
