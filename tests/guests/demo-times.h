/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long the guests of `make demo` are there, in milliseconds from their first instruction.
 * tests/boot/trace.t reads these lines too.
 */
#ifndef DEMO_TIMES_H
#define DEMO_TIMES_H

#define DEMO_BEGINS_MS 40  /* demo.c's first mark: by then every VM runs */
#define DEMO_TIMER_MS  50  /* its timers: longer than QEMU's turn for the other hart */
#define DEMO_OTHER_MS  250 /* demo-other.c ends: demo.c is in its last part */
#define DEMO_ENDS_MS   400 /* demo.c ends */

#endif
