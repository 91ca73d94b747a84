/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The weak machine. Owns the turn, each hart's buffer of stores, the log of what memory was before, and
 * the clocks. Who has the turn is alone: nothing here is atomic. This file, and arch/host, are built
 * without the sanitizer, so they see memory as it is.
 *
 * Time counts stores that came to memory. A load takes a value that its location had at some time since
 * the hart's last barrier or acquire, and since what the hart knows of that location. A release comes to
 * memory after all stores before it. A read-modify-write takes the newest value; its store waits in the
 * buffer, so that later loads may be before it, but nobody else writes that location meanwhile. What a
 * hart stored itself it finds in its buffer.
 *
 * Plain accesses are done by the code itself, and only announced: a hart's own stores to the place come to
 * memory first, and what the log has of a place that is written is forgotten. Two of two harts, one of them
 * a write, that nothing orders stop the machine, as an object's use and end do.
 */
#include "arch/host/weak/weak.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/host/host.h"
#include "lib/check.h"

#define BUFFER	  6
#define LOG	  128
#define KNOWN	  64
#define LOCATIONS 4096
#define SHADOWS	  16384

struct store {
	uintptr_t at;
	u64 val;
	u32 size;
	bool release, swaps;
	struct weak_clock says;
};

struct change {
	uintptr_t at;	      /* 0: forgotten */
	u64 old, when, since; /* the value before, from since on, until when */
	struct weak_clock says;
};

struct hart {
	sem_t turn;
	bool done;
	u32 stores;
	struct store buffer[BUFFER];
	u64 view;	  /* no load is earlier */
	u64 known[KNOWN]; /* nor is one of these locations, by hash */
	struct weak_clock clock, fenced, heard;
	struct weak_clock told; /* by who interrupted it */
};

struct location {
	uintptr_t at;
	u64 since;
	const struct hart *by;	/* who stored its value */
	struct weak_clock says; /* what its value lets one know who acquires it */
};

static struct hart harts[WEAK_HARTS];
static __thread struct hart *me; /* NULL: not in a run */
static unsigned int hart_count;
static void (*hart_fn)(unsigned int hart);
static u64 random_state, now, steps_left;
static struct change changes[LOG];
static u64 change_count;
static struct location locations[LOCATIONS];

/* --- the turn --- */

unsigned int weak_random(unsigned int n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned int)((random_state >> 11) % n);
}

static bool one_in(unsigned int n)
{
	return weak_random(n) == 0;
}

static struct hart *pick(void)
{
	for (unsigned int i = weak_random(hart_count), n = 0; n < hart_count; n++, i++)
		if (!harts[i % hart_count].done)
			return &harts[i % hart_count];
	return NULL;
}

static void give_turn(struct hart *to)
{
	struct hart *self = me;

	if (to == self)
		return;
	CHECK(!sem_post(&to->turn));
	if (!self->done)
		CHECK(!sem_wait(&self->turn));
}

/* --- clocks --- */

static void hear(struct weak_clock *c, const struct weak_clock *what)
{
	for (unsigned int i = 0; i < WEAK_HARTS; i++)
		if (c->at[i] < what->at[i])
			c->at[i] = what->at[i];
}

static bool knows(const struct weak_clock *c, const struct weak_clock *what)
{
	for (unsigned int i = 0; i < WEAK_HARTS; i++)
		if (c->at[i] < what->at[i])
			return false;
	return true;
}

static void own_goes_on(void)
{
	me->clock.at[me - harts]++;
}

void weak_uses(struct weak_object *o)
{
	if (!knows(&me->clock, &o->writes))
		panic("weak: an object is read beside who made an end of it");
	o->reads.at[me - harts] = me->clock.at[me - harts];
}

void weak_spoils(struct weak_object *o)
{
	if (!knows(&me->clock, &o->reads))
		panic("weak: an object is ended beside its reader");
	if (!knows(&me->clock, &o->writes))
		panic("weak: an object is ended twice at a time");
	o->writes.at[me - harts] = me->clock.at[me - harts];
}

/* --- memory --- */

static u64 peek(uintptr_t at, u32 size)
{
	u64 val = 0;

	memcpy(&val, (const void *)at, size);
	return val;
}

static struct location *location(uintptr_t at)
{
	u32 i = (u32)(at * 0x9e3779b97f4a7c15UL >> 52);

	for (u32 n = 0; n < LOCATIONS; n++, i++) {
		struct location *l = &locations[i % LOCATIONS];

		if (l->at == at)
			return l;
		if (!l->at) {
			l->at = at;
			return l;
		}
	}
	panic("weak: too many locations");
}

static u64 *known(struct hart *h, uintptr_t at)
{
	return &h->known[at * 0x9e3779b97f4a7c15UL >> 58];
}

static void know(struct hart *h, uintptr_t at, u64 when)
{
	u64 *k = known(h, at);

	*k = max_u64(*k, when);
}

static bool overlap(const struct store *s, uintptr_t at, u32 size)
{
	return s->at < at + size && at < s->at + s->size;
}

static void write_memory(struct hart *h, const struct store *s)
{
	struct location *l = location(s->at);

	changes[change_count++ % LOG] =
		(struct change){s->at, peek(s->at, s->size), ++now, l->since, l->says};
	memcpy((void *)s->at, &s->val, s->size);
	l->since = now;
	l->by = h;
	l->says = s->says;
	know(h, s->at, now);
}

static void commit(struct hart *h, u32 i);

/* Nobody else writes between the load and the store of a read-modify-write. */
static void others_swaps_first(struct hart *h, uintptr_t at, u32 size)
{
	for (struct hart *o = harts; o < harts + hart_count; o++)
		for (u32 i = 0; o != h && i < o->stores; i++)
			if (o->buffer[i].swaps && overlap(&o->buffer[i], at, size)) {
				commit(o, i);
				i = ~0U;
			}
}

/* Has the hart's store i to wait for its store n, which was before it? */
static bool follows(const struct hart *h, u32 i, u32 n)
{
	return h->buffer[i].release || overlap(&h->buffer[n], h->buffer[i].at, h->buffer[i].size);
}

/* The hart's store i comes to memory, after those that have to be before it. */
static void commit(struct hart *h, u32 i)
{
	for (u32 n = 0; n < i; n++)
		if (follows(h, i, n)) {
			u32 had = h->stores;

			commit(h, n);
			commit(h, i - (had - h->stores));
			return;
		}
	others_swaps_first(h, h->buffer[i].at, h->buffer[i].size);
	write_memory(h, &h->buffer[i]);
	h->stores--;
	memmove(&h->buffer[i], &h->buffer[i + 1], (h->stores - i) * sizeof(h->buffer[0]));
}

static void commit_all(struct hart *h)
{
	while (h->stores)
		commit(h, 0);
}

/* This hart's own stores to the place come to memory. */
static void commit_place(uintptr_t at, u32 size)
{
	for (u32 i = 0; i < me->stores; i++)
		if (overlap(&me->buffer[i], at, size)) {
			commit(me, i);
			i = ~0U;
		}
}

/* Between any two atomic accesses. */
static void anything_happens(void)
{
	if (steps_left-- == 0)
		panic("weak: nothing goes on");
	for (struct hart *h = harts; h < harts + hart_count; h++)
		if (h->stores && one_in(8))
			commit(h, weak_random(h->stores));
	if (one_in(3))
		give_turn(pick());
}

static void full_barrier(void)
{
	anything_happens();
	commit_all(me);
	me->view = now;
	hear(&me->clock, &me->heard);
	me->fenced = me->clock;
	own_goes_on();
}

/* --- accesses --- */

static bool acquires(int order)
{
	return order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL ||
	       order == __ATOMIC_SEQ_CST || order == __ATOMIC_CONSUME;
}

static bool releases(int order)
{
	return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static void buffer_store(uintptr_t at, u32 size, u64 val, bool release, bool swaps,
			 const struct weak_clock *before)
{
	struct store *s;

	if (me->stores == BUFFER)
		commit(me, 0);
	s = &me->buffer[me->stores++];
	*s = (struct store){at, val, size, release, swaps, release ? me->clock : me->fenced};
	hear(&s->says, before);
	if (release)
		own_goes_on();
}

/* What this hart's last store to the place says, which goes on with its next one there, as C11 has it. */
static const struct weak_clock *said_before(uintptr_t at)
{
	const struct location *l = location(at);

	for (u32 i = me->stores; i-- > 0;)
		if (me->buffer[i].at == at)
			return &me->buffer[i].says;
	return l->by == me ? &l->says : NULL;
}

static void store(uintptr_t at, u32 size, u64 val, int order)
{
	struct weak_clock before = {0};

	anything_happens();
	if (said_before(at))
		before = *said_before(at);
	buffer_store(at, size, val, releases(order), false, &before);
}

/* A value that the location had since some time: the newest, or by chance one of before. */
static u64 early(uintptr_t at, u32 size, u64 since, u64 *from, struct weak_clock *says)
{
	const struct location *l = location(at);
	u64 val = peek(at, size);

	*from = l->since;
	*says = l->says;
	for (u64 n = change_count; n-- > 0 && change_count - n <= LOG;) {
		const struct change *c = &changes[n % LOG];

		if (c->when <= since)
			break;
		if (c->at != at)
			continue;
		if (!one_in(2))
			break;
		val = c->old;
		*from = c->since;
		*says = c->says;
	}
	return val;
}

static u64 load(uintptr_t at, u32 size, int order)
{
	struct weak_clock says;
	u64 val, from;

	anything_happens();
	for (u32 i = me->stores; i-- > 0;)
		if (me->buffer[i].at == at && me->buffer[i].size == size)
			return me->buffer[i].val;
	commit_place(at, size);
	val = early(at, size, max_u64(me->view, *known(me, at)), &from, &says);
	know(me, at, from);
	hear(acquires(order) ? &me->clock : &me->heard, &says);
	if (acquires(order))
		me->view = max_u64(me->view, from);
	return val;
}

/* The load of a read-modify-write. */
static u64 load_newest(uintptr_t at, u32 size, int order)
{
	const struct location *l = location(at);

	anything_happens();
	if (releases(order))
		commit_all(me);
	others_swaps_first(me, at, size);
	commit_place(at, size);
	know(me, at, now);
	hear(acquires(order) ? &me->clock : &me->heard, &l->says);
	if (acquires(order))
		me->view = now;
	return peek(at, size);
}

static void store_newest(uintptr_t at, u32 size, u64 val, int order)
{
	struct weak_clock before = location(at)->says;

	buffer_store(at, size, val, releases(order), true, &before);
}

/* Who read and wrote a place by plain accesses. */
static struct shadow {
	uintptr_t at;
	struct weak_object seen;
} shadows[SHADOWS];

static struct weak_object *shadow(uintptr_t at)
{
	u32 i = (u32)(at * 0x9e3779b97f4a7c15UL >> 48);

	for (u32 n = 0; n < SHADOWS; n++, i++) {
		struct shadow *s = &shadows[i % SHADOWS];

		if (s->at == at || !s->at) {
			s->at = at;
			return &s->seen;
		}
	}
	panic("weak: too many places");
}

static void announce(uintptr_t at, u32 size, bool write)
{
	if (!me)
		return;
	if (write)
		weak_spoils(shadow(at));
	else
		weak_uses(shadow(at));
	if (me->stores)
		commit_place(at, size);
	for (u32 i = 0; write && i < LOG; i++)
		if (changes[i].at - at < size)
			changes[i].at = 0;
}

/* --- what the sanitizer's calls are --- */

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *pc);
void __tsan_func_entry(void *pc)
{
	(void)pc;
}

void __tsan_func_exit(void *pc);
void __tsan_func_exit(void *pc)
{
	(void)pc;
}

#define ANNOUNCED(name, size, write)                    \
	void __tsan_##name(void *at);                   \
	void __tsan_##name(void *at)                    \
	{                                               \
		announce((uintptr_t)at, (size), write); \
	}
#define PLAIN(n)                               \
	ANNOUNCED(read##n, n, false)           \
	ANNOUNCED(write##n, n, true)           \
	ANNOUNCED(unaligned_read##n, n, false) \
	ANNOUNCED(unaligned_write##n, n, true)

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(void *at, unsigned long size);
void __tsan_read_range(void *at, unsigned long size)
{
	announce((uintptr_t)at, (u32)size, false);
}

void __tsan_write_range(void *at, unsigned long size);
void __tsan_write_range(void *at, unsigned long size)
{
	announce((uintptr_t)at, (u32)size, true);
}

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
	(void)order;
	if (me)
		full_barrier();
}

/* Outside of a run nobody else is there. */

/* arch_mb() is a read-modify-write of this word. */
static bool is_barrier(const volatile void *at)
{
	if (at != &host_barrier)
		return false;
	full_barrier();
	return true;
}

#define RMW(bits, type, name, builtin, result)                                     \
	type __tsan_atomic##bits##_##name(volatile type *at, type val, int order); \
	type __tsan_atomic##bits##_##name(volatile type *at, type val, int order)  \
	{                                                                          \
		type old;                                                          \
                                                                                   \
		if (!me)                                                           \
			return builtin(at, val, __ATOMIC_RELAXED);                 \
		if (is_barrier(at))                                                \
			return 0;                                                  \
		old = (type)load_newest((uintptr_t)at, sizeof(type), order);       \
		store_newest((uintptr_t)at, sizeof(type), (type)(result), order);  \
		return old;                                                        \
	}

#define CAS(bits, type, kind)                                                                      \
	int __tsan_atomic##bits##_compare_exchange_##kind(volatile type *at, type *want, type val, \
							  int order, int fail);                    \
	int __tsan_atomic##bits##_compare_exchange_##kind(volatile type *at, type *want, type val, \
							  int order, int fail)                     \
	{                                                                                          \
		type old;                                                                          \
                                                                                                   \
		if (!me)                                                                           \
			return __atomic_compare_exchange_n(at, want, val, false, __ATOMIC_RELAXED, \
							   __ATOMIC_RELAXED);                      \
		(void)fail;                                                                        \
		old = (type)load_newest((uintptr_t)at, sizeof(type), order);                       \
		if (old != *want) {                                                                \
			*want = old;                                                               \
			return 0;                                                                  \
		}                                                                                  \
		store_newest((uintptr_t)at, sizeof(type), val, order);                             \
		return 1;                                                                          \
	}

#define ATOMICS(bits, type)                                                       \
	type __tsan_atomic##bits##_load(const volatile type *at, int order);      \
	type __tsan_atomic##bits##_load(const volatile type *at, int order)       \
	{                                                                         \
		if (!me)                                                          \
			return __atomic_load_n(at, __ATOMIC_RELAXED);             \
		return (type)load((uintptr_t)at, sizeof(type), order);            \
	}                                                                         \
	void __tsan_atomic##bits##_store(volatile type *at, type val, int order); \
	void __tsan_atomic##bits##_store(volatile type *at, type val, int order)  \
	{                                                                         \
		if (me)                                                           \
			store((uintptr_t)at, sizeof(type), val, order);           \
		else                                                              \
			__atomic_store_n(at, val, __ATOMIC_RELAXED);              \
	}                                                                         \
	RMW(bits, type, exchange, __atomic_exchange_n, val)                       \
	RMW(bits, type, fetch_add, __atomic_fetch_add, old + val)                 \
	RMW(bits, type, fetch_sub, __atomic_fetch_sub, old - val)                 \
	RMW(bits, type, fetch_and, __atomic_fetch_and, old &val)                  \
	RMW(bits, type, fetch_or, __atomic_fetch_or, old | val)                   \
	RMW(bits, type, fetch_xor, __atomic_fetch_xor, old ^ val)                 \
	CAS(bits, type, strong)                                                   \
	CAS(bits, type, weak)

ATOMICS(8, u8)
ATOMICS(16, u16)
ATOMICS(32, u32)
ATOMICS(64, u64)

/* --- what would wait for another thread --- */

void __wrap_host_relax(void);
void __wrap_host_relax(void)
{
	if (!me)
		return;
	anything_happens();
	give_turn(pick());
}

/* What the contract says of a kick: what came before it is visible to the hart that looks for it. */
static void interrupts(unsigned int hart)
{
	if (!me)
		return;
	commit_all(me);
	hear(&harts[hart].told, &me->clock);
	own_goes_on();
}

void __real_arch_kick(unsigned int hart);
void __wrap_arch_kick(unsigned int hart);
void __wrap_arch_kick(unsigned int hart)
{
	interrupts(hart);
	__real_arch_kick(hart);
}

void __real_host_irq_raise(unsigned int hart, u32 bits);
void __wrap_host_irq_raise(unsigned int hart, u32 bits);
void __wrap_host_irq_raise(unsigned int hart, u32 bits)
{
	interrupts(hart);
	__real_host_irq_raise(hart, bits);
}

/* Nothing that follows an interrupt in its hart was done before it was taken. */
static void interrupted(void)
{
	me->view = now;
	hear(&me->clock, &me->told);
}

void __real_host_irq_on(void);
void __wrap_host_irq_on(void);
void __wrap_host_irq_on(void)
{
	bool any = me && host_irq_pending();

	if (any)
		interrupted();
	__real_host_irq_on();
	if (any)
		interrupted();
}

void __real_arch_wait(void);
void __wrap_arch_wait(void);
void __wrap_arch_wait(void)
{
	while (me && !host_irq_pending())
		__wrap_host_relax();
	__real_arch_wait();
}

/* --- a run --- */

static void hart_main(unsigned int i)
{
	me = &harts[i];
	CHECK(!sem_wait(&me->turn));
	hart_fn(i);
	commit_all(me);
	me->done = true;
	if (pick())
		give_turn(pick());
	me = NULL;
}

void weak_run(unsigned int n, u64 seed, u64 steps, void (*fn)(unsigned int hart))
{
	CHECK(n >= 1 && n <= WEAK_HARTS);
	memset(harts, 0, sizeof(harts));
	memset(changes, 0, sizeof(changes));
	memset(locations, 0, sizeof(locations));
	memset(shadows, 0, sizeof(shadows));
	random_state = seed * 0x9e3779b97f4a7c15UL + 1;
	now = change_count = 0;
	steps_left = steps;
	hart_count = n;
	hart_fn = fn;
	for (unsigned int i = 0; i < n; i++) {
		CHECK(!sem_init(&harts[i].turn, 0, i == 0));
		harts[i].clock.at[i] = 1;
	}
	host_harts_run(n, hart_main);
	for (unsigned int i = 0; i < n; i++)
		CHECK(!sem_destroy(&harts[i].turn));
}
