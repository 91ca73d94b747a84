/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of an APLIC's model, and what guest/riscv/vaplic_regs.c has of guest/riscv/vaplic.c. The lock is
 * held for all functions here.
 */
#ifndef GUEST_RISCV_VAPLIC_MODEL_H
#define GUEST_RISCV_VAPLIC_MODEL_H

#include "guest/riscv/vaplic.h"

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

static inline u32 vaplic_lowest(u64 word)
{
	return (u32)__builtin_ctzll(word);
}

/* The rectified inputs of a word of sources. */
static inline u64 vaplic_rectified_word(const struct vaplic *p, u32 w)
{
	return (p->high[w] ^ p->inverted[w]) & p->wired[w];
}

/* What topi of a hart reads, and a claim of it. */
u32 vaplic_topi(const struct vaplic *p, const struct vaplic_idc *c);
u32 vaplic_claim(struct vaplic *p, struct vaplic_idc *c);

/* A hart's delivery has changed: its external interrupt follows. */
void vaplic_update_idc(struct vaplic *p, struct vaplic_idc *c);

/* Of source s, which exists: its registers are written, its bits set and cleared. */
void vaplic_write_sourcecfg(struct vaplic *p, u32 s, u32 val);
void vaplic_write_target(struct vaplic *p, u32 s, u32 val);
void vaplic_set_pending(struct vaplic *p, u32 s);
void vaplic_clear_pending(struct vaplic *p, u32 s);
void vaplic_set_enabled(struct vaplic *p, u32 s);
void vaplic_clear_enabled(struct vaplic *p, u32 s);

/* Registers of the domain. */
u32 vaplic_read_domaincfg(const struct vaplic *p);
void vaplic_write_domaincfg(struct vaplic *p, u32 val);
void vaplic_write_genmsi(struct vaplic *p, u32 val);

#endif
