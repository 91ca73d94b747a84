/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the suite's own files share: a scene is one vCPU in its run loop, whose callbacks compare the
 * state of the hart with what it must be at that place.
 */
#ifndef TESTS_CONFORMANCE_SUITE_H
#define TESTS_CONFORMANCE_SUITE_H

#include "entry/entry.h"
#include "entry/run.h"
#include "lib/spinlock.h"
#include "lib/trace.h"
#include "tests/conformance/conformance.h"

enum place { AT_WORK, AT_PREPARE, AT_TICK, AT_EXIT, PLACES };

#define SCENE_STOP    BIT(0) /* request: work() says that the loop ends */
#define SCENE_REQUEST BIT(1)

struct scene {
	struct guest_run run;
	struct arch_vcpu *vcpu;
	/* What a test sets. */
	unsigned int exits;  /* after so many counted exits it asks for the end; 0: it does not */
	unsigned int failed; /* so many preparations fail first */
	void (*act[PLACES])(struct scene *s);
	/* What it finds. Written by its own hart. */
	unsigned int been[PLACES];
	unsigned int why[WHY_OTHER + 1];
	u64 counter;	      /* RCU's, at the last preparation */
	unsigned int counted; /* exits; of a guest that leaves by itself only those */
	u64 guest_base;	      /* the hart's guest time when it was last looked at */
	u64 guest_ticks;      /* the scene's own */
	bool prepare_failed, spins;
};

extern const struct conformance_port *port;

/* A test fails with the first thing that was not so; it goes on, so that the hart ends well. */
void scene_broken(const char *file, int line, const char *what);
#define EXPECT(c)                                             \
	do {                                                  \
		if (!(c))                                     \
			scene_broken(__FILE__, __LINE__, #c); \
	} while (0)

/* What a hart counts is what the scene did; beside others there may be more. */
#define EXPECT_COUNT(count, of_scene) \
	EXPECT(port->busy ? (count) >= (of_scene) : (count) == (of_scene))

/* A tick's length: long enough for a guest to do something. */
u64 short_while(void);

/* A fresh scene with vCPU n. */
void scene_init(struct scene *s, unsigned int n, enum conformance_guest what);
/* Runs it on this hart until its loop ends, and expects the hart to be as before. Interrupts on. */
void scene_run(struct scene *s);
/* The same on another hart; and waits for its end. */
void scene_start(struct scene *s, unsigned int hart);
void scene_join(unsigned int hart);
/* Waits until the guest of a scene on another hart has done something more. */
void scene_await_progress(struct scene *s);

/* Acts. */
void act_tick(struct scene *s);	    /* a tick after a short while */
void act_tick_now(struct scene *s); /* one that is pending at once */
void act_stop(struct scene *s);
void act_request(struct scene *s);

/* The hart is the hypervisor's, outside all brackets. */
void expect_home(bool irqs_on);
u64 hart_counter(void);

/* Tracing of this hart, from trace_begin() on. What is traced of other vCPUs than this scene's is an
 * event of no name, TRACE_EVENTS. */
void trace_begin(const struct scene *s);
void trace_end(void);
size_t trace_events(void);
enum trace_event trace_event_at(size_t i);
u64 trace_when(size_t i);

/* A test that finds it has nothing to look at says why. */
void scene_skip(const char *why);

extern const struct conformance_test threshold_tests[], quiet_tests[], hart_tests[];

#endif
