/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a panic shows of a hart: its back trace, as lines of the log. Any context, on a
 * hart whose state may be garbage: reads of its stack may fault and end the trace then.
 */
#ifndef HYP_CONSOLE_PANIC_TRACE_H
#define HYP_CONSOLE_PANIC_TRACE_H

#include "arch/arch.h"

/* The back trace, a line a frame: address and, where the image's symbol table knows it, name. Only
 * the stack that start->sp points into is read. */
void panic_print_trace(const struct arch_place *start);

#endif
