/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock checker. Owns the table of lock classes and the graph of their order: an edge from A to
 * B says that some hart took a B while it held an A. Edges are only added. A new one that closes a
 * cycle is reported: harts that go through its edges at the same time wait for each other for ever.
 *
 * A class that is taken in interrupt handlers (A) must lead to none that is taken with interrupts
 * on (B), itself included: a hart that holds a B with interrupts on is interrupted, and its handler
 * waits for the A of a hart that waits for that B. A lock that is held while interrupts come on
 * counts as taken with them on.
 *
 * Each fault is reported once a pair of classes. Tags: [L1] what the table's lock protects, [L2] a
 * class, before the key that finds it.
 *
 * Lock order: graph_lock is the innermost of all: inside it nothing is called that takes a lock.
 * It is no spinlock, so that the checker does not check itself, and is held with interrupts off.
 */
#include "lib/lockdep.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/spinlock.h"
#include "lib/symbols.h"

#define CLASSES_MAX 64 /* bits of a u64 */
#define KEYS	    256
#define EDGES_MAX   512
#define TEXTS	    4 /* reports that harts may write at the same time */
#define TEXT_MAX    1024

DEFINE_PER_HART(struct lockdep_hart, lockdep_hart);

struct lock_class {
	const char *name;
	uintptr_t irq_site; /* where it was first taken in an interrupt */
	uintptr_t on_site;  /* where one was taken that was first held with interrupts on */
};

struct lock_edge {
	u32 from, to;
	uintptr_t from_site, to_site; /* where the two were taken, the first time */
};

static u32 graph_lock; /* atomic */

/* Written under graph_lock; what a class or an edge holds does not change once it is known. */
static struct lock_class classes[CLASSES_MAX];
static u32 class_count;
static struct lock_edge edges[EDGES_MAX];
static u32 edge_count;
static u64 irq_reported[CLASSES_MAX]; /* bit B of A: the pair was reported */

/* Written under graph_lock, read without: a bit that is set stays so. */
static u64 after[CLASSES_MAX]; /* bit B of A: there is an edge from A to B */
static u64 in_irq;	       /* classes taken in interrupts */
static u64 irqs_on;	       /* classes taken with interrupts on */

/* Names by address, and their classes: one text may be at several addresses. */
static const char *key_name[KEYS]; /* NULL: free */
static u32 key_class[KEYS];
static u32 key_count; /* under graph_lock */

static void graph_enter(void)
{
	/* Order: what the hart before wrote, before it is read.
	 * Pairs with: graph_leave() [L1] */
	while (__atomic_exchange_n(&graph_lock, 1, __ATOMIC_ACQUIRE))
		arch_relax();
}

static void graph_leave(void)
{
	/* Order: what this hart wrote, before the next one reads it.
	 * Pairs with: graph_enter() [L1] */
	arch_store_release(&graph_lock, 0);
}

/* --- reports --- */

struct text {
	char *buf;
	size_t n;
};

static struct text text_begin(void)
{
	static char bufs[TEXTS][TEXT_MAX];
	static u32 next;
	u32 i = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % TEXTS;

	return (struct text){bufs[i], 0};
}

/* What does not fit is cut off. */
static __printf(2, 3) void text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->n, TEXT_MAX - t->n, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->n = min_u64(t->n + (size_t)n, TEXT_MAX - 1);
}

/* A site is a return address: the call is before it, and the last one of a function may return
 * behind its end. */
static void text_add_site(struct text *t, uintptr_t site)
{
	struct symbol s;

	if (symbol_find(site - 1, &s))
		text_add(t, "%s+0x%zx", s.name, s.offset + 1);
	else
		text_add(t, "0x%lx", (unsigned long)site);
}

static void text_add_taken(struct text *t, const struct lockdep_held *held)
{
	text_add(t, "\n  %s taken at ", classes[held->class].name);
	text_add_site(t, held->site);
}

static void text_add_edge(struct text *t, u32 from, u32 to)
{
	const struct lock_edge *e = edges;

	while (e->from != from || e->to != to)
		e++;
	text_add(t, "\n  %s taken at ", classes[from].name);
	text_add_site(t, e->from_site);
	text_add(t, ", inside it %s at ", classes[to].name);
	text_add_site(t, e->to_site);
}

static __noreturn __printf(2, 3) void report_lock(uintptr_t site, const char *fmt, ...)
{
	const struct lockdep_hart *h = &this_hart(lockdep_hart);
	struct text t = text_begin();
	va_list ap;

	va_start(ap, fmt);
	t.n = min_u64((u64)vsnprintf(t.buf, TEXT_MAX, fmt, ap), TEXT_MAX - 1);
	va_end(ap);
	text_add(&t, "\n  at ");
	text_add_site(&t, site);
	for (u32 i = 0; i < h->locks_held; i++)
		text_add_taken(&t, &h->held[i]);
	panic(t.buf);
}

/* --- classes --- */

static u32 key_at(const char *name, u32 probe)
{
	return (u32)(((uintptr_t)name * 0x9e3779b97f4a7c15UL >> 40) + probe) % KEYS;
}

/* Finds the name's place, and says whether it was its own (true) or the free one where it would be.
 * A free one may be another name's at the next look. At least one is free. */
static bool key_find(const char *name, u32 *place)
{
	for (u32 probe = 0;; probe++) {
		u32 i = key_at(name, probe);
		/* Order: the key, before its class is read. Pairs with: class_add() [L2] */
		const char *key = arch_load_acquire(&key_name[i]);

		*place = i;
		if (!key || key == name)
			return key != NULL;
	}
}

/* Under graph_lock. */
static u32 class_by_text(const char *name)
{
	for (u32 c = 0; c < class_count; c++)
		if (!strcmp(classes[c].name, name))
			return c;
	if (class_count == CLASSES_MAX)
		panic("lockdep: too many lock classes");
	classes[class_count].name = name;
	return class_count++;
}

static u32 class_add(const char *name)
{
	u32 i, class;

	graph_enter();
	if (!key_find(name, &i)) {
		if (++key_count == KEYS)
			panic("lockdep: too many names of lock classes");
		key_class[i] = class_by_text(name);
		/* Order: the class, before the key that finds it.
		 * Pairs with: key_find() [L2] */
		arch_store_release(&key_name[i], name);
	}
	class = key_class[i];
	graph_leave();
	return class;
}

static u32 class_find(const char *name)
{
	u32 i;

	return likely(key_find(name, &i)) ? key_class[i] : class_add(name);
}

/* --- order --- */

/* The way from class a to class b along the edges. length is 0 if there is none. */
struct lock_path {
	u32 length;
	u8 class[CLASSES_MAX]; /* from b back to a */
};

/* Classes that can be reached from a, with a; via[c] is the one before c on the shortest way. */
static u64 reach(u32 a, u8 *via)
{
	u64 seen = BIT(a), now = BIT(a), next;

	for (; now; now = next) {
		next = 0;
		for (u32 c = 0; c < class_count; c++) {
			u64 found = now & BIT(c) ? after[c] & ~seen : 0;

			for (u32 d = 0; found && d < class_count; d++)
				if (found & BIT(d))
					via[d] = (u8)c;
			seen |= found;
			next |= found;
		}
	}
	return seen;
}

/* b can be reached from a. */
static void path_set(struct lock_path *p, const u8 *via, u32 a, u32 b)
{
	u32 c = b;

	p->length = 0;
	p->class[p->length++] = (u8)c;
	while (c != a) {
		c = via[c];
		p->class[p->length++] = (u8)c;
	}
}

static void text_add_path(struct text *t, const struct lock_path *p)
{
	for (u32 i = p->length; i-- > 1;)
		text_add_edge(t, p->class[i], p -> class[i - 1]);
}

/* from, then to, and to leads back to from along p. */
static __noreturn void report_cycle(u32 from, u32 to, const struct lock_path *p)
{
	struct text t = text_begin();

	text_add(&t, "lockdep: cycle in the order of locks: %s", classes[from].name);
	for (u32 i = p->length; i-- > 0;)
		text_add(&t, " -> %s", classes[p->class[i]].name);
	text_add_edge(&t, from, to);
	text_add_path(&t, p);
	panic(t.buf);
}

static __noreturn void report_irq(const struct lock_path *p)
{
	const struct lock_class *a = &classes[p->class[p->length - 1]], *b = &classes[p->class[0]];
	struct text t = text_begin();

	text_add(&t, "lockdep: %s is taken in interrupts, ", a->name);
	if (a != b)
		text_add(&t, "and leads to %s, which is taken ", b->name);
	text_add(&t, "%swith interrupts on\n  %s taken in an interrupt at ", a == b ? "and " : "",
		 a->name);
	text_add_site(&t, a->irq_site);
	text_add(&t, "\n  %s taken with interrupts on at ", b->name);
	text_add_site(&t, b->on_site);
	text_add_path(&t, p);
	panic(t.buf);
}

/* A pair not yet reported of a class taken in interrupts and one that it leads to, taken with
 * interrupts on. Under graph_lock. */
static bool irq_fault(struct lock_path *p)
{
	u8 via[CLASSES_MAX];

	for (u32 a = 0; a < class_count; a++) {
		u64 bad = in_irq & BIT(a) ? reach(a, via) & irqs_on & ~irq_reported[a] : 0;

		for (u32 b = 0; bad && b < class_count; b++) {
			if (!(bad & BIT(b)))
				continue;
			irq_reported[a] |= BIT(b);
			path_set(p, via, a, b);
			return true;
		}
	}
	return false;
}

/* Notes that the class is taken in an interrupt, or with interrupts on, for the first time. */
static void use_add(u32 class, bool irq, uintptr_t site)
{
	struct lock_path p;
	bool fault;

	graph_enter();
	if (irq && !(in_irq & BIT(class))) {
		classes[class].irq_site = site;
		__atomic_fetch_or(&in_irq, BIT(class), __ATOMIC_RELAXED);
	} else if (!irq && !(irqs_on & BIT(class))) {
		classes[class].on_site = site;
		__atomic_fetch_or(&irqs_on, BIT(class), __ATOMIC_RELAXED);
	}
	fault = irq_fault(&p);
	graph_leave();
	if (fault)
		report_irq(&p);
}

static void use_check(u32 class, bool on, uintptr_t site)
{
	if (this_hart(lockdep_hart).irq_depth && !(READ_ONCE(in_irq) & BIT(class)))
		use_add(class, true, site);
	if (on && !(READ_ONCE(irqs_on) & BIT(class)))
		use_add(class, false, site);
}

void lockdep_hold_irqs_on(void)
{
	const struct lockdep_hart *h = &this_hart(lockdep_hart);

	for (u32 i = 0; i < h->locks_held; i++)
		use_check(h->held[i].class, true, h->held[i].site);
}

enum edge_fault {
	EDGE_FINE,
	EDGE_CYCLE, /* it closes one; the path leads from its end back to its beginning */
	EDGE_IRQ,   /* the path leads from a class taken in interrupts to one taken with them on */
};

/* Under graph_lock. */
static void edge_set(const struct lock_edge *e)
{
	if (edge_count == EDGES_MAX)
		panic("lockdep: too many edges between lock classes");
	edges[edge_count++] = *e;
	__atomic_fetch_or(&after[e->from], BIT(e->to), __ATOMIC_RELAXED);
}

/* What is wrong with an edge that was not there before. Under graph_lock. */
static enum edge_fault edge_judge(const struct lock_edge *e, struct lock_path *p)
{
	struct lock_path other;
	u8 via[CLASSES_MAX];

	if (!(reach(e->to, via) & BIT(e->from))) {
		edge_set(e);
		return irq_fault(p) ? EDGE_IRQ : EDGE_FINE;
	}
	path_set(p, via, e->to, e->from);
	edge_set(e);
	/* What else is wrong with it is no news later on. */
	while (irq_fault(&other))
		;
	return EDGE_CYCLE;
}

static void edge_add(const struct lock_edge *e)
{
	enum edge_fault fault = EDGE_FINE;
	struct lock_path p;

	graph_enter();
	if (!(after[e->from] & BIT(e->to)))
		fault = edge_judge(e, &p);
	graph_leave();
	if (fault == EDGE_CYCLE)
		report_cycle(e->from, e->to, &p);
	if (fault == EDGE_IRQ)
		report_irq(&p);
}

/* --- what a hart holds --- */

static struct lockdep_held *held_find(struct lockdep_hart *h, const struct spinlock *lock)
{
	for (u32 i = READ_ONCE(h->locks_held); i-- > 0;)
		if (READ_ONCE(h->held[i].lock) == lock)
			return &h->held[i];
	return NULL;
}

static void held_add(struct lockdep_hart *h, const struct spinlock *lock, u32 class, uintptr_t site)
{
	struct lockdep_held *held = &h->held[h->locks_held];

	WRITE_ONCE(held->lock, lock);
	held->class = class;
	held->site = site;
	WRITE_ONCE(h->locks_held, h->locks_held + 1);
}

static void held_del(struct lockdep_hart *h, struct lockdep_held *held)
{
	u32 left = h->locks_held - 1;

	for (; held < &h->held[left]; held++) {
		WRITE_ONCE(held->lock, held[1].lock);
		held->class = held[1].class;
		held->site = held[1].site;
	}
	WRITE_ONCE(h->locks_held, left);
}

static void order_check(const struct lockdep_hart *h, u32 class, uintptr_t site)
{
	for (u32 i = 0; i < h->locks_held; i++) {
		const struct lockdep_held *held = &h->held[i];

		if (unlikely(!(READ_ONCE(after[held->class]) & BIT(class))))
			edge_add(&(struct lock_edge){held->class, class, held->site, site});
	}
}

void lockdep_acquire(const struct spinlock *lock, const char *class_name)
{
	struct lockdep_hart *h = &this_hart(lockdep_hart);
	uintptr_t site = (uintptr_t)__builtin_return_address(0);
	unsigned long flags;
	u32 class;

	lockdep_check_irqs();
	if (!class_name)
		report_lock(site, "lockdep: a lock without a class is taken");
	flags = arch_irq_save();
	class = class_find(class_name);
	if (held_find(h, lock))
		report_lock(site, "lockdep: %s is taken again by the hart that holds it",
			    class_name);
	if (h->locks_held == LOCKDEP_HELD_MAX)
		report_lock(site, "lockdep: too many locks held to take %s", class_name);
	use_check(class, flags != 0, site);
	order_check(h, class, site);
	held_add(h, lock, class, site);
	arch_irq_restore(flags);
}

/* The hart that holds the lock, if one says so now, or arch_hart_count(). */
static unsigned int holder_of(const struct spinlock *lock)
{
	unsigned int i;

	for_each_hart (i)
		if (held_find(&per_hart(lockdep_hart, i), lock))
			return i;
	return i;
}

static __noreturn void report_not_held(const struct spinlock *lock, uintptr_t site)
{
	const char *class = lock->class ? lock->class : "a lock without a class";
	unsigned int holder = holder_of(lock);

	if (holder < arch_hart_count())
		report_lock(site, "lockdep: %s is held by hart %u, not by this one", class, holder);
	report_lock(site, "lockdep: %s is not held", class);
}

void lockdep_release(const struct spinlock *lock)
{
	struct lockdep_hart *h = &this_hart(lockdep_hart);
	struct lockdep_held *held;
	unsigned long flags;

	lockdep_check_irqs();
	flags = arch_irq_save();
	held = held_find(h, lock);
	if (!held)
		report_not_held(lock, (uintptr_t)__builtin_return_address(0));
	held_del(h, held);
	arch_irq_restore(flags);
}

void lockdep_check_held(const struct spinlock *lock)
{
	if (!held_find(&this_hart(lockdep_hart), lock))
		report_not_held(lock, (uintptr_t)__builtin_return_address(0));
}

void lockdep_report_held(void)
{
	const struct lockdep_held *held = &this_hart(lockdep_hart).held[0];

	report_lock((uintptr_t)__builtin_return_address(0),
		    "lockdep: %s is held where no lock may be", classes[held->class].name);
}
