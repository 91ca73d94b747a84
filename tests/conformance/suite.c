/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/conformance/suite.h"

#include <stdio.h>
#include <string.h>

const struct conformance_port *port;

static const char *broken, *skipped; /* of the test under way; broken is atomic */
static char broken_text[160];
static DEFINE_PER_HART(struct scene *, scene_here);

void scene_broken(const char *file, int line, const char *what)
{
	static u32 taken;

	if (READ_ONCE(broken) || __atomic_exchange_n(&taken, 1, __ATOMIC_ACQUIRE))
		return;
	snprintf(broken_text, sizeof(broken_text), "%s:%d: not so: %s", file, line, what);
	__atomic_store_n(&broken, broken_text, __ATOMIC_RELEASE);
	__atomic_store_n(&taken, 0, __ATOMIC_RELEASE);
}

void scene_skip(const char *why)
{
	skipped = why;
}

u64 short_while(void)
{
	return arch_clock_hz() / 5000;
}

u64 hart_counter(void)
{
	return this_hart(rcu_hart).counter;
}

/* What the lock checker believes of this hart's interrupts; it believes nothing in release. */
static void expect_irqs(bool on)
{
	EXPECT(arch_irqs_off() == !on);
	if (LIMEN_DEBUG)
		EXPECT(this_hart(lockdep_hart).irqs_on == on);
}

static void expect_watched(bool irqs_on)
{
	expect_irqs(irqs_on);
	EXPECT(rcu_watching());
	EXPECT(this_hart(context_hart).state == CONTEXT_HYPERVISOR);
}

void expect_home(bool irqs_on)
{
	expect_watched(irqs_on);
	EXPECT(this_hart(vtime_hart).kind == VTIME_HOST);
	EXPECT(this_hart(rcu_hart).nesting == 0);
	lockdep_assert_no_locks();
}

static void at(struct scene *s, enum place p)
{
	WRITE_ONCE(s->been[p], s->been[p] + 1);
	if (s->act[p])
		s->act[p](s);
}

static bool do_work(struct guest_run *run)
{
	struct scene *s = container_of(run, struct scene, run);
	bool hart_work = READ_ONCE(this_hart(entry_work)) != 0;

	expect_home(true);
	EXPECT(run->mode == OUTSIDE_GUEST);
	EXPECT(READ_ONCE(run->requests) || hart_work || s->prepare_failed);
	s->prepare_failed = false;
	at(s, AT_WORK);
	if (!s->act[AT_WORK])
		guest_request_take(run, SCENE_REQUEST);
	if (entry_work_take(ENTRY_WORK_RESCHED))
		port->yield();
	return !guest_request_take(run, SCENE_STOP);
}

static bool do_prepare(struct guest_run *run)
{
	struct scene *s = container_of(run, struct scene, run);

	expect_home(false);
	EXPECT(run->mode == IN_GUEST + arch_hart_index());
	s->prepare_failed = s->been[AT_PREPARE] < s->failed;
	port->take_hart(s->vcpu);
	at(s, AT_PREPARE);
	s->counter = hart_counter();
	s->guest_base = this_hart(vtime_hart).ticks[VTIME_GUEST];
	return !s->prepare_failed;
}

/* What the hart has of it since the last preparation: before that it may have been others'. */
static void count_guest_time(struct scene *s)
{
	s->guest_ticks += this_hart(vtime_hart).ticks[VTIME_GUEST] - s->guest_base;
}

static void do_exit(struct guest_run *run)
{
	struct scene *s = container_of(run, struct scene, run);
	enum conformance_why why = port->why(s->vcpu);

	expect_home(true);
	EXPECT(run->mode == OUTSIDE_GUEST);
	EXPECT(hart_counter() == s->counter + 2);
	EXPECT(port->intact(s->vcpu));
	count_guest_time(s);
	s->why[why]++;
	if (why != WHY_INTERRUPT)
		port->resume(s->vcpu);
	at(s, AT_EXIT);
	s->counted += s->spins || why != WHY_INTERRUPT;
	if (s->counted == s->exits)
		act_stop(s);
}

static const struct guest_run_ops ops = {do_work, do_prepare, do_exit};

void conformance_tick(void)
{
	struct scene *s = this_hart(scene_here);

	EXPECT(arch_irqs_off());
	EXPECT(rcu_watching());
	EXPECT(this_hart(vtime_hart).kind == VTIME_IRQ);
	if (!s)
		return;
	/* In a run it comes behind the window, or the window was opened once more for it, and
	 * do_exit() finds another count. */
	if (guest_is_in(&s->run))
		EXPECT(hart_counter() == s->counter + 2);
	at(s, AT_TICK);
}

void scene_init(struct scene *s, unsigned int n, enum conformance_guest what)
{
	memset(s, 0, sizeof(*s));
	s->spins = what == GUEST_SPINS;
	s->vcpu = port->guest(n, what);
	s->run.arch = s->vcpu;
	s->run.ops = &ops;
}

static void play(void *arg)
{
	struct scene *s = arg;

	expect_home(true);
	irq_off();
	this_hart(scene_here) = s;
	irq_on();
	guest_run_loop(&s->run);
	expect_home(true);
	irq_off();
	this_hart(scene_here) = NULL;
	port->leave_hart(s->vcpu);
	irq_on();
	EXPECT(s->run.mode == OUTSIDE_GUEST);
	EXPECT(s->run.entries == s->been[AT_EXIT]);
}

void scene_run(struct scene *s)
{
	play(s);
}

void scene_start(struct scene *s, unsigned int hart)
{
	port->start(hart, play, s);
}

void scene_join(unsigned int hart)
{
	while (port->running(hart))
		port->pause();
}

void scene_await_progress(struct scene *s)
{
	u64 was = port->progress(s->vcpu);

	while (port->progress(s->vcpu) == was)
		port->pause();
}

void act_tick(struct scene *s)
{
	(void)s;
	port->tick(short_while());
}

void act_tick_now(struct scene *s)
{
	(void)s;
	port->tick(0);
}

void act_stop(struct scene *s)
{
	guest_request(&s->run, SCENE_STOP);
}

void act_request(struct scene *s)
{
	guest_request(&s->run, SCENE_REQUEST);
}

/* The ring is read by its own hart, with tracing off. */
static u64 trace_from, trace_of;

void trace_begin(const struct scene *s)
{
	trace_of = (u64)(uintptr_t)s->vcpu;
	trace_from = trace_count(arch_hart_index());
	trace_set(BIT(TRACE_GUEST_ENTRY) | BIT(TRACE_GUEST_EXIT) | BIT(TRACE_IRQS_ON) |
		  BIT(TRACE_IRQS_OFF));
}

void trace_end(void)
{
	trace_set(0);
}

size_t trace_events(void)
{
	u64 n = trace_count(arch_hart_index()) - trace_from;

	EXPECT(n <= TRACE_RING);
	return n <= TRACE_RING ? n : TRACE_RING;
}

static struct trace_rec record(size_t i)
{
	struct trace_rec rec = {0};

	EXPECT(trace_read(arch_hart_index(), trace_from + i, &rec));
	return rec;
}

enum trace_event trace_event_at(size_t i)
{
	struct trace_rec rec = record(i);
	bool guest = rec.event == TRACE_GUEST_ENTRY || rec.event == TRACE_GUEST_EXIT;

	if (guest && (rec.event == TRACE_GUEST_ENTRY ? rec.a : rec.b) != trace_of)
		return TRACE_EVENTS;
	return (enum trace_event)rec.event;
}

u64 trace_when(size_t i)
{
	return record(i).when;
}

static unsigned int number, failures;

static void report(const char *name, const char *how, const char *why)
{
	char line[256];

	snprintf(line, sizeof(line), "%s %u - %s%s%s", broken ? "not ok" : "ok", ++number, name,
		 how, why);
	port->print(line);
	if (!broken)
		return;
	failures++;
	snprintf(line, sizeof(line), "# %s", broken);
	port->print(line);
}

/* Beside others an interrupt of theirs may come into a scene that says when one comes: then a test that
 * fails has failed if it does so three times. A fault of the threshold's does. */
static void run_test(const struct conformance_test *t)
{
	unsigned int tries = port->busy ? 3 : 1;

	do {
		broken = NULL;
		t->fn();
	} while (broken && !skipped && --tries);
}

static void run_tests(const struct conformance_test *t)
{
	for (; t->name; t++) {
		broken = NULL;
		skipped = t->skip;
		if (!skipped && t->harts > arch_hart_count())
			skipped = "needs another hart";
		if (!skipped)
			run_test(t);
		if (skipped)
			report(t->name, " # SKIP ", skipped);
		else
			report(t->name, "", "");
	}
}

static const struct conformance_test no_refused_tests[] = {
	{"E3, E16: what is refused", NULL, 1, "here a failed check would stop the machine"},
	{NULL, NULL, 0, NULL},
};

unsigned int conformance_run(const struct conformance_port *p)
{
	char line[64];

	port = p;
	number = failures = 0;
	snprintf(line, sizeof(line), "# conformance: %s, %u hart%s, %s", p->name, arch_hart_count(),
		 arch_hart_count() == 1 ? "" : "s", LIMEN_DEBUG ? "debug" : "release");
	port->print(line);
	run_tests(threshold_tests);
	run_tests(p->refused ? p->refused : no_refused_tests);
	run_tests(quiet_tests);
	run_tests(hart_tests);
	snprintf(line, sizeof(line), "1..%u", number);
	port->print(line);
	return failures;
}
