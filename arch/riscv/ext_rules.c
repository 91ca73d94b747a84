/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What follows from the extension table: what a set of extensions implies and needs, what is hidden, what a
 * guest is offered and what that takes of its hart's registers.
 */
#include "arch/riscv/ext.h"

#include "arch/riscv/csr.h"
#include "lib/check.h"

#include <string.h>

/* hcounteren: unprivileged specification, "Zicntr": cycle, time, instret are counters 0 to 2. */
#define COUNTER_CYCLE	BIT(0)
#define COUNTER_TIME	BIT(1)
#define COUNTER_INSTRET BIT(2)

/* What a guest needs of henvcfg and of hstateen0, as the registers have it. */
static u64 row_henvcfg(const struct ext_row *r)
{
	return (u64)(r->env >> 8) << 56 | (r->env & 0xff);
}

static u64 row_hstateen0(const struct ext_row *r)
{
	return (u64)r->stateen << 56;
}

u64 ext_henvcfg_of(unsigned int e)
{
	return row_henvcfg(ext_row(e));
}

u64 ext_hstateen0_of(unsigned int e)
{
	return row_hstateen0(ext_row(e));
}

static void add_list(struct isa_set *s, const u8 *list)
{
	for (unsigned int i = 0; i < EXT_LIST_MAX && list[i]; i++)
		isa_add(s, list[i]);
}

static bool has_list(const struct isa_set *s, const u8 *list)
{
	for (unsigned int i = 0; i < EXT_LIST_MAX && list[i]; i++)
		if (!isa_has(s, list[i]))
			return false;
	return true;
}

void ext_add_implied(struct isa_set *s)
{
	struct isa_set before;
	unsigned int e;

	do {
		before = *s;
		for_each_ext(e) if (isa_has(s, e)) add_list(s, ext_rows[e].implies);
		/* Zcd is what C is with D, and nobody wrote it before it had a name. */
		if (isa_has(s, EXT_C) && isa_has(s, EXT_D))
			isa_add(s, EXT_ZCD);
	} while (!isa_equal(s, &before));
}

void ext_drop_unmet(struct isa_set *s)
{
	struct isa_set before;
	unsigned int e;

	do {
		before = *s;
		for_each_ext(e) if (isa_has(s, e) && !has_list(s, ext_rows[e].needs)) isa_del(s, e);
	} while (!isa_equal(s, &before));
}

static bool all_there(const u16 *csrs, bool (*there)(unsigned int csr, void *arg), void *arg)
{
	for (unsigned int i = 0; i < EXT_LIST_MAX && csrs[i]; i++)
		if (!there(csrs[i], arg))
			return false;
	return true;
}

void ext_probe(struct isa_set *s, bool (*there)(unsigned int csr, void *arg), void *arg)
{
	unsigned int e;

	for_each_ext(e)
	{
		if (ext_rows[e].probe[0] == 0)
			continue;
		if (all_there(ext_rows[e].probe, there, arg))
			isa_add(s, e);
		else
			isa_del(s, e);
	}
}

void ext_hide_all(struct isa_set *hidden)
{
	unsigned int e;

	for_each_ext(e) if (ext_rows[e].hide && !ext_rows[e].stays) isa_add(hidden, e);
}

void ext_apply_hidden(struct isa_set *s, const struct isa_set *hidden)
{
	isa_subtract(s, hidden);
	ext_drop_unmet(s);
}

void ext_hart_common(struct ext_hart *all, const struct ext_hart *h)
{
	isa_intersect(&all->isa, &h->isa);
	all->henvcfg &= h->henvcfg;
	all->hstateen0 &= h->hstateen0;
}

/*
 * With henvcfg.ADUE the hardware updates A and D bits in the guest's tables, without it they fault
 * as Svade says; and limen can give either. A tree that lists both means "Svade until asked by SBI
 * FWFT", one with Svadu alone "Svadu always" (devicetree binding riscv/extensions.yaml).
 */
static void settle_svade(struct isa_set *guest)
{
	if (isa_has(guest, EXT_SVADU))
		isa_add(guest, EXT_SVADE);
}

static bool can_offer(const struct ext_hart *h, unsigned int states, const struct ext_row *r)
{
	return r->offer && (r->state & ~states) == 0 && (row_henvcfg(r) & ~h->henvcfg) == 0 &&
	       (row_hstateen0(r) & ~h->hstateen0) == 0;
}

void ext_offer(const struct ext_hart *harts, unsigned int states, struct isa_set *guest)
{
	unsigned int e;

	*guest = harts->isa;
	for_each_ext(e) if (!can_offer(harts, states, &ext_rows[e])) isa_del(guest, e);
	ext_drop_unmet(guest);
	settle_svade(guest);
}

u64 ext_henvcfg(const struct isa_set *guest)
{
	u64 bits = 0;
	unsigned int e;

	for_each_ext(e) if (isa_has(guest, e)) bits |= row_henvcfg(&ext_rows[e]);
	return bits;
}

u64 ext_henvcfg_start(const struct isa_set *guest)
{
	u64 asked = ENV_LPE | ENV_SSE | (isa_has(guest, EXT_SVADE) ? ENV_ADUE : 0);

	return ext_henvcfg(guest) & ~asked;
}

/* senvcfg is swapped with the vCPU in any case, so a guest always reaches it: it is part of S-mode
 * 1.12, with no extension's name. */
u64 ext_hstateen0(const struct isa_set *guest)
{
	u64 bits = STATEEN_ENVCFG;
	unsigned int e;

	for_each_ext(e) if (isa_has(guest, e)) bits |= row_hstateen0(&ext_rows[e]);
	return bits;
}

static void offered(struct isa_set *s)
{
	unsigned int e;

	*s = (struct isa_set){0};
	for_each_ext(e) if (ext_rows[e].offer) isa_add(s, e);
}

u64 ext_henvcfg_all(void)
{
	struct isa_set s;

	offered(&s);
	return ext_henvcfg(&s);
}

u64 ext_hstateen0_all(void)
{
	struct isa_set s;

	offered(&s);
	return ext_hstateen0(&s);
}

u64 ext_hcounteren(const struct isa_set *guest)
{
	return COUNTER_TIME | (isa_has(guest, EXT_ZICNTR) ? COUNTER_CYCLE | COUNTER_INSTRET : 0);
}

unsigned int ext_states(const struct isa_set *s)
{
	unsigned int bits = 0, e;

	for_each_ext(e) if (isa_has(s, e)) bits |= ext_rows[e].state;
	return bits;
}
