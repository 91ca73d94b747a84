/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests that read device trees: makes them with libfdt, and puts them where reading one byte
 * too far ends the test, in libfdt (which no sanitizer sees into) as well.
 */
#ifndef TESTS_UNIT_FDT_MAKER_H
#define TESTS_UNIT_FDT_MAKER_H

#include <libfdt.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/types.h"

#define MAKER_ROOM (256 * 1024)

struct maker {
	u8 *fdt;
	int err;
};

/* A tree with its root begun. */
static inline void maker_open(struct maker *m)
{
	m->fdt = calloc(1, MAKER_ROOM);
	m->err = fdt_create(m->fdt, MAKER_ROOM);
	m->err |= fdt_finish_reservemap(m->fdt);
	m->err |= fdt_begin_node(m->fdt, "");
}

static inline void maker_begin(struct maker *m, const char *name)
{
	m->err |= fdt_begin_node(m->fdt, name);
}

static inline void maker_end(struct maker *m)
{
	m->err |= fdt_end_node(m->fdt);
}

static inline void maker_prop(struct maker *m, const char *name, const void *value, size_t len)
{
	m->err |= fdt_property(m->fdt, name, value, (int)len);
}

static inline void maker_string(struct maker *m, const char *name, const char *value)
{
	maker_prop(m, name, value, strlen(value) + 1);
}

static inline void maker_cell(struct maker *m, const char *name, u32 value)
{
	m->err |= fdt_property_u32(m->fdt, name, value);
}

/* Ends the root and the tree; returns its size, 0 if anything went wrong. */
static inline size_t maker_close(struct maker *m)
{
	m->err |= fdt_end_node(m->fdt);
	m->err |= fdt_finish(m->fdt);
	return m->err ? 0 : fdt_totalsize(m->fdt);
}

static inline void maker_hash(struct maker *m, const void *data, size_t size)
{
	u8 digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	SHA256Update(&ctx, data, size);
	SHA256Final(digest, &ctx);
	maker_begin(m, "hash-1");
	maker_string(m, "algo", "sha256");
	maker_prop(m, "value", digest, sizeof(digest));
	maker_end(m);
}

/* An image node with its data inside and a right digest. */
static inline void maker_image(struct maker *m, const char *name, const void *data, size_t size)
{
	maker_begin(m, name);
	maker_string(m, "description", name);
	maker_string(m, "type", "firmware");
	maker_string(m, "compression", "none");
	maker_prop(m, "data", data, size);
	maker_hash(m, data, size);
	maker_end(m);
}

/* Pages whose last byte is followed by one that faults. */
struct guarded {
	u8 *map;
	size_t room;
};

static inline void guarded_open(struct guarded *g, size_t most)
{
	g->room = (most + 4095) & ~4095UL;
	g->map = mmap(NULL, g->room + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (g->map == MAP_FAILED || mprotect(g->map + g->room, 4096, PROT_NONE))
		abort();
}

static inline void guarded_close(struct guarded *g)
{
	munmap(g->map, g->room + 4096);
}

/* A copy that ends at the fault, up to the seven bytes that 8-byte alignment of its start costs. */
static inline u8 *guarded_copy(struct guarded *g, const void *from, size_t size)
{
	u8 *to = g->map + ((g->room - size) & ~7UL);

	memcpy(to, from, size);
	return to;
}

/* Marsaglia's xorshift: the same numbers in each run. */
static inline u64 maker_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Damages a blob in one of the ways files are damaged. */
static inline void maker_damage(u8 *blob, size_t size, u64 *state)
{
	static const u8 nasty[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x09, 0x7f, 0x80, 0xff};
	unsigned int n = 1 + maker_random(state) % 4;

	while (n--) {
		u8 *at = blob + maker_random(state) % size;

		if (maker_random(state) & 1)
			*at ^= (u8)(1U << maker_random(state) % 8);
		else
			*at = nasty[maker_random(state) % sizeof(nasty)];
	}
}

#endif
