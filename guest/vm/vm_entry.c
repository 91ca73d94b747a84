/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One VM of the configuration: how it is made, started, ended and given back, and whose the console is.
 *
 * Tags: [E1] what a VM's vCPUs did, before it is seen to have ended.
 */
#include "guest/vm/vm_entry.h"

#include "lib/log.h"

struct vm_entries vm_entries = {.vms = {.lock = SPINLOCK_INIT("vmlist")}};

enum err vm_entry_make(struct vm_entry *e)
{
	enum err err;

	e->config->err = OK;
	err = vm_create(e->config, &e->vm);
	if (!err)
		err = vm_load(e->vm, &e->payload);
	if (!err) {
		vmlist_add(&vm_entries.vms, &e->node, e->vm);
		e->phase = VM_DOWN;
		if (vm_entries.console == e)
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
	vmlist_for_each(n, &vm_entries.vms)
	{
		if (n->vm == vm)
			/* Order: what the VM's vCPUs did, before it is seen to have ended.
			 * Pairs with: vm_entry_has_ended() [E1] */
			arch_store_release(&container_of(n, struct vm_entry, node)->ended, true);
	}
	rcu_read_unlock();
	thread_wake(vm_entries.manager);
}

bool vm_entry_has_ended(void *arg)
{
	const struct vm_entry *e = arg;

	/* Order: the VM has ended, before its state and memory are read. Pairs with: vm_ended() [E1] */
	return arch_load_acquire(&e->ended);
}

enum err vm_entry_start(struct vm_entry *e)
{
	enum err err;

	e->restart_at = TIMER_NEVER;
	e->started = arch_clock();
	e->phase = VM_UP;
	vm_entries.running++;
	err = vm_start(e->vm, vm_entries.next_hart, vm_ended);
	vm_entries.next_hart = (vm_entries.next_hart + e->vm->vcpus) % arch_hart_count();
	return err;
}

/* All vCPUs have ended. */
void vm_entry_note_end(struct vm_entry *e)
{
	e->ended = false;
	e->phase = VM_DOWN;
	e->why = e->vm->state;
	vm_entries.running--;
	vm_get_times(e->vm, &e->times);
	thread_look();
	vm_log_times(e->config->name, &e->times);
	thread_look();
	vfault_log(e->config->name, &e->vm->faults);
	thread_look();
}

void vm_entry_await_end(struct vm_entry *e)
{
	(void)thread_wait(vm_entry_has_ended, e, TIMER_NEVER);
	vm_entry_note_end(e);
}

/* The console's owner is gone: the first VM that goes on gets it. Without one it stays the old owner's,
 * which may be made anew. */
static void pass_console(void)
{
	struct vm_entry *e;

	for_each_entry(e)
	{
		if (!e->vm || (e->phase == VM_DOWN && e->restart_at == TIMER_NEVER))
			continue;
		vm_entries.console = e;
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

static void leave_console(struct vm_entry *e)
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
void vm_entry_discard(struct vm_entry *e)
{
	e->restart_at = TIMER_NEVER;
	leave_console(e);
	vmlist_remove(&vm_entries.vms, &e->node);
	vm_destroy(e->vm);
	e->vm = NULL;
	e->phase = VM_ABSENT;
	if (vm_entries.console == e)
		pass_console();
}
