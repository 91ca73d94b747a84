/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extension table and what follows from it. See ext.h for the specifications.
 *
 * Why an extension may be offered without more ado: unprivileged instructions that touch only x, f
 * or v registers and memory (M, A, Zb*, Zk* but Zkr, Zacas, Zabha, Zicond, Zfa, ...) work the same
 * with V=1, and their registers are switched already. Statements about main memory (Ziccrse,
 * Za64rs) hold for a guest's RAM, which is main memory. Ztso has no CSR and no switch: where all
 * harts have it, so has any guest. The others have a line of their own below.
 */
#include "arch/riscv/ext.h"

#include "arch/riscv/csr.h"
#include "lib/check.h"

#include <string.h>

/* henvcfg */
#define ENV_LPE	    BIT(2)
#define ENV_SSE	    BIT(3)
#define ENV_CBIE_FL (1UL << 4) /* CBIE = 01: CBO.INVAL flushes */
#define ENV_CBCFE   BIT(6)
#define ENV_CBZE    BIT(7)
#define ENV_ADUE    BIT(61)
#define ENV_PBMTE   BIT(62)
#define ENV_STCE    BIT(63)

/* hstateen0 */
#define STATEEN_IMSIC  BIT(58)
#define STATEEN_AIA    BIT(59)
#define STATEEN_CSRIND BIT(60)
#define STATEEN_ENVCFG BIT(62)
#define STATEEN_SE0    BIT(63)

/* hcounteren: unprivileged specification, "Zicntr": cycle, time, instret are counters 0 to 2. */
#define COUNTER_CYCLE	BIT(0)
#define COUNTER_TIME	BIT(1)
#define COUNTER_INSTRET BIT(2)

/* A row has only the bytes at the ends of henvcfg, and the upper one of hstateen0. Any other bit
 * makes the value too large for its field, and the compiler says so. */
#define ENDS(bits) ((bits) >> 56 << 8 | (u8)(bits) | (bits) << 8 >> 16 << 16)
#define TOP(bits)  ((bits) >> 56 | (bits) << 8)

/* A row that is plain: known by the tree, offered, no state of its own. */
#define PLAIN(str) .name = (str), .hide = EXT_HIDE_NAME, .offer = true
#define BASE(str)  .name = (str), .offer = true
#define ZVE(str)   .name = (str), .hide = EXT_HIDE_V, .offer = true, VECTOR
#define FP	   .state = EXT_STATE_FP
#define VECTOR	   .state = EXT_STATE_VECTOR

static const struct ext_row rows[EXT_COUNT] = {
	[EXT_I] = {BASE("i")},
	[EXT_M] = {BASE("m"), .implies = {EXT_ZMMUL}},
	[EXT_A] = {BASE("a"), .implies = {EXT_ZAAMO, EXT_ZALRSC}},
	[EXT_F] = {PLAIN("f"), FP, .stays = true, .needs = {EXT_ZICSR}, .implies = {EXT_ZICSR}},
	[EXT_D] = {PLAIN("d"), FP, .stays = true, .needs = {EXT_F}, .implies = {EXT_F}},
	[EXT_C] = {BASE("c"), .implies = {EXT_ZCA}},
	[EXT_V] = {PLAIN("v"), VECTOR, .needs = {EXT_D, EXT_ZVE64D}, .implies = {EXT_ZVE64D}},
	/* Nesting is not done. H before ratification is in no tree, so hstatus is what tells. */
	[EXT_H] = {.name = "h", .probe = {CSR_hstatus}},

	/*
	 * CBO.INVAL in a guest flushes: to drop a dirty line could bring back what the memory held
	 * before limen scrubbed it (unprivileged specification, CMO chapter, on xenvcfg.CBIE).
	 */
	[EXT_ZICBOM] = {PLAIN("zicbom"), .env = ENDS(ENV_CBIE_FL | ENV_CBCFE)},
	[EXT_ZICBOP] = {PLAIN("zicbop")},
	[EXT_ZICBOZ] = {PLAIN("zicboz"), .env = ENDS(ENV_CBZE)},
	[EXT_ZICCRSE] = {PLAIN("ziccrse")},
	/* Not offered: expected-landing-pad state in vsstatus and in traps taken on its behalf. */
	[EXT_ZICFILP] = {.name = "zicfilp", .hide = EXT_HIDE_NAME, .env = ENDS(ENV_LPE)},
	/* Not offered: a shadow stack pointer to switch, and shadow stack pages in the walk. */
	[EXT_ZICFISS] = {.name = "zicfiss",
			 .hide = EXT_HIDE_NAME,
			 .env = ENDS(ENV_SSE),
			 .state = EXT_STATE_CSRS},
	/* Counts are the hart's, not the vCPU's, until the guest asks by SBI PMU (guest/riscv/vpmu.h). */
	[EXT_ZICNTR] = {BASE("zicntr"), .needs = {EXT_ZICSR}},
	[EXT_ZICOND] = {PLAIN("zicond")},
	[EXT_ZICSR] = {BASE("zicsr")},
	[EXT_ZIFENCEI] = {BASE("zifencei")},
	[EXT_ZIHINTNTL] = {PLAIN("zihintntl")},
	[EXT_ZIHINTPAUSE] = {PLAIN("zihintpause")},
	/* Not offered: of the hardware's events a guest counts cycles and instructions alone. */
	[EXT_ZIHPM] = {.name = "zihpm", .hide = EXT_HIDE_NAME, .needs = {EXT_ZICSR}},
	/* With henvcfg.SSE and LPE zero these stay what Zimop says, whatever else the hart has. */
	[EXT_ZIMOP] = {PLAIN("zimop")},
	[EXT_ZMMUL] = {BASE("zmmul")},
	[EXT_ZA64RS] = {PLAIN("za64rs")},
	[EXT_ZAAMO] = {BASE("zaamo")},
	[EXT_ZABHA] = {PLAIN("zabha"), .needs = {EXT_ZAAMO}},
	[EXT_ZACAS] = {PLAIN("zacas"), .needs = {EXT_ZAAMO}},
	[EXT_ZALRSC] = {BASE("zalrsc")},
	/* WRS.NTO that waits too long with hstatus.VTW set is a virtual-instruction exception
	 * (unprivileged specification, "Zawrs"). WRS.STO ends by itself. */
	[EXT_ZAWRS] = {PLAIN("zawrs"), .needs = {EXT_ZALRSC}},
	[EXT_ZFA] = {PLAIN("zfa"), FP, .needs = {EXT_F}},
	[EXT_ZFBFMIN] = {PLAIN("zfbfmin"), FP, .needs = {EXT_F}},
	[EXT_ZFH] = {PLAIN("zfh"), FP, .needs = {EXT_F}, .implies = {EXT_ZFHMIN}},
	[EXT_ZFHMIN] = {PLAIN("zfhmin"), FP, .needs = {EXT_F}},
	/* Not offered: f is what the world switch knows; its fcsr is hidden or lost. */
	[EXT_ZFINX] = {.name = "zfinx"},
	[EXT_ZCA] = {BASE("zca")},
	[EXT_ZCB] = {PLAIN("zcb"), .needs = {EXT_ZCA}},
	[EXT_ZCD] = {BASE("zcd"), FP, .needs = {EXT_ZCA, EXT_D}},
	[EXT_ZCMOP] = {PLAIN("zcmop"), .needs = {EXT_ZCA}},
	/* Not offered: jvt is hidden or lost (arch/riscv/csr_table.h), and few harts have it. */
	[EXT_ZCMT] = {.name = "zcmt"},
	[EXT_ZBA] = {PLAIN("zba")},
	[EXT_ZBB] = {PLAIN("zbb")},
	[EXT_ZBC] = {PLAIN("zbc")},
	[EXT_ZBKB] = {PLAIN("zbkb")},
	[EXT_ZBKC] = {PLAIN("zbkc")},
	[EXT_ZBKX] = {PLAIN("zbkx")},
	[EXT_ZBS] = {PLAIN("zbs")},
	[EXT_ZKND] = {PLAIN("zknd")},
	[EXT_ZKNE] = {PLAIN("zkne")},
	[EXT_ZKNH] = {PLAIN("zknh")},
	/* Not offered: the seed CSR never works with V=1 (mseccfg.SSEED). */
	[EXT_ZKR] = {.name = "zkr", .hide = EXT_HIDE_NAME},
	[EXT_ZKSED] = {PLAIN("zksed")},
	[EXT_ZKSH] = {PLAIN("zksh")},
	[EXT_ZKT] = {PLAIN("zkt")},
	[EXT_ZTSO] = {PLAIN("ztso")},

	[EXT_ZVBB] = {PLAIN("zvbb"), VECTOR, .needs = {EXT_ZVE32X}, .implies = {EXT_ZVKB}},
	[EXT_ZVBC] = {PLAIN("zvbc"), VECTOR, .needs = {EXT_ZVE64X}},
	[EXT_ZVE32F] = {ZVE("zve32f"), .needs = {EXT_F, EXT_ZVE32X}, .implies = {EXT_ZVE32X}},
	[EXT_ZVE32X] = {ZVE("zve32x"), .needs = {EXT_ZICSR}},
	[EXT_ZVE64D] = {ZVE("zve64d"), .needs = {EXT_D, EXT_ZVE64F}, .implies = {EXT_ZVE64F}},
	[EXT_ZVE64F] = {ZVE("zve64f"), .needs = {EXT_ZVE32F, EXT_ZVE64X},
			.implies = {EXT_ZVE32F, EXT_ZVE64X}},
	[EXT_ZVE64X] = {ZVE("zve64x"), .needs = {EXT_ZVE32X}, .implies = {EXT_ZVE32X}},
	[EXT_ZVFBFMIN] = {PLAIN("zvfbfmin"), VECTOR, .needs = {EXT_ZVE32F}},
	[EXT_ZVFBFWMA] = {PLAIN("zvfbfwma"), VECTOR, .needs = {EXT_ZVFBFMIN, EXT_ZFBFMIN}},
	[EXT_ZVFH] = {PLAIN("zvfh"), VECTOR, .needs = {EXT_ZVE32F, EXT_ZFHMIN},
		      .implies = {EXT_ZVFHMIN}},
	[EXT_ZVFHMIN] = {PLAIN("zvfhmin"), VECTOR, .needs = {EXT_ZVE32F}},
	[EXT_ZVKB] = {PLAIN("zvkb"), VECTOR, .needs = {EXT_ZVE32X}},
	[EXT_ZVKG] = {PLAIN("zvkg"), VECTOR, .needs = {EXT_ZVE32X}},
	[EXT_ZVKNED] = {PLAIN("zvkned"), VECTOR, .needs = {EXT_ZVE32X}},
	[EXT_ZVKNHA] = {PLAIN("zvknha"), VECTOR, .needs = {EXT_ZVE32X}},
	[EXT_ZVKNHB] = {PLAIN("zvknhb"), VECTOR, .needs = {EXT_ZVE64X}, .implies = {EXT_ZVKNHA}},
	[EXT_ZVKSED] = {PLAIN("zvksed"), VECTOR, .needs = {EXT_ZVE32X}},
	[EXT_ZVKSH] = {PLAIN("zvksh"), VECTOR, .needs = {EXT_ZVE32X}},
	[EXT_ZVKT] = {PLAIN("zvkt"), VECTOR, .needs = {EXT_ZVE32X}},

	/* Not offered: triggers are the debugger's or the firmware's. */
	[EXT_SDTRIG] = {.name = "sdtrig"},
	/* Machine level's part of Ssaia; in a guest's tree it means nothing. */
	[EXT_SMAIA] = {.name = "smaia", .hide = EXT_HIDE_AIA, .implies = {EXT_SSAIA}},
	/* Not offered: none of what sstateen0 gates (Zfinx, Zcmt, custom state) is. */
	[EXT_SMSTATEEN] = {.name = "smstateen", .hide = EXT_HIDE_STATEEN, .probe = {CSR_hstateen0}},
	/* Taken back where the guest's interrupt controller has no interrupt files:
	 * guest/riscv/virqchip.h. */
	[EXT_SSAIA] = {.name = "ssaia",
		       .hide = EXT_HIDE_AIA,
		       .offer = true,
		       .probe = {CSR_stopi, CSR_vsiselect},
		       .stateen = TOP(STATEEN_AIA | STATEEN_IMSIC | STATEEN_CSRIND),
		       .state = EXT_STATE_CSRS},
	/* Not offered: counters come by SBI PMU. */
	[EXT_SSCCFG] = {.name = "ssccfg"},
	/* There, for limen, where a guest can be given all of it: arch/riscv/hpm.h. */
	[EXT_SSCOFPMF] = {PLAIN("sscofpmf"), .probe = {CSR_scountovf}, .needs = {EXT_ZICNTR}},
	/* Not offered by itself: what siselect selects is Ssaia's alone. */
	[EXT_SSCSRIND] = {.name = "sscsrind"},
	/* Not offered: up to 768 registers of records for each vCPU. */
	[EXT_SSCTR] = {.name = "ssctr"},
	/* Not offered: senvcfg.PMM changes what limen's HLV/HSV on the guest's behalf mean. */
	[EXT_SSNPM] = {.name = "ssnpm", .hide = EXT_HIDE_NAME},
	/* Not offered: srmcfg is the hypervisor's with V=1. */
	[EXT_SSQOSID] = {.name = "ssqosid"},
	[EXT_SSSTATEEN] = {.name = "ssstateen",
			   .hide = EXT_HIDE_STATEEN,
			   .probe = {CSR_hstateen0},
			   .stateen = TOP(STATEEN_SE0),
			   .state = EXT_STATE_CSRS},
	/* Some machines list it, let STCE be set, and trap all the same: only access tells. */
	[EXT_SSTC] = {PLAIN("sstc"), .probe = {CSR_stimecmp, CSR_vstimecmp}, .env = ENDS(ENV_STCE),
		      .state = EXT_STATE_CSRS},
	/* With svadu a guest has svade too: see settle_svade(). */
	[EXT_SVADE] = {PLAIN("svade")},
	[EXT_SVADU] = {PLAIN("svadu"), .env = ENDS(ENV_ADUE)},
	/* hstatus.VTVM is left zero, so SINVAL.VMA does not trap. */
	[EXT_SVINVAL] = {PLAIN("svinval")},
	/* limen's own walk of a guest's tables (vswalk.c) knows both. */
	[EXT_SVNAPOT] = {PLAIN("svnapot")},
	/* Taken back where limen cannot write back what it gives: settle_svpbmt() in hyp/riscv/features.c. */
	[EXT_SVPBMT] = {PLAIN("svpbmt"), .env = ENDS(ENV_PBMTE)},
	[EXT_SVVPTC] = {PLAIN("svvptc")},
};

/* Names that stand for several extensions and are none themselves: unprivileged specification,
 * chapters "B", "Cryptography Extensions: Scalar" and "Vector". */
static const struct {
	char name[6];
	u8 members[9];
} shorthands[] = {
	{"g", {EXT_I, EXT_M, EXT_A, EXT_F, EXT_D, EXT_ZICSR, EXT_ZIFENCEI}},
	{"b", {EXT_ZBA, EXT_ZBB, EXT_ZBS}},
	{"zk", {EXT_ZBKB, EXT_ZBKC, EXT_ZBKX, EXT_ZKND, EXT_ZKNE, EXT_ZKNH, EXT_ZKR, EXT_ZKT}},
	{"zkn", {EXT_ZBKB, EXT_ZBKC, EXT_ZBKX, EXT_ZKND, EXT_ZKNE, EXT_ZKNH}},
	{"zks", {EXT_ZBKB, EXT_ZBKC, EXT_ZBKX, EXT_ZKSED, EXT_ZKSH}},
	{"zvkn", {EXT_ZVKNED, EXT_ZVKNHB, EXT_ZVKB, EXT_ZVKT}},
	{"zvknc", {EXT_ZVKNED, EXT_ZVKNHB, EXT_ZVKB, EXT_ZVKT, EXT_ZVBC}},
	{"zvkng", {EXT_ZVKNED, EXT_ZVKNHB, EXT_ZVKB, EXT_ZVKT, EXT_ZVKG}},
	{"zvks", {EXT_ZVKSED, EXT_ZVKSH, EXT_ZVKB, EXT_ZVKT}},
	{"zvksc", {EXT_ZVKSED, EXT_ZVKSH, EXT_ZVKB, EXT_ZVKT, EXT_ZVBC}},
	{"zvksg", {EXT_ZVKSED, EXT_ZVKSH, EXT_ZVKB, EXT_ZVKT, EXT_ZVKG}},
};

const struct ext_row *ext_row(unsigned int e)
{
	CHECK(e > EXT_NONE && e < EXT_COUNT);
	return &rows[e];
}

const char *ext_hide_name(unsigned int e)
{
	switch (ext_row(e)->hide) {
	case EXT_HIDE_NAME: return rows[e].name;
	case EXT_HIDE_V: return "v";
	case EXT_HIDE_AIA: return "aia";
	case EXT_HIDE_STATEEN: return "stateen";
	default: return NULL;
	}
}

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

/* A name in small letters with its NUL; false: longer than any that limen knows. */
static bool lower_name(const char *name, size_t n, char low[EXT_NAME_MAX])
{
	if (n >= EXT_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		low[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + ('a' - 'A') : name[i]);
	low[n] = '\0';
	return true;
}

static bool same_name(const char *a, const char *name, size_t n)
{
	char low[EXT_NAME_MAX];

	return lower_name(name, n, low) && strcmp(a, low) == 0;
}

/* Trees name a hundred extensions and more, and each is looked up here: a row that is another costs
 * a few instructions. */
enum ext ext_find(const char *name, size_t n)
{
	char low[EXT_NAME_MAX];
	unsigned int e;

	if (n == 0 || !lower_name(name, n, low))
		return EXT_NONE;
	for_each_ext(e)
	{
		const char *row = rows[e].name;

		if (row[0] == low[0] && row[1] == low[1] && strcmp(row, low) == 0)
			return (enum ext)e;
	}
	return EXT_NONE;
}

bool ext_add_name(struct isa_set *s, const char *name, size_t n)
{
	enum ext e = ext_find(name, n);
	size_t i;

	if (e != EXT_NONE) {
		isa_add(s, e);
		return true;
	}
	for (i = 0; i < ARRAY_SIZE(shorthands); i++) {
		const u8 *m = shorthands[i].members;

		if (n == 0 || !same_name(shorthands[i].name, name, n))
			continue;
		for (; *m; m++)
			isa_add(s, *m);
		return true;
	}
	return false;
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
		for_each_ext(e) if (isa_has(s, e)) add_list(s, rows[e].implies);
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
		for_each_ext(e) if (isa_has(s, e) && !has_list(s, rows[e].needs)) isa_del(s, e);
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
		if (rows[e].probe[0] == 0)
			continue;
		if (all_there(rows[e].probe, there, arg))
			isa_add(s, e);
		else
			isa_del(s, e);
	}
}

bool ext_hide(const char *name, size_t n, struct isa_set *hidden)
{
	bool found = false;
	unsigned int e;

	for_each_ext(e)
	{
		const char *hide = ext_hide_name(e);

		if (n == 0 || !hide || !same_name(hide, name, n))
			continue;
		isa_add(hidden, e);
		found = true;
	}
	return found;
}

void ext_hide_all(struct isa_set *hidden)
{
	unsigned int e;

	for_each_ext(e) if (rows[e].hide && !rows[e].stays) isa_add(hidden, e);
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
	for_each_ext(e) if (!can_offer(harts, states, &rows[e])) isa_del(guest, e);
	ext_drop_unmet(guest);
	settle_svade(guest);
}

u64 ext_henvcfg(const struct isa_set *guest)
{
	u64 bits = 0;
	unsigned int e;

	for_each_ext(e) if (isa_has(guest, e)) bits |= row_henvcfg(&rows[e]);
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

	for_each_ext(e) if (isa_has(guest, e)) bits |= row_hstateen0(&rows[e]);
	return bits;
}

static void offered(struct isa_set *s)
{
	unsigned int e;

	*s = (struct isa_set){0};
	for_each_ext(e) if (rows[e].offer) isa_add(s, e);
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

	for_each_ext(e) if (isa_has(s, e)) bits |= rows[e].state;
	return bits;
}
