/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nodes of an advanced interrupt architecture in a guest's device tree: one for the interrupt
 * files of all vCPUs, one for the APLIC. Written into a tree that is under construction, inside a
 * node with #address-cells and #size-cells 2.
 *
 * Bindings of Linux: interrupt-controller/riscv,imsics and interrupt-controller/riscv,aplic; of
 * dt-schema: interrupt-controller.
 * Spec: RISC-V Advanced Interrupt Architecture 1.0, sections 3.6 and 4.9.1 (addresses of the files).
 */
#ifndef GUEST_RISCV_GTREE_AIA_H
#define GUEST_RISCV_GTREE_AIA_H

#include "guest/dev/virq.h"
#include "guest/image/fdtw.h"
#include "lib/compiler.h"
#include "lib/types.h"

struct gtree_aia {
	u32 vcpus;	 /* >= 1 */
	u32 cpu_phandle; /* of vCPU 0's interrupt controller; the others' follow */

	u32 imsic_phandle; /* 0: no interrupt files, the APLIC delivers directly */
	gpa_t imsic_base;  /* of vCPU 0's page; see gtree_imsic_align() */
	u32 ids;	   /* identities of a file */

	u32 aplic_phandle;
	gpa_t aplic_base;
	u64 aplic_size; /* vaplic_size() */
	u32 sources;
};

/* What imsic_base has to be a multiple of, so that base | hart index << 12 is a vCPU's page. Pure. */
u64 gtree_imsic_align(u32 vcpus);

/* The second cell of a device's `interrupts` behind the APLIC; the first is the source. Pure. */
u32 gtree_aplic_flags(enum virq_trigger trigger);

/* Write the nodes. Any context. gtree_imsic() wants imsic_phandle; gtree_aplic() makes a node that forwards
 * to it, or interrupts the vCPUs itself. */
void gtree_imsic(struct fdtw *w, const struct gtree_aia *a);
void gtree_aplic(struct fdtw *w, const struct gtree_aia *a);

#endif
