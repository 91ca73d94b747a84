/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who does the console's work while guests run: the serial port's interrupt where the machine's
 * interrupt controller is one limen drives; where not, a timer that looks for input now and then, and a
 * thread that sends.
 */
#ifndef HYP_CONSOLE_INPUT_H
#define HYP_CONSOLE_INPUT_H

#include "hyp/tree/platform.h"

/* Once, in a thread on hart 0. From here on nobody waits for the port (console_begin()). */
void input_init(const struct platform *p);

#endif
