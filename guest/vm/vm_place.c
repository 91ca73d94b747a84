/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which harts are whose. See vm_place.h. The two sets are touched by the thread that makes and destroys
 * VMs alone.
 */
#include "guest/vm/vm_place.h"

#include "guest/vm/vm.h"
#include "hyp/sched/runqueue.h"

static struct hartmask dedicated; /* to one vCPU each */
static u8 wanted[HARTS_MAX];	  /* how many VMs that share it name it */
static u32 anywhere; /* VMs that name none, and run wherever there is a hart to share */

static enum err no_hart(struct vm_config *c, enum err e, u32 id, const char *why)
{
	return config_vm_error(c, e, c->dedicated ? "dedicated" : "harts", "hart %u %s", id, why);
}

static bool find_hart(u32 id, unsigned int *index)
{
	for (unsigned int i = 0; i < arch_hart_count(); i++) {
		if (arch_hart_id(i) == id) {
			*index = i;
			return true;
		}
	}
	return false;
}

static enum err name_hart(struct vm *vm, u32 id)
{
	struct vm_config *c = vm->config;
	unsigned int index;

	if (!find_hart(id, &index))
		return no_hart(c, ERR_NOENT, id, "is not one that limen runs on");
	if (hartmask_has(&dedicated, index))
		return no_hart(c, ERR_EXIST, id, "is another VM's alone");
	if (c->dedicated && wanted[index])
		return no_hart(c, ERR_EXIST, id, "is named by another VM");
	if (c->dedicated && hartmask_has(&vm->place.named, index))
		return no_hart(c, ERR_EXIST, id, "is named twice");
	hartmask_add(&vm->place.named, index);
	return OK;
}

/* Is there a hart to share, now and when this VM has taken its own? */
static bool leaves_one(const struct vm *vm)
{
	bool takes = vm->config->dedicated;
	unsigned int i;

	for_each_hart (i)
		if (hartmask_has(&runqueue_shared, i) &&
		    !(takes && hartmask_has(&vm->place.named, i)))
			return true;
	return false;
}

/* All harts are looked at before any is taken. */
static void take_harts(struct vm *vm)
{
	unsigned int i;

	anywhere += !vm->config->harts_count;
	vm->place.dedicated = vm->config->dedicated;
	vm->place.taken = true;
	for_each_hart (i) {
		if (!hartmask_has(&vm->place.named, i))
			continue;
		if (!vm->place.dedicated) {
			wanted[i]++;
			continue;
		}
		hartmask_add(&dedicated, i);
		runqueue_dedicate(i);
	}
}

enum err vm_place_init(struct vm *vm)
{
	struct vm_config *c = vm->config;
	u32 count = c->dedicated ? vm->vcpus : c->harts_count;
	enum err e = OK;

	sched_group_init(&vm->place.share, c->weight, c->cap);
	if (c->dedicated && c->harts_count < vm->vcpus)
		return config_vm_error(c, ERR_RANGE, "dedicated",
				       "%u harts for %u vCPUs; name one for each in `harts`",
				       c->harts_count, vm->vcpus);
	for (u32 i = 0; !e && i < count; i++)
		e = name_hart(vm, config_hart(c, i));
	if (!e && (!c->harts_count || (c->dedicated && anywhere)) && !leaves_one(vm))
		e = config_vm_error(c, ERR_RANGE, c->dedicated ? "dedicated" : "cpus",
				    "no hart would be left to share");
	if (e)
		return e;
	take_harts(vm);
	return OK;
}

void vm_place_destroy(struct vm *vm)
{
	unsigned int i;

	if (!vm->place.taken)
		return;
	anywhere -= !vm->config->harts_count;
	for_each_hart (i) {
		if (!hartmask_has(&vm->place.named, i))
			continue;
		if (!vm->place.dedicated) {
			wanted[i]--;
			continue;
		}
		hartmask_remove(&dedicated, i);
		runqueue_share(i);
	}
}

bool vm_place_allows(const struct vm *vm, unsigned int hart)
{
	return vm->place.dedicated || vm->config->harts_count ||
	       hartmask_has(&runqueue_shared, hart);
}

unsigned int vm_place_vcpu(struct vm *vm, u32 i, unsigned int from, struct thread_place *place)
{
	const struct vm_config *c = vm->config;
	const struct hartmask *allowed = c->harts_count ? &vm->place.named : &runqueue_shared;
	unsigned int index = 0;

	place->group = &vm->place.share;
	place->allowed = NULL;
	if (vm->place.dedicated) {
		(void)find_hart(config_hart(c, i), &index);
		return index;
	}
	place->allowed = allowed;
	return hartmask_next(allowed, NULL, from);
}
