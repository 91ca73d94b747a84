/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU: a guest's hart, run by one hypervisor thread.
 *
 * Who touches what: arch and the timer belong to the vCPU's own thread (arch with interrupts off
 * where arch/riscv/vcpu.h says so). hsm changes under vm->lock, and may be read by anybody. Others
 * reach a vCPU through requests alone.
 */
#ifndef GUEST_RISCV_VCPU_H
#define GUEST_RISCV_VCPU_H

#include "arch/riscv/decode.h"
#include "arch/riscv/vcpu.h"
#include "arch/riscv/vmid.h"
#include "entry/run.h"
#include "guest/riscv/vcpu_vsfile.h"
#include "guest/riscv/vfence.h"
#include "guest/riscv/vpmu.h"
#include "guest/riscv/vsteal.h"
#include "hyp/sched/thread.h"
#include "hyp/sched/timer.h"
#include "lib/err.h"
#include "lib/trace.h"

struct vm;

#define DECODED 8 /* MMIO instructions remembered by a vCPU; a power of two */

/* Requests (guest_run.requests). */
#define REQ_STOP   BIT(0) /* the VM has ended, or the state of the hart has changed: look */
#define REQ_IPI	   BIT(1) /* set VSSIP */
#define REQ_EXT	   BIT(2) /* virqchip_ext() may have changed */
#define REQ_TIMER  BIT(3) /* the SBI timer has fired */
#define REQ_FENCEI BIT(4) /* fence.i */
#define REQ_VVMA   BIT(5) /* do the fences that are queued */
#define REQ_FILE   BIT(6) /* its interrupt file is not where it is; its own thread alone */
#define REQ_PAUSE  BIT(7) /* the VM is paused, or goes on: look */

/* Those that end a wait; fences can stay until the vCPU runs again. */
#define REQ_WAKE (REQ_STOP | REQ_IPI | REQ_EXT | REQ_TIMER | REQ_FILE | REQ_PAUSE)

struct vcpu {
	struct arch_vcpu arch;
	struct guest_run run;
	struct vm *vm;
	struct thread *thread; /* RCU; its own thread sets and clears it; NULL: does not run */
	struct vmid_vm *vm_id; /* the VM's: vm->arch.vmid */
	struct vmid_vcpu vmid;
	u64 seen_generation,
		seen_seq; /* of VMIDs and of G-stage changes, when it was loaded last */
	u32 id;		  /* the guest's hart id, PLIC context and APLIC hart index */
	bool sstc;	  /* the guest has Sstc: its timer is vstimecmp */

	/* hart state, SBI_HSM_STATE_*; changes under vm->lock. */
	u32 hsm;
	/* Where it starts or resumes, valid in START_PENDING and SUSPENDED. Under vm->lock. */
	u64 start_pc, start_opaque;

	u32 fwft_locked; /* SBI FWFT: BIT(feature) of those that are; its own thread */
	/* Its external interrupt: its own interrupt file, or NULL; then what the interrupt controller
	 * said last, under its lock. */
	struct vimsic *imsic;
	u32 ext_level;
	struct vcpu_vsfile vsfile; /* where messages to its file go: guest/riscv/vcpu_vsfile.h */
	/* MMIO instructions that htinst told and a watched answer may take; by decoded_slot(). */
	struct decoded {
		u64 htinst; /* 0: none */
		struct mmio_insn insn;
	} decoded[DECODED];
	u64 mmio_hint;	    /* the bus's */
	struct timer timer; /* the SBI timer, where the guest has no Sstc */

	struct vfence_queue fences; /* fences that others asked for */

	struct vsteal vsteal; /* SBI STA; its own thread */
	struct vpmu vpmu;     /* SBI PMU */

	/* Where its thread's time went, in ticks; written when the thread ends. */
	u64 ticks[VTIME_KINDS];
	u64 steal;
};

/* Sets up a vCPU that has never run, stopped. */
void vcpu_init(struct vcpu *v, struct vm *vm, u32 id);

/* What its clock is ahead of the host's. Its VM does not run, or it is parked. */
static inline void vcpu_set_clock(struct vcpu *v, u64 delta)
{
	v->arch.htimedelta = delta;
}

/* Makes an interrupt of the guest pending: bit is one of HVIP_*. It is in the hart. Interrupts off. */
static inline void vcpu_inject_interrupt(struct vcpu *v, u64 bit)
{
	trace_point(TRACE_INJECT, SCAUSE_IRQ | (u64)__builtin_ctzl(bit), (u64)(uintptr_t)&v->arch);
	vcpu_set_hvip(&v->arch, bit);
}

/* Its external interrupt is pending from now on if virqchip_ext() says so, else not. It is in the hart.
 * Interrupts off. */
void vcpu_look_at_ext(struct vcpu *v);

/* Makes its thread, on the given hart if it may run anywhere; ERR_NOMEM. */
enum err vcpu_start_thread(struct vcpu *v, unsigned int hart);

/* Sets requests of REQ_WAKE and makes the vCPU see them, whether it is in the guest or waits. (What
 * need not end a wait goes through guest_request() alone.) Any context that RCU watches. */
void vcpu_request(struct vcpu *v, unsigned long bits);

/* Blocks the vCPU until an interrupt that its sie enables is pending, or its VM has ended. Its own
 * thread, interrupts on. */
void vcpu_wait_interrupt(struct vcpu *v);

/* A break in a long answer, of every 10,000 instructions or so: others have the hart if they are to, and a
 * pause of the VM takes place. False: the VM has ended, and the answer is nobody's. Its own thread,
 * interrupts on; may come back on another hart. */
bool vcpu_break(struct vcpu *v);

/* Lets others have the hart for a while, at a guest's wish. Its own thread, interrupts on. */
void vcpu_yield(struct vcpu *v);

/* Starts anew at pc after a suspend that kept nothing but timer and pending interrupts. Its own
 * thread, interrupts on. */
void vcpu_resume(struct vcpu *v, u64 pc, u64 opaque);

/* The guest's timer interrupt becomes pending when its clock reaches t; clears a pending one. Its own
 * thread, interrupts on. */
void vcpu_set_timer(struct vcpu *v, u64 t);

/* Ticks for which the vCPU could have run but another thread had its hart: what SBI STA tells. Never
 * goes back while the VM runs. Any context that RCU watches. */
u64 vcpu_steal_ticks(struct vcpu *v);

/* Handles why the guest stopped; guest/riscv/exit.c. Its own thread, interrupts on; may block. */
void vcpu_handle_exit(struct guest_run *run);

static inline struct vcpu *vcpu_of_run(struct guest_run *run)
{
	return container_of(run, struct vcpu, run);
}

extern struct vmid_space vmid_space;

/* The slow half of vcpu_take_hart(). */
bool vcpu_take_hart_slow(struct vcpu *v);

/*
 * Makes v the vCPU that lives in this hart, address spaces included: its CSRs can be read and
 * written, its memory read with HLVX, and its guest entered. Translations that are not its own are
 * forgotten (E14). While it stays the one loaded here, no sibling has run on the hart and it has run
 * nowhere else, so the two numbers below are all that can change. False: REQ_FILE was set, and its guest
 * must not be entered before that is seen to. Its own thread, interrupts off.
 */
static inline bool vcpu_take_hart(struct vcpu *v)
{
	if (unlikely(this_hart(vcpu_loaded) != &v->arch ||
		     v->seen_generation != READ_ONCE(vmid_space.generation) ||
		     v->seen_seq != READ_ONCE(v->vm_id->seq)))
		return vcpu_take_hart_slow(v);
	return true;
}

/* Does the fences that others asked for. v is loaded in this hart. Its own thread, interrupts off. */
static inline void vcpu_take_fences(struct vcpu *v)
{
	if (guest_request_take(&v->run, REQ_VVMA))
		vfence_drain(&v->fences);
}

#endif
