/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PLIC model. See vplic.h.
 *
 * State is kept in bitmaps of sources, 64 a word, so that finding the best source of a context
 * looks at no more than 16 words for each priority in use, however many sources are pending. Each
 * source also knows which contexts enable it: a change of one source visits only those.
 *
 * Invariants, under the lock:
 *   - a source is in by_priority[p] exactly if its priority is p; source 0 and those over ndev
 *     have no bit anywhere, but for priority 0;
 *   - enabled_by is the transpose of the contexts' enable bits;
 *   - ctx.ext is what set_ext was last told: some enabled, pending source has a priority over the
 *     threshold;
 *   - latched implies in_service.
 */
#include "guest/riscv/vplic.h"

#include "hyp/mem/kmem.h"
#include "lib/check.h"

#define WORD_BITS  64
#define WORDS_MAX  ((VPLIC_SOURCES_MAX + 1) / WORD_BITS)
#define PRIORITIES (VPLIC_PRIORITY_MAX + 1)

struct vplic_ctx {
	u32 threshold;
	bool ext;
	u64 enable[WORDS_MAX];
};

struct vplic {
	/* Set when it is made, then constant. */
	const struct vplic_ops *ops;
	void *arg;
	u32 ndev, nctx;
	u32 words;	 /* words of a bitmap of sources in use */
	u32 ctx_words;	 /* words of a bitmap of contexts */
	u64 *enabled_by; /* bitmaps of contexts, one a source; behind ctx[] */

	struct spinlock lock; /* protects all below */
	u64 unknown;
	u64 connected[WORDS_MAX];
	u64 edge[WORDS_MAX];	   /* edge-triggered, or else level */
	u64 high[WORDS_MAX];	   /* the line's level */
	u64 pending[WORDS_MAX];	   /* IP bits */
	u64 in_service[WORDS_MAX]; /* claimed, not completed: the gateway is shut */
	u64 latched[WORDS_MAX];	   /* an edge came meanwhile */
	u8 priority[VPLIC_SOURCES_MAX + 1];
	u16 at_priority[PRIORITIES]; /* how many sources have it */
	u64 by_priority[PRIORITIES][WORDS_MAX];
	struct vplic_ctx ctx[];
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

/* The enabled, pending source of a context with this priority and the lowest number, or 0. */
static u32 best_at(const struct vplic *p, const struct vplic_ctx *c, u32 priority)
{
	const u64 *by = p->by_priority[priority];

	for (u32 w = 0; w < p->words; w++) {
		u64 word = p->pending[w] & c->enable[w] & by[w];

		if (word)
			return w * WORD_BITS + lowest(word);
	}
	return 0;
}

/* The enabled, pending source of a context whose priority is over above and the highest, or 0. */
static u32 best(const struct vplic *p, const struct vplic_ctx *c, u32 above)
{
	for (u32 priority = VPLIC_PRIORITY_MAX; priority > above; priority--) {
		u32 s = p->at_priority[priority] ? best_at(p, c, priority) : 0;

		if (s)
			return s;
	}
	return 0;
}

static void set_ext(struct vplic *p, struct vplic_ctx *c, bool level)
{
	if (c->ext == level)
		return;
	c->ext = level;
	p->ops->set_ext(p->arg, (u32)(c - p->ctx), level);
}

/* Something about this context changed: works out its external interrupt anew. */
static void update_ctx(struct vplic *p, struct vplic_ctx *c)
{
	set_ext(p, c, best(p, c, c->threshold) != 0);
}

/* Calls fn for each context that enables a source. */
static void for_each_enabling(struct vplic *p, u32 source,
			      void (*fn)(struct vplic *p, struct vplic_ctx *c, u32 source))
{
	const u64 *by = &p->enabled_by[(size_t)source * p->ctx_words];

	for (u32 w = 0; w < p->ctx_words; w++)
		for (u64 word = by[w]; word; word &= word - 1)
			fn(p, &p->ctx[w * WORD_BITS + lowest(word)], source);
}

/* A source a context enables has become pending: its interrupt can only rise. */
static void raise_one(struct vplic *p, struct vplic_ctx *c, u32 source)
{
	if (p->priority[source] > c->threshold)
		set_ext(p, c, true);
}

/* A source a context enables has left pending: its interrupt can only fall. */
static void lower_one(struct vplic *p, struct vplic_ctx *c, u32 source)
{
	(void)source;
	if (c->ext)
		update_ctx(p, c);
}

static void update_one(struct vplic *p, struct vplic_ctx *c, u32 source)
{
	(void)source;
	update_ctx(p, c);
}

static void set_pending(struct vplic *p, u32 source)
{
	assign(p->pending, source, true);
	for_each_enabling(p, source, raise_one);
}

/* The gateway got a request. While the last one is pending or in service it forwards none; an
 * edge that comes in service is kept (chapter 2, "Interrupt Gateways"). */
static void request(struct vplic *p, u32 source, bool edge)
{
	if (test(p->in_service, source)) {
		if (edge)
			assign(p->latched, source, true);
	} else if (!test(p->pending, source)) {
		set_pending(p, source);
	}
}

static void line_set(struct virq_line *line, bool level)
{
	struct vplic *p = line->controller;
	u32 source = line->source;
	unsigned long flags = spin_lock_irqsave(&p->lock);
	bool was = test(p->high, source);
	bool edge = test(p->edge, source);

	assign(p->high, source, level);
	if (level && !(edge && was))
		request(p, source, edge);
	spin_unlock_irqrestore(&p->lock, flags);
}

static void line_pulse(struct virq_line *line)
{
	struct vplic *p = line->controller;
	unsigned long flags = spin_lock_irqsave(&p->lock);

	request(p, line->source, true);
	spin_unlock_irqrestore(&p->lock, flags);
}

static const struct virq_ops line_ops = {.set = line_set, .pulse = line_pulse};

/* Claim: the best source leaves pending and is in service from now on; 0 if there is none. The
 * threshold plays no part (chapter 8), priority 0 is never served (chapter 4). */
static u32 claim(struct vplic *p, struct vplic_ctx *c)
{
	u32 source = best(p, c, 0);

	if (!source)
		return 0;
	assign(p->pending, source, false);
	assign(p->in_service, source, true);
	for_each_enabling(p, source, lower_one);
	return source;
}

/* Completion: whoever claimed it, the source must be enabled for this context (chapter 9). The
 * gateway opens, and forwards what waits behind it. */
static void complete(struct vplic *p, struct vplic_ctx *c, u32 source)
{
	bool again;

	if (source > p->ndev || !test(c->enable, source) || !test(p->in_service, source))
		return;
	again = test(p->latched, source) || (!test(p->edge, source) && test(p->high, source));
	assign(p->in_service, source, false);
	assign(p->latched, source, false);
	if (again)
		set_pending(p, source);
}

static __cold void set_priority(struct vplic *p, u32 source, u32 priority)
{
	u8 old = p->priority[source];

	if (old == priority)
		return;
	assign(p->by_priority[old], source, false);
	p->at_priority[old]--;
	p->priority[source] = (u8)priority;
	assign(p->by_priority[priority], source, true);
	p->at_priority[priority]++;
	if (test(p->pending, source))
		for_each_enabling(p, source, update_one);
}

/* The sources that exist, of the 32 in word n: bit 0 of word 0 does not. */
static u32 sources_in(const struct vplic *p, u32 n)
{
	u32 first = n * 32, all = ~0U;

	if (p->ndev < first)
		return 0;
	if (p->ndev - first < 31)
		all = (2U << (p->ndev - first)) - 1;
	return n ? all : all & ~1U;
}

static void write_enable(struct vplic *p, struct vplic_ctx *c, u32 n, u32 val)
{
	u32 shift = n % 2 * 32;
	u64 *word = &c->enable[n / 2];
	u32 ctx = (u32)(c - p->ctx);
	u32 changed;

	val &= sources_in(p, n);
	changed = val ^ (u32)(*word >> shift);
	*word ^= (u64)changed << shift;
	for (; changed; changed &= changed - 1) {
		u32 bit = lowest(changed);
		size_t source = (size_t)n * 32 + bit;

		assign(&p->enabled_by[source * p->ctx_words], ctx, val >> bit & 1);
	}
	update_ctx(p, c);
}

/* A register: which kind at which offset. */
enum reg_kind { REG_UNKNOWN, REG_PRIORITY, REG_PENDING, REG_ENABLE, REG_THRESHOLD, REG_CLAIM };

struct reg {
	enum reg_kind kind;
	u32 n; /* source, or which word of 32 sources */
	u32 ctx;
};

static struct reg find_context_reg(const struct vplic *p, u64 off)
{
	u64 ctx = (off - VPLIC_CONTEXT) / VPLIC_CONTEXT_STRIDE;
	struct reg r = {.kind = REG_UNKNOWN, .ctx = (u32)ctx};

	if (ctx >= p->nctx)
		return r;
	if (off % VPLIC_CONTEXT_STRIDE == VPLIC_THRESHOLD)
		r.kind = REG_THRESHOLD;
	else if (off % VPLIC_CONTEXT_STRIDE == VPLIC_CLAIM)
		r.kind = REG_CLAIM;
	return r;
}

static struct reg find_enable(const struct vplic *p, u64 off)
{
	u64 ctx = (off - VPLIC_ENABLE) / VPLIC_ENABLE_STRIDE;
	u32 n = (u32)(off % VPLIC_ENABLE_STRIDE / 4);
	bool is = ctx < p->nctx && n <= p->ndev / 32;

	return (struct reg){.kind = is ? REG_ENABLE : REG_UNKNOWN, .n = n, .ctx = (u32)ctx};
}

static struct reg find_reg(const struct vplic *p, u64 off)
{
	u32 n = (u32)(off / 4);

	if (off % 4)
		return (struct reg){.kind = REG_UNKNOWN};
	if (off >= VPLIC_CONTEXT)
		return find_context_reg(p, off);
	if (off >= VPLIC_ENABLE)
		return find_enable(p, off);
	if (off >= VPLIC_PENDING) {
		n -= VPLIC_PENDING / 4;
		return (struct reg){.kind = n <= p->ndev / 32 ? REG_PENDING : REG_UNKNOWN, .n = n};
	}
	return (struct reg){.kind = n && n <= p->ndev ? REG_PRIORITY : REG_UNKNOWN, .n = n};
}

static u32 word32(const u64 *map, u32 n)
{
	return (u32)(map[n / 2] >> (n % 2 * 32));
}

static u32 read_locked(struct vplic *p, struct reg r)
{
	switch (r.kind) {
	case REG_PRIORITY: return p->priority[r.n];
	case REG_PENDING: return word32(p->pending, r.n);
	case REG_ENABLE: return word32(p->ctx[r.ctx].enable, r.n);
	case REG_THRESHOLD: return p->ctx[r.ctx].threshold;
	case REG_CLAIM: return claim(p, &p->ctx[r.ctx]);
	default: p->unknown++; return 0;
	}
}

static void write_threshold(struct vplic *p, struct vplic_ctx *c, u32 val)
{
	c->threshold = val & VPLIC_PRIORITY_MAX;
	update_ctx(p, c);
}

/* Priority and threshold keep their low three bits; pending bits are read-only. */
static void write_locked(struct vplic *p, struct reg r, u32 val)
{
	switch (r.kind) {
	case REG_PRIORITY: set_priority(p, r.n, val & VPLIC_PRIORITY_MAX); break;
	case REG_PENDING: break;
	case REG_ENABLE: write_enable(p, &p->ctx[r.ctx], r.n, val); break;
	case REG_THRESHOLD: write_threshold(p, &p->ctx[r.ctx], val); break;
	case REG_CLAIM: complete(p, &p->ctx[r.ctx], val); break;
	default: p->unknown++; break;
	}
}

u32 vplic_read(struct vplic *p, u64 off)
{
	struct reg r = find_reg(p, off);
	unsigned long flags = spin_lock_irqsave(&p->lock);
	u32 val = read_locked(p, r);

	spin_unlock_irqrestore(&p->lock, flags);
	return val;
}

void vplic_write(struct vplic *p, u64 off, u32 val)
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

static enum err vplic_mmio_read(void *dev, u64 off, unsigned int width, u64 *val)
{
	enum err e = mmio_access_valid(off, width);

	if (!e)
		*val = vplic_read(dev, off);
	return e;
}

static enum err vplic_mmio_write(void *dev, u64 off, unsigned int width, u64 *val)
{
	enum err e = mmio_access_valid(off, width);

	if (!e)
		vplic_write(dev, off, (u32)*val);
	return e;
}

const struct mmio_ops vplic_mmio_ops = {.read = vplic_mmio_read, .write = vplic_mmio_write};

bool vplic_ext(struct vplic *p, u32 ctx)
{
	unsigned long flags = spin_lock_irqsave(&p->lock);
	bool ext = p->ctx[ctx].ext;

	spin_unlock_irqrestore(&p->lock, flags);
	return ext;
}

u64 vplic_unknown(struct vplic *p)
{
	unsigned long flags = spin_lock_irqsave(&p->lock);
	u64 n = p->unknown;

	spin_unlock_irqrestore(&p->lock, flags);
	return n;
}

u64 vplic_size(const struct vplic *p)
{
	return VPLIC_CONTEXT + (u64)p->nctx * VPLIC_CONTEXT_STRIDE;
}

enum err vplic_connect(struct vplic *p, struct virq_line *line, u32 source,
		       enum virq_trigger trigger)
{
	unsigned long flags;
	bool busy;

	if (source == 0 || source > p->ndev)
		return ERR_RANGE;
	flags = spin_lock_irqsave(&p->lock);
	busy = test(p->connected, source);
	if (!busy) {
		assign(p->connected, source, true);
		assign(p->edge, source, trigger == VIRQ_EDGE);
		virq_connect(line, &line_ops, p, source, trigger);
	}
	spin_unlock_irqrestore(&p->lock, flags);
	return busy ? ERR_BUSY : OK;
}

void vplic_disconnect(struct vplic *p, struct virq_line *line)
{
	unsigned long flags = spin_lock_irqsave(&p->lock);

	CHECK(line->controller == p);
	assign(p->connected, line->source, false);
	assign(p->high, line->source, false);
	virq_disconnect(line);
	spin_unlock_irqrestore(&p->lock, flags);
}

static void reset_ctx(struct vplic *p, struct vplic_ctx *c)
{
	c->threshold = 0;
	for (u32 w = 0; w < p->words; w++)
		c->enable[w] = 0;
	set_ext(p, c, false);
}

static __cold void reset_sources(struct vplic *p)
{
	for (u32 w = 0; w < p->words; w++) {
		p->pending[w] = p->high[w] & ~p->edge[w];
		p->in_service[w] = 0;
		p->latched[w] = 0;
	}
	for (size_t i = 0; i < (size_t)(p->ndev + 1) * p->ctx_words; i++)
		p->enabled_by[i] = 0;
}

/* With interrupts on in between: no vCPU runs that could see it half done. */
void vplic_reset(struct vplic *p, void (*look)(void))
{
	unsigned long flags;

	for (u32 s = 1; s <= p->ndev; s++) {
		flags = spin_lock_irqsave(&p->lock);
		set_priority(p, s, 0);
		spin_unlock_irqrestore(&p->lock, flags);
	}
	flags = spin_lock_irqsave(&p->lock);
	reset_sources(p);
	spin_unlock_irqrestore(&p->lock, flags);
	for (u32 i = 0; i < p->nctx; i++) {
		flags = spin_lock_irqsave(&p->lock);
		reset_ctx(p, &p->ctx[i]);
		spin_unlock_irqrestore(&p->lock, flags);
		if (look)
			look();
	}
}

enum err vplic_create(u32 ndev, u32 nctx, const struct vplic_ops *ops, void *arg,
		      struct vplic **out)
{
	u32 ctx_words = (nctx + WORD_BITS - 1) / WORD_BITS;
	size_t ctxs, transpose;
	struct vplic *p;

	if (ndev == 0 || ndev > VPLIC_SOURCES_MAX || nctx == 0 || nctx > VPLIC_CONTEXTS_MAX)
		return ERR_RANGE;
	ctxs = nctx * sizeof(struct vplic_ctx);
	transpose = (size_t)(ndev + 1) * ctx_words * sizeof(u64);
	p = kmem_alloc(sizeof(*p) + ctxs + transpose);
	if (!p)
		return ERR_NOMEM;
	p->lock = (struct spinlock)SPINLOCK_INIT("vplic");
	p->ops = ops;
	p->arg = arg;
	p->ndev = ndev;
	p->nctx = nctx;
	p->words = ndev / WORD_BITS + 1;
	p->ctx_words = ctx_words;
	p->enabled_by = (u64 *)(void *)&p->ctx[nctx];
	for (u32 s = 0; s <= ndev; s++)
		assign(p->by_priority[0], s, true);
	p->at_priority[0] = (u16)(ndev + 1);
	*out = p;
	return OK;
}

void vplic_destroy(struct vplic *p)
{
	kmem_free(p);
}
