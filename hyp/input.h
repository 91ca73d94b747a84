/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Console input: by the serial port's interrupt where the machine's interrupt controller is one
 * limen drives, by looking now and then where not.
 */
#ifndef HYP_INPUT_H
#define HYP_INPUT_H

#include "hyp/platform.h"

/* Once, in a thread on hart 0. */
void input_init(const struct platform *p);

#endif
