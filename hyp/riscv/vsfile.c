/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests' interrupt files; vsfile.h says how one moves. Owns which are taken, and hgeie.
 *
 * The number of files is what hgeie keeps of all ones, and no more than the tree has pages for: each
 * has been wrong somewhere. Files are a hart's own; which are taken is one word a hart, changed by
 * compare and swap, since another hart may give a vCPU its next file. Watchers are touched by the
 * hart alone with interrupts off.
 */
#include "hyp/riscv/vsfile.h"

#include <string.h>

#include "arch/arch.h"
#include "arch/riscv/imsic.h"
#include "hyp/machine/mmio.h"
#include "hyp/mem/kmem.h"
#include "hyp/riscv/imsic.h"
#include "lib/check.h"

struct watcher {
	void (*fn)(void *arg); /* NULL: nobody */
	void *arg;
};

/* Constant once the hart is up, but for free. */
struct vsfiles {
	u64 all;  /* bit n: there is a file n */
	u64 free; /* atomic; of all */
	u32 words;
	struct watcher *watcher; /* of file n: n - 1 */
};

DECLARE_PER_HART(struct vsfiles, vsfiles);
DEFINE_PER_HART(struct vsfiles, vsfiles);

/* GEILEN: hgeie has bits 1 to it, and bit 0 is always 0. Unordered hgeie: nobody is watched yet. */
static u32 probe_files(void)
{
	u64 kept = imsic_hgeie_write(~0UL) >> 1;

	(void)imsic_hgeie_write(0);
	return kept == ~0UL >> 1 ? 63 : (u32)__builtin_ctzl(~kept);
}

void vsfile_hart_init(void)
{
	struct vsfiles *h = &this_hart(vsfiles);
	u32 n = imsic_guest_pages(arch_hart_index());

	if (n)
		n = (u32)min_u64(n, probe_files());
	h->watcher = n ? kmem_alloc(n * sizeof(*h->watcher)) : NULL;
	if (!h->watcher)
		return;
	h->words = (u32)min_u64(imsic_guest_identities() / 64 + 1, VSFILE_WORDS);
	h->all = (~0UL >> (63 - n)) & ~1UL;
	h->free = h->all;
	for (u32 i = 1; i <= n; i++)
		vsfile_clear(i);
}

u32 vsfile_count(unsigned int hart)
{
	return (u32)__builtin_popcountl(per_hart(vsfiles, hart).all);
}

enum err vsfile_alloc(unsigned int hart, u32 *n)
{
	u64 *word = &per_hart(vsfiles, hart).free, free = READ_ONCE(*word);

	do {
		if (!free)
			return ERR_BUSY;
		*n = (u32)__builtin_ctzl(free);
		/* Order: what the one before did with the file, before what this one does.
		 * Pairs with: vsfile_free() [F1] */
	} while (!__atomic_compare_exchange_n(word, &free, free & ~BIT(*n), false, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return OK;
}

void vsfile_free(unsigned int hart, u32 n)
{
	struct vsfiles *h = &per_hart(vsfiles, hart);
	u64 before;

	/* Order: what was done with the file, before the next one has it.
	 * Pairs with: vsfile_alloc() [F1] */
	before = __atomic_fetch_or(&h->free, BIT(n), __ATOMIC_RELEASE);
	CHECK((h->all & BIT(n)) && !(before & BIT(n)));
}

static volatile u32 *port(unsigned int hart, u32 n, hpa_t *hpa)
{
	volatile u32 *va = NULL;

	CHECK((per_hart(vsfiles, hart).all & BIT(n)) && imsic_page(hart, n, hpa, &va));
	return va;
}

hpa_t vsfile_page(unsigned int hart, u32 n)
{
	hpa_t hpa;

	(void)port(hart, n, &hpa);
	return hpa;
}

void vsfile_post(unsigned int hart, u32 n, u32 identity)
{
	hpa_t hpa;
	volatile u32 *va = port(hart, n, &hpa);

	/* Order: what the message is about, before the message; and that the file is this vCPU's was read
	 * before, so that it has been emptied [F3]. Pairs with: the trap itself [F2] */
	mmio_mb();
	mmio_write32(va, identity);
}

void vsfile_settle(unsigned int hart, u32 n)
{
	hpa_t hpa;
	volatile u32 *va = port(hart, n, &hpa);

	/* Order: stores to the page, before the load from it; a guest may have made them as accesses to
	 * memory (Svpbmt). And the load, before what is done because they have arrived, by this hart
	 * or another. Pairs with: vsfile_dump() [F4] */
	mmio_mb();
	(void)mmio_read32(va);
	mmio_mb();
}

/* The enables as well: what the one before let through is nothing of the next one's.
 * Unordered vsireg: vsfile_clear() orders it, and comes after vsfile_dump() before the next one has it. */
static void empty(u32 words)
{
	imsic_guest_write(ISELECT_EIDELIVERY, 0);
	imsic_guest_write(ISELECT_EITHRESHOLD, 0);
	for (u32 i = 0; i < words; i++) {
		imsic_guest_write(ISELECT_EIE0 + 2 * i, 0);
		imsic_guest_write(ISELECT_EIP0 + 2 * i, 0);
	}
}

void vsfile_clear(u32 n)
{
	struct imsic_guest_window w = imsic_guest_open(n);

	empty(this_hart(vsfiles).words);
	imsic_guest_close(&w);
	/* Order: it is empty, in vsireg, before anybody learns that it is somebody's and sends to it.
	 * Pairs with: vsfile_post() [F3] */
	mmio_mb();
}

/* What is read goes to memory, and by that dependency before who waits for it learns that it did. */
void vsfile_dump(u32 n, struct vsfile_state *s)
{
	struct imsic_guest_window w;
	u32 words = this_hart(vsfiles).words;

	vsfile_unwatch(n);
	memset(s, 0, sizeof(*s));
	/* Order: all messages have come, before vsireg is read, by the fence in vsfile_settle().
	 * Pairs with: vsfile_settle() [F4] */
	w = imsic_guest_open(n);
	s->eidelivery = imsic_guest_read(ISELECT_EIDELIVERY);
	s->eithreshold = imsic_guest_read(ISELECT_EITHRESHOLD);
	for (u32 i = 0; i < words; i++) {
		s->eip[i] = imsic_guest_read(ISELECT_EIP0 + 2 * i);
		s->eie[i] = imsic_guest_read(ISELECT_EIE0 + 2 * i);
	}
	empty(words);
	imsic_guest_close(&w);
}

/* Unordered vsireg: bits are set, whatever comes meanwhile, and who looks at them is this hart's guest. */
void vsfile_fill(u32 n, const struct vsfile_state *s)
{
	struct imsic_guest_window w = imsic_guest_open(n);
	u32 words = this_hart(vsfiles).words;

	for (u32 i = 0; i < words; i++) {
		if (s->eip[i])
			imsic_guest_set(ISELECT_EIP0 + 2 * i, s->eip[i]);
		imsic_guest_write(ISELECT_EIE0 + 2 * i, s->eie[i]);
	}
	imsic_guest_write(ISELECT_EITHRESHOLD, s->eithreshold);
	imsic_guest_write(ISELECT_EIDELIVERY, s->eidelivery);
	imsic_guest_close(&w);
}

/* Unordered hgeie: the interrupt is this hart's own. */
void vsfile_watch(u32 n, void (*fn)(void *arg), void *arg)
{
	this_hart(vsfiles).watcher[n - 1] = (struct watcher){fn, arg};
	imsic_hgeie_set(BIT(n));
}

/* Unordered hgeie: as above. */
bool vsfile_unwatch(u32 n)
{
	struct watcher *w = &this_hart(vsfiles).watcher[n - 1];
	bool watched = w->fn != NULL;

	imsic_hgeie_clear(BIT(n));
	w->fn = NULL;
	return watched;
}

/* A file whose bit is in hgeip is one that somebody watches now: both are read here, not kept.
 * Unordered hgeip: who watches is told by this hart alone. */
void vsfile_irq(void)
{
	u64 pending = imsic_hgei_pending();

	while (pending) {
		u32 n = (u32)__builtin_ctzl(pending);
		struct watcher w = this_hart(vsfiles).watcher[n - 1];

		pending &= pending - 1;
		if (vsfile_unwatch(n))
			w.fn(w.arg);
	}
}
