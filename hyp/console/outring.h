/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of bytes on their way out: some put bytes in, one takes them out. Either it has a reader, and
 * takes no more than there is room for; or it keeps the newest bytes for a reader that may come, and
 * the oldest go. Bytes that nobody will see are counted.
 *
 * All functions: any context, interrupts in any state; a lock is held for as long as n bytes are
 * copied. The lock is a leaf.
 */
#ifndef HYP_CONSOLE_OUTRING_H
#define HYP_CONSOLE_OUTRING_H

#include "lib/spinlock.h"
#include "lib/types.h"

#define OUTRING_LOW  16	 /* with less room than this, somebody is told when there is more */
#define OUTRING_LINE 256 /* as many bytes without a line's end count as a line */

struct outring {
	char *buf; /* constant */
	u32 size;  /* of buf, a power of two; constant */

	struct spinlock lock;
	/* Under the lock. */
	u32 head, tail;	 /* bytes put and taken so far */
	u32 lines;	 /* as head, where the last whole line in it ends; never before tail */
	u32 seen;	 /* head, when outring_age() last looked */
	bool keeps;	 /* it has no reader */
	bool wants_room; /* who puts was told that there is little room */
	u64 lost;    /* bytes, or whole texts, that nobody will see; since outring_take_lost() */
	u32 lost_at; /* as head, where that was */
};

/* Empty, without a reader. buf has size bytes, a power of two and at least OUTRING_LINE. */
void outring_init(struct outring *r, char *buf, u32 size);

/* It has a reader from now on, with room for OUTRING_LOW bytes at least; or none. */
void outring_set_reader(struct outring *r, bool reader);

/* Puts in n bytes, or as many as there is room for beside spare bytes; all of them without a reader.
 * Returns how many. *room is what is left: less than OUTRING_LOW, and outring_skip() will say when there
 * is more. */
size_t outring_put(struct outring *r, const char *s, size_t n, u32 spare, size_t *room);

/* All of the text, or nothing: that is counted as one lost. Returns whether it is in. */
bool outring_put_whole(struct outring *r, const char *s, size_t n);

/* Counts bytes that were not put in; any time after that. */
void outring_lose(struct outring *r, size_t n);

/* How much was lost where the reader is; no more afterwards. */
u64 outring_take_lost(struct outring *r);

/* All that nobody has seen: what is in it, and what was lost. */
u64 outring_unseen(struct outring *r);

/* Has it something for its reader: bytes, of those whole lines alone if lines; or a loss that it has come
 * to? */
bool outring_has(struct outring *r, bool lines);

/* Bytes in it. */
size_t outring_used(struct outring *r);

/* What has stood since the last call but one is a line, if its end has come or not. */
void outring_age(struct outring *r);

/* All that is in it is a line, if its end has come or not. */
void outring_end_line(struct outring *r);

/* The reader, and no other at the same time: where the oldest bytes are, and how many stand there in
 * one piece, up to a loss. They stay until they are skipped. */
size_t outring_peek(struct outring *r, const char **s);

/* The reader has used n of those. True: there is room, and who puts was told that there was little. */
bool outring_skip(struct outring *r, size_t n);

/* The machine is about to stop: no locks from now on, in any ring. */
void outring_panic_mode(void);

#endif
