/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end after a failed check or a trap nobody expected: what, where, registers, the back trace
 * of every hart, one after the other, and the machine stops with the failing status.
 *
 * The ways in are arch_panic() and arch_panic_frame() (arch/arch.h); the first hart
 * in wins, another that fails meanwhile tells its story when its turn comes.
 */
#ifndef HYP_CONSOLE_PANIC_H
#define HYP_CONSOLE_PANIC_H

#include "lib/compiler.h"
#include "lib/types.h"

struct trap_frame;

/* Is some hart in panic? What handles a kick looks at this before anything else, in whatever
 * context, and calls panic_join() if so. Window. */
bool panic_in_progress(void);

/* Waits for this hart's turn to print its back trace, of f if given, and never comes back.
 * Interrupts off; RCU may not be watching. */
__noreturn void panic_join(const struct trap_frame *f);

#endif
