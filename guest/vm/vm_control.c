/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manager. See vm_control.h.
 *
 * Tags: [E2] what a call did, before its caller goes on.
 */
#include "guest/vm/vm_control.h"

#include "guest/image/gtree.h"
#include "guest/vm/vm_entry.h"
#include "hyp/sched/bill.h"
#include "lib/log.h"

/* On its caller's stack. */
struct call {
	struct call *next; /* under control.lock */
	enum err (*fn)(struct vm_entry *e, const struct call *c);
	u32 index;
	enum vm_op op;
	enum err (*with)(struct vm *vm, void *arg);
	void *arg;
	struct thread *caller;
	enum err result;
	bool done; /* release, acquire */
};

static struct {
	bool failed; /* a VM could not be, or failed */
	u32 holders; /* atomic */
	struct spinlock lock;
	struct call *calls; /* under lock */
} control = {
	.lock = SPINLOCK_INIT("vm_control"),
};

/* ---- what becomes of one that has ended of itself ----------------------------------------------- */

static const char *how_ended(enum vm_state why)
{
	if (why == VM_REBOOT)
		return "wants to start again";
	return why == VM_OFF ? "has powered off" : "has failed";
}

static void end_for_good(struct vm_entry *e)
{
	control.failed |= e->why != VM_OFF;
	log_info("VM %s %s", e->config->name, how_ended(e->why));
	thread_look();
	vm_entry_discard(e);
}

/* Others may compute meanwhile: it is the VM's work. */
static enum err load_again(struct vm_entry *e)
{
	u64 since = bill_used();
	enum err err = vm_load(e->vm, &e->payload);

	bill_work(&e->vm->place.share, since);
	return err;
}

static void start_again(struct vm_entry *e)
{
	e->restart_at = TIMER_NEVER;
	if (load_again(e)) {
		e->why = VM_FAILED;
		end_for_good(e);
		return;
	}
	log_info("VM %s starts again", e->config->name);
	thread_look();
	(void)vm_entry_start(e);
}

static u64 in_ms(u64 ticks)
{
	return ticks * 1000 / arch_clock_hz();
}

static void see_to(struct vm_entry *e)
{
	u64 wait;

	vm_entry_note_end(e);
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

static void halt(struct vm_entry *e)
{
	if (e->phase == VM_DOWN)
		return;
	vm_stop(e->vm, VM_KILLED);
	vm_entry_await_end(e);
}

/* Of one that is absent or down. */
static enum err start_anew(struct vm_entry *e)
{
	bool absent = !e->vm;
	enum err err;

	if (!e->right)
		return ERR_FORMAT;
	e->quick = 0;
	e->restart_at = TIMER_NEVER;
	err = absent ? vm_entry_make(e) : load_again(e);
	if (err)
		return err;
	err = vm_entry_start(e);
	if (!err)
		return OK;
	vm_entry_await_end(e);
	if (absent)
		vm_entry_discard(e);
	return err;
}

/* A VM that ended of itself at the same moment is paused no more, and stopped all the same. */
static enum err operate(struct vm_entry *e, enum vm_op op)
{
	enum err err = OK;

	if (op == VM_OP_PAUSE)
		err = vm_pause(e->vm);
	else if (op == VM_OP_RESUME)
		err = vm_resume(e->vm);
	else if (op != VM_OP_START)
		halt(e);
	if (op == VM_OP_DESTROY)
		vm_entry_discard(e);
	if (op == VM_OP_START || op == VM_OP_RESTART)
		return start_anew(e);
	if (!err && op <= VM_OP_RESUME)
		e->phase = op == VM_OP_PAUSE ? VM_PAUSED : VM_UP;
	return err;
}

static enum err do_op(struct vm_entry *e, const struct call *c)
{
	enum err err;

	if (c->op == VM_OP_STOP && e->restart_at != TIMER_NEVER) {
		e->restart_at = TIMER_NEVER;
		return OK;
	}
	err = vm_op_check(e->phase, c->op);
	return err ? err : operate(e, c->op);
}

static enum err do_with(struct vm_entry *e, const struct call *c)
{
	return c->with(e->vm, c->arg);
}

static enum err do_status(struct vm_entry *e, const struct call *c)
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
	thread_wake(vm_entries.manager);
}

static enum err ask(struct call *c)
{
	if (c->index >= vm_entries.count)
		return ERR_RANGE;
	c->caller = thread_current();
	if (c->caller == vm_entries.manager)
		return c->fn(&vm_entries.entry[c->index], c);
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
	thread_wake(vm_entries.manager);
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

	c->result = c->fn(&vm_entries.entry[c->index], c);
	rcu_read_lock();
	/* Order: what the call did, before it is done. Pairs with: call_done() [E2] */
	arch_store_release(&c->done, true);
	thread_wake(caller);
	rcu_read_unlock();
}

static u64 next_restart(void)
{
	u64 at = TIMER_NEVER;
	struct vm_entry *e;

	for_each_entry(e) at = min_u64(at, e->restart_at);
	return at;
}

static bool goes_on(void)
{
	return vm_entries.running || READ_ONCE(control.calls) || READ_ONCE(control.holders) ||
	       next_restart() != TIMER_NEVER;
}

static bool has_work(void *arg)
{
	struct vm_entry *e;
	bool work = READ_ONCE(control.calls) || !goes_on();

	(void)arg;
	for_each_entry(e) work |= vm_entry_has_ended(e);
	return work;
}

static void look_after(struct vm_entry *e)
{
	if (vm_entry_has_ended(e))
		see_to(e);
	if (e->restart_at != TIMER_NEVER && arch_clock() >= e->restart_at)
		start_again(e);
}

/* Those that have ended come first: what is asked of a VM is asked of it as it is. */
bool vm_control_run(void)
{
	struct vm_entry *e;
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

static void make_first(const struct fit *fit, struct vm_entry *e, u64 *checking)
{
	enum err err;

	*checking -= arch_clock();
	err = vm_payload(fit, e->config, GTREE_ROOM, &e->payload);
	*checking += arch_clock();
	e->restart_at = TIMER_NEVER;
	e->right = !err;
	if (!err)
		err = vm_entry_make(e);
	if (!err)
		return;
	log_report("%s", e->config->err ? e->config->why.text : err_name(err));
	control.failed = true;
}

void vm_control_make_all(const struct fit *fit, struct config *config, u64 *checking, u64 *filling)
{
	struct vm_entry *e;

	*checking = *filling = 0;
	vm_entries.manager = thread_current();
	vm_entries.count = config->count;
	for_each_entry(e)
	{
		e->config = &config->vms[e - vm_entries.entry];
		make_first(fit, e, checking);
		*filling += e->vm ? e->vm->filling : 0;
	}
}

bool vm_control_give_console(u32 i)
{
	vm_entries.console = &vm_entries.entry[i];
	if (!vm_entries.console->vm)
		return false;
	log_info("the console goes to VM %s", vm_entries.console->config->name);
	vconsole_own(&vm_entries.console->vm->console);
	return true;
}

void vm_control_start_all(void)
{
	struct vm_entry *e;

	for_each_entry(e) if (e->vm && vm_entry_start(e))
		log_report("VM %s: no memory for its vCPUs", e->config->name);
}

void vm_control_log_times(void)
{
	struct vm_entry *e;

	for_each_entry(e) if (e->why != VM_NEW) vm_log_times(e->config->name, &e->times);
}
