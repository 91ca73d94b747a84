/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What guest/riscv/vcpu.c, vcpu_request.c, vcpu_wait.c and vcpu_hart.c have of each other. All of it is for the
 * vCPU's own thread.
 */
#ifndef GUEST_RISCV_VCPU_STEPS_H
#define GUEST_RISCV_VCPU_STEPS_H

#include "guest/riscv/vcpu.h"
#include "guest/riscv/vcpu_imsic.h"

/* Its interrupt file is put where it has to be, if somebody asked. Interrupts on. */
static inline void vcpu_look_at_file(struct vcpu *v)
{
	if (v->imsic && READ_ONCE(v->run.requests) & (REQ_FILE | REQ_EXT))
		vcpu_vsfile_look(v, guest_request_take(&v->run, REQ_FILE));
}

/* Does all that is asked of a vCPU, but for what is about its file; it takes its hart for it. Interrupts
 * off. */
void vcpu_take_requests_irqoff(struct vcpu *v);

/* The file first, and then that. Interrupts on. */
void vcpu_take_requests(struct vcpu *v);

/*
 * Waits, with all of its state in memory, for as long as the VM is paused. A request of any kind stays
 * as it is until then. Does not tell whether the VM has ended. Interrupts on.
 */
void vcpu_park(struct vcpu *v);

/* Is all as guest/riscv/vcpu_where.h says of one that is loaded here? Interrupts off. */
bool vcpu_is_here(const struct vcpu *v);

#endif
