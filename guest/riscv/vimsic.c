/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt file model. See vimsic.h.
 *
 * Every word that both sides touch is changed by one atomic operation. An interrupt is lost if a
 * sender sees the identity disabled and the owner, who enables it, sees it not pending: so each
 * writes its own word, has a full barrier, and reads the other's ([X1]).
 *
 * Invariant: no bit of eip and eie is set but those of identities 1 to ids.
 */
#include "guest/riscv/vimsic.h"

#include "hyp/mem/kmem.h"
#include "lib/check.h"

#define WORD_BITS 64

struct vimsic {
	/* Set when it is made, then constant. */
	const struct vimsic_ops *ops;
	void *arg;
	u32 ids, words;

	u64 siselect; /* the owner's alone */

	/* Written by the owner, read by all. */
	u64 eidelivery, eithreshold;
	u64 eie[VSFILE_WORDS];

	/* Changed by all, atomically. */
	u64 unknown;
	u64 eip[VSFILE_WORDS];
};

/* The identities that exist, of those in word w: ids is one less than a multiple of 64. */
static u64 ids_in(const struct vimsic *f, u32 w)
{
	if (w >= f->words)
		return 0;
	return w ? ~0ULL : ~1ULL;
}

/* Is an identity under the threshold, or is there none? */
static bool passes(u64 threshold, u32 id)
{
	return threshold == 0 || id < threshold;
}

/* The most urgent identity that is pending, enabled and under the threshold, or 0. */
static u32 top(struct vimsic *f)
{
	for (u32 w = 0; w < f->words; w++) {
		u64 word = READ_ONCE(f->eip[w]) & READ_ONCE(f->eie[w]);
		u32 id;

		if (!word)
			continue;
		id = w * WORD_BITS + (u32)__builtin_ctzll(word);
		return passes(READ_ONCE(f->eithreshold), id) ? id : 0;
	}
	return 0;
}

/* The top identity is no longer pending; 0 if there is none. What another claimer takes first is
 * looked for again. */
static u32 claim(struct vimsic *f)
{
	for (;;) {
		u32 id = top(f);
		u64 bit = 1ULL << (id % WORD_BITS);

		if (!id)
			return 0;
		/* Order: the bit is taken, before the guest looks at what the sender wrote first.
		 * Pairs with: vimsic_msi() [X2] */
		if (__atomic_fetch_and(&f->eip[id / WORD_BITS], ~bit, __ATOMIC_ACQUIRE) & bit)
			return id;
	}
}

static bool interrupts(struct vimsic *f, u32 id)
{
	return READ_ONCE(f->eidelivery) && passes(READ_ONCE(f->eithreshold), id) &&
	       (READ_ONCE(f->eie[id / WORD_BITS]) >> (id % WORD_BITS) & 1);
}

void vimsic_msi(struct vimsic *f, u32 id)
{
	u64 bit = 1ULL << (id % WORD_BITS);

	if (id == 0 || id > f->ids) {
		__atomic_fetch_add(&f->unknown, 1, __ATOMIC_RELAXED);
		return;
	}
	/* Order: what the sender wrote before its MSI, before the bit.
	 * Pairs with: claim(), change_bits(), take_pending() [X2] */
	if (__atomic_fetch_or(&f->eip[id / WORD_BITS], bit, __ATOMIC_RELEASE) & bit)
		return;
	/* Order: the bit is set, before what the owner enabled is read.
	 * Pairs with: changed() [X1] */
	arch_mb();
	if (interrupts(f, id))
		f->ops->notify(f->arg);
}

/* The owner has changed what interrupts; it looks at what is pending next, in vimsic_ext(). */
static void changed(void)
{
	/* Order: what is enabled is written, before what is pending is read.
	 * Pairs with: vimsic_msi() [X1] */
	arch_mb();
}

bool vimsic_ext(struct vimsic *f)
{
	return READ_ONCE(f->eidelivery) && top(f);
}

u64 vimsic_unknown(struct vimsic *f)
{
	return READ_ONCE(f->unknown);
}

/* What the instruction does to the bits of mask in a word that senders change too: one step, so that
 * an MSI comes before it or after it. */
static u64 change_bits(u64 *word, const struct csr_insn *i, u64 operand, u64 mask)
{
	u64 val = operand & mask;

	if (!i->writes)
		return READ_ONCE(*word);
	/* Order: a bit is taken, before the guest looks at what its sender wrote first; what the
	 * guest wrote, before a bit that it sets. Pairs with: vimsic_msi() [X2] */
	switch (i->op) {
	case CSR_OP_SET: return __atomic_fetch_or(word, val, __ATOMIC_ACQ_REL);
	case CSR_OP_CLEAR: return __atomic_fetch_and(word, ~val, __ATOMIC_ACQ_REL);
	default: return __atomic_exchange_n(word, val, __ATOMIC_ACQ_REL);
	}
}

/* eidelivery knows no third value. */
static u64 legal_delivery(u64 val)
{
	return val & 1;
}

/* A threshold over all identities means the same as none, and not every file can hold it. */
static u64 legal_threshold(const struct vimsic *f, u64 val)
{
	return val > f->ids ? 0 : val;
}

/* The arrays: odd registers do not exist on RV64, those beyond the identities are read-only 0. */
static enum err array_reg(struct vimsic *f, u64 select, const struct csr_insn *i, u64 operand,
			  u64 *old)
{
	u32 w = (u32)(select & 0x3f) / 2;

	if (select & 1)
		return ERR_NOTSUP;
	if (select < VIMSIC_EIE0)
		*old = change_bits(&f->eip[w], i, operand, ids_in(f, w));
	else
		*old = change_bits(&f->eie[w], i, operand, ids_in(f, w));
	return OK;
}

bool vimsic_outside(u32 csr, u64 select)
{
	return csr == VIMSIC_CSR_SIREG && select < VIMSIC_EIDELIVERY;
}

/* What is no register of the file: the priorities of major interrupts are all read-only 0, as they
 * may be; reserved numbers of the file read 0 too; those outside are nothing. */
static enum err other_reg(u64 select)
{
	bool iprio = select >= VIMSIC_IPRIO0 && select <= VIMSIC_IPRIO0 + 0xf;
	bool file = select >= VIMSIC_EIDELIVERY && select < VIMSIC_EIP0;

	return file || (iprio && !(select & 1)) ? OK : ERR_NOTSUP;
}

enum err vimsic_sireg(struct vimsic *f, u64 select, const struct csr_insn *i, u64 operand, u64 *old)
{
	enum err e = OK;

	*old = 0;
	if (select >= VIMSIC_EIP0 && select < VIMSIC_EIE0 + 0x40) {
		e = array_reg(f, select, i, operand, old);
	} else if (select == VIMSIC_EIDELIVERY) {
		*old = f->eidelivery;
		WRITE_ONCE(f->eidelivery, legal_delivery(csr_insn_apply(i, *old, operand)));
	} else if (select == VIMSIC_EITHRESHOLD) {
		*old = f->eithreshold;
		WRITE_ONCE(f->eithreshold, legal_threshold(f, csr_insn_apply(i, *old, operand)));
	} else {
		e = other_reg(select);
	}
	if (i->writes)
		changed();
	return e;
}

u64 vimsic_select(const struct vimsic *f)
{
	return f->siselect;
}

void vimsic_set_select(struct vimsic *f, u64 val)
{
	f->siselect = val & VIMSIC_SELECT_MASK;
}

/* stopei: a write claims what a read says, whatever is written. */
static u64 stopei(struct vimsic *f, bool write)
{
	u64 id = write ? claim(f) : top(f);

	return id << 16 | id;
}

enum err vimsic_csr(struct vimsic *f, const struct csr_insn *i, u64 operand, u64 *old)
{
	switch (i->csr) {
	case VIMSIC_CSR_SISELECT:
		*old = f->siselect;
		vimsic_set_select(f, csr_insn_apply(i, *old, operand));
		return OK;
	case VIMSIC_CSR_SIREG: return vimsic_sireg(f, f->siselect, i, operand, old);
	case VIMSIC_CSR_STOPEI: *old = stopei(f, i->writes); return OK;
	default: return ERR_NOTSUP;
	}
}

/* Adds what is pending to eip[], and it is pending no more. */
static void take_pending(struct vimsic *f, u64 *eip)
{
	for (u32 w = 0; w < f->words; w++)
		/* Order: the bits are taken, before whoever puts them elsewhere lets the guest see
		 * what their senders wrote first. Pairs with: vimsic_msi() [X2] */
		eip[w] |= __atomic_exchange_n(&f->eip[w], 0, __ATOMIC_ACQUIRE);
}

void vimsic_export(struct vimsic *f, struct vsfile_state *out)
{
	*out = (struct vsfile_state){.eidelivery = f->eidelivery, .eithreshold = f->eithreshold};
	WRITE_ONCE(f->eidelivery, 0);
	WRITE_ONCE(f->eithreshold, 0);
	for (u32 w = 0; w < f->words; w++) {
		out->eie[w] = f->eie[w];
		WRITE_ONCE(f->eie[w], 0);
	}
	take_pending(f, out->eip);
}

void vimsic_export_pending(struct vimsic *f, struct vsfile_state *s)
{
	take_pending(f, s->eip);
}

void vimsic_import(struct vimsic *f, const struct vsfile_state *s)
{
	for (u32 w = 0; w < f->words; w++) {
		WRITE_ONCE(f->eie[w], s->eie[w] & ids_in(f, w));
		/* Order: who took the bits out saw what their senders wrote; that, before the bits.
		 * Pairs with: claim() [X2] */
		__atomic_fetch_or(&f->eip[w], s->eip[w] & ids_in(f, w), __ATOMIC_RELEASE);
	}
	WRITE_ONCE(f->eithreshold, legal_threshold(f, s->eithreshold));
	WRITE_ONCE(f->eidelivery, legal_delivery(s->eidelivery));
	changed();
}

void vimsic_reset(struct vimsic *f)
{
	struct vsfile_state gone;

	vimsic_export(f, &gone);
	f->siselect = 0;
}

static enum err mmio_access_valid(u64 off, unsigned int width)
{
	return width == 4 && off % 4 == 0 ? OK : ERR_INVAL;
}

/* Nothing in the page reads as anything but 0. */
static enum err vimsic_mmio_read(void *dev, u64 off, unsigned int width, u64 *val)
{
	(void)dev;
	*val = 0;
	return mmio_access_valid(off, width);
}

static enum err vimsic_mmio_write(void *dev, u64 off, unsigned int width, u64 *val)
{
	enum err e = mmio_access_valid(off, width);

	if (!e && off == VIMSIC_SETEIPNUM_LE)
		vimsic_msi(dev, (u32)*val);
	return e;
}

const struct mmio_ops vimsic_mmio_ops = {.read = vimsic_mmio_read, .write = vimsic_mmio_write};

enum err vimsic_create(u32 ids, const struct vimsic_ops *ops, void *arg, struct vimsic **out)
{
	struct vimsic *f;

	if (ids < VIMSIC_IDS_MIN || ids > VIMSIC_IDS_MAX || (ids + 1) % WORD_BITS)
		return ERR_RANGE;
	f = kmem_alloc(sizeof(*f));
	if (!f)
		return ERR_NOMEM;
	f->ops = ops;
	f->arg = arg;
	f->ids = ids;
	f->words = (ids + 1) / WORD_BITS;
	*out = f;
	return OK;
}

void vimsic_destroy(struct vimsic *f)
{
	kmem_free(f);
}
