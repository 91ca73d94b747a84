/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt file model, access by access: one operation is stopped before each access of the
 * words that both sides touch, another one is done there from beginning to end, and the first goes
 * on. All pairs of an owner's and a sender's operations, either inside the other; whatever comes
 * first, nothing may be lost, had twice, or told to nobody. Threads that race meet so seldom that
 * they cannot show it (tests/unit/guest/riscv/test_vimsic.c has them, for ThreadSanitizer).
 *
 * A hart has a store buffer here: what it stores by WRITE_ONCE(), or by an OR that only releases,
 * comes to memory at its next barrier, or when its operation has ended; it sees it itself before.
 * That is what a hart may do that has no barrier there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/arch.h"
#include "guest/riscv/vimsic.h"
#include "hyp/mem/kmem.h"
#include "lib/check.h"

void *kmem_alloc(size_t size)
{
	return calloc(1, size);
}

void kmem_free(void *p)
{
	free(p);
}

/* --- the harts ---------------------------------------------------------------------------------- */

#define STORES_MAX 16

struct store {
	u64 *word;
	u64 val;
	bool add; /* val is ORed in */
};

struct buffer {
	struct store store[STORES_MAX];
	u32 n;
};

static struct buffer *buffer;	  /* of the hart that runs */
static void (*intruder)(void);	  /* the other hart's operation, until it was done */
static u32 accesses, stop_before; /* since the operation began */

static u64 after(const struct store *s, u64 val)
{
	return s->add ? val | s->val : s->val;
}

static void drain(void)
{
	for (u32 i = 0; i < buffer->n; i++)
		*buffer->store[i].word = after(&buffer->store[i], *buffer->store[i].word);
	buffer->n = 0;
}

static void intrude(void)
{
	struct buffer own = {.n = 0}, *stopped = buffer;
	void (*op)(void) = intruder;

	if (!op)
		return;
	intruder = NULL;
	buffer = &own;
	op();
	drain();
	buffer = stopped;
}

static void meet(void)
{
	if (intruder && ++accesses == stop_before)
		intrude();
}

static u64 step_load(const u64 *word)
{
	u64 val;

	meet();
	val = *word;
	for (u32 i = 0; i < buffer->n; i++)
		if (buffer->store[i].word == word)
			val = after(&buffer->store[i], val);
	return val;
}

static void buffered(u64 *word, u64 val, bool add)
{
	if (buffer->n == STORES_MAX)
		drain();
	buffer->store[buffer->n++] = (struct store){word, val, add};
}

static void step_store(u64 *word, u64 val)
{
	meet();
	buffered(word, val, false);
}

/* The access that comes next: what releases comes after all stores before it. */
static u64 step_change(const u64 *word, int order)
{
	u64 old = step_load(word);

	if (order == __ATOMIC_ACQ_REL)
		drain();
	return old;
}

static u64 step_or(u64 *word, u64 val, int order)
{
	u64 old = step_change(word, order);

	if (order == __ATOMIC_RELEASE)
		buffered(word, val, true);
	else
		*word |= val;
	return old;
}

static u64 step_and(u64 *word, u64 val, int order)
{
	u64 old = step_change(word, order);

	*word &= val;
	return old;
}

static u64 step_swap(u64 *word, u64 val, int order)
{
	u64 old = step_change(word, order);

	*word = val;
	return old;
}

static void step_barrier(void)
{
	meet();
	drain();
}

/* The model, with its accesses counted. */
#undef READ_ONCE
#undef WRITE_ONCE
#define READ_ONCE(x)		     step_load(&(x))
#define WRITE_ONCE(x, v)	     step_store(&(x), v)
#define __atomic_fetch_or(p, v, o)   step_or(p, v, o)
#define __atomic_fetch_and(p, v, o)  step_and(p, v, o)
#define __atomic_exchange_n(p, v, o) step_swap(p, v, o)
#define __atomic_fetch_add(p, v, o)  (*(p) += (v))
#define arch_mb()		     step_barrier()

#include "guest/riscv/vimsic.c"

/* --- operations --------------------------------------------------------------------------------- */

#define CSRR_SIREG   0x15102573
#define CSRRW_SIREG  0x15159573
#define CSRRS_SIREG  0x1515a573
#define CSRRC_SIREG  0x1515b573
#define CSRRW_STOPEI 0x15c01573

/* Identities of the second word: bits 5 to 7. */
#define I69 (1ULL << 5)
#define I70 (1ULL << 6)
#define I71 (1ULL << 7)

static struct vimsic *f;
static u32 notified, looked; /* a sender told; the owner saw */
static u64 first_claim, second_claim;
static struct vsfile_state moved;

static void on_notify(void *arg)
{
	(void)arg;
	notified++;
}

static u64 csr(u32 insn, u64 select, u64 operand)
{
	struct csr_insn i;
	u64 old = 0;

	if (decode_csr(insn, &i))
		abort();
	if (i.csr == VIMSIC_CSR_STOPEI)
		assert_int_equal(vimsic_csr(f, &i, operand, &old), OK);
	else
		assert_int_equal(vimsic_sireg(f, select, &i, operand, &old), OK);
	return old;
}

static void send_70(void)
{
	vimsic_msi(f, 70);
}

static void send_71(void)
{
	vimsic_msi(f, 71);
}

static void enable(void)
{
	csr(CSRRS_SIREG, VIMSIC_EIE0 + 2, I70);
	looked += vimsic_ext(f);
}

static void deliver(void)
{
	csr(CSRRW_SIREG, VIMSIC_EIDELIVERY, 1);
	looked += vimsic_ext(f);
}

static void open_threshold(void)
{
	csr(CSRRW_SIREG, VIMSIC_EITHRESHOLD, 0);
	looked += vimsic_ext(f);
}

static void put_in_open(void)
{
	static const struct vsfile_state open = {.eidelivery = 1, .eie = {0, I70}};

	vimsic_import(f, &open);
	looked += vimsic_ext(f);
}

static void clear_69(void)
{
	csr(CSRRC_SIREG, VIMSIC_EIP0 + 2, I69);
}

static void set_71(void)
{
	csr(CSRRS_SIREG, VIMSIC_EIP0 + 2, I71);
}

static void put_in_71(void)
{
	static const struct vsfile_state s = {.eidelivery = 1, .eip = {0, I71}, .eie = {0, I70}};

	vimsic_import(f, &s);
}

static void swap(void)
{
	moved.eip[1] |= csr(CSRRW_SIREG, VIMSIC_EIP0 + 2, 0);
}

static void take_out(void)
{
	vimsic_export(f, &moved);
}

static void take_late(void)
{
	vimsic_export_pending(f, &moved);
}

static void take_all(void)
{
	vimsic_export(f, &moved);
	vimsic_export_pending(f, &moved);
	vimsic_import(f, &moved);
	memset(&moved, 0, sizeof(moved));
	looked += vimsic_ext(f);
}

static void claim_first(void)
{
	first_claim = csr(CSRRW_STOPEI, 0, 0) >> 16;
}

static void claim_second(void)
{
	second_claim = csr(CSRRW_STOPEI, 0, 0) >> 16;
}

/* --- what has to come out ------------------------------------------------------------------------ */

static u64 eip(void)
{
	return csr(CSRR_SIREG, VIMSIC_EIP0 + 2, 0);
}

static bool told(void)
{
	return eip() == I70 && (looked || notified);
}

static bool only_70(void)
{
	return eip() == I70;
}

static bool both(void)
{
	return eip() == (I70 | I71);
}

/* In the file or in what was taken out, not in both. */
static bool once(void)
{
	return (eip() ^ moved.eip[1]) == (I69 | I70) && !(eip() & moved.eip[1]);
}

static bool claimed_69(void)
{
	return eip() == I70 && first_claim == 69;
}

/* 70 went to the claim, or waits for the next. */
static bool served_70(void)
{
	return eip() == (first_claim == 70 ? 0 : I70) && (first_claim == 70 || notified);
}

static bool one_got_69(void)
{
	return eip() == 0 && first_claim + second_claim == 69;
}

static bool one_each(void)
{
	return eip() == 0 && first_claim && second_claim && first_claim + second_claim == 69 + 70;
}

#define STATE(delivery, threshold, pending, enabled) \
	{                                            \
		delivery, threshold, {0, pending},   \
		{                                    \
			0, enabled                   \
		}                                    \
	}

static const struct pair {
	const char *name;
	struct vsfile_state before;
	void (*owner)(void), (*other)(void);
	bool (*right)(void);
} pairs[] = {
	{"enable", STATE(1, 0, 0, 0), enable, send_70, told},
	{"deliver", STATE(0, 0, 0, I70), deliver, send_70, told},
	{"threshold", STATE(1, 70, 0, I70), open_threshold, send_70, told},
	{"import opens", STATE(0, 0, 0, 0), put_in_open, send_70, told},
	{"move and back", STATE(1, 0, 0, I70), take_all, send_70, told},
	{"clear", STATE(1, 0, I69, I70), clear_69, send_70, only_70},
	{"set", STATE(1, 0, 0, I70), set_71, send_70, both},
	{"import adds", STATE(1, 0, 0, I70), put_in_71, send_70, both},
	{"two send", STATE(1, 0, 0, I70), send_71, send_70, both},
	{"swap", STATE(1, 0, I69, I70), swap, send_70, once},
	{"export", STATE(1, 0, I69, I70), take_out, send_70, once},
	{"export late", STATE(0, 0, I69, 0), take_late, send_70, once},
	{"claim another", STATE(1, 0, I69, I69), claim_first, send_70, claimed_69},
	{"claim or later", STATE(1, 0, 0, I70), claim_first, send_70, served_70},
	{"two claim one", STATE(1, 0, I69, I69), claim_first, claim_second, one_got_69},
	{"two claim two", STATE(1, 0, I69 | I70, I69 | I70), claim_first, claim_second, one_each},
};

/* --- all interleavings --------------------------------------------------------------------------- */

static void prepare(const struct pair *p)
{
	intruder = NULL;
	vimsic_reset(f);
	vimsic_import(f, &p->before);
	drain();
	notified = looked = 0;
	first_claim = second_claim = 0;
	memset(&moved, 0, sizeof(moved));
}

/* Does a with b before its access number `at`; one more is when a has ended and what it stored is
 * still on its way. Returns false when even that is over. */
static bool run(const struct pair *p, void (*a)(void), void (*b)(void), u32 at)
{
	bool again = true;

	prepare(p);
	accesses = 0;
	stop_before = at;
	intruder = b;
	a();
	if (intruder) {
		again = at == accesses + 1;
		if (!again)
			drain();
		intrude();
	}
	drain();
	if (!p->right())
		fail_msg("%s: wrong, with one stopped before access %u", p->name, at);
	return again;
}

static void test_pairs(void **state)
{
	static const struct vimsic_ops ops = {on_notify};
	struct buffer own = {.n = 0};

	(void)state;
	buffer = &own;
	assert_int_equal(vimsic_create(127, &ops, NULL, &f), OK);
	for (size_t n = 0; n < ARRAY_SIZE(pairs); n++) {
		const struct pair *p = &pairs[n];
		u32 at, back;

		for (at = 1; run(p, p->owner, p->other, at); at++)
			;
		for (back = 1; run(p, p->other, p->owner, back); back++)
			;
		assert_true(at > 2 && back > 2);
	}
	vimsic_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
