/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The architecture contract: all that lib/, entry/ and rcu/ may know of a machine, and in part 3 what
 * hyp/ and guest/ ask for besides.
 *
 * An architecture provides arch_inline.h (found through the include path) with the __window
 * functions listed in part 1, and defines the functions of part 2; one that runs a machine those of
 * part 3, too. Nothing here belongs to one architecture: arch/host, whose harts are threads of a Linux
 * process, has parts 1 and 2.
 *
 * __window functions are always inlined and never instrumented: they may be used while RCU is not
 * watching.
 */
#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

#include "arch/stack.h"
#include "lib/compiler.h"
#include "lib/types.h"

/* The most harts limen can drive. Hart *index* counts from 0 without holes; a hart *id* is what
 * the hardware calls it. */
#define HARTS_MAX 512

/*
 * Per-hart variables. DEFINE_PER_HART at file scope, DECLARE_PER_HART in headers.
 * this_hart(v) is an lvalue in the calling hart's copy; its address is worked out at each use, so
 * a value must not be kept across a call that may block (the thread may come back elsewhere).
 * per_hart(v, i) is hart i's copy, i < arch_hart_count().
 */
#define DECLARE_PER_HART(type, name) extern __thread type name
#define DEFINE_PER_HART(type, name)  __thread __attribute__((used)) type name

/*
 * Part 1: arch_inline.h defines these as __window functions or macros.
 *
 *   this_hart(v)			the macro above; window-safe
 *   unsigned int arch_hart_index(void)	index of the calling hart
 *   ptrdiff_t arch_per_hart_delta(unsigned int i)
 *					displacement that turns the address of the caller's own copy
 *					of a per-hart variable into hart i's; i < arch_hart_count().
 *					May be a plain function as well
 *
 *   bool arch_irqs_off(void)		are interrupts off, in hardware
 *   void arch_irq_off(void)		interrupts off; compiler barrier
 *   void arch_irq_on(void)		interrupts on; compiler barrier
 *   unsigned long arch_irq_save(void)	interrupts off, returns what to restore
 *   void arch_irq_restore(unsigned long)
 *   void arch_irq_take_pending(void)	interrupts on for one instant and off again: whatever is
 *					pending and enabled is taken before it returns
 *
 *   void arch_kick_take(void)		a kick that is pending is taken, if it can be without an
 *					interrupt and wants no handler; or nothing. Interrupts off
 *
 *   void arch_mb/rmb/wmb(void)		order memory accesses among harts: all, reads, writes
 *   void arch_io_mb(void)		order all accesses, to devices as well, and those to registers of
 *					the hart by which it talks to devices
 *   arch_load_acquire(p), arch_store_release(p, v)
 *   void arch_relax(void)		a pause in a busy wait
 *
 *   void arch_guest_run(struct arch_vcpu *)
 *					runs the vCPU until something has to be looked at. Called
 *					with interrupts off, RCU not watching; returns so. Captures
 *					completely why the guest stopped (E11) and has the
 *					architecture's own state back (E12) before it returns. May
 *					be a noinstr function as well
 *   u64 arch_clock(void)		ticks of one clock all harts share; never runs backwards
 *
 * And a per-hart variable of the architecture, arch_guest_left: the clock when an interrupt last ended a run
 * of arch_guest_run(), as early as the architecture can tell. Other ends leave it as it is.
 */
struct arch_vcpu;
DECLARE_PER_HART(u64, arch_guest_left);
#include "arch_inline.h"

/* Part 2. */

/* Ticks of arch_clock() a second. Any context. */
u64 arch_clock_hz(void);

/* Why the vCPU's last run ended, in the architecture's own numbers: for the trace. Any context. */
u64 arch_guest_exit_reason(const struct arch_vcpu *vcpu);

/* How many harts are up; grows only while booting. Any context. */
unsigned int arch_hart_count(void);

#define per_hart(v, i) \
	(*(__typeof__(&(v)))(void *)((char *)(void *)&this_hart(v) + arch_per_hart_delta(i)))

#define for_each_hart(i) for ((i) = 0; (i) < arch_hart_count(); (i)++)

/*
 * Makes hart i leave its guest or its idle wait and look at its entry work. What the caller
 * stored before it is visible to the hart when it looks. Any context, i may be the caller.
 */
void arch_kick(unsigned int i);

/* The same, and the hart runs the handler of a kick as well: what the caller wants is done there. */
void arch_kick_handler(unsigned int i);

/*
 * Waits until an interrupt is pending or a kick came, and returns with interrupts off as it was
 * called. An interrupt that becomes pending between the caller's last look (interrupts off) and
 * the wait ends the wait at once (E16). noinstr; RCU is not watching.
 */
void arch_wait(void);

/* Saved state of a thread that is not running; its content is the architecture's. */
struct arch_context {
	unsigned long sp;
};

/* Prepares ctx so that the first switch to it calls fn(arg) on the stack that ends at top, with
 * interrupts off. fn must not return. Any context. */
void arch_context_init(struct arch_context *ctx, void *top, void (*fn)(void *), void *arg);

/* Saves the caller in from and goes on with to; returns when somebody switches back. Interrupts
 * off. */
void arch_context_switch(struct arch_context *from, struct arch_context *to);

/* Stops the machine after a failed CHECK(): reports the place, every hart's back trace, and ends
 * with the failing status. Any context. */
__noreturn void arch_panic(const char *file, int line, const char *what);

/* The return addresses of the callers of who calls this, innermost first: at most n; how many there
 * are. Any context that RCU watches. */
unsigned int arch_back_trace(uintptr_t *pcs, unsigned int n);

/* Puts text on the machine's console as it is. Any context; may busy-wait for the device. */
void arch_console_write(const char *s, size_t n);

/* Part 3. */

/* What the hardware calls a hart. Any context. */
u64 arch_hart_id(unsigned int index);

/* The calling hart's timer interrupt becomes pending at the given tick of arch_clock(), or never: ~0.
 * Replaces what was set before. Interrupts off. */
void arch_timer_set(u64 deadline);

/* Does setting the timer cost less than an interrupt that finds nothing to do? Any context. */
bool arch_timer_is_cheap(void);

/* What caches hold of [va, va + size) is in memory afterwards, and no cache holds it any more; before
 * whatever this hart does next. Only where guests may look past the caches. Any context; takes long. */
void arch_cache_flush(const void *va, u64 size);

/* What an interrupt or a trap found in the registers; its content is the architecture's. */
struct trap_frame;

/* Where code is, for its back trace. */
struct arch_place {
	uintptr_t pc; /* 0: only callers are wanted */
	uintptr_t fp; /* the frame pointer */
	uintptr_t ra; /* the return address in its register, not saved yet; 0: not known */
	uintptr_t sp; /* points into the stack that may be read */
};

/* Where f interrupted the hart. Any context. */
void arch_frame_place(const struct trap_frame *f, struct arch_place *at);

/* Reports what f holds, by the names of the registers. Any context. */
void arch_frame_report(const struct trap_frame *f);

/* As arch_back_trace(), from at: its pc first, if it has one. Reads of the stack may fault, and end the
 * trace. Any context. */
unsigned int arch_back_trace_from(const struct arch_place *at, uintptr_t *pcs, unsigned int n);

/* arch_panic() for a trap that nobody expected. hyp/console/panic.c has both. */
__noreturn void arch_panic_frame(const char *what, struct trap_frame *f);

#endif
