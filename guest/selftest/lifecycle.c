/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One thread asks the manager for things, and looks into the guests' memory for what they say. What it
 * does with a VM is in the VM's name:
 *
 *	busy*	computes all the time, and is left alone until the end
 *	life*	tests/guests/life.c: paused in every state that its harts can be in, ended in every way
 *	race*	the same, but for the pauses
 *	many*	the same guest: started, paused, stopped, destroyed by turns, as chance has it
 *	fill, look	tests/guests/scrub-fill.c, scrub-look.c: one in the memory of the other
 *
 * All that is made is destroyed, and then as much memory is free as there was before.
 */
#include "guest/selftest/lifecycle.h"

#include <string.h>

#include "guest/mem/gmap.h"
#include "guest/vm/vm_control.h"
#include "hyp/machine/boot.h"
#include "hyp/machine/reset.h"
#include "hyp/mem/kmem.h"
#include "hyp/mem/memmap.h"
#include "hyp/sched/runqueue.h"
#include "hyp/sched/thread.h"
#include "lib/check.h"
#include "lib/log.h"

#define MAGIC	     0x6c696665UL
#define LIMIT_S	     300 /* for anything that is waited for */
#define POLL_US	     10000
#define PAUSE_MS     1000
#define JUMP_MS	     (PAUSE_MS / 2) /* what a guest's time may jump by, for want of a hart */
#define CAP_JUMP_MS  900	    /* with a cap, which QEMU's turns elsewhere use up too */
#define PAUSES	     10
#define RACES	     16
#define MOVES	     200
#define STEPS_LEAST  5 /* allocations that can fail, of each kind */
#define STEPS_MOST   500
#define SECRET_WHOLE 0x5ec2e75ec2e75ec2UL

enum command { GO_ON, POWER_OFF, FAIL, REBOOT };

/* As tests/guests/life.c has it. */
struct box {
	u64 magic, command;
	u64 beats[8];
	u64 jump, late; /* us */
	u64 steal, wrong;
};

/* The calling thread's alone. */
static u32 seed = 1;
static u32 vms;
static bool well = true;

static void complain(const char *vm, const char *what, long is)
{
	well = false;
	log_report("lifecycle: %s: %s: %ld", vm, what, is);
}

static u32 chance(u32 of)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % of;
}

static u64 in_ticks(u64 us)
{
	return us * arch_clock_hz() / 1000000;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static void sleep_us(u64 us)
{
	(void)thread_wait(never, NULL, arch_clock() + in_ticks(us));
}

static struct vm_status status(u32 i)
{
	struct vm_status s;

	CHECK(!vm_control_status(i, &s));
	return s;
}

static bool is(u32 i, const char *word)
{
	return !strncmp(status(i).name, word, strlen(word));
}

/* ---- a guest's box ---------------------------------------------------------------------------- */

static enum err read_box(struct vm *vm, void *box)
{
	if (!vm)
		return ERR_NOENT;
	return gmem_read(&vm->mem, GPA(GMAP_RAM_BASE), box, sizeof(struct box));
}

static bool box_of(u32 i, struct box *b)
{
	return !vm_control_with(i, read_box, b);
}

static enum err write_command(struct vm *vm, void *command)
{
	if (!vm)
		return ERR_NOENT;
	return gmem_write(&vm->mem, GPA(GMAP_RAM_BASE + 8), command, sizeof(u64));
}

static void tell(u32 i, u64 command)
{
	(void)vm_control_with(i, write_command, &command);
}

struct wait {
	u32 i;
	struct box from;
};

/* Has each hart that does so from time to time done so once more? */
static bool all_beat(const struct wait *w, u32 harts)
{
	struct box b;

	if (!box_of(w->i, &b) || b.magic != MAGIC)
		return false;
	for (u32 h = 0; h < harts && h < 3; h++)
		if (b.beats[h] <= w->from.beats[h])
			return false;
	return true;
}

static enum err count_vcpus(struct vm *vm, void *n)
{
	*(u32 *)n = vm ? vm->vcpus : 0;
	return OK;
}

static u32 vcpus_of(u32 i)
{
	u32 n = 0;

	(void)vm_control_with(i, count_vcpus, &n);
	return n;
}

static void await_beats(u32 i, const struct box *from)
{
	struct wait w = {.i = i, .from = *from};
	u64 end = arch_clock() + LIMIT_S * arch_clock_hz();
	u32 harts = vcpus_of(i);

	while (!all_beat(&w, harts)) {
		if (arch_clock() > end) {
			complain(status(i).name, "does not go on", status(i).phase);
			return;
		}
		sleep_us(POLL_US);
	}
}

/* ---- operations ---------------------------------------------------------------------------------- */

static void want(u32 i, enum vm_op op, enum err err)
{
	static const char *const names[VM_OPS] = {"pause", "resume",  "stop",
						  "start", "restart", "destroy"};
	enum err e = vm_control(i, op);

	if (e != err)
		complain(status(i).name, names[op], e);
}

static void start(u32 i)
{
	static const struct box none;

	want(i, VM_OP_START, OK);
	await_beats(i, &none);
}

static void await_phase(u32 i, enum vm_phase phase)
{
	u64 end = arch_clock() + LIMIT_S * arch_clock_hz();

	while (status(i).phase != phase) {
		if (arch_clock() > end) {
			complain(status(i).name, "stays in phase", status(i).phase);
			return;
		}
		sleep_us(POLL_US);
	}
}

/* Whatever cannot be done in its present phase says so, and changes nothing. */
static void refuse_others(u32 i)
{
	enum vm_phase phase = status(i).phase;

	for (u32 op = 0; op < VM_OPS; op++)
		if (vm_op_check(phase, op))
			want(i, op, vm_op_check(phase, op));
	if (status(i).phase != phase)
		complain(status(i).name, "changed its phase to", status(i).phase);
}

/* ---- pauses ------------------------------------------------------------------------------------ */

/* An IPI, as the guest's own would be, and a line of a device. */
static enum err interrupt(struct vm *vm, void *arg)
{
	(void)arg;
	if (vm->vcpus > 3)
		vcpu_request(&vm->vcpu[3], REQ_IPI);
	(void)vuart_receive(&vm->uart, (const u8 *)"x", 1);
	return OK;
}

static enum err all_out(struct vm *vm, void *arg)
{
	(void)arg;
	for (u32 i = 0; i < vm->vcpus; i++)
		if (vm->vcpu[i].run.mode != OUTSIDE_GUEST ||
		    vm->vcpu[i].arch.loaded_on != VCPU_NOT_LOADED)
			return ERR_BUSY;
	return vm->clock.running ? ERR_BUSY : OK;
}

static void await_ipi(u32 i, u64 before)
{
	u64 end = arch_clock() + LIMIT_S * arch_clock_hz();
	struct box b = {0};

	while (box_of(i, &b) && b.beats[3] == before && arch_clock() < end)
		sleep_us(POLL_US);
	if (b.beats[3] == before)
		complain(status(i).name, "an IPI while it was paused is lost", 0);
}

static void one_pause(u32 i)
{
	struct box before, after;

	sleep_us(chance(20000));
	want(i, VM_OP_PAUSE, OK);
	CHECK(box_of(i, &before));
	if (vm_control_with(i, all_out, NULL))
		complain(status(i).name, "runs while it is paused", 0);
	(void)vm_control_with(i, interrupt, NULL);
	refuse_others(i);
	sleep_us(PAUSE_MS * 1000UL);
	CHECK(box_of(i, &after));
	if (memcmp(&before, &after, sizeof(before)))
		complain(status(i).name, "went on while it was paused", 0);
	want(i, VM_OP_RESUME, OK);
	refuse_others(i);
	await_beats(i, &before);
	if (vcpus_of(i) > 3)
		await_ipi(i, before.beats[3]);
}

static void pause_some(u32 i)
{
	u64 most = (is(i, "life-cap") ? CAP_JUMP_MS : JUMP_MS) * 1000UL;
	struct box b;

	for (u32 n = 0; n < PAUSES && well; n++)
		one_pause(i);
	CHECK(box_of(i, &b));
	log_report("lifecycle: %s: %u pauses of %u ms; time jumped by %llu us, a timer was %llu us "
		   "late",
		   status(i).name, PAUSES, PAUSE_MS, (unsigned long long)b.jump,
		   (unsigned long long)b.late);
	if (b.jump > most || b.late > most || b.wrong)
		complain(status(i).name, "its time, its steal, or its memory is wrong",
			 (long)b.wrong);
	if (vcpus_of(i) > 4 && b.beats[4] != 1)
		complain(status(i).name, "its stopped hart ran", (long)b.beats[4]);
}

/* ---- ends --------------------------------------------------------------------------------------- */

/* It powers itself off at about the moment at which it is paused. */
static void race_with_end(u32 i)
{
	enum err e;

	tell(i, POWER_OFF);
	sleep_us(chance(400));
	e = vm_control(i, VM_OP_PAUSE);
	if (e && e != ERR_CANCELED && e != ERR_NOENT)
		complain(status(i).name, "pause, while it ends", e);
	if (!e)
		want(i, VM_OP_RESUME, OK);
	await_phase(i, VM_ABSENT);
	if (status(i).ended != VM_OFF || status(i).memory)
		complain(status(i).name, "did not end well", status(i).ended);
	start(i);
}

/* It looked at its memory when it started, before its harts went on from what they found there. */
static void check_clean(u32 i)
{
	struct box b;

	await_beats(i, &(struct box){0});
	CHECK(box_of(i, &b));
	await_beats(i, &b);
	CHECK(box_of(i, &b));
	if (b.wrong)
		complain(status(i).name, "found what was there before it", (long)b.wrong);
}

static void end_in_each_way(u32 i)
{
	for (u32 n = 0; n < RACES && well; n++)
		race_with_end(i);
	want(i, VM_OP_PAUSE, OK);
	want(i, VM_OP_STOP, OK);
	refuse_others(i);
	if (status(i).ended != VM_KILLED || !status(i).memory)
		complain(status(i).name, "was stopped, and ended", status(i).ended);
	start(i);
	want(i, VM_OP_PAUSE, OK);
	want(i, VM_OP_RESTART, OK);
	check_clean(i);
	want(i, VM_OP_RESTART, OK);
	check_clean(i);
	want(i, VM_OP_PAUSE, OK);
	want(i, VM_OP_DESTROY, OK);
	refuse_others(i);
	start(i);
	/* Loaded anew, it finds no command to do so again. */
	tell(i, REBOOT);
	check_clean(i);
}

/* ---- memory of one in the hands of the next --------------------------------------------------------- */

static enum err where(struct vm *vm, void *at)
{
	void *p = vm ? gmem_ptr(&vm->mem, GPA(GMAP_RAM_BASE), 8) : NULL;

	*(u64 *)at = p ? va_to_hpa(p).a : 0;
	return OK;
}

static u64 first_word(u32 i)
{
	struct box b = {0};

	return box_of(i, &b) ? b.magic : 0;
}

static void fill_and_look(u32 fill, u32 look)
{
	u64 end = arch_clock() + LIMIT_S * arch_clock_hz(), was = 0, now = 0;

	want(fill, VM_OP_START, OK);
	(void)vm_control_with(fill, where, &was);
	while (first_word(fill) != SECRET_WHOLE && arch_clock() < end)
		sleep_us(POLL_US);
	if (first_word(fill) != SECRET_WHOLE)
		complain("fill", "does not come to its end", 0);
	want(fill, VM_OP_DESTROY, OK);
	want(look, VM_OP_START, OK);
	(void)vm_control_with(look, where, &now);
	if (now && now != was)
		complain("look", "has other memory than fill had", (long)now);
	await_phase(look, VM_ABSENT);
	if (status(look).ended != VM_OFF)
		complain("look", "found something", status(look).ended);
}

/* ---- chance ------------------------------------------------------------------------------------- */

static void one_move(u32 i)
{
	enum vm_phase phase = status(i).phase;
	enum vm_op op = chance(VM_OPS);

	want(i, op, vm_op_check(phase, op));
	if (status(i).phase == VM_UP && chance(8) == 0)
		await_beats(i, &(struct box){0});
}

static u32 some_of(const char *word)
{
	u32 i = chance(vms);

	for (u32 n = 0; n < vms && !is(i, word); n++)
		i = (i + 1) % vms;
	return is(i, word) ? i : vms;
}

static void move_about(void)
{
	u32 i = some_of("many");

	for (u32 n = 0; i < vms && n < MOVES && well; n++, i = some_of("many"))
		one_move(i);
}

/* ---- what is left -------------------------------------------------------------------------------- */

struct left {
	u64 bytes, objects;
	u32 dead; /* threads that ended, and whose hart has had no other since */
};

static enum err look_left(struct vm *vm, void *left)
{
	struct left *l = left;
	unsigned int i;

	(void)vm;
	rcu_barrier();
	rcu_barrier(); /* for what callbacks gave to callbacks */
	*l = (struct left){0};
	for_each_hart (i)
		l->dead += READ_ONCE(per_hart(runqueue, i).dead) != NULL;
	l->objects = kmem_objects() - l->dead;
	l->bytes = page_free_bytes();
	return OK;
}

/* Their slab may be there on their account alone. */
static bool same(const struct left *a, const struct left *b)
{
	return a->objects == b->objects && (a->bytes == b->bytes || a->dead != b->dead);
}

/* Until it is the same twice: threads that end go by and by. */
static struct left left(void)
{
	struct left now = {0}, before;

	do {
		before = now;
		sleep_us(2000);
		CHECK(!vm_control_with(0, look_left, &now));
	} while (!same(&now, &before));
	return now;
}

static void same_left(const char *vm, const char *after, struct left before)
{
	struct left now = left();

	for (u32 n = 0; n < 50 && !same(&now, &before); n++)
		now = left();
	if (same(&now, &before))
		return;
	complain(vm, after, (long)(now.bytes - before.bytes));
	complain(vm, after, (long)(now.objects - before.objects));
}

static void destroy_all(void)
{
	for (u32 i = 0; i < vms; i++)
		if (status(i).phase != VM_ABSENT && !is(i, "busy"))
			want(i, VM_OP_DESTROY, OK);
}

static void start_all(void)
{
	for (u32 i = 0; i < vms; i++)
		if (is(i, "life") || is(i, "race") || is(i, "many"))
			start(i);
}

/* Each allocation that making and starting the VM needs fails once. */
static void starve(u32 i, const char *kind, void (*fail_after)(u64 n), struct left before)
{
	enum err e = ERR_NOMEM;
	u64 n = 0;

	for (; e == ERR_NOMEM && n < STEPS_MOST && well; n++) {
		fail_after(n);
		e = vm_control(i, VM_OP_START);
		fail_after(PAGE_FAIL_NEVER);
		if (!e)
			break;
		if (status(i).phase != VM_ABSENT || status(i).memory)
			complain(status(i).name, "half made", status(i).phase);
		same_left(status(i).name, "failed, and left", before);
	}
	if (e || n < STEPS_LEAST)
		complain(status(i).name, "steps that fail", (long)n);
	log_report("lifecycle: %s: %llu allocations of %s failed by turns", status(i).name,
		   (unsigned long long)n, kind);
	want(i, VM_OP_DESTROY, e ? ERR_NOENT : OK);
	same_left(status(i).name, "came and went, and left", before);
}

/* ---- all of it ------------------------------------------------------------------------------------ */

static u32 find(const char *name)
{
	u32 i = 0;

	while (i < vms && strcmp(status(i).name, name) != 0)
		i++;
	return i;
}

static void check_busy(const struct box *before)
{
	for (u32 i = 0; i < vms && well; i++)
		if (is(i, "busy"))
			await_beats(i, &before[i]);
}

static void look_at_busy(struct box *boxes)
{
	for (u32 i = 0; i < vms; i++)
		if (is(i, "busy"))
			CHECK(box_of(i, &boxes[i]));
}

static void each(const char *word, void (*fn)(u32 i))
{
	for (u32 i = 0; i < vms && well; i++)
		if (is(i, word))
			fn(i);
}

static void await_first(u32 i)
{
	await_beats(i, &(struct box){0});
}

static void all_scenes(struct box *boxes)
{
	u32 fill = find("fill"), look = find("look");
	struct left before;

	each("busy", await_first);
	each("life", await_first);
	each("life", pause_some);
	each("life", end_in_each_way);
	each("race", await_first);
	each("race", end_in_each_way);
	look_at_busy(boxes);
	move_about();
	check_busy(boxes);
	if (look < vms)
		await_phase(look, VM_ABSENT);
	destroy_all();
	before = left();
	start_all();
	destroy_all();
	same_left("all", "came and went, and left", before);
	for (u32 i = 0; i < vms && well; i++)
		if (is(i, "life")) {
			starve(i, "objects", kmem_fail_after, before);
			starve(i, "pages", page_fail_after, before);
		}
	for (u32 n = 0; n < 3 && fill < vms && look < vms && well; n++)
		fill_and_look(fill, look);
	same_left("all", "at the end of all, left", before);
	check_busy(boxes);
}

static void lifecycle_main(void *arg)
{
	static struct box boxes[CONFIG_VMS_MAX];
	struct vm_status s;

	(void)arg;
	while (!vm_control_status(vms, &s))
		vms++;
	all_scenes(boxes);
	log_report("lifecycle: %s", well ? "passed" : "FAILED");
	machine_power_off(!well);
}

void lifecycle_start(void)
{
	if (!boot_info.args->selftest_lifecycle)
		return;
	vm_control_hold();
	CHECK(thread_create("lifecycle", arch_hart_count() - 1, lifecycle_main, NULL));
}
