/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt controller of a VM, whichever it is: a PLIC; an APLIC that interrupts the vCPUs
 * itself; or an APLIC that sends messages, with an interrupt file for each vCPU (guest/riscv/vcpu_imsic.h).
 *
 * Owns the models and their places on the bus. Which it is, the configuration says, or the harts: a
 * guest whose harts have Ssaia gets interrupt files.
 */
#ifndef GUEST_RISCV_VIRQCHIP_H
#define GUEST_RISCV_VIRQCHIP_H

#include "guest/dev/virq.h"
#include "guest/image/gtree.h"
#include "lib/err.h"

struct vm;
struct vcpu;

struct virqchip {
	bool has_imsic;	      /* each vCPU has an interrupt file */
	struct vplic *plic;   /* or NULL */
	struct vaplic *aplic; /* or NULL */
};

/* Settles which it is, and with that whether the guest has Ssaia; vm->arch.isa is what the harts offer.
 * ERR_NOTSUP, marked in the configuration: these harts cannot do what it asks for. */
enum err virqchip_choose(struct vm *vm);

/* Makes it, with its registers on the bus; the vCPUs are there. A thread, or while booting. ERR_NOMEM. */
enum err virqchip_create(struct vm *vm);

/* Frees what there is of it. The VM does not run, and nobody uses its bus. */
void virqchip_destroy(struct vm *vm);

/* As after power-on; lines keep their level. The VM does not run. */
void virqchip_reset(struct vm *vm);

/* Wires a device's line to a source; before the VM runs. ERR_RANGE: no such source; ERR_BUSY: it has
 * a line. */
enum err virqchip_connect(struct vm *vm, struct virq_line *line, u32 source,
			  enum virq_trigger trigger);

/* What the guest's tree has to say of it. */
void virqchip_describe(const struct vm *vm, struct gtree_irqchip *t);

/* Does it interrupt the vCPU at this moment? The vCPU's own thread. */
bool virqchip_ext(struct vcpu *v);

#endif
