/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing back what caches hold. Harts see each other's stores whatever caches do; but a guest with Svpbmt
 * may map its RAM as not cacheable, and then sees what lies in memory below (privileged specification
 * 20240411, "Svpbmt").
 *
 * Spec: unprivileged specification 20240411, "CMO" (Zicbom): firmware may keep it from HS-mode, by
 * menvcfg.CBCFE; the size of a block is the tree's.
 */
#ifndef ARCH_RISCV_CACHE_H
#define ARCH_RISCV_CACHE_H

#include "lib/types.h"

/* From now on blocks are of so many bytes; 0, or what is no size of a block, is none. False: this hart
 * cannot write back. Boot hart, before other harts. */
bool cache_init(u64 block);

/* Can the calling hart write back, as the boot hart can? Any context once traps are set up. */
bool cache_try(void);

#endif
