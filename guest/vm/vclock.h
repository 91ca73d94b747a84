/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's clock: the host's, less where the guest's began, less the time it stood still. The guest
 * reads it in a register of its hart, to which the hardware adds what vclock_delta() gives.
 *
 * Started and stopped by the VM's owner while none of its vCPUs is in a hart; read by its vCPUs.
 */
#ifndef GUEST_VM_VCLOCK_H
#define GUEST_VM_VCLOCK_H

#include "lib/types.h"

struct vclock {
	u64 base;    /* host's clock when the guest's is 0, ticks */
	u64 stopped; /* host's clock when it was stopped */
	bool running;
};

#define VCLOCK_NEVER (~0UL)

/* The guest's clock is 0 and stands still. */
void vclock_init(struct vclock *c);

/* now: the host's clock. Starting one that runs, or stopping one that does not, changes nothing. */
void vclock_start(struct vclock *c, u64 now);
void vclock_stop(struct vclock *c, u64 now);

/* What the hardware adds for the VM's vCPUs; good until the clock is stopped. */
static inline u64 vclock_delta(const struct vclock *c)
{
	return -c->base;
}

/* The host's time at which the guest's clock reads t; VCLOCK_NEVER where that is beyond the end of
 * the host's. delta is vclock_delta(). */
static inline u64 vclock_to_host(u64 delta, u64 t)
{
	u64 host = t - delta;

	return host < t ? VCLOCK_NEVER : host;
}

#endif
