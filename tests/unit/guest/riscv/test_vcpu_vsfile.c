/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's interrupt file moves between harts and memory while others send to it: siblings through the
 * page, by what their harts know of the tables, which may be old until they are called; and limen. Each
 * message is pending in one place in the end, and nowhere else: none is lost, and none is there twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/irq.h"
#include "lib/spinlock.h"

#include "tests/unit/hyp/riscv/imsic_model.h"

#include "hyp/riscv/vsfile.c"

#undef HYP_MEM_KMEM_H
#undef kmem_alloc
#include "guest/riscv/vimsic.h"
#include "hyp/mem/kmem.h"
#include "hyp/sched/hartmask.h"

#define VCPUS 3

void *kmem_alloc(size_t size)
{
	return calloc(1, size);
}

void kmem_free(void *p)
{
	free(p);
}

/* ---- what guest/riscv/vcpu_vsfile.c has of others --------------------------------------------------------- */

#define GUEST_VM_VM_H
#define GUEST_RISCV_VCPU_IMSIC_H
#define HYP_SCHED_HARTCALL_H
#define ARCH_RISCV_HFENCE_H
#include "guest/riscv/vcpu_vsfile.h"

#define VCPU_NOT_LOADED (~0U)
#define REQ_EXT		BIT(2)
#define REQ_FILE	BIT(6)
#define PT_READ		1
#define PT_WRITE	2

#define PAGE_SHIFT 12

static u64 clock_ms;

#define arch_clock()	clock_ms
#define arch_clock_hz() 1000UL

struct pt_garbage {
	u64 head;
};

struct vmid_change {
	u64 start;
	u32 count, shift;
};

struct gstage_change {
	struct {
		bool all;
	} fence;
	struct pt_garbage garbage;
};

struct vm;

struct vcpu {
	struct {
		u32 vgein, loaded_on;
		bool own_hart;
	} arch;
	struct {
		unsigned long requests;
	} run;
	struct vm *vm;
	void *thread;
	struct vimsic *imsic;
	u32 id;
	struct vcpu_vsfile vsfile;
	/* The test's. Each vCPU has a hart of its own in the model's machine, or waits on it. */
	unsigned int
		loaded;	   /* the hart whose hgatp is the VM's on its account; MODEL_HARTS: none */
	u64 seen;	   /* changes that its hart knows of */
	u64 knows[VCPUS];  /* the page it translates each vCPU's to; 0: none */
	u64 pending[4];	   /* sent to it, and not taken */
	unsigned int told; /* watched files that had something */
};

static struct vm {
	u32 vcpus;
	struct vcpu vcpu[VCPUS];
	struct {
		struct spinlock gstage_lock;
		int gstage, tables;
		struct {
			u64 seq;
		} vmid;
	} arch;
	u64 page[VCPUS]; /* the G-stage: HPA of each vCPU's page; 0: none */
} vm;

static void others_send(void);
static bool no_tables; /* allocations for tables fail */
static unsigned int failed, moves;

static gpa_t vcpu_imsic_page(const struct vcpu *v)
{
	return GPA(PAGE_SIZE * v->id);
}

static void vcpu_set_vgein(void *arch, u32 n)
{
	((struct vcpu *)arch)->arch.vgein = n;
}

static void vcpu_request(struct vcpu *v, unsigned long bits)
{
	assert_int_equal(bits, REQ_EXT);
	v->told++;
}

/* Tables do not lead where they did, and some are nobody's: a fence with an address leaves alone what led to
 * them, and each hart may still walk them. */
static bool leads_elsewhere, walks_by_old[MODEL_HARTS];

static void cut_off(struct gstage_change *chg)
{
	chg->garbage.head = 1;
	chg->fence.all = leads_elsewhere = true;
	memset(walks_by_old, true, sizeof(walks_by_old));
}

static void hfence_gvma_all(void)
{
	walks_by_old[now] = false;
}

static enum err gstage_unmap(int *g, gpa_t at, u64 size, struct gstage_change *chg)
{
	(void)g;
	assert_int_equal(size, PAGE_SIZE);
	assert_true(vm.page[at.a / PAGE_SIZE] != 0);
	others_send();
	vm.page[at.a / PAGE_SIZE] = 0;
	cut_off(chg);
	others_send();
	return OK;
}

static enum err gstage_map(int *g, gpa_t at, hpa_t to, u64 size, unsigned int prot,
			   struct gstage_change *chg)
{
	(void)g;
	assert_int_equal(size, PAGE_SIZE);
	assert_int_equal(prot, PT_READ | PT_WRITE);
	assert_int_equal(vm.page[at.a / PAGE_SIZE], 0);
	others_send();
	if (no_tables) {
		cut_off(chg); /* what was linked before the next was not to be had */
		failed++;
		return ERR_NOMEM;
	}
	vm.page[at.a / PAGE_SIZE] = to.a;
	if (rand() % 2)
		chg->fence.all = leads_elsewhere = true; /* a table was linked */
	others_send();
	return OK;
}

static u64 vmid_vm_changed_pages(void *vmid, const struct vmid_change *c)
{
	(void)vmid;
	assert_true(c->start % PAGE_SIZE == 0 && c->start / PAGE_SIZE < VCPUS);
	assert_true(c->count == !leads_elsewhere && c->shift == PAGE_SHIFT);
	leads_elsewhere = false;
	others_send();
	return ++vm.arch.vmid.seq;
}

/* Nobody may walk by what was cut off. */
static void pt_garbage_free(int *tables, struct pt_garbage *g)
{
	(void)tables;
	for (u32 s = 0; g->head && s < VCPUS; s++) {
		if (vm.vcpu[s].loaded == MODEL_HARTS)
			continue;
		assert_true(vm.vcpu[s].seen == vm.arch.vmid.seq);
		assert_false(walks_by_old[vm.vcpu[s].loaded]);
	}
	g->head = 0;
	others_send();
}

/* Who enters its guest has fenced for all changes that its hart did not know of. */
static void enter(struct vcpu *s)
{
	if (s->seen == vm.arch.vmid.seq)
		return;
	s->seen = vm.arch.vmid.seq;
	memset(s->knows, 0, sizeof(s->knows));
}

/* A guest that runs there leaves, and comes in again. */
static void hartcall(unsigned int hart, void (*fn)(void *arg), void *arg)
{
	unsigned int caller = now;

	others_send();
	now = hart;
	for (u32 s = 0; s < VCPUS; s++)
		if (vm.vcpu[s].loaded == hart)
			enter(&vm.vcpu[s]);
	fn(arg);
	now = caller;
	others_send();
}

/* At once: in any order. */
static void hartcall_each(const struct hartmask *harts, void (*fn)(void *arg), void *arg)
{
	unsigned int first = (unsigned int)rand() % MODEL_HARTS;

	for (unsigned int n = 0; n < MODEL_HARTS; n++)
		if (hartmask_has(harts, (first + n) % MODEL_HARTS))
			hartcall((first + n) % MODEL_HARTS, fn, arg);
}

#define vcpu_set_vgein(arch, n) vcpu_set_vgein((void *)(arch), n)
#include "guest/riscv/vcpu_vsfile.c"

/* ---- who sends -------------------------------------------------------------------------------------- */

static bool sends; /* they do, at this moment */
static unsigned int from_guests, from_limen;

static bool sometimes(void)
{
	return rand() % 2;
}

/* By the page: what the hart's TLB says, or the tables; where there is nothing, it traps. */
static void send_by_page(struct vcpu *s, struct vcpu *to, u32 id)
{
	u64 *page = &s->knows[to->id];

	if (!*page)
		*page = vm.page[to->id];
	if (*page)
		mmio_write32((void *)(DEVICES + *page), id);
	else
		vcpu_vsfile_send(to, id);
	from_guests++;
}

static u32 unused_identity(const struct vcpu *to)
{
	for (int tries = 0; tries < 20; tries++) {
		u32 id = 1 + (u32)rand() % IDENTITIES;

		if (!(to->pending[id / 64] >> (id % 64) & 1))
			return id;
	}
	return 0;
}

static void send_one(struct vcpu *s, struct vcpu *to)
{
	u32 id = unused_identity(to);

	if (!id)
		return;
	to->pending[id / 64] |= BIT(id % 64);
	if (rand() % 3) {
		send_by_page(s, to, id);
	} else {
		now = (unsigned int)rand() % MODEL_HARTS;
		vcpu_vsfile_send(to, id);
		from_limen++;
	}
}

/* The vCPU that moves is outside its guest, and sends nothing; its hart's limen may. */
static struct vcpu *moving;

static void others_send(void)
{
	unsigned int here = now;
	u32 vgein[MODEL_HARTS];

	if (!sends || rand() % 3)
		return;
	sends = false; /* not from within */
	for (unsigned int h = 0; h < MODEL_HARTS; h++) {
		vgein[h] = model[h].vgein;
		if (rand() % 8 == 0) {
			now = h;
			land(~0UL);
		}
	}
	for (u32 i = 0; i < VCPUS; i++) {
		struct vcpu *s = &vm.vcpu[i];

		now = s->loaded;
		if (s != moving && now != here && now < MODEL_HARTS)
			send_one(s, &vm.vcpu[rand() % VCPUS]);
	}
	for (unsigned int h = 0; h < MODEL_HARTS; h++)
		model[h].vgein = vgein[h];
	now = here;
	sends = true;
}

/* ---- what must hold --------------------------------------------------------------------------------- */

static void pending_of(struct vcpu *v, u64 eip[4])
{
	struct vsfile_state s;

	if (v->vsfile.n) {
		memcpy(eip, model[v->vsfile.hart].file[v->vsfile.n].eip, 32);
		return;
	}
	vimsic_export(v->imsic, &s);
	memcpy(eip, s.eip, 32);
	vimsic_import(v->imsic, &s);
}

static u64 *owner_bits(unsigned int hart)
{
	static u64 taken[MODEL_HARTS];

	taken[hart] = vsfiles_of[hart].all & ~vsfiles_of[hart].free;
	return &taken[hart];
}

/* A file that nobody has is empty; each vCPU's has what was sent to it; none has two owners. */
static void check_files(void)
{
	u64 owned[MODEL_HARTS] = {0};
	unsigned int here = now;

	for (now = 0; now < MODEL_HARTS; now++)
		land(~0UL);
	now = here;
	for (u32 i = 0; i < VCPUS; i++) {
		struct vcpu *v = &vm.vcpu[i];
		u64 eip[4];

		pending_of(v, eip);
		assert_memory_equal(eip, v->pending, sizeof(eip));
		if (!v->vsfile.n) {
			assert_int_equal(vm.page[i], 0);
			continue;
		}
		assert_false(owned[v->vsfile.hart] & BIT(v->vsfile.n));
		owned[v->vsfile.hart] |= BIT(v->vsfile.n);
		assert_int_equal(vm.page[i], vsfile_page(v->vsfile.hart, v->vsfile.n).a);
	}
	for (unsigned int h = 0; h < MODEL_HARTS; h++) {
		assert_int_equal(owned[h], *owner_bits(h));
		for (u32 n = 1; n <= model[h].geilen; n++)
			for (u32 w = 0; !(owned[h] & BIT(n)) && w < 4; w++)
				assert_int_equal(model[h].file[n].eip[w], 0);
	}
}

/* Its guest takes some, where its file is. */
static void take_some(struct vcpu *v)
{
	u64 mask = (u64)rand() << 32 ^ (u64)rand();
	struct vsfile_state s;

	for (u32 w = 0; w < 4; w++)
		v->pending[w] &= mask;
	if (v->vsfile.n) {
		for (u32 w = 0; w < 4; w++)
			model[v->vsfile.hart].file[v->vsfile.n].eip[w] &= mask;
		return;
	}
	vimsic_export(v->imsic, &s);
	for (u32 w = 0; w < 4; w++)
		s.eip[w] &= mask;
	vimsic_import(v->imsic, &s);
}

static void notify(void *arg)
{
	(void)arg;
}

/* As vcpu_put(), on its hart: what it sent has come. */
static void put(struct vcpu *v)
{
	unsigned int here = now;

	now = v->loaded;
	if (now < MODEL_HARTS)
		land(~0UL);
	v->arch.loaded_on = VCPU_NOT_LOADED;
	v->loaded = MODEL_HARTS;
	now = here;
}

/* As vcpu_take_hart() there, which has the hart forget before it may walk the tables. */
static void take_hart(struct vcpu *v, unsigned int hart)
{
	if (v->loaded != hart)
		put(v);
	now = v->loaded = hart;
	v->arch.loaded_on = hart;
	walks_by_old[hart] = false;
	enter(v);
}

static void boot_vm(u32 files)
{
	static const struct vimsic_ops ops = {notify};

	memset(model, 0, sizeof(model));
	memset(vsfiles_of, 0, sizeof(vsfiles_of));
	memset(flights, 0, sizeof(flights));
	memset(&vm, 0, sizeof(vm));
	for (now = 0; now < MODEL_HARTS; now++) {
		model[now].geilen = files;
		model[now].pages = files + 1;
		vsfile_hart_init();
	}
	now = 0;
	vm.vcpus = VCPUS;
	vm.arch.gstage_lock = (struct spinlock)SPINLOCK_INIT("gstage");
	for (u32 i = 0; i < VCPUS; i++) {
		struct vcpu *v = &vm.vcpu[i];

		v->vm = &vm;
		v->id = i;
		v->thread = v;
		v->arch.own_hart = i == 0;
		v->vsfile.lock = (struct spinlock)SPINLOCK_INIT("imsic");
		v->loaded = MODEL_HARTS;
		take_hart(v, i);
		assert_int_equal(vimsic_create(IDENTITIES, &ops, v, &v->imsic), OK);
	}
}

static void destroy_vm(void)
{
	for (u32 i = 0; i < VCPUS; i++)
		vimsic_destroy(vm.vcpu[i].imsic);
}

/* ---- the tests -------------------------------------------------------------------------------------- */

/* Interrupts are on where a move begins. */
static void arrive_on(struct vcpu *v, unsigned int hart)
{
	bool ready;

	take_hart(v, hart);
	ready = vcpu_vsfile_arrive(v);
	assert_true(ready || v->run.requests & REQ_FILE);
	assert_int_equal(v->arch.vgein, v->vsfile.hart == hart ? v->vsfile.n : 0);
}

static void follow(struct vcpu *v)
{
	struct place was = {v->vsfile.hart, v->vsfile.n};
	bool behind = v->run.requests & REQ_FILE;

	v->run.requests = 0;
	moving = v;
	irq_on();
	vcpu_vsfile_look(v, behind);
	irq_off();
	moving = NULL;
	assert_int_equal(v->arch.vgein, v->vsfile.n);
	assert_true(!v->vsfile.n || v->vsfile.hart == now);
	if (was.n != v->vsfile.n || was.hart != v->vsfile.hart) {
		moves++;
		assert_true(v->run.requests & REQ_EXT);
	}
}

static void leave(struct vcpu *v)
{
	now = v->loaded < MODEL_HARTS ? v->loaded : (unsigned int)rand() % MODEL_HARTS;
	moving = v;
	irq_on();
	vcpu_vsfile_leave(v);
	irq_off();
	moving = NULL;
	assert_int_equal(v->vsfile.n, 0);
	assert_int_equal(v->arch.vgein, 0);
}

static void go_somewhere(void)
{
	struct vcpu *v = &vm.vcpu[rand() % VCPUS];
	unsigned int hart = (unsigned int)rand() % MODEL_HARTS;

	no_tables = rand() % 10 == 0;
	clock_ms += (u64)rand() % (2 * VSFILE_STAY_MS);
	if (rand() % 8 == 0)
		leave(v);
	if (rand() % 4 == 0)
		put(&vm.vcpu[rand() % VCPUS]);
	arrive_on(v, hart);
	clock_ms += (u64)rand() % (2 * VSFILE_STAY_MS);
	/* A message may come, or it may be taken elsewhere, or back, before it follows. */
	if (rand() % 4 == 0)
		arrive_on(v, (unsigned int)rand() % MODEL_HARTS);
	if (v->run.requests & REQ_FILE || rand() % 2)
		follow(v);
	enter(v);
	check_files();
	take_some(&vm.vcpu[rand() % VCPUS]);
}

static void moves_begin(u32 files)
{
	boot_vm(files);
	srand(files + 1);
	in_flight = sometimes;
	meanwhile = others_send;
	failed = moves = from_guests = from_limen = 0;
}

static void moves_step(void)
{
	sends = true;
	others_send();
	go_somewhere();
}

static void moves_end(void)
{
	sends = false;
	no_tables = false;
	for (u32 i = 0; i < VCPUS; i++)
		leave(&vm.vcpu[i]);
	check_files();
	for (unsigned int h = 0; h < MODEL_HARTS; h++)
		assert_int_equal(*owner_bits(h), 0);
	destroy_vm();
	meanwhile = NULL;
	in_flight = NULL;
}

static void move_about(u32 files)
{
	moves_begin(files);
	for (int round = 0; round < 20000; round++)
		moves_step();
	moves_end();
	assert_true(moves > 5000 && failed > 500 && from_guests > 5000 && from_limen > 5000);
}

static void test_few_files(void **state)
{
	(void)state;
	move_about(1);
}

static void test_files_enough(void **state)
{
	(void)state;
	move_about(3);
}

/* Without files nothing moves, and nobody is asked to. */
static void test_no_files(void **state)
{
	(void)state;
	boot_vm(0);
	arrive_on(&vm.vcpu[0], 2);
	assert_int_equal(vm.vcpu[0].run.requests, 0);
	vcpu_vsfile_send(&vm.vcpu[0], 9);
	vm.vcpu[0].pending[0] = BIT(9);
	check_files();
	destroy_vm();
}

/* Taken to another hart and back before its file followed: the file is its own again. */
/* Who has no hart alone gets a file when a message comes and it has stayed; and takes it along if it had. */
static void test_who_stays(void **state)
{
	struct vcpu *v = &vm.vcpu[1];

	(void)state;
	boot_vm(1);
	arrive_on(v, 1);
	assert_int_equal(v->run.requests, 0);
	clock_ms += VSFILE_STAY_MS - 1;
	follow(v);
	assert_int_equal(v->vsfile.n, 0);
	clock_ms++;
	follow(v);
	assert_int_equal(v->vsfile.n, 1);
	arrive_on(v, 2);
	assert_true(v->run.requests & REQ_FILE);
	follow(v);
	assert_int_equal(v->vsfile.n, 1);
	clock_ms += VSFILE_STAY_MS - 1;
	arrive_on(v, 3);
	follow(v);
	assert_int_equal(v->vsfile.n, 0);
	leave(v);
	check_files();
	destroy_vm();
}

/* How long it has to stay now, on a new hart each time, until a message gives it a file. */
static u64 has_to_stay(struct vcpu *v)
{
	u64 begun = clock_ms;

	for (follow(v); !v->vsfile.n; follow(v))
		clock_ms++;
	return clock_ms - begun;
}

/* One that goes elsewhere soon has to stay for longer and longer; one that stayed is trusted again. */
static void test_doubt(void **state)
{
	struct vcpu *v = &vm.vcpu[1];
	u64 ms = VSFILE_STAY_MS;

	(void)state;
	boot_vm(1);
	for (unsigned int i = 0; i < 8; i++) {
		arrive_on(v, i % 2);
		follow(v);
		assert_int_equal(v->vsfile.n, 0);
		assert_int_equal(has_to_stay(v), ms);
		clock_ms += VSFILE_PAYS * ms - 1;
		arrive_on(v, 2 + i % 2);
		follow(v);
		assert_int_equal(v->vsfile.n, 1); /* it had stayed, and comes along */
		clock_ms += ms / 2;
		ms = min_u64(ms * 2, VSFILE_STAY_MS << VSFILE_DOUBT_MAX);
		arrive_on(v, i % 2); /* not this time */
		follow(v);
		ms = min_u64(ms * 2, VSFILE_STAY_MS << VSFILE_DOUBT_MAX);
	}
	assert_int_equal(has_to_stay(v), ms);
	clock_ms += VSFILE_PAYS * ms;
	arrive_on(v, 3);
	follow(v);
	arrive_on(v, 2);
	follow(v);
	assert_int_equal(v->vsfile.n, 0);
	assert_int_equal(has_to_stay(v), 2 * VSFILE_STAY_MS);
	leave(v);
	check_files();
	destroy_vm();
}

/* One that is stopped soon, and started again, is believed as little. */
static void test_stops(void **state)
{
	struct vcpu *v = &vm.vcpu[1];
	u64 ms = VSFILE_STAY_MS;

	(void)state;
	boot_vm(1);
	for (unsigned int i = 0; i < 8; i++) {
		arrive_on(v, 1);
		assert_int_equal(has_to_stay(v), ms);
		ms = min_u64(ms * 2, VSFILE_STAY_MS << VSFILE_DOUBT_MAX);
		clock_ms++;
		leave(v);
	}
	arrive_on(v, 1);
	assert_int_equal(has_to_stay(v), ms);
	clock_ms += VSFILE_PAYS * ms;
	leave(v);
	arrive_on(v, 1);
	assert_int_equal(has_to_stay(v), VSFILE_STAY_MS);
	leave(v);
	check_files();
	destroy_vm();
}

static void test_back_again(void **state)
{
	struct vcpu *v = &vm.vcpu[0];

	(void)state;
	boot_vm(1);
	arrive_on(v, 1);
	follow(v);
	assert_int_equal(v->arch.vgein, 1);
	arrive_on(v, 2);
	assert_int_equal(v->arch.vgein, 0);
	arrive_on(v, 1);
	assert_int_equal(v->arch.vgein, 1);
	destroy_vm();
}

/* What the guest enabled goes with it, and who waits is told of what comes; nobody after a move. */
static void test_enables_and_watch(void **state)
{
	struct vcpu *v = &vm.vcpu[0];
	struct file *f;

	(void)state;
	boot_vm(1);
	arrive_on(v, 1);
	follow(v);
	f = &model[1].file[1];
	*f = (struct file){.eidelivery = 1, .eithreshold = 200, .eie = {BIT(5)}};
	vcpu_vsfile_watch(v);
	vsfile_irq();
	assert_int_equal(v->told, 0);
	vcpu_vsfile_send(v, 5);
	vsfile_irq();
	assert_int_equal(v->told, 1);
	vcpu_vsfile_watch(v);
	arrive_on(v, 2);
	follow(v);
	now = 1;
	assert_int_equal(model[1].hgeie, 0);
	vsfile_irq();
	now = 2;
	assert_int_equal(v->told, 1);
	f = &model[2].file[1];
	assert_int_equal(f->eidelivery, 1);
	assert_int_equal(f->eithreshold, 200);
	assert_int_equal(f->eie[0], BIT(5));
	assert_int_equal(f->eip[0], BIT(5));
	vcpu_vsfile_watch(v);
	vcpu_vsfile_unwatch(v);
	vsfile_irq();
	assert_int_equal(v->told, 1);
	leave(v);
	assert_true(vimsic_ext(v->imsic));
	destroy_vm();
}

/* A sibling was woken in its WFI, on another hart than it was on, by what its sie does not let through, and
 * waits there again: it has had no run there, but that hart's hgatp is the VM's. */
static void test_sibling_waits_elsewhere(void **state)
{
	struct vcpu *v = &vm.vcpu[0], *sibling = &vm.vcpu[1];

	(void)state;
	boot_vm(1);
	arrive_on(v, 0);
	follow(v); /* own_hart: it has a file */
	assert_true(v->vsfile.n);
	take_hart(sibling, 3);
	(void)vcpu_vsfile_arrive(sibling);
	arrive_on(v, 2);
	follow(v); /* its page leaves the tables, and comes again */
	destroy_vm();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_files),
		cmocka_unit_test(test_back_again),
		cmocka_unit_test(test_who_stays),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_enables_and_watch),
		cmocka_unit_test(test_few_files),
		cmocka_unit_test(test_files_enough),
		cmocka_unit_test(test_sibling_waits_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
