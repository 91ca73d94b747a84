/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs against harts whose caches never forget anything by themselves. Each hart has, for each
 * VMID, at most one G-stage entry (whose it is, and from which state of the VM's tables) and one
 * VS-stage entry (whose vCPU's, and from which state of that vCPU's tables). HFENCE.GVMA empties
 * the first kind alone, HFENCE.VVMA the second, for the VMID in hgatp alone; and the first kind is
 * filled by speculation as long as hgatp holds a VMID. After the fences that vmid_check() asked
 * for, what is left must be right for who enters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "arch/riscv/vmid.h"
#include "lib/check.h"

#define HARTS 4
#define VMS   7
#define VCPUS 3
#define VMIDS 16384
#define ALL   (VMID_FENCE_G_ALL | VMID_FENCE_G_VMID | VMID_FENCE_VV)

static u64 seed;

static u64 rnd_of(u64 *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s >> 8;
}

static u64 rnd(void)
{
	return rnd_of(&seed);
}

struct g_entry {
	u64 vm, seq; /* vm 0: nothing */
};

struct vs_entry {
	u64 vm, epoch;
	u32 vcpu;
};

struct hart {
	struct vmid_hart h;
	struct g_entry hgatp; /* the VM in it, and the state of its tables then */
	u32 vmid;
	struct g_entry g[VMIDS];
	struct vs_entry vs[VMIDS];
};

struct vm {
	struct vmid_vm v;
	struct vmid_seen seen[HARTS];
	struct vmid_vcpu vcpu[VCPUS];
	u64 epoch[VCPUS]; /* grows when the guest changes its tables and fences on its own hart */
};

static struct vmid_space space;
static struct hart harts[HARTS];
static struct vm vms[VMS];

static void vm_fresh(struct vm *vm)
{
	memset(vm, 0, sizeof(*vm));
	vmid_vm_init(&space, &vm->v, vm->seen);
	for (u32 i = 0; i < VCPUS; i++) {
		vm->vcpu[i].index = i;
		vm->epoch[i] = 1;
	}
}

static int setup(void **state)
{
	(void)state;
	seed = 88172645463325252UL;
	memset(harts, 0, sizeof(harts));
	return 0;
}

static void start(unsigned int bits)
{
	setup(NULL);
	vmid_space_init(&space, bits);
	for (u32 i = 0; i < VMS; i++)
		vm_fresh(&vms[i]);
}

/* hgatp is walked whenever the hart likes, and what was forgotten comes back. */
static void speculate(struct hart *hart)
{
	if (hart->hgatp.vm && !hart->g[hart->vmid].vm)
		hart->g[hart->vmid] = hart->hgatp;
}

/* What arch/riscv/vmid.h says, in its order. seq: the state of the tables that is seen for sure. */
static void execute(struct hart *hart, unsigned int todo, const struct vm *vm, u64 seq, u32 vmid)
{
	speculate(hart);
	if (todo & VMID_FENCE_G_ALL) {
		hart->hgatp.vm = 0;
		memset(hart->g, 0, sizeof(hart->g[0]) << space.bits);
		speculate(hart);
	}
	hart->hgatp = (struct g_entry){vm->v.id, seq};
	hart->vmid = vmid;
	if (todo & VMID_FENCE_G_VMID)
		hart->g[vmid] = (struct g_entry){0};
	if (todo & VMID_FENCE_VV)
		hart->vs[vmid] = (struct vs_entry){0};
	speculate(hart);
}

/* An entry of the vCPU on the hart: fences, a look at what is left, and the guest's run. */
static u32 enter(u32 h, u32 m, u32 c)
{
	struct hart *hart = &harts[h];
	struct vm *vm = &vms[m];
	u32 vmid = ~0U;
	unsigned int todo = vmid_check(&space, &hart->h, h, &vm->v, &vm->vcpu[c], &vmid);
	struct g_entry *g = &hart->g[vmid];
	struct vs_entry *vs = &hart->vs[vmid];

	CHECK(vmid < 1U << space.bits || (!space.bits && !vmid));
	CHECK(!space.bits || vmid);
	execute(hart, todo, vm, vm->v.seq, vmid);
	CHECK(!g->vm || (g->vm == vm->v.id && g->seq == vm->v.seq));
	CHECK(!vs->vm || (vs->vm == vm->v.id && vs->vcpu == c && vs->epoch == vm->epoch[c]));
	*g = hart->hgatp;
	*vs = (struct vs_entry){vm->v.id, vm->epoch[c], c};
	return vmid;
}

/* The guest on its hart changes its tables and executes SFENCE.VMA there. */
static void guest_fences(u32 h, u32 m, u32 c, u32 vmid)
{
	vms[m].epoch[c]++;
	harts[h].vs[vmid] = (struct vs_entry){vms[m].v.id, vms[m].epoch[c], c};
}

static void random_run(unsigned int bits, u64 next)
{
	start(bits);
	space.next = (u32)next;
	for (int i = 0; i < 30000; i++) {
		u32 h = (u32)(rnd() % HARTS), m = (u32)(rnd() % VMS), c = (u32)(rnd() % VCPUS);
		u32 vmid = enter(h, m, c);

		if (rnd() % 3 == 0)
			guest_fences(h, m, c, vmid);
		if (rnd() % 5 == 0)
			vmid_vm_changed(&vms[rnd() % VMS].v);
		if (rnd() % 50 == 0)
			vm_fresh(&vms[rnd() % VMS]); /* one ends, another begins in its place */
	}
}

static void no_stale_entry_is_met(void **state)
{
	(void)state;
	random_run(0, 1);
	random_run(1, 1);
	random_run(2, 1);
	random_run(3, 1);
	random_run(7, 1);
	random_run(14, 1);
	random_run(14, 16000); /* over the end */
	assert_true(space.generation > 1);
}

static unsigned int check(u32 h, u32 m, u32 c, u32 *vmid)
{
	return vmid_check(&space, &harts[h].h, h, &vms[m].v, &vms[m].vcpu[c], vmid);
}

/* What each entry costs. */
static void asks_for_no_more_than_needed(void **state)
{
	u32 a = 0, b = 0, v;

	(void)state;
	start(14);
	assert_int_equal(check(0, 0, 0, &a), ALL);
	assert_int_equal(check(0, 0, 0, &v), 0);
	assert_int_equal(v, a);
	assert_int_equal(check(0, 1, 0, &b), VMID_FENCE_G_VMID | VMID_FENCE_VV);
	assert_int_not_equal(a, b);
	assert_int_equal(check(0, 0, 0, &v), 0); /* two VMs in turn: nothing */
	assert_int_equal(check(0, 1, 0, &v), 0);

	/* A sibling, and back; and a vCPU that was elsewhere. */
	assert_int_equal(check(0, 0, 1, &v), VMID_FENCE_VV);
	assert_int_equal(check(0, 0, 0, &v), VMID_FENCE_VV);
	assert_int_equal(check(1, 0, 0, &v), ALL);
	assert_int_equal(check(0, 0, 0, &v), VMID_FENCE_VV);
	assert_int_equal(check(1, 0, 0, &v), VMID_FENCE_VV);
	assert_int_equal(check(1, 0, 0, &v), 0);

	/* A change of the tables: once on each hart, that VM alone. */
	assert_int_equal(check(0, 1, 0, &v), 0);
	assert_int_equal(vmid_vm_changed(&vms[0].v), 1);
	assert_int_equal(check(1, 0, 0, &v), VMID_FENCE_G_VMID);
	assert_int_equal(check(1, 0, 0, &v), 0);
	assert_int_equal(check(0, 1, 0, &v), 0);
	assert_int_equal(check(0, 0, 0, &v), VMID_FENCE_G_VMID | VMID_FENCE_VV);

	/* Fenced by the hart itself; not if it missed one. */
	vmid_vm_fenced(&vms[0].v, 0, vmid_vm_changed(&vms[0].v));
	assert_int_equal(check(0, 0, 0, &v), 0);
	vmid_vm_changed(&vms[0].v);
	vmid_vm_fenced(&vms[0].v, 0, vmid_vm_changed(&vms[0].v));
	assert_int_equal(check(0, 0, 0, &v), VMID_FENCE_G_VMID);
	assert_int_equal(check(0, 0, 0, &v), 0);
}

/* What a hart that comes late is told of the last changes. */
static void remembers_changes(void **state)
{
	struct vmid_change out[VMID_CHANGES + 1];
	struct vmid_vm *vm = &vms[0].v;
	u64 seq = 0;

	(void)state;
	start(14);
	for (u32 i = 1; i <= VMID_CHANGES + 1; i++)
		seq = vmid_vm_changed_pages(vm, &(struct vmid_change){i << 12, i, 12});
	assert_int_equal(seq, VMID_CHANGES + 1);
	assert_false(vmid_changes(vm, 0, seq, out));
	assert_true(vmid_changes(vm, 1, seq, out));
	for (u32 i = 0; i < VMID_CHANGES; i++)
		assert_true(out[i].start == (i + 2) << 12 && out[i].count == i + 2);
	/* One more came meanwhile. */
	assert_true(vmid_changes(vm, 2, seq - 1, out));
	assert_int_equal(out[0].start, 3 << 12);
	assert_false(vmid_changes(vm, 0, 1, out));
	/* As many pages as are fenced one by one, and one more. */
	seq = vmid_vm_changed_pages(vm, &(struct vmid_change){0, VMID_PAGES, 12});
	assert_true(vmid_changes(vm, seq - 1, seq, out));
	seq = vmid_vm_changed_pages(vm, &(struct vmid_change){0, 1, 12});
	assert_false(vmid_changes(vm, seq - 2, seq, out));
	seq = vmid_vm_changed(vm);
	assert_false(vmid_changes(vm, seq - 1, seq, out));
}

static void rolls_over(void **state)
{
	u32 v[4], again;

	(void)state;
	start(2); /* VMIDs 1, 2, 3 */
	for (u32 m = 0; m < 3; m++)
		check(0, m, 0, &v[m]);
	assert_true(v[0] == 1 && v[1] == 2 && v[2] == 3);
	assert_int_equal(space.generation, 1);
	assert_int_equal(check(0, 3, 0, &v[3]), ALL);
	assert_int_equal(space.generation, 2);
	assert_int_equal(v[3], 1);
	/* VM 2 gets a new one; this hart has flushed for the generation already. */
	assert_int_equal(check(0, 2, 0, &again), VMID_FENCE_G_VMID | VMID_FENCE_VV);
	assert_int_equal(again, 2);
	/* Another hart flushes by itself, when it comes. */
	assert_int_equal(check(1, 2, 1, &again), ALL);
	assert_int_equal(again, 2);
	assert_int_equal(check(1, 3, 0, &again), VMID_FENCE_G_VMID | VMID_FENCE_VV);
}

static void all_14_bits(void **state)
{
	static struct vmid_vm vm;
	static struct vmid_seen seen[HARTS];
	struct vmid_vcpu vcpu = {0};
	u32 vmid;

	(void)state;
	start(99);
	assert_int_equal(space.bits, 14);
	for (u32 i = 1; i < VMIDS; i++) {
		vmid_vm_init(&space, &vm, seen);
		vmid_check(&space, &harts[0].h, 0, &vm, &vcpu, &vmid);
		assert_int_equal(vmid, i);
		assert_int_equal(space.generation, 1);
	}
	vmid_vm_init(&space, &vm, seen);
	assert_true(vmid_check(&space, &harts[0].h, 0, &vm, &vcpu, &vmid) & VMID_FENCE_G_ALL);
	assert_int_equal(vmid, 1);
	assert_int_equal(space.generation, 2);
}

static void without_vmids(void **state)
{
	u32 v = 77;

	(void)state;
	start(0);
	assert_true(check(0, 0, 0, &v) & VMID_FENCE_G_ALL);
	assert_int_equal(v, 0);
	assert_int_equal(check(0, 0, 0, &v), 0);
	assert_true(check(0, 1, 0, &v) & VMID_FENCE_G_ALL);
	assert_int_equal(check(0, 0, 0, &v), ALL);
	assert_true(check(1, 0, 1, &v) & VMID_FENCE_G_ALL);
	assert_int_equal(check(0, 0, 0, &v), 0);
	vmid_hart_forget(&harts[0].h);
	assert_int_equal(check(0, 0, 0, &v), ALL);
	assert_int_equal(space.generation, 1);
}

/* Harts at once, with so few VMIDs that they roll over all the time. Each looks at its own cache
 * only; a VMID there belongs to one VM until the hart flushes. */
static u32 wrong;

static void hammer(unsigned int h)
{
	struct hart *hart = &harts[h];
	u64 s = 1 + h * 7919;

	for (int i = 0; i < 20000; i++) {
		struct vm *vm = &vms[rnd_of(&s) % VMS];
		u64 seq = __atomic_load_n(&vm->v.seq, __ATOMIC_ACQUIRE);
		u32 vmid;
		unsigned int todo =
			vmid_check(&space, &hart->h, h, &vm->v, &vm->vcpu[h % VCPUS], &vmid);

		execute(hart, todo, vm, vm->seen[h].seq, vmid);
		if ((hart->g[vmid].vm && hart->g[vmid].vm != vm->v.id) ||
		    (hart->vs[vmid].vm && hart->vs[vmid].vm != vm->v.id) ||
		    (hart->g[vmid].vm && hart->g[vmid].seq < seq))
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
		hart->vs[vmid].vm = vm->v.id;
		if (rnd_of(&s) % 16 == 0)
			vmid_vm_changed(&vm->v);
	}
}

static void hammer_one(unsigned int h)
{
	if (h < VCPUS) /* a vCPU is on one hart at a time */
		hammer(h);
}

static void harts_at_once(void **state)
{
	(void)state;
	for (unsigned int bits = 0; bits <= 3; bits++) {
		start(bits);
		wrong = 0;
		host_harts_run(HARTS, hammer_one);
		assert_int_equal(wrong, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_stale_entry_is_met, setup),
		cmocka_unit_test_setup(asks_for_no_more_than_needed, setup),
		cmocka_unit_test_setup(remembers_changes, setup),
		cmocka_unit_test_setup(rolls_over, setup),
		cmocka_unit_test_setup(all_14_bits, setup),
		cmocka_unit_test_setup(without_vmids, setup),
		cmocka_unit_test_setup(harts_at_once, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
