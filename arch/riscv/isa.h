/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets of ISA extensions, and the two ways a device tree writes them: "riscv,isa" (one string) and
 * "riscv,isa-extensions" (a list of strings).
 *
 * Names: unprivileged specification 20240411, "ISA Extension Naming Conventions"; devicetree binding
 * riscv/extensions.yaml. The enum below is in the order in which that chapter wants names in a
 * string: single letters, Z names by category and then by alphabet, S names by alphabet. What limen
 * makes of each extension is in arch/riscv/ext.c, the one table.
 *
 * Pure code: any context, no state.
 */
#ifndef ARCH_RISCV_ISA_H
#define ARCH_RISCV_ISA_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/types.h"

enum ext {
	EXT_NONE, /* ends a list of extensions */
	EXT_I,
	EXT_M,
	EXT_A,
	EXT_F,
	EXT_D,
	EXT_C,
	EXT_V,
	EXT_H,
	EXT_ZICBOM,
	EXT_ZICBOP,
	EXT_ZICBOZ,
	EXT_ZICCRSE,
	EXT_ZICFILP,
	EXT_ZICFISS,
	EXT_ZICNTR,
	EXT_ZICOND,
	EXT_ZICSR,
	EXT_ZIFENCEI,
	EXT_ZIHINTNTL,
	EXT_ZIHINTPAUSE,
	EXT_ZIHPM,
	EXT_ZIMOP,
	EXT_ZMMUL,
	EXT_ZA64RS,
	EXT_ZAAMO,
	EXT_ZABHA,
	EXT_ZACAS,
	EXT_ZALRSC,
	EXT_ZAWRS,
	EXT_ZFA,
	EXT_ZFBFMIN,
	EXT_ZFH,
	EXT_ZFHMIN,
	EXT_ZFINX,
	EXT_ZCA,
	EXT_ZCB,
	EXT_ZCD,
	EXT_ZCMOP,
	EXT_ZCMT,
	EXT_ZBA,
	EXT_ZBB,
	EXT_ZBC,
	EXT_ZBKB,
	EXT_ZBKC,
	EXT_ZBKX,
	EXT_ZBS,
	EXT_ZKND,
	EXT_ZKNE,
	EXT_ZKNH,
	EXT_ZKR,
	EXT_ZKSED,
	EXT_ZKSH,
	EXT_ZKT,
	EXT_ZTSO,
	EXT_ZVBB,
	EXT_ZVBC,
	EXT_ZVE32F,
	EXT_ZVE32X,
	EXT_ZVE64D,
	EXT_ZVE64F,
	EXT_ZVE64X,
	EXT_ZVFBFMIN,
	EXT_ZVFBFWMA,
	EXT_ZVFH,
	EXT_ZVFHMIN,
	EXT_ZVKB,
	EXT_ZVKG,
	EXT_ZVKNED,
	EXT_ZVKNHA,
	EXT_ZVKNHB,
	EXT_ZVKSED,
	EXT_ZVKSH,
	EXT_ZVKT,
	EXT_SDTRIG,
	EXT_SMAIA,
	EXT_SMSTATEEN,
	EXT_SSAIA,
	EXT_SSCCFG,
	EXT_SSCOFPMF,
	EXT_SSCSRIND,
	EXT_SSCTR,
	EXT_SSNPM,
	EXT_SSQOSID,
	EXT_SSSTATEEN,
	EXT_SSTC,
	EXT_SVADE,
	EXT_SVADU,
	EXT_SVINVAL,
	EXT_SVNAPOT,
	EXT_SVPBMT,
	EXT_SVVPTC,
	EXT_COUNT,
};

#define ISA_SET_WORDS ((EXT_COUNT + 63) / 64)

/* A set of extensions; all zero is the empty set. */
struct isa_set {
	u64 w[ISA_SET_WORDS];
};

#define for_each_ext(e) for ((e) = EXT_NONE + 1; (e) < EXT_COUNT; (e)++)

static inline bool isa_has(const struct isa_set *s, unsigned int e)
{
	return s->w[e / 64] >> e % 64 & 1;
}

static inline void isa_add(struct isa_set *s, unsigned int e)
{
	s->w[e / 64] |= (u64)1 << e % 64;
}

static inline void isa_del(struct isa_set *s, unsigned int e)
{
	s->w[e / 64] &= ~((u64)1 << e % 64);
}

bool isa_empty(const struct isa_set *s);
bool isa_equal(const struct isa_set *a, const struct isa_set *b);

/* a |= b; a &= b; a &= ~b. The common set of all harts is the intersection. */
void isa_union(struct isa_set *a, const struct isa_set *b);
void isa_intersect(struct isa_set *a, const struct isa_set *b);
void isa_subtract(struct isa_set *a, const struct isa_set *b);

/*
 * Reads a "riscv,isa" string of at most n bytes (it ends there, or at the first NUL) into *set,
 * which is overwritten. Names limen does not know are passed over, as is what is no name at all;
 * version numbers are skipped. What an extension contains by its definition (d: f, v: zve64d) is
 * added, and with i what it once included.
 * ERR_FORMAT: does not start with a base; ERR_NOTSUP: the base is not RV64I or RV64G.
 */
enum err __must_check isa_parse_string(const char *s, size_t n, struct isa_set *set);

/*
 * Reads a "riscv,isa-extensions" property of n bytes, strings with a NUL each, into *set. base is
 * "riscv,isa-base", or NULL where there is none.
 * ERR_FORMAT: the last string does not end; ERR_NOTSUP: another base than rv64i, or no i.
 */
enum err __must_check isa_parse_list(const char *base, const char *list, size_t n,
				     struct isa_set *set);

/* Writes the set as a "riscv,isa" string with its NUL. ERR_RANGE: longer than n bytes; buf then
 * holds an empty string if n > 0. */
enum err __must_check isa_build_string(const struct isa_set *s, char *buf, size_t n);

/* Writes the set as the content of a "riscv,isa-extensions" property and its length in *len.
 * ERR_RANGE: longer than n bytes; *len is 0 then. */
enum err __must_check isa_build_list(const struct isa_set *s, char *buf, size_t n, size_t *len);

/* Room that is enough for either, whatever the set. */
#define ISA_TEXT_MAX 1024

#endif
