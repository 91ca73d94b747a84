/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See outmix.h.
 *
 * Tag: [D1] bytes are in a ring, before its source is seen to be ready.
 */
#include "hyp/console/outmix.h"

#include "arch/arch.h"
#include "lib/bits.h"

#include <stdio.h>
#include <string.h>

void outmix_init(struct outmix *m)
{
	*m = (struct outmix){.next = 0};
	outring_init(&m->log.ring, m->log_bytes, sizeof(m->log_bytes));
	m->log.shown = true;
}

static u64 slot_bit(const struct outsource *s)
{
	return BIT(s->slot);
}

enum err outmix_add(struct outmix *m, struct outsource *s)
{
	for (u32 i = 0; i < OUTMIX_SOURCES; i++) {
		if (m->slot[i])
			continue;
		m->slot[i] = s;
		s->slot = i;
		s->shown = false;
		return OK;
	}
	return ERR_NOMEM;
}

static void set_ready(struct outmix *m, const struct outsource *s)
{
	/* Order: what was put into the ring, before its source is ready. Pairs with: pick() [D1] */
	__atomic_fetch_or(&m->ready, slot_bit(s), __ATOMIC_RELEASE);
}

static void clear_ready(struct outmix *m, const struct outsource *s)
{
	__atomic_fetch_and(&m->ready, ~slot_bit(s), __ATOMIC_RELAXED);
}

static bool has_something(struct outmix *m, struct outsource *s)
{
	return outring_has(&s->ring, m->names && s != &m->log);
}

bool outmix_notice(struct outmix *m, struct outsource *s)
{
	bool some = has_something(m, s);

	if (some)
		set_ready(m, s);
	return some;
}

/* A turn is over. What was put in meanwhile is seen here or by who put it in: the ring's lock is taken
 * after the bit is cleared, and before it is set. */
static void end_turn(struct outmix *m)
{
	struct outsource *s = m->cur;

	WRITE_ONCE(m->cur, NULL);
	if (!s || s == &m->log)
		return;
	m->next = (s->slot + 1) % OUTMIX_SOURCES;
	clear_ready(m, s);
	if (s->shown)
		(void)outmix_notice(m, s);
}

void outmix_remove(struct outmix *m, struct outsource *s)
{
	if (m->cur == s) {
		WRITE_ONCE(m->cur, NULL);
		m->text_len = 0;
	}
	m->slot[s->slot] = NULL;
	m->due &= ~slot_bit(s);
	WRITE_ONCE(s->shown, false);
	clear_ready(m, s);
}

void outmix_show(struct outmix *m, struct outsource *s, bool shown)
{
	outring_set_reader(&s->ring, shown);
	WRITE_ONCE(s->shown, shown);
	if (shown)
		(void)outmix_notice(m, s);
	else
		clear_ready(m, s);
}

/* The slot that is ready, from the one on whose turn it is; or OUTMIX_SOURCES. */
static u32 pick(struct outmix *m)
{
	/* Order: a source is ready, before its ring is read. Pairs with: set_ready() [D1] */
	u64 ready = __atomic_load_n(&m->ready, __ATOMIC_ACQUIRE);
	u64 later = ready & ~(BIT(m->next) - 1);

	if (!ready)
		return OUTMIX_SOURCES;
	return (u32)__builtin_ctzll(later ? later : ready);
}

static void add_text(struct outmix *m, const char *a, const char *b, const char *c)
{
	int n = snprintf(m->text + m->text_len, sizeof(m->text) - m->text_len, "%s%.*s%s", a,
			 OUTMIX_NAME, b, c);

	m->text_len = min_u64(sizeof(m->text) - 1, m->text_len + (size_t)(n < 0 ? 0 : n));
}

static void fresh_line(struct outmix *m)
{
	if (m->midline)
		add_text(m, "\r\n", "", "");
	m->midline = false;
}

static void tell_lost(struct outmix *m, struct outsource *s)
{
	u64 lost = outring_take_lost(&s->ring);
	char text[64];

	if (!lost)
		return;
	fresh_line(m);
	if (s == &m->log) {
		snprintf(text, sizeof(text), "%llu lines of the log are lost here\r\n",
			 (unsigned long long)lost);
		add_text(m, "limen: ", "", text);
	} else {
		snprintf(text, sizeof(text), ": %llu bytes of its output are lost\r\n",
			 (unsigned long long)lost);
		add_text(m, "limen: VM ", s->name, text);
	}
}

/* The bytes of a VM that is shown alone go on where they stopped. */
static void begin_turn(struct outmix *m, struct outsource *s)
{
	bool is_log = s == &m->log;

	WRITE_ONCE(m->cur, s);
	m->left = OUTMIX_RUN;
	m->text_at = m->text_len = 0;
	tell_lost(m, s);
	if (is_log || m->names)
		fresh_line(m);
	if (!is_log && m->names)
		add_text(m, "\r[", s->name, "] ");
}

/* One that seemed ready may have nothing: its last turn took what it told of. In a panic it may be gone. */
static struct outsource *pick_one_that_has(struct outmix *m)
{
	u32 slot;

	while ((slot = pick(m)) < OUTMIX_SOURCES) {
		struct outsource *s = READ_ONCE(m->slot[slot]);

		if (s && has_something(m, s))
			return s;
		__atomic_fetch_and(&m->ready, ~BIT(slot), __ATOMIC_RELAXED);
		if (s)
			(void)outmix_notice(m, s);
	}
	return NULL;
}

static bool next_turn(struct outmix *m)
{
	struct outsource *s = has_something(m, &m->log) ? &m->log : pick_one_that_has(m);

	if (s)
		begin_turn(m, s);
	return s != NULL;
}

static bool by_lines(const struct outmix *m, const struct outsource *s)
{
	return m->names || s == &m->log;
}

/* Up to the end of a line, where lines count. */
static size_t cut(const struct outmix *m, const struct outsource *cur, const char *s, size_t n)
{
	const char *end = by_lines(m, cur) ? memchr(s, '\n', n) : NULL;

	return end ? (size_t)(end + 1 - s) : n;
}

size_t outmix_next(struct outmix *m, const char **s)
{
	struct outsource *cur;
	size_t n;

	if (!m->cur && !next_turn(m))
		return 0;
	if (m->text_at < m->text_len) {
		*s = m->text + m->text_at;
		return m->text_len - m->text_at;
	}
	cur = m->cur;
	if (!cur) /* in a panic: another hart has just ended the turn */
		return 0;
	n = outring_peek(&cur->ring, s);
	return cut(m, cur, *s, cur == &m->log ? n : min_u64(n, m->left));
}

/* Of cur's own bytes n have gone. Returns whether its turn is over: by a line's end, or its length. */
static bool sent_own(struct outmix *m, struct outsource *cur, size_t n)
{
	m->left -= min_u64(n, m->left);
	if (outring_skip(&cur->ring, n) && cur->room)
		m->due |= slot_bit(cur);
	return (by_lines(m, cur) && !m->midline) || (cur != &m->log && !m->left);
}

/* A turn is over, too, where something was lost: the next one tells. */
void outmix_sent(struct outmix *m, const char *s, size_t n)
{
	struct outsource *cur = m->cur;
	const char *next;
	bool over = false;

	m->midline = s[n - 1] != '\n';
	if (m->text_at < m->text_len)
		m->text_at += n;
	else if (cur)
		over = sent_own(m, cur, n);
	if (cur && m->text_at == m->text_len && (over || !outring_peek(&cur->ring, &next)))
		end_turn(m);
}

bool outmix_pending(struct outmix *m)
{
	return READ_ONCE(m->cur) || READ_ONCE(m->ready) || has_something(m, &m->log);
}

void outmix_age(struct outmix *m)
{
	for (u32 i = 0; i < OUTMIX_SOURCES; i++) {
		struct outsource *s = m->slot[i];

		if (!s || !s->shown)
			continue;
		outring_age(&s->ring);
		(void)outmix_notice(m, s);
	}
}

struct outsource *outmix_take_due(struct outmix *m)
{
	u32 i;

	if (!m->due)
		return NULL;
	i = (u32)__builtin_ctzll(m->due);
	m->due &= ~BIT(i);
	return m->slot[i];
}
