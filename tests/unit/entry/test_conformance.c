/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The conformance suite on arch/host: the port's hooks, and a machine of some harts. Prints TAP by
 * itself.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/host/host.h"
#include "entry/context.h"
#include "entry/idle.h"
#include "entry/vtime.h"
#include "lib/irq.h"
#include "tests/conformance/conformance.h"
#include "tests/unit/patience.h"

#define HARTS 3

/* What passes while a trap is on its way, on either side of its handler. */
#define TRAP_TICKS 3

struct script {
	enum conformance_guest what;
	u64 rounds; /* atomic */
	u64 tag;
	unsigned int early;
	bool kept;
};

static struct arch_vcpu vcpus[CONFORMANCE_VCPUS];
static struct script scripts[CONFORMANCE_VCPUS];
static DEFINE_PER_HART(u64, answered);

static bool stops(struct arch_vcpu *v, enum conformance_why why)
{
	v->reason = why;
	return false;
}

#define TAG_STEP 16

static bool keep(struct arch_vcpu *v, struct script *s)
{
	s->kept &= *host_vcpu_reg() == s->tag;
	s->tag += TAG_STEP;
	*host_vcpu_reg() = s->tag;
	return stops(v, WHY_ASKED);
}

static bool answer_early(struct arch_vcpu *v, struct script *s)
{
	if (++s->early % (CONFORMANCE_EARLY + 1) == 0)
		return stops(v, WHY_ASKED);
	this_hart(answered)++;
	return true;
}

static bool play(struct arch_vcpu *v)
{
	struct script *s = v->arg;

	host_clock_advance(1);
	if (s->what == GUEST_LOST)
		return stops(v, WHY_LOST);
	__atomic_fetch_add(&s->rounds, 1, __ATOMIC_RELAXED);
	switch (s->what) {
	case GUEST_SPINS: return true;
	case GUEST_FAULTS: return stops(v, WHY_FAULT);
	case GUEST_WAITS: return stops(v, WHY_WAIT);
	case GUEST_EARLY: return answer_early(v, s);
	case GUEST_KEEPS: return keep(v, s);
	default: return stops(v, WHY_ASKED);
	}
}

static struct arch_vcpu *guest(unsigned int n, enum conformance_guest what)
{
	scripts[n] = (struct script){.what = what, .tag = 0x7a60 + n, .kept = true};
	vcpus[n] = (struct arch_vcpu){.step = play, .arg = &scripts[n], .reg = scripts[n].tag};
	return &vcpus[n];
}

static enum conformance_why why(const struct arch_vcpu *v)
{
	return v->interrupted ? WHY_INTERRUPT : (enum conformance_why)v->reason;
}

static bool intact(const struct arch_vcpu *v)
{
	return arch_guest_exit_reason(v) == (v->interrupted ? HOST_EXIT_IRQ : v->reason);
}

static void resume(struct arch_vcpu *v)
{
	struct script *s = v->arg;

	if (s->what == GUEST_LOST)
		s->what = GUEST_ASKS;
}

static u64 progress(const struct arch_vcpu *v)
{
	return READ_ONCE(((struct script *)v->arg)->rounds);
}

static bool kept(const struct arch_vcpu *v)
{
	return ((struct script *)v->arg)->kept;
}

static u64 early(void)
{
	return this_hart(answered);
}

static void tick(u64 ticks)
{
	host_timer_set(host_clock() + ticks);
}

/* As hyp/riscv/irq.c has it. */
static void handle(u32 bits)
{
	bool was_quiet, believed;
	enum vtime_kind kind;

	host_clock_advance(TRAP_TICKS);
	was_quiet = context_irq_enter();
	kind = vtime_switch(VTIME_IRQ);
	believed = lockdep_irq_enter();
	if (bits & HOST_IRQ_TICK)
		conformance_tick();
	host_clock_advance(1);
	lockdep_irq_exit(believed);
	vtime_switch(kind);
	context_irq_exit(was_quiet);
	host_clock_advance(TRAP_TICKS);
}

static unsigned int index_noted;

static void host_note(void)
{
	index_noted = arch_hart_index();
}

static const char *host_wrong(void)
{
	return index_noted == arch_hart_index() && arch_irqs_off() ? NULL : "hart or interrupts";
}

static struct {
	void (*fn)(void *arg);
	void *arg;
	u32 wanted; /* atomic */
} jobs[HARTS];
static u32 over; /* atomic */

static void start(unsigned int hart, void (*fn)(void *arg), void *arg)
{
	jobs[hart].fn = fn;
	jobs[hart].arg = arg;
	__atomic_store_n(&jobs[hart].wanted, 1, __ATOMIC_RELEASE);
	arch_kick(hart);
}

static bool running(unsigned int hart)
{
	return arch_load_acquire(&jobs[hart].wanted);
}

static void pause_here(void)
{
	rcu_note_quiescent();
	arch_relax();
}

static size_t steps(const enum step **out)
{
	static enum step copy[HOST_STEPS];
	size_t n = host_step_count();

	for (size_t i = 0; i < n; i++)
		copy[i] = host_step(i);
	*out = copy;
	return n;
}

/* A hart that is nobody's, with per-hart variables of its own; it takes hart 0's index. */
struct doomed {
	void (*fn)(void *arg);
	void *arg;
	const char *said;
};

static void *doomed_hart(void *arg)
{
	struct doomed *d = arg;

	rcu_hart_init();
	vtime_hart_init();
	irq_on();
	d->said = host_expect_panic(d->fn, d->arg);
	return NULL;
}

static const char *expect_panic(void (*fn)(void *arg), void *arg)
{
	struct doomed d = {fn, arg, NULL};
	pthread_t thread;

	if (pthread_create(&thread, NULL, doomed_hart, &d) || pthread_join(thread, NULL))
		abort();
	return d.said;
}

static void print(const char *line)
{
	puts(line);
	fflush(stdout);
}

static const struct conformance_port host_port = {
	.name = "arch/host",
	.print = print,
	.guest = guest,
	.take_hart = host_vcpu_load,
	.leave_hart = host_vcpu_put,
	.why = why,
	.intact = intact,
	.resume = resume,
	.progress = progress,
	.kept = kept,
	.early = early,
	.tick = tick,
	.burn = host_clock_advance,
	.host_note = host_note,
	.host_wrong = host_wrong,
	.start = start,
	.running = running,
	.pause = pause_here,
	.yield = pause_here,
	.steps = steps,
	.steps_reset = host_steps_reset,
	.expect_panic = expect_panic,
	.refused = refused_tests,
};

static unsigned int failures;

static void work(unsigned int hart)
{
	while (!arch_load_acquire(&over)) {
		irq_off();
		while (!running(hart) && !arch_load_acquire(&over))
			idle_wait_irqoff();
		irq_on();
		if (!running(hart))
			continue;
		jobs[hart].fn(jobs[hart].arg);
		__atomic_store_n(&jobs[hart].wanted, 0, __ATOMIC_RELEASE);
	}
}

static void conduct(void)
{
	failures = conformance_run(&host_port);
	__atomic_store_n(&over, 1, __ATOMIC_RELEASE);
	for (unsigned int i = 1; i < HARTS; i++)
		arch_kick(i);
}

static void hart_main(unsigned int hart)
{
	struct trace_rec *ring = calloc(TRACE_RING, sizeof(*ring));

	trace_hart_init(ring);
	rcu_hart_init();
	vtime_hart_init();
	irq_on();
	if (hart == 0)
		conduct();
	else
		work(hart);
	irq_off();
	trace_hart_init(NULL);
	free(ring);
	context_enter_irqoff(CONTEXT_IDLE);
}

int main(void)
{
	patience(120);
	host_irq_set_handler(handle);
	host_harts_run(HARTS, hart_main);
	return failures ? 1 : 0;
}
