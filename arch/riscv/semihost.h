/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Semihosting: asking a debugger or an emulator to end the program (RISC-V Semihosting 1.0; Arm
 * "Semihosting for AArch32 and AArch64", SYS_EXIT_EXTENDED).
 */
#ifndef ARCH_RISCV_SEMIHOST_H
#define ARCH_RISCV_SEMIHOST_H

#include "lib/types.h"

/* Ends the emulation with an exit status. Returns only if nobody did it: false when the ebreak
 * trapped (no semihosting), true when it was answered but nothing ended. Traps must be set up,
 * with the exception table; any context otherwise. */
bool semihost_exit(int code);

#endif
