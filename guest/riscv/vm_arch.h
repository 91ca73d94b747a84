/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM has of RISC-V: part of guest/vm/vm.h, which includes it. guest/vm/vm_seam.h says what is asked of
 * it.
 */
#ifndef GUEST_RISCV_VM_ARCH_H
#define GUEST_RISCV_VM_ARCH_H

#include "arch/riscv/gstage.h"
#include "arch/riscv/isa.h"
#include "arch/riscv/vmid.h"
#include "guest/riscv/vcpu.h"
#include "guest/riscv/virqchip.h"
#include "lib/spinlock.h"

struct vm_arch {
	/* Set when the VM is made; constant while it runs. */
	struct isa_set isa;
	struct pt_source tables; /* page tables, charged to the VM's account */
	struct gstage gstage;
	struct virqchip irqchip;

	/* With rules of their own. */
	struct vmid_vm vmid;
	struct spinlock gstage_lock; /* changes of the tables while the VM runs */
};

#endif
