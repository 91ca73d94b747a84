/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The APLIC model. See vaplic.h; its registers are guest/riscv/vaplic_regs.c.
 *
 * State is kept in bitmaps of sources, 64 a word, as in the PLIC model: finding the best source of a
 * hart looks at no more than 16 words for each priority in use.
 *
 * Invariants, under the lock:
 *   - source 0, those over `sources`, and inactive ones have no bit in pending, enabled, level,
 *     inverted and wired, and target 0;
 *   - in direct mode an active source is in by_priority[] of its priority, and in the targets of its
 *     hart if that exists; in MSI mode all these are empty;
 *   - in direct mode a level source is pending exactly if its rectified input is high; in MSI mode it
 *     is not pending if that is low;
 *   - in MSI mode with IE set no source is pending and enabled when the lock is released;
 *   - idc.ext is what set_ext was last told.
 */
#include "guest/riscv/vaplic_model.h"

#include "hyp/mem/kmem.h"
#include "lib/bits.h"
#include "lib/check.h"

static bool test(const u64 *map, u32 n)
{
	return map[n / WORD_BITS] >> (n % WORD_BITS) & 1;
}

static void assign(u64 *map, u32 n, bool v)
{
	u64 bit = 1ULL << (n % WORD_BITS);

	map[n / WORD_BITS] = v ? map[n / WORD_BITS] | bit : map[n / WORD_BITS] & ~bit;
}

static bool active(const struct vaplic *p, u32 s)
{
	return p->mode[s] != VAPLIC_INACTIVE;
}

static bool rectified(const struct vaplic *p, u32 s)
{
	return vaplic_rectified_word(p, s / WORD_BITS) >> (s % WORD_BITS) & 1;
}

static u32 target_hart(const struct vaplic *p, u32 s)
{
	return p->target[s] >> VAPLIC_HART_SHIFT;
}

static u32 target_priority(const struct vaplic *p, u32 s)
{
	return p->target[s] & VAPLIC_PRIORITY_MAX;
}

/* --- direct delivery ---------------------------------------------------------------------------- */

/* The best source of a hart with this priority: the lowest number, or 0. */
static u32 best_at(const struct vaplic *p, const struct vaplic_idc *c, u32 priority)
{
	const u64 *by = p->by_priority[priority];

	for (u32 w = 0; w < p->words; w++) {
		u64 word = p->pending[w] & p->enabled[w] & c->targets[w] & by[w];

		if (word)
			return w * WORD_BITS + vaplic_lowest(word);
	}
	return 0;
}

/* topi: the pending, enabled source with the smallest priority number, under the threshold if that is
 * not 0. */
u32 vaplic_topi(const struct vaplic *p, const struct vaplic_idc *c)
{
	u32 end = c->threshold ? c->threshold : PRIORITIES;

	for (u32 priority = 1; priority < end; priority++) {
		u32 s = p->at_priority[priority] ? best_at(p, c, priority) : 0;

		if (s)
			return s << VAPLIC_TOPI_SHIFT | priority;
	}
	return 0;
}

void vaplic_update_idc(struct vaplic *p, struct vaplic_idc *c)
{
	bool ext = !p->msi_mode && p->ie && c->delivery && (c->force || vaplic_topi(p, c));

	if (c->ext == ext)
		return;
	c->ext = ext;
	p->ops->set_ext(p->arg, (u32)(c - p->idc), ext);
}

/* Enters an active source into the indexes of direct mode, or takes it out. */
static void index_source(struct vaplic *p, u32 s, bool in)
{
	u32 hart = target_hart(p, s), priority = target_priority(p, s);

	if (p->msi_mode || !active(p, s))
		return;
	assign(p->by_priority[priority], s, in);
	p->at_priority[priority] = (u16)(p->at_priority[priority] + (in ? 1 : -1));
	if (hart < p->idcs)
		assign(p->idc[hart].targets, s, in);
}

/* --- MSIs --------------------------------------------------------------------------------------- */

static void send(struct vaplic *p, u32 target)
{
	u32 hart = target >> VAPLIC_HART_SHIFT;
	u32 guest = (target & p->guest_mask) >> VAPLIC_GUEST_SHIFT;

	if (hart < p->harts && guest <= p->geilen)
		p->ops->msi(p->arg, hart, guest, target & VAPLIC_EIID_MASK);
}

static void forward(struct vaplic *p, u32 s)
{
	if (!p->ie || !test(p->pending, s) || !test(p->enabled, s))
		return;
	assign(p->pending, s, false);
	send(p, p->target[s]);
}

static void forward_all(struct vaplic *p)
{
	for (u32 w = 0; w < p->words; w++)
		for (u64 word = p->pending[w] & p->enabled[w]; word; word &= word - 1)
			forward(p, w * WORD_BITS + vaplic_lowest(word));
}

/* --- sources ------------------------------------------------------------------------------------ */

/* Something about a source changed: delivers it, or no longer. */
static void update(struct vaplic *p, u32 s)
{
	u32 hart = target_hart(p, s);

	if (p->msi_mode)
		forward(p, s);
	else if (hart < p->idcs)
		vaplic_update_idc(p, &p->idc[hart]);
}

static __cold void update_all(struct vaplic *p)
{
	for (u32 i = 0; i < p->idcs; i++)
		vaplic_update_idc(p, &p->idc[i]);
	if (p->msi_mode)
		forward_all(p);
}

static void wire(struct vaplic *p, u32 s, bool level)
{
	bool was = rectified(p, s), now;

	assign(p->high, s, level);
	now = rectified(p, s);
	if (now == was)
		return;
	if (now)
		assign(p->pending, s, true);
	else if (test(p->level, s))
		assign(p->pending, s, false);
	update(p, s);
}

/* Section 4.7: what setip and setipnum may do. */
void vaplic_set_pending(struct vaplic *p, u32 s)
{
	if (!active(p, s) || (test(p->level, s) && !(p->msi_mode && rectified(p, s))))
		return;
	assign(p->pending, s, true);
	update(p, s);
}

/* Section 4.7: what in_clrip, clripnum and a claim may do. */
void vaplic_clear_pending(struct vaplic *p, u32 s)
{
	if (test(p->level, s) && !p->msi_mode)
		return;
	assign(p->pending, s, false);
	update(p, s);
}

void vaplic_set_enabled(struct vaplic *p, u32 s)
{
	if (!active(p, s))
		return;
	assign(p->enabled, s, true);
	update(p, s);
}

void vaplic_clear_enabled(struct vaplic *p, u32 s)
{
	assign(p->enabled, s, false);
	update(p, s);
}

/* What a write to target[s] leaves there. */
static u32 legal_target(const struct vaplic *p, u32 val)
{
	u32 priority = val & VAPLIC_PRIORITY_MAX;

	if (p->msi_mode)
		return val & (HART_MASK | p->guest_mask | VAPLIC_EIID_MASK);
	return (val & HART_MASK) | (priority ? priority : 1);
}

void vaplic_write_target(struct vaplic *p, u32 s, u32 val)
{
	u32 old = target_hart(p, s);

	if (!active(p, s))
		return;
	index_source(p, s, false);
	p->target[s] = legal_target(p, val);
	index_source(p, s, true);
	if (old < p->idcs)
		vaplic_update_idc(p, &p->idc[old]);
	update(p, s);
}

static enum vaplic_mode legal_mode(u32 val)
{
	u32 mode = val & 7;

	if ((val & VAPLIC_SOURCECFG_D) || mode == 2 || mode == 3)
		return VAPLIC_INACTIVE;
	return (enum vaplic_mode)mode;
}

static void set_mode(struct vaplic *p, u32 s, enum vaplic_mode mode)
{
	p->mode[s] = (u8)mode;
	assign(p->wired, s, mode >= VAPLIC_EDGE1);
	assign(p->inverted, s, mode == VAPLIC_EDGE0 || mode == VAPLIC_LEVEL0);
	assign(p->level, s, mode >= VAPLIC_LEVEL1);
}

/* The pending bit of a level source after its mode, or the domain's, has changed. */
static void settle_level(struct vaplic *p, u32 s, bool risen)
{
	bool now = rectified(p, s);

	if (test(p->level, s))
		assign(p->pending, s, now && (!p->msi_mode || risen || test(p->pending, s)));
}

__cold void vaplic_write_sourcecfg(struct vaplic *p, u32 s, u32 val)
{
	enum vaplic_mode mode = legal_mode(val);
	bool was_active = active(p, s), was_high = rectified(p, s);
	u32 hart = target_hart(p, s);

	if (mode == p->mode[s])
		return;
	index_source(p, s, false);
	set_mode(p, s, mode);
	if (mode == VAPLIC_INACTIVE) {
		assign(p->pending, s, false);
		assign(p->enabled, s, false);
		p->target[s] = 0;
	} else if (!was_active) {
		p->target[s] = legal_target(p, 0);
	}
	settle_level(p, s, !was_high);
	index_source(p, s, true);
	if (hart < p->idcs)
		vaplic_update_idc(p, &p->idc[hart]);
	update(p, s);
}

/* --- the domain --------------------------------------------------------------------------------- */

static void set_msi_mode(struct vaplic *p, bool msi_mode)
{
	for (u32 s = 1; s <= p->sources; s++)
		index_source(p, s, false);
	p->msi_mode = msi_mode;
	p->genmsi = 0;
	for (u32 s = 1; s <= p->sources; s++) {
		if (!active(p, s))
			continue;
		p->target[s] = legal_target(p, 0);
		settle_level(p, s, false);
		index_source(p, s, true);
	}
}

void vaplic_write_domaincfg(struct vaplic *p, u32 val)
{
	bool msi_mode = val & VAPLIC_DOMAINCFG_DM;

	if (p->both && msi_mode != p->msi_mode)
		set_msi_mode(p, msi_mode);
	p->ie = val & VAPLIC_DOMAINCFG_IE;
	update_all(p);
}

u32 vaplic_read_domaincfg(const struct vaplic *p)
{
	return DOMAINCFG_FIXED | (p->ie ? VAPLIC_DOMAINCFG_IE : 0) |
	       (p->msi_mode ? VAPLIC_DOMAINCFG_DM : 0);
}

/* Sent at once, after all MSIs that were sent before it; whatever IE says. */
void vaplic_write_genmsi(struct vaplic *p, u32 val)
{
	if (!p->msi_mode)
		return;
	p->genmsi = val & (HART_MASK | VAPLIC_EIID_MASK);
	send(p, p->genmsi);
}

/* A claim of nothing takes back iforce. */
u32 vaplic_claim(struct vaplic *p, struct vaplic_idc *c)
{
	u32 top = vaplic_topi(p, c);

	if (top) {
		vaplic_clear_pending(p, top >> VAPLIC_TOPI_SHIFT);
	} else {
		c->force = false;
		vaplic_update_idc(p, c);
	}
	return top;
}

bool vaplic_ext(struct vaplic *p, u32 hart)
{
	unsigned long flags = spin_lock_irqsave(&p->lock);
	bool ext = hart < p->idcs && p->idc[hart].ext;

	spin_unlock_irqrestore(&p->lock, flags);
	return ext;
}

u64 vaplic_unknown(struct vaplic *p)
{
	unsigned long flags = spin_lock_irqsave(&p->lock);
	u64 n = p->unknown;

	spin_unlock_irqrestore(&p->lock, flags);
	return n;
}

u64 vaplic_size(const struct vaplic *p)
{
	return ALIGN_UP(VAPLIC_IDC + (u64)p->idcs * VAPLIC_IDC_STRIDE, 0x1000);
}

/* --- lines -------------------------------------------------------------------------------------- */

static void line_set(struct virq_line *line, bool level)
{
	struct vaplic *p = line->controller;
	unsigned long flags = spin_lock_irqsave(&p->lock);

	wire(p, line->source, level);
	spin_unlock_irqrestore(&p->lock, flags);
}

static void line_pulse(struct virq_line *line)
{
	struct vaplic *p = line->controller;
	u32 s = line->source;
	unsigned long flags = spin_lock_irqsave(&p->lock);
	bool high = test(p->high, s);

	wire(p, s, !high);
	wire(p, s, high);
	spin_unlock_irqrestore(&p->lock, flags);
}

static const struct virq_ops line_ops = {.set = line_set, .pulse = line_pulse};

enum err vaplic_connect(struct vaplic *p, struct virq_line *line, u32 source,
			enum virq_trigger trigger)
{
	unsigned long flags;
	bool busy;

	if (source == 0 || source > p->sources)
		return ERR_RANGE;
	flags = spin_lock_irqsave(&p->lock);
	busy = test(p->connected, source);
	if (!busy) {
		assign(p->connected, source, true);
		virq_connect(line, &line_ops, p, source, trigger);
	}
	spin_unlock_irqrestore(&p->lock, flags);
	return busy ? ERR_BUSY : OK;
}

void vaplic_disconnect(struct vaplic *p, struct virq_line *line)
{
	unsigned long flags = spin_lock_irqsave(&p->lock);

	CHECK(line->controller == p);
	assign(p->connected, line->source, false);
	wire(p, line->source, false);
	virq_disconnect(line);
	spin_unlock_irqrestore(&p->lock, flags);
}

/* --- its life ----------------------------------------------------------------------------------- */

static __cold void reset_domain(struct vaplic *p)
{
	for (u32 i = 0; i < p->idcs; i++) {
		p->idc[i].delivery = false;
		p->idc[i].force = false;
		p->idc[i].threshold = 0;
	}
	p->msi_mode = p->idcs == 0;
	p->genmsi = 0;
	update_all(p);
}

/* With interrupts on in between: no vCPU runs that could see it half done. */
void vaplic_reset(struct vaplic *p)
{
	unsigned long flags = spin_lock_irqsave(&p->lock);

	p->ie = false;
	spin_unlock_irqrestore(&p->lock, flags);
	for (u32 s = 1; s <= p->sources; s++) {
		flags = spin_lock_irqsave(&p->lock);
		vaplic_write_sourcecfg(p, s, VAPLIC_INACTIVE);
		spin_unlock_irqrestore(&p->lock, flags);
	}
	flags = spin_lock_irqsave(&p->lock);
	reset_domain(p);
	spin_unlock_irqrestore(&p->lock, flags);
}

/* All ones up to the highest bit of n. */
static u32 bits_for(u32 n)
{
	return (u32)BIT(bits_needed(n)) - 1;
}

static enum err check_config(const struct vaplic_config *c)
{
	if (c->sources == 0 || c->sources > VAPLIC_SOURCES_MAX || c->harts == 0 ||
	    c->harts > VAPLIC_HARTS_MAX || c->geilen > VAPLIC_GEILEN_MAX)
		return ERR_RANGE;
	return c->ops->set_ext || c->ops->msi ? OK : ERR_INVAL;
}

enum err vaplic_create(const struct vaplic_config *c, struct vaplic **out)
{
	u32 idcs = c->ops->set_ext ? c->harts : 0;
	enum err e = check_config(c);
	struct vaplic *p;

	if (e)
		return e;
	p = kmem_alloc(sizeof(*p) + idcs * sizeof(struct vaplic_idc));
	if (!p)
		return ERR_NOMEM;
	p->lock = (struct spinlock)SPINLOCK_INIT("vaplic");
	p->ops = c->ops;
	p->arg = c->arg;
	p->sources = c->sources;
	p->harts = c->harts;
	p->geilen = c->geilen;
	p->guest_mask = bits_for(c->geilen) << VAPLIC_GUEST_SHIFT;
	p->words = c->sources / WORD_BITS + 1;
	p->idcs = idcs;
	p->both = c->ops->set_ext && c->ops->msi;
	p->msi_mode = idcs == 0;
	*out = p;
	return OK;
}

void vaplic_destroy(struct vaplic *p)
{
	kmem_free(p);
}
