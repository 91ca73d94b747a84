/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manager. See vm_control.h.
 *
 * Tags: [E1] what a VM's vCPUs did, before it is seen to have ended. [E2] what a call did, before its
 * caller goes on.
 */
#include "guest/vm/vm_control.h"

#include "guest/image/gtree.h"
#include "guest/vm/vmlist.h"
#include "hyp/sched/bill.h"
#include "lib/log.h"

/* One VM of the configuration. The manager's thread alone, but for what is said. */
struct entry {
	struct vm *vm; /* NULL: absent */
	struct vm_config *config;
	struct vm_payload payload;
	struct vmlist_node node; /* on control.vms while vm is there */
	bool right;		 /* configuration and payloads are */
	bool ended; /* all vCPU threads have, and the manager has not looked yet; by any */
	enum vm_phase phase;
	enum vm_state why; /* how its last run ended */
	u32 quick;	   /* for vm_restart_after() */
	u64 started, restart_at;
	struct vm_times times; /* of its last run */
};

/* On its caller's stack. */
struct call {
	struct call *next; /* under control.lock */
	enum err (*fn)(struct entry *e, const struct call *c);
	u32 index;
	enum vm_op op;
	enum err (*with)(struct vm *vm, void *arg);
	void *arg;
	struct thread *caller;
	enum err result;
	bool done; /* release, acquire */
};

static struct {
	struct entry entry[CONFIG_VMS_MAX];
	u32 count;
	struct vmlist vms;
	struct thread *manager;
	struct entry *console; /* who owns it, or NULL */
	unsigned int next_hart;
	u32 running; /* VMs that are up or paused */
	bool failed; /* a VM could not be, or failed */
	u32 holders; /* atomic */
	struct spinlock lock;
	struct call *calls; /* under lock */
} control = {
	.vms = {.lock = SPINLOCK_INIT("vmlist")},
	.lock = SPINLOCK_INIT("vm_control"),
};

#define for_each_entry(e) for ((e) = control.entry; (e) < &control.entry[control.count]; (e)++)

/* ---- one VM --------------------------------------------------------------------------------- */

static enum err make(struct entry *e)
{
	enum err err;

	e->config->err = OK;
	err = vm_create(e->config, &e->vm);
	if (!err)
		err = vm_load(e->vm, &e->payload);
	if (!err) {
		vmlist_add(&control.vms, &e->node, e->vm);
		e->phase = VM_DOWN;
		if (control.console == e)
			vconsole_own(&e->vm->console);
		return OK;
	}
	if (e->vm)
		vm_destroy(e->vm);
	e->vm = NULL;
	return err;
}

/* In the last of its vCPUs' threads. */
static void vm_ended(struct vm *vm)
{
	struct vmlist_node *n;

	rcu_read_lock();
	vmlist_for_each(n, &control.vms)
	{
		if (n->vm == vm)
			/* Order: what the VM's vCPUs did, before it is seen to have ended.
			 * Pairs with: has_ended() [E1] */
			arch_store_release(&container_of(n, struct entry, node)->ended, true);
	}
	rcu_read_unlock();
	thread_wake(control.manager);
}

static bool has_ended(void *arg)
{
	const struct entry *e = arg;

	/* Order: the VM has ended, before its state and memory are read. Pairs with: vm_ended() [E1] */
	return arch_load_acquire(&e->ended);
}

static enum err start(struct entry *e)
{
	enum err err;

	e->restart_at = TIMER_NEVER;
	e->started = arch_clock();
	e->phase = VM_UP;
	control.running++;
	err = vm_start(e->vm, control.next_hart, vm_ended);
	control.next_hart = (control.next_hart + e->vm->vcpus) % arch_hart_count();
	return err;
}

/* All vCPUs have ended. */
static void note_end(struct entry *e)
{
	e->ended = false;
	e->phase = VM_DOWN;
	e->why = e->vm->state;
	control.running--;
	vm_get_times(e->vm, &e->times);
	thread_look();
	vm_log_times(e->config->name, &e->times);
	thread_look();
	vfault_log(e->config->name, &e->vm->faults);
	thread_look();
}

static void await_end(struct entry *e)
{
	(void)thread_wait(has_ended, e, TIMER_NEVER);
	note_end(e);
}

/* The console's owner is gone: the first VM that goes on gets it. Without one it stays the old owner's,
 * which may be made anew. */
static void pass_console(void)
{
	struct entry *e;

	for_each_entry(e)
	{
		if (!e->vm || (e->phase == VM_DOWN && e->restart_at == TIMER_NEVER))
			continue;
		control.console = e;
		vconsole_listen(&e->vm->console);
		log_report("the console goes to VM %s", e->config->name);
		vconsole_own(&e->vm->console);
		return;
	}
}

#define PORT_LOOK_MS	 10  /* between two looks at a port that sends the rest of a VM's output */
#define PORT_PATIENCE_MS 500 /* for a port that sends nothing of it */

static bool never(void *arg)
{
	(void)arg;
	return false;
}

/* What the VM wrote last goes out before its ring is given back, as long as the port takes any of it. */
static void let_console_send(struct vconsole *c)
{
	u64 hz = arch_clock_hz();
	size_t rest = vconsole_rest(c), now;

	for (u32 ms = 0; rest && ms < PORT_PATIENCE_MS; ms += PORT_LOOK_MS) {
		(void)thread_wait(never, NULL, arch_clock() + hz * PORT_LOOK_MS / 1000);
		now = vconsole_rest(c);
		if (now < rest)
			ms = 0;
		rest = now;
	}
}

static void leave_console(struct entry *e)
{
	struct vconsole *c = &e->vm->console;
	u64 unseen;

	let_console_send(c);
	vconsole_leave(c);
	unseen = vconsole_unseen(c);
	if (unseen)
		log_info("VM %s: %llu bytes of its output were not shown", e->config->name,
			 (unsigned long long)unseen);
}

/* Gives back all that a VM has that is down. The grace period is for who found it on the list, for input
 * on its way to its console, and for its threads, each of which has yet to end (vm_vcpu_ended()). */
static void discard(struct entry *e)
{
	e->restart_at = TIMER_NEVER;
	leave_console(e);
	vmlist_remove(&control.vms, &e->node);
	vm_destroy(e->vm);
	e->vm = NULL;
	e->phase = VM_ABSENT;
	if (control.console == e)
		pass_console();
}

/* ---- what becomes of one that has ended of itself ----------------------------------------------- */

static const char *how_ended(enum vm_state why)
{
	if (why == VM_REBOOT)
		return "wants to start again";
	return why == VM_OFF ? "has powered off" : "has failed";
}

static void end_for_good(struct entry *e)
{
	control.failed |= e->why != VM_OFF;
	log_info("VM %s %s", e->config->name, how_ended(e->why));
	thread_look();
	discard(e);
}

/* Others may compute meanwhile: it is the VM's work. */
static enum err load_again(struct entry *e)
{
	u64 since = bill_used();
	enum err err = vm_load(e->vm, &e->payload);

	bill_work(&e->vm->place.share, since);
	return err;
}

static void start_again(struct entry *e)
{
	e->restart_at = TIMER_NEVER;
	if (load_again(e)) {
		e->why = VM_FAILED;
		end_for_good(e);
		return;
	}
	log_info("VM %s starts again", e->config->name);
	thread_look();
	(void)start(e);
}

static u64 in_ms(u64 ticks)
{
	return ticks * 1000 / arch_clock_hz();
}

static void see_to(struct entry *e)
{
	u64 wait;

	note_end(e);
	wait = vm_restart_after(e->config->restart, e->why, in_ms(arch_clock() - e->started),
				&e->quick);
	if (wait == RESTART_NOT) {
		end_for_good(e);
		return;
	}
	e->restart_at = arch_clock() + wait * arch_clock_hz() / 1000;
	if (!wait)
		return;
	log_info("VM %s %s, and starts again in %llu ms", e->config->name, how_ended(e->why),
		 (unsigned long long)wait);
	thread_look();
}

/* ---- what others ask for -------------------------------------------------------------------- */

static void halt(struct entry *e)
{
	if (e->phase == VM_DOWN)
		return;
	vm_stop(e->vm, VM_KILLED);
	await_end(e);
}

/* Of one that is absent or down. */
static enum err start_anew(struct entry *e)
{
	bool absent = !e->vm;
	enum err err;

	if (!e->right)
		return ERR_FORMAT;
	e->quick = 0;
	e->restart_at = TIMER_NEVER;
	err = absent ? make(e) : load_again(e);
	if (err)
		return err;
	err = start(e);
	if (!err)
		return OK;
	await_end(e);
	if (absent)
		discard(e);
	return err;
}

/* A VM that ended of itself at the same moment is paused no more, and stopped all the same. */
static enum err operate(struct entry *e, enum vm_op op)
{
	enum err err = OK;

	if (op == VM_OP_PAUSE)
		err = vm_pause(e->vm);
	else if (op == VM_OP_RESUME)
		err = vm_resume(e->vm);
	else if (op != VM_OP_START)
		halt(e);
	if (op == VM_OP_DESTROY)
		discard(e);
	if (op == VM_OP_START || op == VM_OP_RESTART)
		return start_anew(e);
	if (!err && op <= VM_OP_RESUME)
		e->phase = op == VM_OP_PAUSE ? VM_PAUSED : VM_UP;
	return err;
}

static enum err do_op(struct entry *e, const struct call *c)
{
	enum err err;

	if (c->op == VM_OP_STOP && e->restart_at != TIMER_NEVER) {
		e->restart_at = TIMER_NEVER;
		return OK;
	}
	err = vm_op_check(e->phase, c->op);
	return err ? err : operate(e, c->op);
}

static enum err do_with(struct entry *e, const struct call *c)
{
	return c->with(e->vm, c->arg);
}

static enum err do_status(struct entry *e, const struct call *c)
{
	struct vm_status *s = c->arg;

	*s = (struct vm_status){
		.name = e->config->name,
		.phase = e->phase,
		.ended = e->why,
		.restarts = e->restart_at != TIMER_NEVER,
		.memory = e->vm ? mem_used(&e->vm->account) : 0,
	};
	return OK;
}

static bool call_done(void *arg)
{
	const struct call *c = arg;

	/* Order: the call is done, before its caller goes on. Pairs with: answer() [E2] */
	return arch_load_acquire(&c->done);
}

static void enqueue(struct call *c)
{
	unsigned long flags = spin_lock_irqsave(&control.lock);
	struct call **at = &control.calls;

	while (*at)
		at = &(*at)->next;
	*at = c;
	spin_unlock_irqrestore(&control.lock, flags);
	thread_wake(control.manager);
}

static enum err ask(struct call *c)
{
	if (c->index >= control.count)
		return ERR_RANGE;
	c->caller = thread_current();
	if (c->caller == control.manager)
		return c->fn(&control.entry[c->index], c);
	enqueue(c);
	while (!call_done(c))
		(void)thread_wait(call_done, c, TIMER_NEVER);
	return c->result;
}

enum err vm_control(u32 i, enum vm_op op)
{
	struct call c = {.fn = do_op, .index = i, .op = op};

	return op < VM_OPS ? ask(&c) : ERR_INVAL;
}

enum err vm_control_status(u32 i, struct vm_status *s)
{
	struct call c = {.fn = do_status, .index = i, .arg = s};

	return ask(&c);
}

enum err vm_control_with(u32 i, enum err (*fn)(struct vm *vm, void *arg), void *arg)
{
	struct call c = {.fn = do_with, .index = i, .with = fn, .arg = arg};

	return ask(&c);
}

void vm_control_hold(void)
{
	__atomic_fetch_add(&control.holders, 1, __ATOMIC_RELAXED);
}

void vm_control_let_go(void)
{
	__atomic_fetch_sub(&control.holders, 1, __ATOMIC_RELAXED);
	thread_wake(control.manager);
}

/* ---- the manager ------------------------------------------------------------------------------ */

static struct call *next_call(void)
{
	unsigned long flags = spin_lock_irqsave(&control.lock);
	struct call *c = control.calls;

	if (c)
		control.calls = c->next;
	spin_unlock_irqrestore(&control.lock, flags);
	return c;
}

/* The call is gone once it is done, and its caller's thread may be. */
static void answer(struct call *c)
{
	struct thread *caller = c->caller;

	c->result = c->fn(&control.entry[c->index], c);
	rcu_read_lock();
	/* Order: what the call did, before it is done. Pairs with: call_done() [E2] */
	arch_store_release(&c->done, true);
	thread_wake(caller);
	rcu_read_unlock();
}

static u64 next_restart(void)
{
	u64 at = TIMER_NEVER;
	struct entry *e;

	for_each_entry(e) at = min_u64(at, e->restart_at);
	return at;
}

static bool goes_on(void)
{
	return control.running || READ_ONCE(control.calls) || READ_ONCE(control.holders) ||
	       next_restart() != TIMER_NEVER;
}

static bool has_work(void *arg)
{
	struct entry *e;
	bool work = READ_ONCE(control.calls) || !goes_on();

	(void)arg;
	for_each_entry(e) work |= has_ended(e);
	return work;
}

static void look_after(struct entry *e)
{
	if (has_ended(e))
		see_to(e);
	if (e->restart_at != TIMER_NEVER && arch_clock() >= e->restart_at)
		start_again(e);
}

/* Those that have ended come first: what is asked of a VM is asked of it as it is. */
bool vm_control_run(void)
{
	struct entry *e;
	struct call *c;

	while (goes_on()) {
		(void)thread_wait(has_work, NULL, next_restart());
		for_each_entry(e) look_after(e);
		c = next_call();
		if (c)
			answer(c);
	}
	return !control.failed;
}

static void make_first(const struct fit *fit, struct entry *e, u64 *checking)
{
	enum err err;

	*checking -= arch_clock();
	err = vm_payload(fit, e->config, GTREE_ROOM, &e->payload);
	*checking += arch_clock();
	e->restart_at = TIMER_NEVER;
	e->right = !err;
	if (!err)
		err = make(e);
	if (!err)
		return;
	log_report("%s", e->config->err ? e->config->why.text : err_name(err));
	control.failed = true;
}

void vm_control_make_all(const struct fit *fit, struct config *config, u64 *checking, u64 *filling)
{
	struct entry *e;

	*checking = *filling = 0;
	control.manager = thread_current();
	control.count = config->count;
	for_each_entry(e)
	{
		e->config = &config->vms[e - control.entry];
		make_first(fit, e, checking);
		*filling += e->vm ? e->vm->filling : 0;
	}
}

bool vm_control_give_console(u32 i)
{
	control.console = &control.entry[i];
	if (!control.console->vm)
		return false;
	log_info("the console goes to VM %s", control.console->config->name);
	vconsole_own(&control.console->vm->console);
	return true;
}

void vm_control_start_all(void)
{
	struct entry *e;

	for_each_entry(e) if (e->vm && start(e))
		log_report("VM %s: no memory for its vCPUs", e->config->name);
}

void vm_control_log_times(void)
{
	struct entry *e;

	for_each_entry(e) if (e->why != VM_NEW) vm_log_times(e->config->name, &e->times);
}
