/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extension table, and its names. See ext.h for the specifications; what follows from the table is in
 * arch/riscv/ext_rules.c.
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

const struct ext_row ext_rows[EXT_COUNT] = {
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
	return &ext_rows[e];
}

const char *ext_hide_name(unsigned int e)
{
	switch (ext_row(e)->hide) {
	case EXT_HIDE_NAME: return ext_rows[e].name;
	case EXT_HIDE_V: return "v";
	case EXT_HIDE_AIA: return "aia";
	case EXT_HIDE_STATEEN: return "stateen";
	default: return NULL;
	}
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
		const char *row = ext_rows[e].name;

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
