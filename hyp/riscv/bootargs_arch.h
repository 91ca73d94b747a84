/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RISC-V's own boot arguments: hide= and satp=. Part of hyp/tree/bootargs.h, which includes it.
 */
#ifndef HYP_RISCV_BOOTARGS_ARCH_H
#define HYP_RISCV_BOOTARGS_ARCH_H

#include "arch/riscv/isa.h"
#include "lib/types.h"

/* What hide= can make limen do without, besides ISA extensions (arch/riscv/ext.c). */
enum hide_feature {
	HIDE_HTINST,  /* htinst reads as 0 */
	HIDE_HTVAL,   /* htval reads as 0 */
	HIDE_VMIDLEN, /* hgatp has no VMID bits */
	HIDE_HENVCFG, /* there is no henvcfg, as with H before ratification */
	HIDE_1G,      /* no leaf of 1 GiB in a guest's G-stage */
	HIDE_2M,      /* no leaf of 2 MiB */
	HIDE_DBCN,    /* firmware without the debug console */
	HIDE_SRST,    /* firmware without system reset */
	HIDE_HSM,     /* firmware without hart state management: one hart */
	HIDE_FEATURES,
};

struct bootargs_arch {
	u32 hidden;		   /* BIT(enum hide_feature) */
	struct isa_set hidden_ext; /* for ext_apply_hidden(), once harts are probed */
	u32 satp_bits; /* 39, 48 or 57: limen's own paging; 0: the narrowest that does */
};

static inline bool bootargs_hidden(const struct bootargs_arch *b, enum hide_feature f)
{
	return b->hidden >> f & 1;
}

/* For the documentation: the hide= name of a feature, and whether hide=all hides it. */
const char *bootargs_hide_name(enum hide_feature f, bool *in_all);

#endif
