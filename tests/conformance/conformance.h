/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The conformance suite: holds an architecture layer, with entry/ and rcu/ on top of it, against
 * the invariants E1 to E16 of the threshold (docs/threshold.md). It knows arch/arch.h, entry/ and
 * rcu/; what it needs of a machine beyond that, a port gives it as one struct of hooks.
 * docs/porting.md says how a port runs it and what each failure means.
 */
#ifndef TESTS_CONFORMANCE_CONFORMANCE_H
#define TESTS_CONFORMANCE_CONFORMANCE_H

#include "arch/arch.h"
#include "lib/step.h"

/* What a guest does. Each counts its rounds, and shows the count (progress()). */
enum conformance_guest {
	GUEST_SPINS,  /* counts, until it is interrupted */
	GUEST_ASKS,   /* leaves by itself at once, each round: a call to the hypervisor */
	GUEST_FAULTS, /* touches, each round, an address behind which nothing is */
	GUEST_LOST,   /* cannot execute a single instruction: the entry itself faults */
	GUEST_WAITS,  /* waits for an interrupt, each round */
	GUEST_EARLY,  /* CONFORMANCE_EARLY calls that are answered early, then one that is not */
	GUEST_KEEPS,  /* begins with a value of its own wherever a hart keeps a vCPU's state, its
		       * registers and its status among it; looks each round whether it is there
		       * (kept()), puts another one there, and asks */
	GUESTS,
};

#define CONFORMANCE_EARLY 3

/* Why a guest stopped. */
enum conformance_why {
	WHY_INTERRUPT,
	WHY_ASKED,
	WHY_FAULT,
	WHY_LOST,
	WHY_WAIT,
	WHY_OTHER,
};

#define CONFORMANCE_VCPUS 2

struct conformance_test {
	const char *name; /* "E4: ..." */
	void (*fn)(void);
	unsigned int harts; /* that it needs */
	const char *skip;   /* why it is not run anywhere; or NULL */
};

extern const struct conformance_test refused_tests[];

/*
 * The hooks. The suite runs as hart 0's only work, interrupts on, RCU watching; NULL where a comment
 * says so.
 */
struct conformance_port {
	const char *name;

	/* Puts a line, without "\n", where results go. */
	void (*print)(const char *line);

	/* vCPU n < CONFORMANCE_VCPUS, made anew, with what its guest does; in no hart. */
	struct arch_vcpu *(*guest)(unsigned int n, enum conformance_guest what);
	/* The vCPU becomes the one that lives in this hart, as at the end of every preparation; and
	 * its state leaves this hart, if it is there. Interrupts off. */
	void (*take_hart)(struct arch_vcpu *v);
	void (*leave_hart)(struct arch_vcpu *v);
	/* Why it stopped last, as captured by arch_guest_run(). Any time until the next run. */
	enum conformance_why (*why)(const struct arch_vcpu *v);
	/* Is all that was captured the guest's: where it was, in which mode? */
	bool (*intact)(const struct arch_vcpu *v);
	/* Lets it go on behind what it stopped at. */
	void (*resume)(struct arch_vcpu *v);
	/* Rounds of its guest so far. Any hart, while it runs. */
	u64 (*progress)(const struct arch_vcpu *v);
	/* GUEST_KEEPS: has each round found the value of the round before? */
	bool (*kept)(const struct arch_vcpu *v);
	/* Exits of this hart answered early so far; NULL: the port has no early answers. */
	u64 (*early)(void);

	/* This hart takes an interrupt once its clock has gone on by ticks, 0: it is pending at
	 * once. The machine's usual handler calls conformance_tick(), where RCU watches and the time
	 * is VTIME_IRQ. Any interrupt state. */
	void (*tick)(u64 ticks);
	/* Lets the clock go on by so many ticks. Interrupts off or on. */
	void (*burn)(u64 ticks);

	/* Notes what of the hart belongs to the hypervisor and must be back after a guest's run;
	 * then says what is not, or NULL. Interrupts off. */
	void (*host_note)(void);
	const char *(*host_wrong)(void);

	/* Calls fn(arg), and says whether all registers that a call keeps have come back; NULL: nobody
	 * can tell. Interrupts off. */
	bool (*call_keeps)(void (*fn)(void *arg), void *arg);

	/* Runs fn(arg) on another hart, as a vCPU's thread is run: interrupts on, may run a guest.
	 * The hart is otherwise idle. Until fn has come back, running() says so. */
	void (*start)(unsigned int hart, void (*fn)(void *arg), void *arg);
	bool (*running)(unsigned int hart);
	/* Lets this hart's other threads run, and is a quiescent state: in a busy wait for other harts,
	 * where it may do so now and then alone (pause); and because ENTRY_WORK_RESCHED asked for it.
	 * Interrupts on. */
	void (*pause)(void);
	void (*yield)(void);
	/* Others run on these harts meanwhile, vCPUs among them. */
	bool busy;

	/* The steps noted by this hart since steps_reset(); NULL: steps are not noted. */
	size_t (*steps)(const enum step **steps);
	void (*steps_reset)(void);
	/* Calls fn(arg) on a hart of its own and returns what a failed check said there, or NULL; and
	 * refused_tests, from a file that is linked then alone. Both NULL: here a failed check stops
	 * the machine, or there are none. */
	const char *(*expect_panic)(void (*fn)(void *arg), void *arg);
	const struct conformance_test *refused;
};

/* Runs all of it and prints TAP; returns the number of failed tests. Hart 0, interrupts on. */
unsigned int conformance_run(const struct conformance_port *port);

/* Called by the port as it says above. Interrupts off. */
void conformance_tick(void);

#endif
