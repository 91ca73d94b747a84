/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key and what is hashed. All that is hashed has the same beginning, struct stamp, whose use
 * keeps apart what becomes a key and what is handed out; a seed is a hash of that alone, so that
 * nobody can lengthen it into another.
 */
#include "hyp/machine/entropy.h"

#include <libfdt.h>
#include <sha2.h>
#include <string.h>

#include "arch/arch.h"
#include "hyp/sched/thread.h"

/* Polls for each word: a source that is healthy answers much sooner. */
#define POLLS_A_WORD 10000

/* The states of a source, and the 16 bits it gives in state ES16. */
#define SEED_OPST(v) ((v) >> 30)
#define OPST_ES16    2
#define OPST_DEAD    3

/* Words of 16 bits that are polled. They need not be worth more than half their bits. */
#define SOURCE_WORDS ENTROPY_SEED

enum use { USE_MIX, USE_SEED, USE_NEXT };

/* No padding: all of it is hashed. */
struct stamp {
	u8 key[ENTROPY_SEED];
	u64 use;
	u64 number;
	u64 clock;
};

_Static_assert(SHA256_DIGEST_LENGTH == ENTROPY_SEED, "a seed is one digest");
_Static_assert(sizeof(struct stamp) == ENTROPY_SEED + 24, "struct stamp has a hole");

static struct {
	u8 key[ENTROPY_SEED];
	u64 number; /* of the next stamp */
	u64 worth;  /* bytes that came */
} pool;

static void hash(enum use use, const void *more, size_t size, u8 out[ENTROPY_SEED])
{
	struct stamp s = {.use = use, .number = pool.number++, .clock = arch_clock()};
	SHA2_CTX ctx;

	memcpy(s.key, pool.key, sizeof(s.key));
	SHA256Init(&ctx);
	SHA256Update(&ctx, (const u8 *)&s, sizeof(s));
	if (size)
		SHA256Update(&ctx, more, size);
	SHA256Final(out, &ctx);
}

static void mix(const void *data, size_t size, u64 worth)
{
	hash(USE_MIX, data, size, pool.key);
	pool.worth += worth;
}

void entropy_take_tree(void *fdt)
{
	int len, chosen = fdt_subnode_offset(fdt, 0, "chosen");
	const void *seed;

	if (chosen < 0)
		return;
	seed = fdt_getprop(fdt, chosen, "rng-seed", &len);
	if (!seed)
		return;
	mix(seed, (size_t)len, (u64)len);
	/* Writes over name, length and value; cannot fail, as the property is there. */
	(void)fdt_nop_property(fdt, chosen, "rng-seed");
}

static bool poll_word(bool (*poll)(u32 *value), u16 *word)
{
	u32 value = 0;

	for (unsigned int i = 0; i < POLLS_A_WORD; i++) {
		if (!poll(&value) || SEED_OPST(value) == OPST_DEAD)
			return false;
		*word = (u16)value;
		if (SEED_OPST(value) == OPST_ES16)
			return true;
	}
	return false;
}

void entropy_take_source(bool (*poll)(u32 *value))
{
	u16 words[SOURCE_WORDS];

	for (unsigned int i = 0; i < SOURCE_WORDS; i++)
		if (!poll_word(poll, &words[i]))
			return;
	mix(words, sizeof(words), sizeof(words) / 2);
}

bool entropy_there(void)
{
	return pool.worth >= ENTROPY_SEED;
}

bool entropy_make_seed(u8 seed[ENTROPY_SEED])
{
	if (!entropy_there())
		return false;
	hash(USE_SEED, NULL, 0, seed);
	thread_look(); /* each is some 11,000 instructions */
	hash(USE_NEXT, NULL, 0, pool.key);
	return true;
}
