/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run loop of a vCPU, and how another hart gets its attention. docs/threshold.md has the whole
 * sequence as one picture.
 *
 * A request is a bit in guest_run.requests. Who sets one calls guest_kick() afterwards; who runs
 * the vCPU says IN_GUEST first and reads the requests then. Between the two barriers one of them
 * sees the other, so a request set at any moment ends or prevents the run (E6).
 */
#ifndef ENTRY_RUN_H
#define ENTRY_RUN_H

#include "arch/arch.h"

enum run_mode {
	OUTSIDE_GUEST,
	IN_GUEST, /* interrupts off on the way in, in the guest, or on the way out; plus the hart's index */
};

struct arch_vcpu;
struct guest_run;

/* What the loop needs from the layers above. */
struct guest_run_ops {
	/* Work before an entry: reschedule, requests, stop. Interrupts on; may block. False: the
	 * vCPU ends its run loop. */
	bool (*work)(struct guest_run *run);
	/* Last preparation, interrupts off, RCU watching: virtual interrupts, TLB work, VMID.
	 * False: something turned up, go round once more. */
	bool (*prepare)(struct guest_run *run);
	/* Handles the exit. Interrupts on; may block. */
	void (*handle_exit)(struct guest_run *run);
};

struct guest_run {
	/* Written by the vCPU's own thread. */
	u32 mode;    /* OUTSIDE_GUEST, or IN_GUEST + the hart it is in; read by guest_kick() */
	u64 entries; /* runs that have ended */
	struct arch_vcpu *arch;
	const struct guest_run_ops *ops;

	/* Set by anybody (atomic), cleared by the vCPU's thread. */
	unsigned long requests;
};

/* Bits of this hart's pending work: what makes a hart turn round before it enters a guest. */
#define ENTRY_WORK_RESCHED BIT(0)

DECLARE_PER_HART(unsigned long, entry_work);

/* Sets bits of hart i's pending work and makes it look. Any context that RCU watches. */
void entry_work_set(unsigned int i, unsigned long bits);

/* Takes bits of this hart's pending work: clears them and says which were set. */
unsigned long entry_work_take(unsigned long bits);

/* Runs the vCPU until its work() says stop. In the vCPU's own thread, interrupts on, no lock held, in
 * no reader; work() and handle_exit() may come back on another hart. The only caller of the helpers in entry/entry.h. */
void guest_run_loop(struct guest_run *run);

/* Sets request bits of a vCPU, and ends its run if it is in one. Any context that RCU watches. */
void guest_request(struct guest_run *run, unsigned long bits);

/*
 * Sets request bits of a vCPU that is outside its guest, and is then as after guest_request_sync(). False:
 * it is in its guest; the request is set, but nobody was kicked: guest_request() is to follow. Any context.
 */
static inline bool guest_request_outside(struct guest_run *run, unsigned long bits)
{
	/* Order: what the request stands for, before the request.
	 * Pairs with: guest_request_take() [K2] */
	__atomic_fetch_or(&run->requests, bits, __ATOMIC_RELEASE);
	/* Order: the request is set, before the mode is read.
	 * Pairs with: work_pending() [K1] */
	arch_mb();
	/* Order: the run is over, before the caller's own guest reads what that guest wrote, or what it
	 * read is made something else. Pairs with: handle_exit(), guest_read_end() [K4] */
	return arch_load_acquire(&run->mode) == OUTSIDE_GUEST;
}

/* Takes requests: clears these, and says which of them were set. The vCPU's thread. */
unsigned long guest_request_take(struct guest_run *run, unsigned long bits);

/* Is it in its guest, at this moment? */
static inline bool guest_is_in(const struct guest_run *run)
{
	return READ_ONCE(run->mode) != OUTSIDE_GUEST;
}

/* Makes a vCPU that is in its guest come out. Any context that RCU watches. */
void guest_kick(struct guest_run *run);

/* After guest_request(): waits until the vCPU is not in a run that began before the request, so
 * that what it asks for happens before the guest's next instruction. Interrupts on, no lock held;
 * a busy wait of a kick's length. */
void guest_request_sync(struct guest_run *run, unsigned long bits);

/* Between these two the vCPU's thread reads with its guest's own translations, and counts as being in
 * its guest: who waits for the end of a run waits for this, too. Requests that are about translations
 * are looked at in between. Its own thread, interrupts off. */
void guest_read_begin(struct guest_run *run);
void guest_read_end(struct guest_run *run);

#endif
