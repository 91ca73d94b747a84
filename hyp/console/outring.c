/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/console/outring.h"

#include "arch/arch.h"

#include <string.h>

static bool panicking;

struct ring_guard {
	bool locked;
	unsigned long flags;
};

static struct ring_guard ring_lock(struct outring *r)
{
	if (READ_ONCE(panicking))
		return (struct ring_guard){false, 0};
	return (struct ring_guard){true, spin_lock_irqsave(&r->lock)};
}

static void ring_unlock(struct outring *r, struct ring_guard g)
{
	if (g.locked)
		spin_unlock_irqrestore(&r->lock, g.flags);
}

void outring_panic_mode(void)
{
	WRITE_ONCE(panicking, true);
}

void outring_init(struct outring *r, char *buf, u32 size)
{
	*r = (struct outring){
		.buf = buf, .size = size, .lock = SPINLOCK_INIT("outring"), .keeps = true};
}

static u32 used(const struct outring *r)
{
	return r->head - r->tail;
}

/* Copies n bytes, no more than the ring is large, over whatever is there. */
static void copy_in(struct outring *r, const char *s, u32 n)
{
	u32 at = r->head % r->size;
	u32 first = (u32)min_u64(n, r->size - at);

	memcpy(r->buf + at, s, first);
	memcpy(r->buf, s + first, n - first);
	r->head += n;
}

/* The last n bytes are new: do they end a line? */
static void note_lines(struct outring *r, const char *s, u32 n)
{
	for (u32 i = n; i > 0; i--)
		if (s[i - 1] == '\n') {
			r->lines = r->head - (n - i);
			break;
		}
	if (r->head - r->lines >= OUTRING_LINE)
		r->lines = r->head;
}

/* The tail goes on by n bytes. */
static void drop(struct outring *r, u32 n)
{
	r->tail += n;
	if ((s32)(r->lines - r->tail) < 0)
		r->lines = r->tail;
}

/* n bytes, or whole texts, are lost where the ring ends now. */
static void lose(struct outring *r, u64 n)
{
	if (!r->lost)
		r->lost_at = r->head;
	r->lost += n;
}

/* The oldest n bytes are lost. */
static void lose_oldest(struct outring *r, u32 n)
{
	drop(r, n);
	r->lost += n;
	r->lost_at = r->tail;
}

/* Who puts into a ring without a reader was told of room, and still has it afterwards. */
void outring_set_reader(struct outring *r, bool reader)
{
	struct ring_guard g = ring_lock(r);
	u32 room = r->size - used(r);

	if (reader && r->keeps && room < OUTRING_LOW)
		lose_oldest(r, OUTRING_LOW - room);
	r->keeps = !reader;
	ring_unlock(r, g);
}

/* Makes room for n bytes, of which it returns how many fit. */
static u32 make_room(struct outring *r, size_t n, u32 spare)
{
	u32 room = r->size - used(r);

	if (!r->keeps)
		return (u32)min_u64(n, room - min_u64(room, spare));
	n = min_u64(n, r->size);
	if (n > room)
		lose_oldest(r, (u32)n - room);
	return (u32)n;
}

size_t outring_put(struct outring *r, const char *s, size_t n, u32 spare, size_t *room)
{
	struct ring_guard g = ring_lock(r);
	u32 fits = make_room(r, n, spare);

	if (r->keeps && fits < n) { /* the newest of what comes */
		lose(r, n - fits);
		s += n - fits;
	} else {
		n = fits;
	}
	copy_in(r, s, fits);
	note_lines(r, s, fits);
	*room = r->keeps ? r->size : r->size - used(r);
	r->wants_room |= *room < OUTRING_LOW;
	ring_unlock(r, g);
	return n;
}

bool outring_put_whole(struct outring *r, const char *s, size_t n)
{
	struct ring_guard g = ring_lock(r);
	bool fits = n <= r->size - used(r);

	if (fits) {
		copy_in(r, s, (u32)n);
		note_lines(r, s, (u32)n);
	} else {
		lose(r, 1);
	}
	ring_unlock(r, g);
	return fits;
}

void outring_lose(struct outring *r, size_t n)
{
	struct ring_guard g = ring_lock(r);

	lose(r, n);
	ring_unlock(r, g);
}

static bool at_loss(const struct outring *r)
{
	return r->lost && r->lost_at == r->tail;
}

u64 outring_take_lost(struct outring *r)
{
	struct ring_guard g = ring_lock(r);
	u64 lost = at_loss(r) ? r->lost : 0;

	r->lost -= lost;
	ring_unlock(r, g);
	return lost;
}

u64 outring_unseen(struct outring *r)
{
	struct ring_guard g = ring_lock(r);
	u64 n = used(r) + r->lost;

	ring_unlock(r, g);
	return n;
}

bool outring_has(struct outring *r, bool lines)
{
	struct ring_guard g = ring_lock(r);
	bool some = at_loss(r) || (lines ? r->lines : r->head) != r->tail;

	ring_unlock(r, g);
	return some;
}

size_t outring_used(struct outring *r)
{
	struct ring_guard g = ring_lock(r);
	u32 n = used(r);

	ring_unlock(r, g);
	return n;
}

void outring_age(struct outring *r)
{
	struct ring_guard g = ring_lock(r);

	if (r->seen == r->head)
		r->lines = r->head;
	r->seen = r->head;
	ring_unlock(r, g);
}

void outring_end_line(struct outring *r)
{
	struct ring_guard g = ring_lock(r);

	r->lines = r->head;
	ring_unlock(r, g);
}

size_t outring_peek(struct outring *r, const char **s)
{
	struct ring_guard g = ring_lock(r);
	u32 at = r->tail % r->size;
	u32 n = (u32)min_u64(used(r), r->size - at);

	if (r->lost)
		n = (u32)min_u64(n, r->lost_at - r->tail);
	*s = r->buf + at;
	ring_unlock(r, g);
	return n;
}

bool outring_skip(struct outring *r, size_t n)
{
	struct ring_guard g = ring_lock(r);
	bool tell;

	drop(r, (u32)n);
	tell = r->wants_room && r->size - used(r) >= r->size / 4;
	if (tell)
		r->wants_room = false;
	ring_unlock(r, g);
	return tell;
}
