/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI as guests see it: version 3.0. One file an extension; this is the door.
 *
 * Every argument is hostile. SBI error codes exist here and nowhere above or below.
 */
#ifndef SBI_SERVER_H
#define SBI_SERVER_H

#include "guest/vcpu.h"

/* Answers the ecall the vCPU stopped at. Its own thread, interrupts on; may block. */
void sbi_call(struct vcpu *v);

#endif
