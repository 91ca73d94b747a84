/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The APLIC model. See vaplic.h.
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
#include "guest/riscv/vaplic.h"

#include "hyp/mem/kmem.h"
#include "lib/bits.h"
#include "lib/check.h"

#define WORD_BITS  64
#define WORDS_MAX  ((VAPLIC_SOURCES_MAX + 1) / WORD_BITS)
#define PRIORITIES (VAPLIC_PRIORITY_MAX + 1)

#define DOMAINCFG_FIXED 0x80000000U
#define HART_MASK	(0x3fffU << VAPLIC_HART_SHIFT)

/* Interrupt delivery control of a hart. */
struct vaplic_idc {
	bool delivery, force, ext;
	u32 threshold;
	u64 targets[WORDS_MAX];
};

struct vaplic {
	/* Set when it is made, then constant. */
	const struct vaplic_ops *ops;
	void *arg;
	u32 sources, harts, geilen;
	u32 guest_mask; /* bits of a target that hold its Guest Index */
	u32 words;	/* words of a bitmap in use */
	u32 idcs;	/* harts, or 0 where there is no direct delivery */
	bool both;	/* ways to deliver: DM is writable */

	struct spinlock lock; /* protects all below */
	u64 unknown;
	bool ie, msi_mode;
	u32 genmsi;
	u64 connected[WORDS_MAX];
	u64 high[WORDS_MAX]; /* the wires */
	/* What sourcecfg says: wired is edge or level, inverted is Edge0 or Level0. */
	u64 wired[WORDS_MAX], inverted[WORDS_MAX], level[WORDS_MAX];
	u64 pending[WORDS_MAX], enabled[WORDS_MAX];
	u8 mode[VAPLIC_SOURCES_MAX + 1];
	u32 target[VAPLIC_SOURCES_MAX + 1];
	u16 at_priority[PRIORITIES]; /* how many sources have it */
	u64 by_priority[PRIORITIES][WORDS_MAX];
	struct vaplic_idc idc[];
};

static bool test(const u64 *map, u32 n)
{
	return map[n / WORD_BITS] >> (n % WORD_BITS) & 1;
}

static void assign(u64 *map, u32 n, bool v)
{
	u64 bit = 1ULL << (n % WORD_BITS);

	map[n / WORD_BITS] = v ? map[n / WORD_BITS] | bit : map[n / WORD_BITS] & ~bit;
}

static u32 lowest(u64 word)
{
	return (u32)__builtin_ctzll(word);
}

static bool active(const struct vaplic *p, u32 s)
{
	return p->mode[s] != VAPLIC_INACTIVE;
}

/* The rectified inputs of a word of sources. */
static u64 rectified_word(const struct vaplic *p, u32 w)
{
	return (p->high[w] ^ p->inverted[w]) & p->wired[w];
}

static bool rectified(const struct vaplic *p, u32 s)
{
	return rectified_word(p, s / WORD_BITS) >> (s % WORD_BITS) & 1;
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
			return w * WORD_BITS + lowest(word);
	}
	return 0;
}

/* topi: the pending, enabled source with the smallest priority number, under the threshold if that is
 * not 0. */
static u32 topi(const struct vaplic *p, const struct vaplic_idc *c)
{
	u32 end = c->threshold ? c->threshold : PRIORITIES;

	for (u32 priority = 1; priority < end; priority++) {
		u32 s = p->at_priority[priority] ? best_at(p, c, priority) : 0;

		if (s)
			return s << VAPLIC_TOPI_SHIFT | priority;
	}
	return 0;
}

static void update_idc(struct vaplic *p, struct vaplic_idc *c)
{
	bool ext = !p->msi_mode && p->ie && c->delivery && (c->force || topi(p, c));

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
			forward(p, w * WORD_BITS + lowest(word));
}

/* --- sources ------------------------------------------------------------------------------------ */

/* Something about a source changed: delivers it, or no longer. */
static void update(struct vaplic *p, u32 s)
{
	u32 hart = target_hart(p, s);

	if (p->msi_mode)
		forward(p, s);
	else if (hart < p->idcs)
		update_idc(p, &p->idc[hart]);
}

static __cold void update_all(struct vaplic *p)
{
	for (u32 i = 0; i < p->idcs; i++)
		update_idc(p, &p->idc[i]);
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
static void set_pending(struct vaplic *p, u32 s)
{
	if (!active(p, s) || (test(p->level, s) && !(p->msi_mode && rectified(p, s))))
		return;
	assign(p->pending, s, true);
	update(p, s);
}

/* Section 4.7: what in_clrip, clripnum and a claim may do. */
static void clear_pending(struct vaplic *p, u32 s)
{
	if (test(p->level, s) && !p->msi_mode)
		return;
	assign(p->pending, s, false);
	update(p, s);
}

static void set_enabled(struct vaplic *p, u32 s)
{
	if (!active(p, s))
		return;
	assign(p->enabled, s, true);
	update(p, s);
}

static void clear_enabled(struct vaplic *p, u32 s)
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

static void write_target(struct vaplic *p, u32 s, u32 val)
{
	u32 old = target_hart(p, s);

	if (!active(p, s))
		return;
	index_source(p, s, false);
	p->target[s] = legal_target(p, val);
	index_source(p, s, true);
	if (old < p->idcs)
		update_idc(p, &p->idc[old]);
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

static __cold void write_sourcecfg(struct vaplic *p, u32 s, u32 val)
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
		update_idc(p, &p->idc[hart]);
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

static void write_domaincfg(struct vaplic *p, u32 val)
{
	bool msi_mode = val & VAPLIC_DOMAINCFG_DM;

	if (p->both && msi_mode != p->msi_mode)
		set_msi_mode(p, msi_mode);
	p->ie = val & VAPLIC_DOMAINCFG_IE;
	update_all(p);
}

static u32 read_domaincfg(const struct vaplic *p)
{
	return DOMAINCFG_FIXED | (p->ie ? VAPLIC_DOMAINCFG_IE : 0) |
	       (p->msi_mode ? VAPLIC_DOMAINCFG_DM : 0);
}

/* Sent at once, after all MSIs that were sent before it; whatever IE says. */
static void write_genmsi(struct vaplic *p, u32 val)
{
	if (!p->msi_mode)
		return;
	p->genmsi = val & (HART_MASK | VAPLIC_EIID_MASK);
	send(p, p->genmsi);
}

/* A claim of nothing takes back iforce. */
static u32 claim(struct vaplic *p, struct vaplic_idc *c)
{
	u32 top = topi(p, c);

	if (top) {
		clear_pending(p, top >> VAPLIC_TOPI_SHIFT);
	} else {
		c->force = false;
		update_idc(p, c);
	}
	return top;
}

/* --- registers ---------------------------------------------------------------------------------- */

enum reg_kind {
	REG_UNKNOWN,
	REG_DOMAINCFG,
	REG_SOURCECFG,
	REG_SETIP,
	REG_SETIPNUM,
	REG_IN_CLRIP,
	REG_CLRIPNUM,
	REG_SETIE,
	REG_SETIENUM,
	REG_CLRIE,
	REG_CLRIENUM,
	REG_GENMSI,
	REG_TARGET,
	REG_IDELIVERY,
	REG_IFORCE,
	REG_ITHRESHOLD,
	REG_TOPI,
	REG_CLAIMI,
};

/* A register: which kind, and source, word of 32 sources, or hart. */
struct reg {
	enum reg_kind kind;
	u32 n;
};

static struct reg find_idc_reg(const struct vaplic *p, u64 off)
{
	u64 hart = (off - VAPLIC_IDC) / VAPLIC_IDC_STRIDE;
	struct reg r = {REG_UNKNOWN, (u32)hart};

	if (hart >= p->idcs)
		return r;
	switch (off % VAPLIC_IDC_STRIDE) {
	case VAPLIC_IDELIVERY: r.kind = REG_IDELIVERY; break;
	case VAPLIC_IFORCE: r.kind = REG_IFORCE; break;
	case VAPLIC_ITHRESHOLD: r.kind = REG_ITHRESHOLD; break;
	case VAPLIC_TOPI: r.kind = REG_TOPI; break;
	case VAPLIC_CLAIMI: r.kind = REG_CLAIMI; break;
	default: break;
	}
	return r;
}

/* One register a source, the first for source 0: that one is another, first. */
static struct reg find_source_reg(const struct vaplic *p, u64 off, enum reg_kind kind,
				  enum reg_kind first)
{
	u32 s = (u32)(off / 4);

	if (s == 0)
		return (struct reg){first, 0};
	return (struct reg){s <= p->sources ? kind : REG_UNKNOWN, s};
}

/* Blocks of 0x100 bytes: 32 words of 32 sources, and at 0xdc the register that takes a number. */
static struct reg find_bits_reg(const struct vaplic *p, u64 off)
{
	static const enum reg_kind word[] = {REG_SETIP, REG_IN_CLRIP, REG_SETIE, REG_CLRIE};
	static const enum reg_kind num[] = {REG_SETIPNUM, REG_CLRIPNUM, REG_SETIENUM, REG_CLRIENUM};
	u32 block = (u32)(off - VAPLIC_SETIP) / 0x100, at = (u32)off % 0x100;

	if (at == VAPLIC_SETIPNUM % 0x100)
		return (struct reg){num[block], 0};
	return (struct reg){at / 4 <= p->sources / 32 ? word[block] : REG_UNKNOWN, at / 4};
}

static struct reg find_reg(const struct vaplic *p, u64 off)
{
	if (off % 4)
		return (struct reg){REG_UNKNOWN, 0};
	if (off >= VAPLIC_IDC)
		return find_idc_reg(p, off);
	if (off >= VAPLIC_TARGET)
		return find_source_reg(p, off - VAPLIC_TARGET, REG_TARGET, REG_GENMSI);
	if (off == VAPLIC_SETIPNUM_LE)
		return (struct reg){REG_SETIPNUM, 0};
	if (off >= VAPLIC_SETIP && off < VAPLIC_SETIPNUM_LE)
		return find_bits_reg(p, off);
	if (off < VAPLIC_SETIP)
		return find_source_reg(p, off, REG_SOURCECFG, REG_DOMAINCFG);
	return (struct reg){REG_UNKNOWN, 0};
}

/* The 32 bits that start at source n * 32, of the word of 64 that has them. */
static u32 half(u64 word, u32 n)
{
	return (u32)(word >> (n % 2 * 32));
}

static u32 read_locked(struct vaplic *p, struct reg r)
{
	switch (r.kind) {
	case REG_DOMAINCFG: return read_domaincfg(p);
	case REG_SOURCECFG: return p->mode[r.n];
	case REG_SETIP: return half(p->pending[r.n / 2], r.n);
	case REG_IN_CLRIP: return half(rectified_word(p, r.n / 2), r.n);
	case REG_SETIE: return half(p->enabled[r.n / 2], r.n);
	case REG_GENMSI: return p->genmsi;
	case REG_TARGET: return p->target[r.n];
	case REG_IDELIVERY: return p->idc[r.n].delivery;
	case REG_IFORCE: return p->idc[r.n].force;
	case REG_ITHRESHOLD: return p->idc[r.n].threshold;
	case REG_TOPI: return topi(p, &p->idc[r.n]);
	case REG_CLAIMI: return claim(p, &p->idc[r.n]);
	case REG_UNKNOWN: p->unknown++; return 0;
	default: return 0;
	}
}

/* Calls fn for the source with that number, if it exists. */
static void for_number(struct vaplic *p, u32 val, void (*fn)(struct vaplic *p, u32 s))
{
	if (val && val <= p->sources)
		fn(p, val);
}

/* Calls fn for each source that exists and has its bit in val: word n of 32. */
static void for_bits(struct vaplic *p, u32 n, u32 val, void (*fn)(struct vaplic *p, u32 s))
{
	for (; val; val &= val - 1)
		for_number(p, n * 32 + lowest(val), fn);
}

static void write_source(struct vaplic *p, struct reg r, u32 val)
{
	switch (r.kind) {
	case REG_SOURCECFG: write_sourcecfg(p, r.n, val); break;
	case REG_TARGET: write_target(p, r.n, val); break;
	case REG_SETIP: for_bits(p, r.n, val, set_pending); break;
	case REG_IN_CLRIP: for_bits(p, r.n, val, clear_pending); break;
	case REG_SETIE: for_bits(p, r.n, val, set_enabled); break;
	case REG_CLRIE: for_bits(p, r.n, val, clear_enabled); break;
	case REG_SETIPNUM: for_number(p, val, set_pending); break;
	case REG_CLRIPNUM: for_number(p, val, clear_pending); break;
	case REG_SETIENUM: for_number(p, val, set_enabled); break;
	case REG_CLRIENUM: for_number(p, val, clear_enabled); break;
	default: break; /* read-only */
	}
}

/* The fields keep as many of their low bits as they have. */
static void write_idc(struct vaplic *p, struct reg r, u32 val)
{
	struct vaplic_idc *c = &p->idc[r.n];

	if (r.kind == REG_IDELIVERY)
		c->delivery = val & 1;
	else if (r.kind == REG_IFORCE)
		c->force = val & 1;
	else
		c->threshold = val & VAPLIC_PRIORITY_MAX;
	update_idc(p, c);
}

static void write_locked(struct vaplic *p, struct reg r, u32 val)
{
	switch (r.kind) {
	case REG_UNKNOWN: p->unknown++; break;
	case REG_DOMAINCFG: write_domaincfg(p, val); break;
	case REG_GENMSI: write_genmsi(p, val); break;
	case REG_IDELIVERY:
	case REG_IFORCE:
	case REG_ITHRESHOLD: write_idc(p, r, val); break;
	default: write_source(p, r, val); break;
	}
}

u32 vaplic_read(struct vaplic *p, u64 off)
{
	struct reg r = find_reg(p, off);
	unsigned long flags = spin_lock_irqsave(&p->lock);
	u32 val = read_locked(p, r);

	spin_unlock_irqrestore(&p->lock, flags);
	return val;
}

void vaplic_write(struct vaplic *p, u64 off, u32 val)
{
	struct reg r = find_reg(p, off);
	unsigned long flags = spin_lock_irqsave(&p->lock);

	write_locked(p, r, val);
	spin_unlock_irqrestore(&p->lock, flags);
}

static enum err mmio_access_valid(u64 off, unsigned int width)
{
	return width == 4 && off % 4 == 0 ? OK : ERR_INVAL;
}

static enum err vaplic_mmio_read(void *dev, u64 off, unsigned int width, u64 *val)
{
	enum err e = mmio_access_valid(off, width);

	if (!e)
		*val = vaplic_read(dev, off);
	return e;
}

static enum err vaplic_mmio_write(void *dev, u64 off, unsigned int width, u64 *val)
{
	enum err e = mmio_access_valid(off, width);

	if (!e)
		vaplic_write(dev, off, (u32)*val);
	return e;
}

const struct mmio_ops vaplic_mmio_ops = {.read = vaplic_mmio_read, .write = vaplic_mmio_write};

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
		write_sourcecfg(p, s, VAPLIC_INACTIVE);
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
