/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a flattened device tree front to back. Each step takes some hundred instructions, however large
 * the tree is, and the last one copies the names; libfdt's functions for it look each property's name up
 * byte by byte, and go through the whole tree at its end.
 *
 * An error sticks and makes all that follows nothing, so that it is looked at once, by fdtw_finish().
 * Pure code: any context.
 *
 * Spec: Devicetree Specification v0.4, chapter 5.
 */
#ifndef GUEST_IMAGE_FDTW_H
#define GUEST_IMAGE_FDTW_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/types.h"

#define FDTW_NAMES 64	/* different texts of names of properties, at most */
#define FDTW_TEXT  1024 /* and their bytes, NULs among them */

struct fdtw {
	u8 *buf;
	size_t size, used;
	bool full; /* the tree does not fit into the buffer, or its names into the table */
	u32 names, text_used;
	struct fdtw_name {
		const char *name;
		u32 off; /* in text */
	} name[FDTW_NAMES];
	char text[FDTW_TEXT];
};

/* Begins a tree in buf, which is at a multiple of 8 bytes. */
void fdtw_start(struct fdtw *w, void *buf, size_t size);

void fdtw_begin_node(struct fdtw *w, const char *name);
void fdtw_end_node(struct fdtw *w);

/* A property, with room for a value of size bytes, to be filled in; NULL after an error. The name lives
 * until the tree is finished; who uses the same pointer again has it found the fastest. */
void *fdtw_room(struct fdtw *w, const char *name, size_t size);

void fdtw_bytes(struct fdtw *w, const char *name, const void *value, size_t size);
void fdtw_u32(struct fdtw *w, const char *name, u32 value);
void fdtw_u64(struct fdtw *w, const char *name, u64 value);

/* Ends it. *used: its bytes. ERR_NOMEM: it did not fit. */
enum err fdtw_finish(struct fdtw *w, size_t *used) __must_check;

#endif
