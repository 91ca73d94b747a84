/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of an APLIC's model: what is at an offset, and what a read and a write of it do.
 */
#include "guest/riscv/vaplic_model.h"

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
	case REG_DOMAINCFG: return vaplic_read_domaincfg(p);
	case REG_SOURCECFG: return p->mode[r.n];
	case REG_SETIP: return half(p->pending[r.n / 2], r.n);
	case REG_IN_CLRIP: return half(vaplic_rectified_word(p, r.n / 2), r.n);
	case REG_SETIE: return half(p->enabled[r.n / 2], r.n);
	case REG_GENMSI: return p->genmsi;
	case REG_TARGET: return p->target[r.n];
	case REG_IDELIVERY: return p->idc[r.n].delivery;
	case REG_IFORCE: return p->idc[r.n].force;
	case REG_ITHRESHOLD: return p->idc[r.n].threshold;
	case REG_TOPI: return vaplic_topi(p, &p->idc[r.n]);
	case REG_CLAIMI: return vaplic_claim(p, &p->idc[r.n]);
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
		for_number(p, n * 32 + vaplic_lowest(val), fn);
}

static void write_source(struct vaplic *p, struct reg r, u32 val)
{
	switch (r.kind) {
	case REG_SOURCECFG: vaplic_write_sourcecfg(p, r.n, val); break;
	case REG_TARGET: vaplic_write_target(p, r.n, val); break;
	case REG_SETIP: for_bits(p, r.n, val, vaplic_set_pending); break;
	case REG_IN_CLRIP: for_bits(p, r.n, val, vaplic_clear_pending); break;
	case REG_SETIE: for_bits(p, r.n, val, vaplic_set_enabled); break;
	case REG_CLRIE: for_bits(p, r.n, val, vaplic_clear_enabled); break;
	case REG_SETIPNUM: for_number(p, val, vaplic_set_pending); break;
	case REG_CLRIPNUM: for_number(p, val, vaplic_clear_pending); break;
	case REG_SETIENUM: for_number(p, val, vaplic_set_enabled); break;
	case REG_CLRIENUM: for_number(p, val, vaplic_clear_enabled); break;
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
	vaplic_update_idc(p, c);
}

static void write_locked(struct vaplic *p, struct reg r, u32 val)
{
	switch (r.kind) {
	case REG_UNKNOWN: p->unknown++; break;
	case REG_DOMAINCFG: vaplic_write_domaincfg(p, val); break;
	case REG_GENMSI: vaplic_write_genmsi(p, val); break;
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
