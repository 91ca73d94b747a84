/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns nothing but what a tree's entries say.
 *
 * Invariants: no table other than the root is empty between two calls; entries are read and
 * written whole, since a hart may walk the tree at any moment ("Virtual Address Translation
 * Process": implicit accesses have the width of an entry); leaves have A and D set from the start,
 * so that hardware never writes one (Svadu) and never faults for one (Svade), and a plain store
 * loses nothing.
 *
 * A walk by hardware is the other side of the one barrier here, tag [A1]: it reads an entry, then
 * the table that the entry points to.
 */
#include "arch/riscv/pt.h"

#include "arch/arch.h"

#define ENTRIES 512U

/* In a cut-off table's first word: the page of the next one, with a bit that is not V. */
#define GARBAGE_LINK BIT(1)

static unsigned int level_shift(unsigned int level)
{
	return PT_PAGE_SHIFT + 9 * level;
}

static u64 level_size(unsigned int level)
{
	return 1UL << level_shift(level);
}

static u64 *table_va(const struct pt *pt, hpa_t table)
{
	return pt->src->va(pt->src->ctx, table);
}

static hpa_t pte_hpa(u64 pte)
{
	return HPA((pte & PTE_PPN) >> PTE_PPN_SHIFT << PT_PAGE_SHIFT);
}

static u64 make_pte(hpa_t hpa, u64 attr)
{
	return hpa.a >> PT_PAGE_SHIFT << PTE_PPN_SHIFT | attr;
}

/* What is between the entries of two neighbours of a level. */
static u64 pte_step(unsigned int level)
{
	return level_size(level) >> PT_PAGE_SHIFT << PTE_PPN_SHIFT;
}

static bool pte_is_leaf(u64 pte)
{
	return pte & (PTE_R | PTE_W | PTE_X);
}

static u64 *child_va(const struct pt *pt, u64 pte)
{
	return table_va(pt, pte_hpa(pte));
}

/* Where the part of [at, end) that one entry of this level covers ends. */
static u64 entry_end(u64 at, u64 end, unsigned int level)
{
	return min_u64(end, ALIGN_DOWN(at, level_size(level)) + level_size(level));
}

static u64 *entry_of(const struct pt *pt, u64 *table, u64 at, unsigned int level)
{
	unsigned int bits = level == pt->levels - 1 ? pt->root_bits : 9;

	return &table[at >> level_shift(level) & (BIT(bits) - 1)];
}

static void note_leaf(struct pt_change *chg, u64 at, unsigned int level)
{
	u64 end = at + level_size(level);

	if (!chg->size) {
		chg->start = at;
		chg->size = end - at;
		chg->shift = level_shift(level);
		return;
	}
	end = max_u64(end, chg->start + chg->size);
	chg->start = min_u64(at, chg->start);
	chg->size = end - chg->start;
	if (level_shift(level) < chg->shift)
		chg->shift = level_shift(level);
}

static enum err check_range(const struct pt *pt, u64 at, u64 size)
{
	u64 limit = BIT(pt_bits(pt));

	if (!size || !IS_ALIGNED(at | size, PT_PAGE))
		return ERR_INVAL;
	return at < limit && size <= limit - at ? OK : ERR_RANGE;
}

/* Does any leaf reach into [at, end)? */
static bool any_leaf(const struct pt *pt, u64 *table, unsigned int level, u64 at, u64 end)
{
	for (u64 next; at < end; at = next) {
		u64 pte = *entry_of(pt, table, at, level);

		next = entry_end(at, end, level);
		if (!(pte & PTE_V))
			continue;
		if (pte_is_leaf(pte) || any_leaf(pt, child_va(pt, pte), level - 1, at, next))
			return true;
	}
	return false;
}

/*
 * Links a table of the lower level into an entry: an empty one, or, where the entry was a leaf, one
 * with the same translations in 512 parts. Instead of going through invalid the leaf becomes the
 * pointer in one store: a hart uses the old entry or the new ("Virtual Address Translation
 * Process": either, but well defined), and both say the same.
 */
static enum err link_table(struct pt *pt, u64 *e, unsigned int level, struct pt_change *chg)
{
	u64 old = *e, *table;
	hpa_t page;

	if (!pt->src->alloc(pt->src->ctx, 0, &page))
		return ERR_NOMEM;
	table = table_va(pt, page);
	for (u64 i = 0; (old & PTE_V) && i < ENTRIES; i++)
		table[i] = old + i * pte_step(level - 1);
	/* Order: the table is filled, before an entry points to it.
	 * Pairs with: the walk by hardware [A1] */
	arch_wmb();
	WRITE_ONCE(*e, make_pte(page, PTE_V));
	chg->all = true;
	return OK;
}

/* Leaves of one level for [at, end), which are in one table, from pte upwards. */
static enum err map_run(struct pt *pt, u64 at, u64 end, unsigned int level, u64 pte,
			struct pt_change *chg)
{
	u64 *table = table_va(pt, pt->root);

	for (unsigned int l = pt->levels - 1; l > level; l--) {
		u64 *e = entry_of(pt, table, at, l);

		if (!(*e & PTE_V)) {
			enum err err = link_table(pt, e, l, chg);

			if (err)
				return err;
		}
		table = child_va(pt, *e);
	}
	note_leaf(chg, at, level);
	note_leaf(chg, end - level_size(level), level);
	for (; at < end; at += level_size(level), pte += pte_step(level))
		WRITE_ONCE(*entry_of(pt, table, at, level), pte);
	return OK;
}

/* The highest level whose leaves fit: up to 1 GiB, and 512 GiB where there are four levels. */
static unsigned int best_level(const struct pt *pt, u64 at, u64 hpa, u64 left)
{
	unsigned int level = pt->levels > 3 ? 3 : 2;

	while (level && (!IS_ALIGNED(at | hpa, level_size(level)) || left < level_size(level)))
		level--;
	return level;
}

/* How far leaves of this level go on from at: to where their table ends, since larger ones can begin
 * only there, or until what is left is less than one. */
static u64 run_end(u64 at, u64 end, unsigned int level)
{
	return entry_end(at, ALIGN_DOWN(end, level_size(level)), level + 1);
}

static bool table_empty(const u64 *table)
{
	for (unsigned int i = 0; i < ENTRIES; i++)
		if (table[i] & PTE_V)
			return false;
	return true;
}

static void cut_off(struct pt *pt, u64 *e, struct pt_change *chg)
{
	hpa_t page = pte_hpa(*e);

	WRITE_ONCE(*e, 0);
	/* The link is an entry without V to a hart that still walks here. */
	WRITE_ONCE(*table_va(pt, page), chg->garbage.head);
	chg->garbage.head = page.a | GARBAGE_LINK;
	chg->all = true;
}

/* Clears every leaf in [at, end), none of which reaches out of it, and cuts off tables that are
 * empty then. */
static void clear_range(struct pt *pt, u64 *table, unsigned int level, u64 at, u64 end,
			struct pt_change *chg)
{
	for (u64 next; at < end; at = next) {
		u64 *e = entry_of(pt, table, at, level);

		next = entry_end(at, end, level);
		if (!(*e & PTE_V))
			continue;
		if (pte_is_leaf(*e)) {
			WRITE_ONCE(*e, 0);
			note_leaf(chg, at, level);
			continue;
		}
		clear_range(pt, child_va(pt, *e), level - 1, at, next, chg);
		if (table_empty(child_va(pt, *e)))
			cut_off(pt, e, chg);
	}
}

enum err pt_map(struct pt *pt, u64 at, hpa_t hpa, u64 size, u64 attr, struct pt_change *chg)
{
	enum err err = check_range(pt, at, size);

	if (err)
		return err;
	if (!IS_ALIGNED(hpa.a, PT_PAGE))
		return ERR_INVAL;
	if (hpa.a >= BIT(PT_HPA_BITS) || size > BIT(PT_HPA_BITS) - hpa.a)
		return ERR_RANGE;
	if (any_leaf(pt, table_va(pt, pt->root), pt->levels - 1, at, at + size))
		return ERR_EXIST;
	for (u64 done = 0, end; done < size; done = end - at) {
		unsigned int level = best_level(pt, at + done, hpa.a + done, size - done);

		end = run_end(at + done, at + size, level);
		err = map_run(pt, at + done, end, level, make_pte(HPA(hpa.a + done), attr), chg);
		if (err) {
			/* One page more: tables on the way to the leaf that failed are empty. */
			clear_range(pt, table_va(pt, pt->root), pt->levels - 1, at,
				    at + done + PT_PAGE, chg);
			return err;
		}
	}
	return OK;
}

/* Splits the leaf that reaches across at, if there is one, until none does; at may be the end of
 * the tree, which nothing reaches across. */
static enum err split_at(struct pt *pt, u64 at, struct pt_change *chg)
{
	u64 *table = table_va(pt, pt->root);

	for (unsigned int l = pt->levels - 1; !IS_ALIGNED(at, level_size(l)); l--) {
		u64 *e = entry_of(pt, table, at, l);

		if (!(*e & PTE_V))
			return OK;
		if (pte_is_leaf(*e)) {
			enum err err = link_table(pt, e, l, chg);

			if (err)
				return err;
			note_leaf(chg, ALIGN_DOWN(at, level_size(l)), l);
		}
		table = child_va(pt, *e);
	}
	return OK;
}

static enum err split_ends(struct pt *pt, u64 at, u64 size, struct pt_change *chg)
{
	enum err err = check_range(pt, at, size);

	if (err)
		return err;
	err = split_at(pt, at, chg);
	return err ? err : split_at(pt, at + size, chg);
}

enum err pt_unmap(struct pt *pt, u64 at, u64 size, struct pt_change *chg)
{
	enum err err = split_ends(pt, at, size, chg);

	if (err)
		return err;
	clear_range(pt, table_va(pt, pt->root), pt->levels - 1, at, at + size, chg);
	return OK;
}

static void protect_range(struct pt *pt, u64 *table, unsigned int level, u64 at, u64 end, u64 clear,
			  u64 set, struct pt_change *chg)
{
	for (u64 next; at < end; at = next) {
		u64 *e = entry_of(pt, table, at, level), pte = (*e & ~clear) | set;

		next = entry_end(at, end, level);
		if (!(*e & PTE_V))
			continue;
		if (!pte_is_leaf(*e)) {
			protect_range(pt, child_va(pt, *e), level - 1, at, next, clear, set, chg);
		} else if (pte != *e) {
			WRITE_ONCE(*e, pte);
			note_leaf(chg, at, level);
		}
	}
}

enum err pt_protect(struct pt *pt, u64 at, u64 size, u64 clear, u64 set, struct pt_change *chg)
{
	enum err err = split_ends(pt, at, size, chg);

	if (err)
		return err;
	protect_range(pt, table_va(pt, pt->root), pt->levels - 1, at, at + size, clear, set, chg);
	return OK;
}

static enum err split_range(struct pt *pt, u64 *table, unsigned int level, u64 at, u64 end,
			    unsigned int shift, struct pt_change *chg)
{
	enum err err = OK;

	for (u64 next; at < end && !err && level_shift(level) > shift; at = next) {
		u64 *e = entry_of(pt, table, at, level);

		next = entry_end(at, end, level);
		if (!(*e & PTE_V))
			continue;
		if (pte_is_leaf(*e)) {
			err = link_table(pt, e, level, chg);
			if (err)
				break;
			note_leaf(chg, ALIGN_DOWN(at, level_size(level)), level);
		}
		err = split_range(pt, child_va(pt, *e), level - 1, at, next, shift, chg);
	}
	return err;
}

enum err pt_split(struct pt *pt, u64 at, u64 size, unsigned int shift, struct pt_change *chg)
{
	enum err err = check_range(pt, at, size);

	if (err)
		return err;
	if (shift < PT_PAGE_SHIFT)
		return ERR_INVAL;
	return split_range(pt, table_va(pt, pt->root), pt->levels - 1, at, at + size, shift, chg);
}

enum err pt_lookup(const struct pt *pt, u64 at, struct pt_leaf *out)
{
	u64 *table = table_va(pt, pt->root);

	if (at >= BIT(pt_bits(pt)))
		return ERR_RANGE;
	for (unsigned int l = pt->levels; l-- > 0;) {
		u64 pte = READ_ONCE(*entry_of(pt, table, at, l));

		if (!(pte & PTE_V))
			return ERR_NOENT;
		if (pte_is_leaf(pte)) {
			out->hpa = HPA(pte_hpa(pte).a + (at & (level_size(l) - 1)));
			out->pte = pte;
			out->shift = level_shift(l);
			return OK;
		}
		table = child_va(pt, pte);
	}
	return ERR_NOENT;
}

static void free_below(struct pt *pt, u64 *table, u64 entries)
{
	for (u64 i = 0; i < entries; i++) {
		u64 pte = table[i];

		if (likely(!pte))
			continue;
		table[i] = 0;
		if (!(pte & PTE_V) || pte_is_leaf(pte))
			continue;
		free_below(pt, child_va(pt, pte), ENTRIES);
		pt->src->free(pt->src->ctx, 0, pte_hpa(pte));
	}
}

void pt_free_tables(struct pt *pt)
{
	free_below(pt, table_va(pt, pt->root), BIT(pt->root_bits));
}

void pt_garbage_free(const struct pt_source *src, struct pt_garbage *g)
{
	while (g->head) {
		hpa_t page = HPA(g->head & ~GARBAGE_LINK);

		g->head = *(u64 *)src->va(src->ctx, page);
		src->free(src->ctx, 0, page);
	}
}
