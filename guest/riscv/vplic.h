/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Model of a platform-level interrupt controller, as a guest sees it.
 *
 * One context a vCPU, its S-mode: context number = vCPU index, which the guest learns from
 * interrupts-extended in its tree. Sources 1 to ndev, priorities 0 (never) to 7.
 *
 * Gateways: a level source that is still high when its handler completes becomes pending again; an
 * edge that comes between claim and completion is kept and becomes pending then, several of them
 * as one; a request once pending is not taken back when the line falls. All as the specification
 * has it.
 *
 * What a guest can do wrong has no effect but a count: registers that do not exist read 0 and
 * ignore writes (newer drivers touch more than older ones).
 *
 * Lock order: a device's lock > vplic->lock > what ops->set_ext takes.
 *
 * Spec: RISC-V Platform-Level Interrupt Controller 1.0.0.
 */
#ifndef GUEST_RISCV_VPLIC_H
#define GUEST_RISCV_VPLIC_H

#include "guest/dev/virq.h"
#include "guest/mem/mmio.h"
#include "lib/err.h"
#include "lib/types.h"

#define VPLIC_SOURCES_MAX     1023
#define VPLIC_SOURCES_DEFAULT 96
#define VPLIC_CONTEXTS_MAX    HARTS_MAX
#define VPLIC_PRIORITY_MAX    7

/* Offsets of the registers, in bytes. */
#define VPLIC_PRIORITY	     0x0 /* 4 a source */
#define VPLIC_PENDING	     0x1000
#define VPLIC_ENABLE	     0x2000 /* VPLIC_ENABLE_STRIDE a context */
#define VPLIC_ENABLE_STRIDE  0x80
#define VPLIC_CONTEXT	     0x200000 /* VPLIC_CONTEXT_STRIDE a context */
#define VPLIC_CONTEXT_STRIDE 0x1000
#define VPLIC_THRESHOLD	     0x0 /* in the context's page */
#define VPLIC_CLAIM	     0x4

struct vplic;

struct vplic_ops {
	/* The external interrupt of a context is pending (true) or not from now on; called when it
	 * changes. Any context, with the model's lock held and interrupts off: must not block nor
	 * call the model. */
	void (*set_ext)(void *arg, u32 ctx, bool level);
};

/*
 * Makes a PLIC with sources 1 to ndev and nctx contexts, all registers 0. A thread, or while
 * booting. Returns OK; ERR_RANGE: ndev or nctx is 0 or over its maximum; ERR_NOMEM.
 */
enum err vplic_create(u32 ndev, u32 nctx, const struct vplic_ops *ops, void *arg,
		      struct vplic **out);

/* Frees it. No device, vCPU or MMIO region may use it any more. */
void vplic_destroy(struct vplic *p);

/* All registers 0 and nothing pending or in service, as after power-on; lines keep their level and
 * a level line that is high is pending again. look: called every some hundred instructions, or NULL. No vCPU
 * may be running. */
void vplic_reset(struct vplic *p, void (*look)(void));

/* Bytes of guest physical address space its registers take; a multiple of 4 KiB. */
u64 vplic_size(const struct vplic *p);

/*
 * Wires a device's line to a source. Before the device runs.
 * Returns OK; ERR_RANGE: no such source; ERR_BUSY: the source has a line.
 */
enum err vplic_connect(struct vplic *p, struct virq_line *line, u32 source,
		       enum virq_trigger trigger);

/* Unwires it again; the line counts as low from now on. The device must not be running. */
void vplic_disconnect(struct vplic *p, struct virq_line *line);

/* The register at off, a multiple of 4; reading a claim register claims. Any context, interrupts
 * in any state. */
u32 vplic_read(struct vplic *p, u64 off);
void vplic_write(struct vplic *p, u64 off, u32 val);

/* Is the external interrupt of context ctx pending? ctx < nctx. Any context. */
bool vplic_ext(struct vplic *p, u32 ctx);

/* Accesses to registers that do not exist, since it was made. Any context. */
u64 vplic_unknown(struct vplic *p);

/* For the MMIO bus; dev is the struct vplic. Anything but an aligned access of 4 bytes is
 * ERR_INVAL. */
extern const struct mmio_ops vplic_mmio_ops;

#endif
