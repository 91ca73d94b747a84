/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI as guests see it: version 3.0. One file an extension; this is the door.
 *
 * Every argument is hostile. SBI error codes exist here and nowhere above or below.
 */
#ifndef SBI_SERVER_H
#define SBI_SERVER_H

#include "guest/riscv/vcpu.h"

/* Answers the ecall the vCPU stopped at. Its own thread, interrupts on; may block. */
void sbi_call(struct vcpu *v);

/* The same in a watched answer (arch/riscv/vcpu.h), for calls that need RCU and neither block nor take
 * long. False: it is for sbi_call(), as if nothing had been done. */
bool sbi_call_watched(struct vcpu *v);

#define SBI_ECALL_LEN 4

/* Exits of a hart that were answered inside the guest's run. */
DECLARE_PER_HART(u64, early_answers);

#endif
