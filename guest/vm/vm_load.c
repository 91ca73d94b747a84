/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fills a VM's RAM: kernel, initrd, device tree; and resets what may have run before.
 */
#include "guest/image/gtree.h"
#include "guest/mem/gmap.h"
#include "guest/vm/vm_seam.h"
#include "hyp/machine/boot.h"
#include "hyp/machine/entropy.h"
#include "hyp/mem/bulk.h"
#include "hyp/mem/kmem.h"

#define COPIED_AT_ONCE KIB(2) /* some 700 instructions, or 10,000 if it has to go byte by byte */
#define COPIED_A_TURN  MIB(2)

/* Others may be waiting for this hart, and a grace period too: who is to run instead does so soon, and
 * everybody now and then. */
static enum err copy(struct vm *vm, gpa_t to, const u8 *from, u64 size)
{
	enum err e = OK;

	for (u64 off = 0; off < size && !e; off += COPIED_AT_ONCE) {
		if (off % COPIED_A_TURN == 0)
			thread_yield();
		e = gmem_load(&vm->mem, GPA(to.a + off), from + off,
			      min_u64(size - off, COPIED_AT_ONCE));
		thread_look();
	}
	return e;
}

static enum err copy_segments(struct vm *vm, const struct vm_payload *p)
{
	enum err e = OK;

	for (unsigned int i = 0; i < p->plan.segs && !e; i++) {
		const struct loader_seg *s = &p->plan.seg[i];

		e = copy(vm, s->dest, (const u8 *)p->kernel.data + s->src, s->filesz);
	}
	return e ? e : copy(vm, p->plan.initrd, p->initrd.data, p->plan.initrd_size);
}

static enum err build_tree(struct vm *vm, const struct vm_payload *p, const struct gtree_arch *arch,
			   void *buf, size_t *used)
{
	struct gtree_params t = {
		.ram_base = GPA(GMAP_RAM_BASE),
		.ram_size = vm->config->memory,
		.vcpus = vm->vcpus,
		.arch = *arch,
		.timebase = (u32)arch_clock_hz(),
		.bootargs = vm->config->bootargs,
		.look = thread_look,
		.initrd = p->plan.initrd,
		.initrd_size = p->plan.initrd_size,
	};
	u8 seed[ENTROPY_SEED];
	struct errline e;
	enum err err;

	thread_look();
	if (entropy_make_seed(seed)) {
		t.rng_seed = seed;
		t.rng_seed_size = sizeof(seed);
	}
	thread_look();
	err = gtree_build(buf, p->plan.dtb_room, &t, used, &e);
	return err ? config_vm_error(vm->config, err, "cpus", "%s", e.text) : OK;
}

static enum err put_tree(struct vm *vm, const struct vm_payload *p)
{
	void *buf = bulk_alloc(NULL, p->plan.dtb_room);
	struct gtree_arch arch = {0};
	void *texts = NULL;
	enum err e = ERR_NOMEM;
	size_t used;

	if (buf)
		e = vm_arch_describe(vm, &arch, &texts);
	if (!e)
		e = build_tree(vm, p, &arch, buf, &used);
	if (!e)
		e = copy(vm, p->plan.dtb, buf, used);
	kmem_free(texts);
	kmem_free(buf);
	return e;
}

/* Hart 0 waits at the kernel's entry, the others are stopped. */
static void reset_harts(struct vm *vm, const struct loader_plan *plan)
{
	for (u32 i = 0; i < vm->vcpus; i++)
		vcpu_reset_off(&vm->vcpu[i]);
	vcpu_reset_on(&vm->vcpu[0], plan->entry.a, plan->dtb.a);
}

enum err vm_load(struct vm *vm, const struct vm_payload *p)
{
	enum err e;

	vm->served_before = READ_ONCE(vm->place.share.served);
	vclock_init(&vm->clock);
	if (vm->state != VM_NEW) {
		gmem_scrub(&vm->mem);
		vuart_reset(&vm->uart);
		thread_look();
		virqchip_reset(vm);
		thread_look();
	}
	vm->filling -= arch_clock();
	e = copy_segments(vm, p);
	vm->filling += arch_clock();
	if (!e)
		e = put_tree(vm, p);
	if (!e)
		reset_harts(vm, &p->plan);
	return e;
}
