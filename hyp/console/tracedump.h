/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rings of the trace points as lines of the log. docs/tracing.md says what a line means;
 * tools/demo reads them.
 */
#ifndef HYP_CONSOLE_TRACEDUMP_H
#define HYP_CONSOLE_TRACEDUMP_H

#include "lib/types.h"

/* How many events of each hart a panic shows. */
#define TRACEDUMP_PANIC 16

/* Reports all that the harts remember, hart by hart, oldest first; events are no longer noted. Nothing
 * when none was. Any context that may log. */
void tracedump_all(void);

/* The same of the last n events of each hart. */
void tracedump_last(u64 n);

#endif
