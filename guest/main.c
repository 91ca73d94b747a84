/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the configuration to running VMs, and from the end of the last one to the end of the
 * machine.
 */
#include <libfdt.h>

#include "guest/gtree.h"
#include "guest/payload.h"
#include "guest/vm.h"
#include "guest/vmlist.h"
#include "hyp/boot.h"
#include "hyp/console.h"
#include "hyp/features.h"
#include "hyp/input.h"
#include "hyp/kmem.h"
#include "hyp/memmap.h"
#include "hyp/reset.h"
#include "hyp/selftest.h"
#include "hyp/torture.h"
#include "hyp/tracedump.h"
#include "lib/log.h"
#include "lib/trace.h"

/* One VM of the configuration; vm is NULL where it cannot be. */
struct entry {
	struct vm *vm;
	struct vmlist_node node; /* on machine.vms until it is gone for good */
	struct vm_payload payload;
	bool ended; /* all vCPU threads have, and main has not looked yet */
};

static struct {
	struct config config;
	struct entry entry[CONFIG_VMS_MAX];
	struct vmlist vms;
	struct thread *thread; /* main's own */
	unsigned int next_hart;
	u32 running;
	u64 checking; /* what vm_payload() took, ticks of arch_clock() */
	bool failed;  /* a VM could not be, or failed: the machine's exit status */
} machine = {.vms = {.lock = SPINLOCK_INIT("vmlist")}};

/* The FIT at an initrd's place first, then behind limen's own image. */
static enum err open_fit(struct fit *fit, struct errline *e)
{
	const struct platform_range *initrd = &boot_info.platform->initrd;
	const struct platform_range *places[] = {initrd, &boot_info.fit};

	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		const void *at = hpa_to_va(places[i]->base);

		if (places[i]->size < sizeof(struct fdt_header) ||
		    !IS_ALIGNED(places[i]->base.a, 8) || fdt_magic(at) != FDT_MAGIC)
			continue;
		return fit_open(at, places[i]->size, fit, e);
	}
	return errline_set(e, ERR_NOENT,
			   "no configuration: neither an initrd nor the image carries a FIT; "
			   "make one with tools/pack");
}

/* The words a VM's hide= may have. */
static const char *const *hide_words(void)
{
	static const char *words[EXT_COUNT + 1];
	unsigned int e, n = 0;

	for_each_ext(e) if (ext_row(e)->hide) words[n++] = ext_row(e)->hide;
	return words;
}

static enum err read_config(struct fit *fit, struct errline *e)
{
	void *buf = kmem_alloc(PAYLOAD_CONFIG_MAX); /* strings point into it: stays */
	enum err err = open_fit(fit, e);

	if (err)
		return err;
	if (!buf)
		return errline_set(e, ERR_NOMEM, "no memory to read the configuration");
	return payload_config(fit, buf, PAYLOAD_CONFIG_MAX, hide_words(), &machine.config, e);
}

static void make_vm(const struct fit *fit, struct vm_config *c, struct entry *entry)
{
	enum err e;

	machine.checking -= arch_clock();
	e = vm_payload(fit, c, GTREE_ROOM, &entry->payload);
	machine.checking += arch_clock();
	if (!e)
		e = vm_create(c, &entry->vm);
	if (!e)
		e = vm_load(entry->vm, &entry->payload);
	if (!e) {
		vmlist_add(&machine.vms, &entry->node, entry->vm);
		return;
	}
	log_report("%s", c->err ? c->why.text : err_name(e));
	if (entry->vm)
		vm_destroy(entry->vm);
	entry->vm = NULL;
	machine.failed = true;
}

static void vm_ended(struct vm *vm)
{
	struct vmlist_node *n;

	rcu_read_lock();
	vmlist_for_each(n, &machine.vms)
	{
		if (n->vm == vm)
			/* Order: what the VM's vCPUs did, before it is seen to have ended.
			 * Pairs with: some_ended() [E1] */
			arch_store_release(&container_of(n, struct entry, node)->ended, true);
	}
	rcu_read_unlock();
	thread_wake(machine.thread);
}

static void start_vm(struct entry *entry)
{
	struct vm *vm = entry->vm;

	machine.running++;
	if (vm_start(vm, machine.next_hart, vm_ended))
		log_report("VM %s: no memory for its vCPUs", vm->config->name);
	machine.next_hart = (machine.next_hart + vm->vcpus) % arch_hart_count();
}

/* A VM whose vCPUs have all ended: gone, or from the start again. */
static void see_to(struct entry *entry)
{
	struct vm *vm = entry->vm;

	entry->ended = false;
	machine.running--;
	vm_log_times(vm);
	if (vm->state == VM_REBOOT && !vm_load(vm, &entry->payload)) {
		log_info("VM %s starts again", vm->config->name);
		start_vm(entry);
		return;
	}
	vmlist_remove(&machine.vms, &entry->node);
	if (vm->state != VM_OFF)
		machine.failed = true;
	log_info("VM %s %s", vm->config->name,
		 vm->state == VM_OFF ? "has powered off" : "has failed");
}

static bool some_ended(void *arg)
{
	struct vmlist_node *n;
	bool ended = false;

	(void)arg;
	rcu_read_lock();
	vmlist_for_each(n, &machine.vms)
	{
		/* Order: the VM has ended, before its state and memory are read.
		 * Pairs with: vm_ended() [E1] */
		ended |= arch_load_acquire(&container_of(n, struct entry, node)->ended);
	}
	rcu_read_unlock();
	return ended;
}

static void run_vms(void)
{
	for (u32 i = 0; i < machine.config.count; i++)
		if (machine.entry[i].vm)
			start_vm(&machine.entry[i]);
	torture_start();
	selftest_start();
	while (machine.running) {
		(void)thread_wait(some_ended, NULL, TIMER_NEVER);
		for (u32 i = 0; i < machine.config.count; i++)
			/* Order: the VM has ended, before its state and memory are read.
			 * Pairs with: vm_ended() [E1] */
			if (arch_load_acquire(&machine.entry[i].ended))
				see_to(&machine.entry[i]);
	}
}

static unsigned long long in_us(u64 ticks)
{
	return ticks * 1000000 / arch_clock_hz();
}

/* tools/bench reads it. */
static void tell_times(void)
{
	u64 all = arch_clock() - boot_info.began, filling = 0;

	for (u32 i = 0; i < machine.config.count; i++)
		if (machine.entry[i].vm)
			filling += machine.entry[i].vm->filling;
	log_info("up in %llu us: %llu us boot, %llu us payloads checked, "
		 "%llu us RAM cleared and filled",
		 in_us(all), in_us(all - machine.checking - filling), in_us(machine.checking),
		 in_us(filling));
}

static void make_vms(const struct fit *fit)
{
	int owner;

	for (u32 i = 0; i < machine.config.count; i++)
		make_vm(fit, &machine.config.vms[i], &machine.entry[i]);
	tell_times();
	owner = config_console(&machine.config);
	if (owner < 0 || !machine.entry[owner].vm)
		return;
	log_info("the console goes to VM %s", machine.config.vms[owner].name);
	vconsole_own(&machine.entry[owner].vm->console);
}

/* For who asked for traces: where time went, and what the harts remember. */
static void tell_traces(void)
{
	for (u32 i = 0; i < machine.config.count; i++)
		if (machine.entry[i].vm)
			vm_log_times(machine.entry[i].vm);
	tracedump_all();
}

void limen_main(void)
{
	struct errline e;
	struct fit fit;

	machine.thread = thread_current();
	vmid_space_init(&vmid_space, features.gstage.vmid_bits);
	input_init(boot_info.platform);
	if (read_config(&fit, &e)) {
		log_report("%s", e.text);
		machine_power_off(true);
	}
	make_vms(&fit);
	run_vms();
	log_set_quiet(false);
	if (trace_any())
		tell_traces();
	if (machine.failed)
		log_report("no VM is left, and not all ended well: the machine stops");
	machine_power_off(machine.failed);
}
