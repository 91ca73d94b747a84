/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two harts: this one looks at the other, sends it requests, and waits for grace periods.
 */
#include "tests/conformance/suite.h"

#define OTHER 1

static struct scene scene, scene2;

/* A kick of before may still be on its way to a hart, so what it disturbs is tried again; a grace
 * period that disturbs by itself does so each time. */
#define TRIES 8

/* What the rest of the machine sees of a hart in its guest: the state, RCU's counter. */
static void e10_seen(void)
{
	bool seen = false;

	scene_init(&scene, 0, GUEST_SPINS);
	scene_start(&scene, OTHER);
	for (unsigned int i = 0; i < TRIES && !seen; i++) {
		scene_await_progress(&scene);
		seen = READ_ONCE(per_hart(context_hart, OTHER).state) == CONTEXT_GUEST &&
		       !(READ_ONCE(per_hart(rcu_hart, OTHER).counter) & 1) &&
		       guest_is_in(&scene.run);
	}
	EXPECT(seen);
	act_stop(&scene);
	scene_join(OTHER);
}

/* E10: grace periods end while a guest never does, and do not disturb it. */
static void e10_guest(void)
{
	bool undisturbed = false;

	scene_init(&scene, 0, GUEST_SPINS);
	scene_start(&scene, OTHER);
	scene_await_progress(&scene);
	for (unsigned int i = 0; i < TRIES && !undisturbed; i++) {
		unsigned int exits = READ_ONCE(scene.been[AT_EXIT]);

		synchronize_rcu();
		undisturbed = READ_ONCE(scene.been[AT_EXIT]) == exits;
	}
	EXPECT(undisturbed);
	act_stop(&scene);
	scene_join(OTHER);
}

/* How often the other harts were disturbed, or left their wait and entered it anew by themselves, which a
 * hart whose WFI ends early does all the time. */
static u64 others_counters(void)
{
	u64 sum = 0;

	for (unsigned int h = OTHER; h < arch_hart_count(); h++)
		sum += READ_ONCE(per_hart(rcu_hart, h).counter);
	return sum;
}

static bool still(void (*meanwhile)(void))
{
	u64 before = others_counters();

	meanwhile();
	return others_counters() == before;
}

/* The same of harts that idle: none of them leaves its wait, where they stay in it without a grace period. */
static void e10_idle(void)
{
	bool undisturbed = false, calm = false;

	if (port->busy) {
		scene_skip("no hart idles beside others");
		return;
	}
	for (unsigned int i = 0; i < TRIES && !undisturbed; i++) {
		undisturbed = still(synchronize_rcu);
		calm = still(port->pause) || calm;
	}
	EXPECT(undisturbed || !calm);
}

/* A reader on another hart is waited for, though. */
static u32 reader_in, reader_go, reader_out; /* atomic */

static void hold_reader(void *arg)
{
	(void)arg;
	rcu_read_lock();
	__atomic_store_n(&reader_in, 1, __ATOMIC_RELEASE);
	while (!arch_load_acquire(&reader_go))
		arch_relax();
	port->burn(short_while());
	__atomic_store_n(&reader_out, 1, __ATOMIC_RELEASE);
	rcu_read_unlock();
}

static void e10_reader(void)
{
	reader_in = reader_go = reader_out = 0;
	port->start(OTHER, hold_reader, NULL);
	while (!arch_load_acquire(&reader_in))
		port->pause();
	__atomic_store_n(&reader_go, 1, __ATOMIC_RELEASE);
	synchronize_rcu();
	EXPECT(arch_load_acquire(&reader_out));
	scene_join(OTHER);
}

/* E6: each request comes at a moment of its own; the guest would never end. */
#define STORM 300

static u32 taken; /* atomic: requests worked off */

static void take_one(struct scene *s)
{
	if (guest_request_take(&s->run, SCENE_REQUEST))
		__atomic_fetch_add(&taken, 1, __ATOMIC_RELEASE);
}

static void e6_storm(void)
{
	scene_init(&scene, 0, GUEST_SPINS);
	scene.act[AT_WORK] = take_one;
	taken = 0;
	scene_start(&scene, OTHER);
	for (u32 i = 1; i <= STORM; i++) {
		act_request(&scene);
		while (arch_load_acquire(&taken) != i)
			port->pause();
	}
	act_stop(&scene);
	scene_join(OTHER);
	EXPECT(taken == STORM);
}

/* The same with the hart's own work. */
#define OTHER_WORK BIT(7) /* nobody's but the test's */

static u32 worked; /* atomic */

static void count_work(struct scene *s)
{
	(void)s;
	if (entry_work_take(OTHER_WORK))
		__atomic_fetch_add(&worked, 1, __ATOMIC_RELEASE);
}

static void e6_work_storm(void)
{
	if (port->busy) {
		scene_skip("the others do not know this work");
		return;
	}
	scene_init(&scene, 0, GUEST_SPINS);
	scene.act[AT_WORK] = count_work;
	worked = 0;
	scene_start(&scene, OTHER);
	for (u32 i = 1; i <= STORM / 3; i++) {
		entry_work_set(OTHER, OTHER_WORK);
		while (arch_load_acquire(&worked) < i)
			port->pause();
	}
	act_stop(&scene);
	scene_join(OTHER);
	EXPECT(worked >= STORM / 3);
}

/* Once guest_request_sync() is back, the run that the request met is over. */
static void e6_sync(void)
{
	scene_init(&scene, 0, GUEST_SPINS);
	scene_start(&scene, OTHER);
	for (u32 i = 0; i < 20; i++) {
		u64 over = READ_ONCE(scene.run.entries);

		scene_await_progress(&scene);
		act_request(&scene);
		guest_request_sync(&scene.run, SCENE_REQUEST);
		EXPECT(READ_ONCE(scene.run.entries) > over);
	}
	act_stop(&scene);
	scene_join(OTHER);
}

/* E7: two harts at once, each with its own account. */
static void e7_harts(void)
{
	scene_init(&scene, 0, GUEST_SPINS);
	scene_init(&scene2, 1, GUEST_SPINS);
	scene.exits = scene2.exits = 5;
	scene.act[AT_PREPARE] = scene2.act[AT_PREPARE] = act_tick;
	scene_start(&scene, OTHER);
	scene_run(&scene2);
	scene_join(OTHER);
	EXPECT(scene.guest_ticks > 0 && scene2.guest_ticks > 0);
}

/* E15: a vCPU that moves takes its state along, and finds it although another was in both harts. */
static void e15_moves(void)
{
	scene_init(&scene, 0, GUEST_KEEPS);
	scene_init(&scene2, 1, GUEST_KEEPS);
	for (unsigned int i = 0; i < 4; i++) {
		struct scene *here = i & 1 ? &scene2 : &scene;
		struct scene *there = i & 1 ? &scene : &scene2;

		here->exits = here->counted + 2;
		there->exits = there->counted + 2;
		scene_start(there, OTHER);
		scene_run(here);
		scene_join(OTHER);
	}
	EXPECT(port->progress(scene.vcpu) >= 8);
	EXPECT(port->progress(scene2.vcpu) >= 8);
	EXPECT(port->kept(scene.vcpu));
	EXPECT(port->kept(scene2.vcpu));
}

/* One that comes back finds what it did elsewhere, although nobody else was in the hart meanwhile. */
static void e15_comes_back(void)
{
	scene_init(&scene, 0, GUEST_KEEPS);
	for (unsigned int i = 0; i < 6; i++) {
		scene.exits = scene.counted + 2;
		if (i & 1) {
			scene_run(&scene);
			continue;
		}
		scene_start(&scene, OTHER);
		scene_join(OTHER);
	}
	EXPECT(port->progress(scene.vcpu) >= 12);
	EXPECT(port->kept(scene.vcpu));
}

/* Another hart asks; the guest would never end. */
static void ask_scene(void *arg)
{
	for (u32 i = 1; i <= STORM / 10; i++) {
		u32 want = READ_ONCE(taken) + 1;

		act_request(arg);
		while (arch_load_acquire(&taken) < want)
			arch_relax();
		rcu_note_quiescent();
	}
	act_stop(arg);
}

/* E6: a run that moves is kicked where it is: the request comes from the hart that it left. */
static void e6_moves(void)
{
	scene_init(&scene, 0, GUEST_SPINS);
	scene.act[AT_WORK] = take_one;
	taken = 0;
	for (unsigned int i = 0; i < 3; i++) {
		u32 want = (u32)arch_load_acquire(&taken) + 1;

		scene_start(&scene, OTHER);
		act_request(&scene);
		while (arch_load_acquire(&taken) < want)
			port->pause();
		act_stop(&scene);
		scene_join(OTHER);
		port->start(OTHER, ask_scene, &scene);
		scene_run(&scene);
		scene_join(OTHER);
	}
	EXPECT(taken == 3 * (1 + STORM / 10));
}

const struct conformance_test hart_tests[] = {
	{"E6: no request is lost", e6_storm, 2, NULL},
	{"E6: nor any of a hart's work", e6_work_storm, 2, NULL},
	{"E6: a request can be waited for", e6_sync, 2, NULL},
	{"E6: a run that moves is kicked where it is", e6_moves, 2, NULL},
	{"E7: harts run guests on accounts of their own", e7_harts, 2, NULL},
	{"E10: a hart in its guest is quiescent to all", e10_seen, 2, NULL},
	{"E10: a grace period leaves a guest alone", e10_guest, 2, NULL},
	{"E10: and harts that idle", e10_idle, 2, NULL},
	{"E10: and waits for a reader", e10_reader, 2, NULL},
	{"E15: a vCPU that moves takes its state along", e15_moves, 2, NULL},
	{"E15: one that comes back finds what it did elsewhere", e15_comes_back, 2, NULL},
	{NULL, NULL, 0, NULL},
};
