/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a test may ask of the host machine, beyond the architecture contract. Only tests include
 * this: lib/, rcu/ and entry/ know arch/arch.h alone.
 *
 * The thread that runs main() is hart 0 of a machine of one, with interrupts off, until and after
 * host_harts_run(). All functions may be called from any thread unless they say otherwise.
 */
#ifndef ARCH_HOST_HOST_H
#define ARCH_HOST_HOST_H

#include "arch/arch.h"
#include "lib/step.h"

/*
 * Runs fn(index) on n harts, threads with per-hart variables as fresh as after reset and
 * interrupts off; returns when all have come back. A hart that is done stays in the machine until
 * the last one is, so it must leave itself quiescent if others wait for grace periods. Interrupts
 * and kicks from before are forgotten. Main thread only; 1 <= n <= HARTS_MAX.
 */
void host_harts_run(unsigned int n, void (*fn)(unsigned int hart));

/* Bits of a hart's pending word. The other bits are a test's own. */
#define HOST_IRQ_KICK BIT(0)
#define HOST_IRQ_TICK BIT(1)

/* Makes interrupts of a hart pending: it leaves its guest or its wait, and takes them when they
 * are on. What the caller stored before is visible to the hart that takes it. */
void host_irq_raise(unsigned int hart, u32 bits);

/* Is an interrupt pending on the calling hart? */
bool host_irq_pending(void);

/* The calling hart gets HOST_IRQ_TICK once the clock has reached the deadline; HOST_TIMER_NEVER takes
 * that back. A hart that waits with one set makes the clock go there. */
#define HOST_TIMER_NEVER (~0UL)
void host_timer_set(u64 deadline);

/* Sets what is called, on the hart that takes interrupts, with interrupts off; NULL: nothing.
 * Before harts run. */
void host_irq_set_handler(void (*handler)(u32 bits));

/* Kicks that were sent to a hart since host_harts_run(). */
u64 host_irq_kicks(unsigned int hart);

/* No interrupt is pending and no kick was sent on the first n harts. While none of them runs. */
void host_irq_reset(unsigned int n);

/*
 * A guest: step() is called, RCU not watching, until it returns false (the guest exits by itself)
 * or an interrupt is pending; one that is pending on the way in lets no step happen. A guest that
 * waits for an interrupt calls arch_wait() in its step.
 */
struct arch_vcpu {
	bool (*step)(struct arch_vcpu *vcpu);
	void *arg;	  /* step()'s own */
	u64 steps;	  /* steps taken in all runs */
	bool interrupted; /* what ended the last run */
	u64 reason;	  /* if it was step(): why, by its own numbers */
	u64 reg;	  /* its register, while it is in no hart */
	u32 in_hart;	  /* index + 1 of the hart that has it; 0: none */
};

/*
 * The one register of a guest that stays in the hart across exits. It moves when another vCPU takes
 * the hart (E15). The first makes v the vCPU that lives in the calling hart, the second takes it
 * out, if it is there; the third is the register of the vCPU that lives here.
 */
void host_vcpu_load(struct arch_vcpu *v);
void host_vcpu_put(struct arch_vcpu *v);
u64 *host_vcpu_reg(void);

/* What arch_guest_exit_reason() says of a run that an interrupt ended. */
#define HOST_EXIT_IRQ (~0UL)

/* The clock stands still but for these two, and for a wait with a timer set: set it, or let it go on
 * by some ticks. */
void host_clock_set(u64 now);
void host_clock_advance(u64 ticks);
/* Lets it go on to when, if it is not there yet. */
void host_clock_reach(u64 when);

/* Calls fn(arg). Returns what the failed CHECK() or panic() said, or NULL if fn came back. The
 * calling hart is left as it was at the panic: best done as the last thing of a hart of its own. */
const char *host_expect_panic(void (*fn)(void *arg), void *arg);

/* Sends console output to buf (n bytes, always terminated, the rest is dropped) instead of
 * stderr; buf NULL ends that. */
void host_console_capture(char *buf, size_t n);

/* The steps the calling hart has noted since its start or the last reset: at most HOST_STEPS are
 * kept. host_step(i) with i < host_step_count(). */
#define HOST_STEPS 256
void host_steps_reset(void);
size_t host_step_count(void);
enum step host_step(size_t i);

#endif
