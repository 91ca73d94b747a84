/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One hart, one vCPU at a time: the order of an entry and an exit, and what must be where.
 */
#include "tests/conformance/suite.h"

static struct scene scene, other;

/* E1: the design's sequence, where the port notes steps. */
static const enum step run_steps[] = {
	STEP_LAST_LOOK,	 STEP_TRACE_ENTRY,   STEP_TIME_GUEST,	STEP_TRACE_IRQ_ON,
	STEP_RCU_QUIET,	 STEP_LOCK_IRQ_ON,   STEP_GUEST,	STEP_LOCK_IRQ_OFF,
	STEP_RCU_WATCH,	 STEP_TRACE_IRQ_OFF, STEP_TAKE_PENDING, STEP_TIME_HOST,
	STEP_TRACE_EXIT,
};

static void reset_steps(struct scene *s)
{
	(void)s;
	port->steps_reset();
}

static const enum step *noted;
static size_t noted_count;

static void keep_steps(struct scene *s)
{
	(void)s;
	noted_count = port->steps(&noted);
}

static void e1_steps(void)
{
	size_t n = ARRAY_SIZE(run_steps) - 1;

	if (!port->steps) {
		scene_skip("this port notes no steps");
		return;
	}
	scene_init(&scene, 0, GUEST_ASKS);
	scene.exits = 1;
	scene.act[AT_PREPARE] = reset_steps;
	scene.act[AT_EXIT] = keep_steps;
	scene_run(&scene);
	EXPECT(noted_count >= n);
	for (size_t i = 0; i < n && i < noted_count; i++)
		EXPECT(noted[i] == run_steps[i + 1]);
}

/* What the trace of a run must be: interrupts on and off are traced where the build has them. */
static void e1_trace(void)
{
	static const enum trace_event whole[] = {TRACE_GUEST_ENTRY, TRACE_IRQS_ON, TRACE_IRQS_OFF,
						 TRACE_GUEST_EXIT};
	size_t n, i = 0;

	scene_init(&scene, 0, GUEST_ASKS);
	scene.exits = 1;
	trace_begin(&scene);
	scene_run(&scene);
	trace_end();
	n = trace_events();
	while (i < n && trace_event_at(i) != TRACE_GUEST_ENTRY)
		i++;
	EXPECT(i < n);
	for (size_t k = 0; k < ARRAY_SIZE(whole); k++) {
		if (LIMEN_TRACE < 2 && (k == 1 || k == 2))
			continue;
		EXPECT(i < n && trace_event_at(i) == whole[k]);
		i++;
	}
}

/* The callbacks of the scene compare; here the hart goes through all of them. Interrupts of the
 * machine's own may end a run before its tick comes. */
static void until_ticked(struct scene *s)
{
	if (s->been[AT_EXIT] >= 3 && s->been[AT_TICK] >= 2)
		s->exits = s->counted + 1;
}

static void e1_places(void)
{
	scene_init(&scene, 0, GUEST_SPINS);
	scene.failed = 1;
	scene.act[AT_PREPARE] = act_tick;
	scene.act[AT_EXIT] = until_ticked;
	scene_run(&scene);
	EXPECT_COUNT(scene.been[AT_WORK], 2);
	EXPECT(scene.been[AT_PREPARE] == scene.been[AT_EXIT] + 1);
}

/*
 * E4: a tick that ends a run is taken in the guest's time. Its handler makes a kick pending, and one
 * more tick while that kick is handled: both are taken before the hart goes on. What passes between
 * the handlers belongs to what was interrupted, so between the ticks the guest's time has grown and
 * the hypervisor's has not. When the second tick comes too late the run counts for nothing.
 */
#define BURNT	  5000
#define E4_TRIES  4000
#define E4_SPREAD 64
#define E4_STEPS \
	10000000 /* of the spread, in a second; twice as long each time it has been gone through */
#define E4_LONGER 6
#define E4_ENOUGH 4

static struct {
	u64 guest, host; /* the hart's at the first tick of a run */
	unsigned int run, seen;
	bool wrong;
} pair;

/* How long a handler takes is the port's and the build's affair: all lengths are tried. */
static u64 a_while(unsigned int run)
{
	u64 step = max_u64(arch_clock_hz() / E4_STEPS, 1);

	return step * (1 + run % E4_SPREAD) << run / E4_SPREAD % E4_LONGER;
}

static void two_ticks(struct scene *s)
{
	struct vtime_hart *v = &this_hart(vtime_hart);
	u64 guest = v->ticks[VTIME_GUEST], host = v->ticks[VTIME_HOST];

	if (!guest_is_in(&s->run))
		return;
	if (pair.run == s->been[AT_PREPARE]) {
		pair.wrong |= host != pair.host;
		pair.seen += guest != pair.guest;
		return;
	}
	pair.run = s->been[AT_PREPARE];
	pair.guest = guest;
	pair.host = host;
	arch_kick(arch_hart_index());
	port->tick(a_while(pair.run));
}

static void until_enough(struct scene *s)
{
	if (pair.seen >= E4_ENOUGH || s->been[AT_EXIT] >= E4_TRIES)
		s->exits = s->counted + 1;
}

static void e4_tick(void)
{
	scene_init(&scene, 0, GUEST_SPINS);
	scene.act[AT_PREPARE] = act_tick;
	scene.act[AT_TICK] = two_ticks;
	scene.act[AT_EXIT] = until_enough;
	__builtin_memset(&pair, 0, sizeof(pair));
	scene_run(&scene);
	EXPECT(!pair.wrong);
	EXPECT(pair.seen);
}

static u64 ticks_before[VTIME_KINDS], began;

static void time_begin(void)
{
	began = vtime_read(ticks_before);
}

/* Ticks of one kind since time_begin(); and the sum of all must be the time that passed. */
static u64 time_of(enum vtime_kind kind)
{
	u64 ticks[VTIME_KINDS], sum = 0;
	u64 elapsed = vtime_read(ticks);

	for (unsigned int k = 0; k < VTIME_KINDS; k++)
		sum += ticks[k];
	EXPECT(sum == elapsed);
	EXPECT(elapsed >= began);
	return ticks[kind] - ticks_before[kind];
}

/* And the usual handler's own time is not the guest's. */
static void burn_in_tick(struct scene *s)
{
	(void)s;
	port->burn(BURNT);
}

static void e4_handler(void)
{
	scene_init(&scene, 0, GUEST_SPINS);
	scene.exits = 4;
	scene.act[AT_PREPARE] = act_tick;
	scene.act[AT_TICK] = burn_in_tick;
	time_begin();
	scene_run(&scene);
	EXPECT(scene.been[AT_TICK] >= 1);
	EXPECT(time_of(VTIME_IRQ) >= scene.been[AT_TICK] * (u64)BURNT);
	EXPECT_COUNT(time_of(VTIME_GUEST), scene.guest_ticks);
}

/* E5: every way through. The scene's callbacks see drift at the next place. */
static void e5_ways(void)
{
	static const struct {
		enum conformance_guest guest;
		enum conformance_why why;
	} ways[] = {
		{GUEST_ASKS, WHY_ASKED}, {GUEST_FAULTS, WHY_FAULT}, {GUEST_LOST, WHY_LOST},
		{GUEST_WAITS, WHY_WAIT}, {GUEST_KEEPS, WHY_ASKED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		scene_init(&scene, 0, ways[i].guest);
		scene.exits = ways[i].guest == GUEST_LOST ? 1 : 3;
		scene.failed = 2;
		scene_run(&scene);
		EXPECT(scene.why[ways[i].why] == scene.exits);
		EXPECT(scene.been[AT_PREPARE] == scene.been[AT_EXIT] + 2);
		expect_home(true);
	}
}

static void e5_killed(void)
{
	scene_init(&scene, 0, GUEST_SPINS);
	scene.act[AT_PREPARE] = act_tick;
	scene.act[AT_TICK] = act_stop;
	scene_run(&scene);
	EXPECT(scene.been[AT_EXIT] >= 1 && scene.been[AT_TICK] >= 1);
	expect_home(true);
}

/* E6: once the last look is over, a request still ends the run; the guest never would. */
static void request_once(struct scene *s)
{
	if (s->been[AT_PREPARE] == 1)
		act_request(s);
	else
		act_stop(s);
}

static void e6_after_look(void)
{
	scene_init(&scene, 0, GUEST_SPINS);
	scene.act[AT_PREPARE] = request_once;
	scene_run(&scene);
	EXPECT(scene.been[AT_EXIT] == 2);
	EXPECT_COUNT(scene.been[AT_WORK], 2);
}

static void hart_work_in_tick(struct scene *s)
{
	if (s->been[AT_TICK] <= 3)
		entry_work_set(arch_hart_index(), ENTRY_WORK_RESCHED);
	else
		act_stop(s);
}

static void e6_hart_work(void)
{
	scene_init(&scene, 0, GUEST_SPINS);
	scene.act[AT_PREPARE] = act_tick;
	scene.act[AT_TICK] = hart_work_in_tick;
	scene_run(&scene);
	EXPECT_COUNT(scene.been[AT_WORK], 4);
}

/* E7: exactly, and a guest that only spins has time. */
static void e7_sum(void)
{
	scene_init(&scene, 0, GUEST_SPINS);
	scene.exits = 20;
	scene.act[AT_PREPARE] = act_tick;
	time_begin();
	scene_run(&scene);
	EXPECT(time_of(VTIME_GUEST) > 0);
	EXPECT_COUNT(time_of(VTIME_GUEST), scene.guest_ticks);
	EXPECT(port->progress(scene.vcpu) > 0);
}

/* E8: ready but without the hart is steal, not ready is not, and it never runs backwards. */
static void e8_steal(void)
{
	static struct vtime_task a, b;
	u64 ticks[VTIME_KINDS], sum = 0, steal = 0, elapsed, last = 0;

	irq_off();
	vtime_task_init(&a);
	vtime_task_init(&b);
	vtime_task_switch(NULL, &a);
	for (unsigned int i = 0; i < 4; i++) {
		vtime_task_ready(&b);
		port->burn(BURNT);
		vtime_task_switch(&a, &b);
		(void)vtime_task_read(&b, ticks, &steal);
		EXPECT(steal >= last + BURNT);
		last = steal;
		port->burn(BURNT);
		vtime_task_ready(&a);
		vtime_task_switch(&b, &a);
	}
	elapsed = vtime_task_read(&a, ticks, &steal);
	for (unsigned int k = 0; k < VTIME_KINDS; k++)
		sum += ticks[k];
	EXPECT(sum + steal == elapsed);
	EXPECT(ticks[VTIME_IDLE] >= 4 * BURNT);
	vtime_task_switch(&a, NULL);
	irq_on();
}

/*
 * The sequence walked by hand, as a port of its own kind might, so that something can be done
 * between two of its steps.
 */
static noinstr void walk(struct arch_vcpu *v, void (*before)(void), void (*after)(void))
{
	guest_timing_enter_irqoff();
	exit_to_guest_mode();
	arch_guest_run(v);
	enter_from_guest_mode();
	instrumentation_begin();
	if (before)
		before();
	instrumentation_end();
	arch_irq_take_pending();
	guest_timing_exit_irqoff();
	instrumentation_begin();
	if (after)
		after();
	instrumentation_end();
}

static void raise_both(void)
{
	port->tick(0);
	arch_kick(arch_hart_index());
}

/* E11: interrupts that are taken right after the run change nothing of why it ended. */
static void e11_pending(void)
{
	static const enum conformance_guest guests[] = {GUEST_ASKS, GUEST_FAULTS, GUEST_WAITS,
							GUEST_LOST};
	static const enum conformance_why whys[] = {WHY_ASKED, WHY_FAULT, WHY_WAIT, WHY_LOST};

	for (size_t i = 0; i < ARRAY_SIZE(guests); i++) {
		struct arch_vcpu *v = port->guest(0, guests[i]);

		irq_off();
		port->take_hart(v);
		walk(v, raise_both, NULL);
		EXPECT(port->why(v) == whys[i]);
		EXPECT(port->intact(v));
		port->leave_hart(v);
		irq_on();
		expect_home(true);
	}
}

/* And one that ended it is not taken for the hypervisor's own: the guest goes on where it was. */
static u64 rounds;

static void goes_on(struct scene *s)
{
	u64 now = port->progress(s->vcpu);

	EXPECT(now >= rounds);
	rounds = now;
}

static void e11_interrupted(void)
{
	scene_init(&scene, 0, GUEST_SPINS);
	scene.exits = 10;
	rounds = 0;
	scene.act[AT_PREPARE] = act_tick;
	scene.act[AT_EXIT] = goes_on;
	scene_run(&scene);
	EXPECT(scene.why[WHY_INTERRUPT] == 10);
	EXPECT(rounds > 0);
}

/* E12 */
static void host_is_back(void)
{
	const char *wrong = port->host_wrong();

	if (wrong)
		scene_broken(__FILE__, __LINE__, wrong);
}

static void there_and_back(void *arg)
{
	walk(arg, host_is_back, host_is_back);
}

static void e12_host(void)
{
	for (unsigned int g = 0; g < GUESTS; g++) {
		struct arch_vcpu *v = port->guest(0, (enum conformance_guest)g);
		unsigned int index = arch_hart_index();

		irq_off();
		port->take_hart(v);
		/* Or a guest that spins would never come back. */
		port->tick(short_while());
		port->host_note();
		if (port->call_keeps)
			EXPECT(port->call_keeps(there_and_back, v));
		else
			there_and_back(v);
		EXPECT(arch_irqs_off() && arch_hart_index() == index);
		port->leave_hart(v);
		port->burn(2 * short_while()); /* the tick comes here, if it has not */
		irq_on();
		expect_home(true);
	}
}

/* E13 */
static void expect_pairs(size_t runs)
{
	enum trace_event want = TRACE_GUEST_ENTRY;
	size_t seen = 0;
	u64 last = 0;

	for (size_t i = 0; i < trace_events(); i++) {
		enum trace_event ev = trace_event_at(i);

		EXPECT(trace_when(i) >= last);
		last = trace_when(i);
		if (ev != TRACE_GUEST_ENTRY && ev != TRACE_GUEST_EXIT)
			continue;
		EXPECT(ev == want);
		want = want == TRACE_GUEST_ENTRY ? TRACE_GUEST_EXIT : TRACE_GUEST_ENTRY;
		seen++;
	}
	EXPECT(seen == 2 * runs);
}

static void e13_pairs(void)
{
	scene_init(&scene, 0, GUEST_ASKS);
	scene.exits = 4;
	scene.failed = 2;
	trace_begin(&scene);
	scene_run(&scene);
	trace_end();
	expect_pairs(scene.been[AT_EXIT]);
}

/* The timing window lies within the pair. False: what runs beside ended the run before the tick came. */
static bool tick_in_a_pair(void)
{
	u64 first = 0, last = 0;

	scene_init(&scene, 0, GUEST_SPINS);
	scene.exits = 1;
	scene.act[AT_PREPARE] = act_tick;
	scene.act[AT_TICK] = burn_in_tick;
	trace_begin(&scene);
	time_begin();
	scene_run(&scene);
	trace_end();
	for (size_t i = 0; i < trace_events(); i++) {
		if (trace_event_at(i) == TRACE_GUEST_ENTRY)
			first = trace_when(i);
		if (trace_event_at(i) == TRACE_GUEST_EXIT)
			last = trace_when(i);
	}
	return last - first >= scene.guest_ticks + BURNT;
}

static void e13_window(void)
{
	bool seen = tick_in_a_pair();

	for (unsigned int tries = 0; !seen && port->busy && tries < 20; tries++)
		seen = tick_in_a_pair();
	EXPECT(seen);
}

/* Early answers are part of the run: counted, not traced, no exit. */
static void e13_early(void)
{
	u64 before;

	if (!port->early) {
		scene_skip("this port answers nothing early");
		return;
	}
	scene_init(&scene, 0, GUEST_EARLY);
	scene.exits = 3;
	before = port->early();
	trace_begin(&scene);
	scene_run(&scene);
	trace_end();
	EXPECT_COUNT(port->early(), before + 3 * CONFORMANCE_EARLY);
	EXPECT(scene.why[WHY_ASKED] == 3);
	expect_pairs(scene.been[AT_EXIT]);
}

/* E14: nothing that was asked for before the last look gets as far as the preparation. */
static void no_request(struct scene *s)
{
	EXPECT(arch_irqs_off());
	EXPECT(READ_ONCE(s->run.requests) == 0);
	/* Other harts may ask for some at any moment. */
	EXPECT(port->busy || READ_ONCE(this_hart(entry_work)) == 0);
}

static void e14_last(void)
{
	scene_init(&scene, 0, GUEST_ASKS);
	scene.exits = 3;
	scene.act[AT_PREPARE] = no_request;
	scene.act[AT_EXIT] = act_request;
	entry_work_set(arch_hart_index(), ENTRY_WORK_RESCHED);
	act_request(&scene);
	scene_run(&scene);
	EXPECT_COUNT(scene.been[AT_WORK], scene.been[AT_EXIT] + 1);
	EXPECT(scene.been[AT_PREPARE] == scene.been[AT_EXIT]);
}

/* E15: two vCPUs in turn, and one twice. */
static void e15_turns(void)
{
	scene_init(&scene, 0, GUEST_KEEPS);
	scene_init(&other, 1, GUEST_KEEPS);
	for (unsigned int i = 0; i < 6; i++) {
		struct scene *s = i % 3 == 2 ? &other : &scene;

		irq_off();
		port->take_hart(s->vcpu);
		walk(s->vcpu, NULL, NULL);
		if (port->why(s->vcpu) == WHY_ASKED)
			port->resume(s->vcpu);
		irq_on();
	}
	irq_off();
	port->leave_hart(other.vcpu);
	port->leave_hart(scene.vcpu);
	irq_on();
	EXPECT(port->progress(scene.vcpu) >= 2 && port->progress(other.vcpu) >= 1);
	EXPECT(port->kept(scene.vcpu));
	EXPECT(port->kept(other.vcpu));
}

/* And one that is interrupted anywhere finds it, too. */
static void tick_soon(struct scene *s)
{
	port->tick((1 + s->been[AT_PREPARE] * 37 % 512) * max_u64(arch_clock_hz() / E4_STEPS, 1));
}

static void e15_interrupted(void)
{
	scene_init(&scene, 0, GUEST_KEEPS);
	scene.exits = 100;
	scene.act[AT_PREPARE] = tick_soon;
	scene_run(&scene);
	EXPECT(port->progress(scene.vcpu) >= 100);
	EXPECT(port->kept(scene.vcpu));
}

/* Made anew it is another, although nobody else was in the hart since. */
static void e15_anew(void)
{
	for (unsigned int i = 0; i < 3; i++) {
		scene_init(&scene, 0, GUEST_KEEPS);
		scene.exits = 1 + i;
		scene_run(&scene);
		EXPECT(port->progress(scene.vcpu) >= 1 + i);
		EXPECT(port->kept(scene.vcpu));
	}
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static noinstr void walk_old(struct arch_vcpu *v)
{
	guest_enter_irqoff();
	arch_guest_run(v);
	guest_exit_irqoff();
}
#pragma GCC diagnostic pop

static void old_pair(void)
{
	struct arch_vcpu *v = port->guest(0, GUEST_ASKS);
	u64 counter, runs = 0;

	irq_off();
	port->take_hart(v);
	counter = hart_counter();
	/* A kick of what runs beside may end a run first. */
	do {
		walk_old(v);
		arch_irq_take_pending();
		runs++;
	} while (port->why(v) == WHY_INTERRUPT);
	expect_home(false);
	EXPECT(hart_counter() == counter + 2 * runs);
	EXPECT(port->why(v) == WHY_ASKED);
	port->leave_hart(v);
	irq_on();
}

const struct conformance_test threshold_tests[] = {
	{"E1: the steps of a run, one by one", e1_steps, 1, NULL},
	{"E1: the order as the tracer sees it", e1_trace, 1, NULL},
	{"E1: the hart's state at each place", e1_places, 1, NULL},
	{"E2: noinstr code alone inside", NULL, 1, "checked in the linked image"},
	{"E4: a tick that ends a run finds the guest's time", e4_tick, 1, NULL},
	{"E4: a handler's own time is not the guest's", e4_handler, 1, NULL},
	{"E5: every way out balances", e5_ways, 1, NULL},
	{"E5: so does the end of the VM in a run", e5_killed, 1, NULL},
	{"E6: a request after the last look ends the run", e6_after_look, 1, NULL},
	{"E6: the hart's work is looked at before each entry", e6_hart_work, 1, NULL},
	{"E7: the kinds of time sum to the time that passed", e7_sum, 1, NULL},
	{"E8: ready without a hart is steal, and only grows", e8_steal, 1, NULL},
	{"E11: interrupts after a run leave why it ended", e11_pending, 1, NULL},
	{"E11: an interrupted guest goes on where it was", e11_interrupted, 1, NULL},
	{"E12: what is the hypervisor's is back", e12_host, 1, NULL},
	{"E13: one entry and one exit a run", e13_pairs, 1, NULL},
	{"E13: both outside the timing window", e13_window, 1, NULL},
	{"E13: early answers are counted, not traced", e13_early, 1, NULL},
	{"E14: the preparation comes last, interrupts off", e14_last, 1, NULL},
	{"E15: vCPUs in turn find their own state", e15_turns, 1, NULL},
	{"E15: one that is interrupted finds it", e15_interrupted, 1, NULL},
	{"E15: one that was made anew finds its new one", e15_anew, 1, NULL},
	{"the deprecated pair does the same", old_pair, 1, NULL},
	{NULL, NULL, 0, NULL},
};
