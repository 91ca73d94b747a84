/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests that include the source they test: a machine of several harts in one thread. Code runs on
 * hart now; per-hart variables of what is included after this are arrays. Devices are at a distance
 * of DEVICES from their physical addresses, and nothing there is touched but through hyp/machine/mmio.h, which
 * the test replaces.
 */
#ifndef TESTS_UNIT_HARTS_MODEL_H
#define TESTS_UNIT_HARTS_MODEL_H

#include "arch/arch.h"

#define MODEL_HARTS 4
#define DEVICES	    0x500000000000UL

static unsigned int now, model_harts __attribute__((unused)) = MODEL_HARTS;

#undef DECLARE_PER_HART
#undef DEFINE_PER_HART
#undef this_hart
#undef per_hart
#define DECLARE_PER_HART(type, name) extern type name##_of[MODEL_HARTS]
#define DEFINE_PER_HART(type, name)  type name##_of[MODEL_HARTS]
#define this_hart(v)		     v##_of[now]
#define per_hart(v, i)		     v##_of[i]
#define arch_hart_index()	     now
#define arch_hart_count()	     model_harts

/* That the contract has itself. */
DECLARE_PER_HART(u64, arch_guest_left);

#endif
