/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this machine's harts can do, found by trying. Nothing is taken from the tree alone, and boot
 * arguments may hide what is there, so that every fallback has a run.
 */
#ifndef HYP_RISCV_FEATURES_H
#define HYP_RISCV_FEATURES_H

#include "arch/riscv/ext.h"
#include "arch/riscv/gstage.h"
#include "arch/riscv/vcpu.h"
#include "hyp/tree/bootargs.h"
#include "hyp/tree/platform.h"

struct features {
	struct ext_hart harts; /* what all harts have in common */
	struct gstage_caps gstage;
	u64 vs_modes;	      /* that vsatp takes: BIT(SATP_MODE_*) */
	u32 cbom, cbop, cboz; /* cache block sizes, bytes; 0: none */
	u32 hidden;	      /* BIT(enum hide_feature) */
	struct isa_set hidden_ext;
	bool imsic; /* limen may use the boot hart's interrupt file */
};

extern struct features features;

/* Has the calling hart the H extension? */
bool features_have_h(void);

/* Fills features and vcpu_features for the boot hart, and sets the clock up. After
 * bootargs_parse(); once. ERR_NOTSUP: the hart lacks something limen cannot do without, said in
 * *why. */
enum err features_init(const struct platform *p, u64 hartid, const struct bootargs *args,
		       const char **why);

/* Does the calling hart have all that the boot hart was found to have, and of what is switched with a vCPU
 * nothing that would not be? NULL, or what it lacks. */
const char *features_check_hart(void);

#endif
