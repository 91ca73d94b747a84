/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: an Arm PL011, which firmware or QEMU has set up. Output alone, polled.
 */
#ifndef HYP_ARM64_PL011_H
#define HYP_ARM64_PL011_H

#include "lib/types.h"

/* Its registers; until then what is written is lost. */
void pl011_init(volatile u32 *regs);

#endif
