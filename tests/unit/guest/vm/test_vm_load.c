/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest finds in its RAM when it starts, and when it starts again, if it looks past the caches: what
 * was loaded, and zeroes; and nothing that lay in memory before. The cache is one that writes nothing back
 * by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/riscv/csr.h"

#undef csr_read
#undef csr_write
#undef csr_set
#undef csr_clear
#define csr_read(name)	     0UL
#define csr_write(name, val) ((void)(val))
#define csr_set(name, val)   ((void)(val))
#define csr_clear(name, val) ((void)(val))

#include "guest/vm/vm_load.c"
#include "tests/unit/cache_model.h"

#define RAM  MIB(16)
#define TREE 3000 /* bytes, not of whole lines */

static struct vm vm;
static struct vcpu vcpus[2];
static struct vm_config config;
static struct mem_account acct;
static u8 kernel[MIB(3) + 777], initrd[100001], want[RAM];

/* ---- the layers around ---------------------------------------------------------------------------- */

struct boot_info boot_info;
static struct platform platform;

void thread_look(void)
{
}

void thread_yield(void)
{
}

void vclock_init(struct vclock *c)
{
	(void)c;
}

void vuart_reset(struct vuart *u)
{
	(void)u;
}

void virqchip_reset(struct vm *v)
{
	(void)v;
}

bool entropy_make_seed(u8 seed[ENTROPY_SEED])
{
	memset(seed, 1, ENTROPY_SEED);
	return true;
}

enum err vm_arch_describe(const struct vm *v, struct gtree_arch *out, void **texts)
{
	(void)v, (void)out;
	*texts = NULL;
	return OK;
}

void vcpu_reset_off(struct vcpu *v)
{
	(void)v;
}

void vcpu_reset_on(struct vcpu *v, u64 pc, u64 arg)
{
	(void)v, (void)pc, (void)arg;
}

enum err gtree_build(void *buf, size_t size, const struct gtree_params *p, size_t *used,
		     struct errline *e)
{
	(void)size, (void)p, (void)e;
	memset(buf, 0x7e, TREE);
	*used = TREE;
	return OK;
}

enum err config_vm_error(struct vm_config *c, enum err err, const char *prop, const char *fmt, ...)
{
	(void)c, (void)prop, (void)fmt;
	return err;
}

/* ---- a VM ----------------------------------------------------------------------------------------- */

static struct vm_payload payload = {
	.kernel = {.data = kernel, .size = sizeof(kernel)},
	.initrd = {.data = initrd, .size = sizeof(initrd)},
	.plan = {.segs = 2,
		 .seg = {{0, {GMAP_RAM_BASE + MIB(2)}, MIB(3), MIB(3)},
			 {MIB(3), {GMAP_RAM_BASE + MIB(6) + 13}, 777, 5000}},
		 .entry = {GMAP_RAM_BASE + MIB(2)},
		 .dtb = {GMAP_RAM_BASE + RAM - 4096},
		 .dtb_room = 4096,
		 .initrd = {GMAP_RAM_BASE + RAM - MIB(1)},
		 .initrd_size = sizeof(initrd)},
};

static void put(u64 gpa, const void *src, u64 size)
{
	memcpy(want + (gpa - GMAP_RAM_BASE), src, size);
}

static void make_expectation(void)
{
	u8 tree[TREE];

	memset(kernel, 0xc3, sizeof(kernel));
	memset(initrd, 0x1d, sizeof(initrd));
	memset(tree, 0x7e, sizeof(tree));
	memset(want, 0, sizeof(want));
	put(GMAP_RAM_BASE + MIB(2), kernel, MIB(3));
	put(GMAP_RAM_BASE + MIB(6) + 13, kernel + MIB(3), 777);
	put(GMAP_RAM_BASE + RAM - 4096, tree, TREE);
	put(GMAP_RAM_BASE + RAM - MIB(1), initrd, sizeof(initrd));
}

static void make_vm(bool uncached)
{
	acct = (struct mem_account){.limit = ~0UL};
	config.memory = RAM;
	vm = (struct vm){.config = &config, .vcpus = 2, .vcpu = vcpus, .state = VM_NEW};
	boot_info.platform = &platform;
	gmem_init(&vm.mem, &acct);
	vm.mem.uncached = uncached;
	assert_int_equal(gmem_add(&vm.mem, GPA(GMAP_RAM_BASE), RAM), OK);
}

static void let_callbacks_run(void)
{
	while (rcu_callbacks_pending())
		rcu_run_callbacks();
}

static void end_vm(void)
{
	gmem_destroy(&vm.mem);
	let_callbacks_run();
	assert_true(gmem_gone(&vm.mem));
}

static int setup(void **state)
{
	(void)state;
	arena_reset();
	cache_reset();
	kmem_forget_all();
	assert_int_equal(page_init_range(HPA(ARENA_HPA), CACHE_SIZE), OK);
	make_expectation();
	return 0;
}

static enum err is_as_wanted(void *ctx, gpa_t gpa, hpa_t hpa, u64 size)
{
	const u8 *expected = want + (gpa.a - GMAP_RAM_BASE);
	bool past_caches = *(bool *)ctx;
	const u8 *va = hpa_to_va(hpa);

	assert_memory_equal(past_caches ? cache_below(va) : va, expected, size);
	return OK;
}

static void look(bool past_caches)
{
	assert_int_equal(gmem_for_each_run(&vm.mem, is_as_wanted, &past_caches), OK);
}

/* The guest leaves words everywhere, both ways. */
static enum err use(void *ctx, gpa_t gpa, hpa_t hpa, u64 size)
{
	u8 *va = hpa_to_va(hpa);

	(void)ctx, (void)gpa;
	for (u64 at = 0; at < size; at += 8) {
		memset(va + at, 0x55, 8);
		memset(cache_below(va + at), 0xaa, 8);
	}
	return OK;
}

static void a_first_start(void **state)
{
	(void)state;
	make_vm(true);
	assert_int_equal(vm_load(&vm, &payload), OK);
	look(false);
	look(true);
	end_vm();
}

static void a_start_again(void **state)
{
	(void)state;
	make_vm(true);
	assert_int_equal(vm_load(&vm, &payload), OK);
	vm.state = VM_REBOOT;
	assert_int_equal(gmem_for_each_run(&vm.mem, use, NULL), OK);
	assert_int_equal(vm_load(&vm, &payload), OK);
	look(false);
	look(true);
	end_vm();
}

/* What was objects and page tables of limen's, and another VM's RAM, in the cache or below it. */
static void memory_given_back(void **state)
{
	void *objects[200];

	(void)state;
	make_vm(false);
	assert_int_equal(gmem_for_each_run(&vm.mem, use, NULL), OK);
	end_vm();
	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++)
		memset(objects[i] = kmem_alloc(KIB(64)), 0x33, KIB(64));
	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++)
		kmem_free(objects[i]);
	make_vm(true);
	assert_int_equal(vm_load(&vm, &payload), OK);
	look(true);
	end_vm();
}

/* One that always looks through the caches costs nothing. */
static void not_asked_for(void **state)
{
	(void)state;
	make_vm(false);
	assert_int_equal(vm_load(&vm, &payload), OK);
	look(false);
	assert_int_equal(flushes, 0);
	end_vm();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_first_start, setup),
		cmocka_unit_test_setup(a_start_again, setup),
		cmocka_unit_test_setup(memory_given_back, setup),
		cmocka_unit_test_setup(not_asked_for, setup),
	};

	rcu_hart_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
