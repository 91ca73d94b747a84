/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access faults of a guest: what a machine gives to who accesses a place where it has nothing, or a device
 * in a way that the device does not take (privileged architecture 20240411, "Physical Memory Attributes").
 */
#ifndef GUEST_RISCV_VFAULT_H
#define GUEST_RISCV_VFAULT_H

#include "lib/types.h"

struct vcpu;

/*
 * The guest, stopped by a guest-page fault, takes the access fault of the same kind at the same address
 * instead. why goes into the log: "where it has nothing". One that is met at the first instruction of the
 * trap vector would be met there for ever: it ends the VM. The vCPU's own thread, interrupts on.
 */
void vfault_give(struct vcpu *v, const char *why);

#endif
