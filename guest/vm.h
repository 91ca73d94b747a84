/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM: RAM, devices, vCPUs, and how it ends.
 *
 * The vCPU array does not change in a VM's life. Lock order: vm->lock (hart states) is a leaf.
 */
#ifndef GUEST_VM_H
#define GUEST_VM_H

#include "arch/riscv/gstage.h"
#include "arch/riscv/isa.h"
#include "arch/riscv/vmid.h"
#include "guest/config.h"
#include "guest/gmem.h"
#include "guest/mmio.h"
#include "guest/payload.h"
#include "guest/vclock.h"
#include "guest/vconsole.h"
#include "guest/vcpu.h"
#include "guest/vm_place.h"
#include "guest/virqchip.h"
#include "guest/vuart.h"
#include "hyp/page.h"

enum vm_state {
	VM_NEW,
	VM_RUNNING,
	VM_OFF,	   /* powered itself off */
	VM_REBOOT, /* wants to start again */
	VM_FAILED, /* was stopped for what it did */
};

struct vm {
	/* Set when the VM is made; constant while it runs. */
	struct vm_config *config;
	u32 vcpus;
	struct vcpu *vcpu; /* array of vcpus */
	struct isa_set isa;
	struct pt_source tables; /* page tables, charged to account */
	struct gstage gstage;
	struct virqchip irqchip;

	/* With locks or rules of their own. */
	struct vm_place place;
	struct mem_account account;
	struct vm_mem mem;
	struct mmio_bus bus;
	struct vmid_vm vmid;
	struct vuart uart;
	struct vconsole console;
	struct vclock clock; /* runs while the VM does */

	struct spinlock gstage_lock; /* changes of the tables while it runs */
	struct spinlock lock;	     /* hart states: vcpu[].hsm */
	u32 state;	      /* enum vm_state; leaves VM_RUNNING once, by compare and exchange */
	u32 live;	      /* vCPU threads that have not ended; atomic */
	void (*ended)(struct vm *vm);
	u64 filling; /* what clearing its RAM and copying into it took, ticks of arch_clock() */
};

/*
 * Makes a VM as its configuration says, with RAM and devices, not loaded and not running. Errors
 * are marked in config (config_vm_error()) and returned: ERR_NOMEM, ERR_NOTSUP.
 */
enum err vm_create(struct vm_config *config, struct vm **out);

/* Gives back all of a VM that does not run, none of whose vCPUs is loaded in a hart. Blocks. */
void vm_destroy(struct vm *vm);

/*
 * Puts kernel, initrd and the guest's tree into its RAM, with everything reset; hart 0 starts at
 * the kernel's entry when the VM runs. Takes time in proportion to RAM. The VM does not run.
 */
enum err vm_load(struct vm *vm, const struct vm_payload *p);

/* Starts its vCPUs' threads, spread over the harts from first_hart on. When the last one has ended,
 * ended() is called in that thread. ERR_NOMEM. */
enum err vm_start(struct vm *vm, unsigned int first_hart, void (*ended)(struct vm *vm));

/*
 * Ends the VM because of what a guest did: prints why and the vCPU's registers, and stops the VM.
 * The first reason counts. The vCPU's own thread, interrupts on.
 */
void vm_fail(struct vcpu *v, const char *fmt, ...) __printf(2, 3);

/* Ends a running VM; its vCPUs leave their loops. Any thread. */
void vm_stop(struct vm *vm, enum vm_state why);

/* One line to the log on where the time of the VM's vCPUs went, from its last start to its end. It does not run. */
void vm_log_times(const struct vm *vm);

/* One vCPU thread less; from that thread, as the last thing it does with the VM. */
void vm_vcpu_ended(struct vm *vm);

static inline bool vm_running(const struct vm *vm)
{
	return READ_ONCE(vm->state) == VM_RUNNING;
}

#endif
