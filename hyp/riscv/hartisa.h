/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the harts of a tree have in common by its ISA texts. Pure but for the log.
 */
#ifndef HYP_RISCV_HARTISA_H
#define HYP_RISCV_HARTISA_H

#include "arch/riscv/isa.h"
#include "hyp/tree/platform.h"

/*
 * The extensions that all usable harts name into *out; if any of them names H, all usable harts
 * that do. A hart with H from before ratification may not name it. Of a hart without a text that
 * limen reads one line is logged, and what is common is nothing.
 */
void hartisa_common(const struct platform *p, struct isa_set *out);

#endif
