/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a panic shows of a hart: registers and back trace, as lines of the log. Any context, on a
 * hart whose state may be garbage: reads of its stack may fault and end the trace then.
 */
#ifndef HYP_CONSOLE_PANIC_TRACE_H
#define HYP_CONSOLE_PANIC_TRACE_H

#include "arch/riscv/backtrace.h"

struct trap_frame;

/* Trap CSRs and registers, by name. */
void panic_print_frame(const struct trap_frame *f);

/* The back trace, a line a frame: address and, where the image's symbol table knows it, name. Only
 * the stack that sp points into is read. */
void panic_print_trace(const struct backtrace_start *start, uintptr_t sp);

#endif
