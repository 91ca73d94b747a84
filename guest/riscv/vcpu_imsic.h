/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's interrupt file: where messages to it arrive, and what its guest reaches of it through
 * siselect, sireg and stopei.
 *
 * The file is one of the hardware's while guest/riscv/vcpu_vsfile.h has one for it, and kept in software
 * (guest/riscv/vimsic.h) otherwise: then the guest's page at its address is an emulated one, and its accesses
 * to sireg and stopei trap (hstatus.VGEIN is 0). siselect is the hart's vsiselect, which is the vCPU's
 * while it lives there.
 *
 * Spec: RISC-V Advanced Interrupt Architecture 1.0, chapters 3 and 6.
 */
#ifndef GUEST_RISCV_VCPU_IMSIC_H
#define GUEST_RISCV_VCPU_IMSIC_H

#include "lib/err.h"
#include "lib/types.h"

struct vcpu;

/* Makes the file of a vCPU that has never run, and its page on the bus. A thread, or while booting.
 * ERR_NOMEM. */
enum err vcpu_imsic_create(struct vcpu *v);

/* How many identities it has. */
u32 vcpu_imsic_identities(void);

/* Frees it, if there is one. The VM does not run, and nobody uses its bus. */
void vcpu_imsic_destroy(struct vcpu *v);

/* As after power-on, what is pending forgotten; nothing where there is none. The vCPU's own thread,
 * which is outside its guest and about to stop; others may have its file of the hardware then. What comes
 * later is kept until it starts. */
void vcpu_imsic_reset(struct vcpu *v);

/* Where in the guest's physical memory its page is. */
gpa_t vcpu_imsic_page(const struct vcpu *v);

/* Does it interrupt the vCPU at this moment? The vCPU's own thread. */
bool vcpu_imsic_ext(struct vcpu *v);

/* A trapped instruction of the guest, if it is an access to sireg or stopei that its S-mode may make:
 * done, with sepc behind it. False: it is none. The vCPU's own thread, interrupts on. */
bool vcpu_imsic_csr(struct vcpu *v, u32 insn);

#endif
