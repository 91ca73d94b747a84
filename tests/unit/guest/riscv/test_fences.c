/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest's harts may still use of old translations, against harts whose caches forget nothing by
 * themselves and fill themselves whenever they may.
 *
 * A hart of the model has translations of the first stage by VMID, ASID and page (global ones by VMID
 * and page), and of the second by VMID and page. A fence empties what the specification says that it
 * orders, and nothing else; speculation fills what is empty, by the tables that hgatp and vsatp name at
 * that moment. Each table entry has a version, which grows when it is changed, and the least version
 * that its user may still meet, which grows when a fence of it has come back. Every translation used is
 * checked for whose it is and against that. A hart also knows the way to the second stage's last tables;
 * these may be cut off and given away, and from then on no walk, by speculation either, may go there: it
 * could set an A bit in what is another's.
 *
 * The code that decides runs as it is: guest/riscv/vcpu*.c, guest/riscv/vfence.c, guest/riscv/gfence.c, guest/riscv/emulate.c's fetch,
 * arch/riscv/vmid.c, sbi/rfence.c and sbi/early.c. Threads, kicks and CSRs are the model's. All harts
 * are one thread here; where the code lets others go on, they do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "arch/riscv/csr.h"
#include "lib/check.h"
/* These mean the machine that the test runs on, not the model's harts. */
#include "entry/run.h"
#include "entry/vtime.h"
#include "hyp/sched/runqueue.h"
#include "hyp/sched/thread.h"
#include "hyp/sched/timer.h"
#include "rcu/rcu.h"
#include "tests/unit/chance.h"
#include "tests/unit/harts_model.h"

#define VMS   3
#define VCPUS 3
#define ASIDS 3	 /* 1 to 3; 0 in the tables stands for the global ones */
#define PAGES 12 /* of guest virtual addresses; the first GLOBAL are global */
#define GPAS  4
#define VMIDS 8

#define GLOBAL	  2
#define TOP_PAGES 2 /* the last of PAGES are the last of the address space */

/* ---- the model's harts -------------------------------------------------------------------------- */

struct entry {
	u64 vm; /* its id; 0: nothing */
	u32 vcpu;
	u64 version;
};

struct hart {
	u64 hgatp, vsatp;
	struct entry vs[VMIDS][ASIDS + 1][PAGES];
	struct entry g[VMIDS][GPAS];
	struct entry way[VMIDS]; /* to the tables that have the entries of g */
	bool busy;		 /* in the middle of something */
};

/* What a vCPU's tables say, and the oldest that it may still use. */
struct table {
	u64 version[ASIDS + 1][PAGES], least[ASIDS + 1][PAGES];
	u32 asid; /* that it runs with */
};

static struct hart model[MODEL_HARTS];
static struct table tables[VMS][VCPUS];
static struct {
	u64 version[GPAS], least[GPAS];
	u64 way, way_least; /* the tables' version, and the oldest that is not another's yet */
} gtables[VMS];

static struct {
	u64 uses, kicks, calls, by_page, given_away;
} tally;

static u64 va(u32 page)
{
	if (page >= PAGES - TOP_PAGES)
		return 0UL - (PAGES - page) * 4096UL;
	return 0x40000000UL + page * 4096UL;
}

#define SATP(vm, vcpu, asid) (BIT(63) | (u64)(vm) << 32 | (u64)(vcpu) << 16 | (asid))
#define HGATP(vm, vmid)	     (BIT(63) | (u64)(vm) << 16 | (vmid))
#define VMID_OF(hgatp)	     ((u32)((hgatp)&0xffff))
#define HGATP_VM(hgatp)	     ((u32)((hgatp) >> 16 & 0xff))
#define SATP_VM(satp)	     ((u32)((satp) >> 32 & 0xff))
#define SATP_VCPU(satp)	     ((u32)((satp) >> 16 & 0xff))
#define SATP_ASID(satp)	     ((u32)((satp)&0xffff))
#define SLOT(asid, page)     ((page) < GLOBAL ? 0 : (asid))
#define GPA_OF(page)	     ((page) % GPAS)

static u64 vm_id(u32 vm);
static const char *wrong;

/* By the way that is known, if one is. */
static void walk_g(struct hart *h, u32 vm)
{
	struct entry *way = &h->way[VMID_OF(h->hgatp)];

	if (!way->vm)
		*way = (struct entry){vm_id(vm), 0, gtables[vm].way};
	if (way->vm != vm_id(vm))
		wrong = "second stage: a walk by another's tables";
	else if (way->version < gtables[vm].way_least)
		wrong = "second stage: a walk by tables that were given away";
}

static void fill_g(struct hart *h, u32 gpa)
{
	u32 vm = HGATP_VM(h->hgatp);
	struct entry *e = &h->g[VMID_OF(h->hgatp)][gpa];

	if (!h->hgatp || e->vm)
		return;
	walk_g(h, vm);
	*e = (struct entry){vm_id(vm), 0, gtables[vm].version[gpa]};
}

static void fill_vs(struct hart *h, u32 page)
{
	u32 vm = SATP_VM(h->vsatp), vcpu = SATP_VCPU(h->vsatp);
	u32 slot = SLOT(SATP_ASID(h->vsatp), page);
	struct entry *e = &h->vs[VMID_OF(h->hgatp)][slot][page];

	if (h->hgatp && h->vsatp && !e->vm)
		*e = (struct entry){vm_id(vm), vcpu, tables[vm][vcpu].version[slot][page]};
}

static void speculate(void)
{
	for (u64 n = rnd(4); n; n--) {
		fill_g(&model[now], (u32)rnd(GPAS));
		fill_vs(&model[now], (u32)rnd(PAGES));
	}
}

static void model_csr_write(const char *name, u64 v)
{
	struct hart *h = &model[now];

	speculate();
	if (!strcmp(name, "hgatp"))
		h->hgatp = v;
	else if (!strcmp(name, "vsatp"))
		h->vsatp = v;
	speculate();
}

static u64 model_csr_read(const char *name)
{
	if (!strcmp(name, "hgatp"))
		return model[now].hgatp;
	return strcmp(name, "vsatp") ? 0 : model[now].vsatp;
}

static u64 model_csr_swap(const char *name, u64 v)
{
	u64 old = model_csr_read(name);

	model_csr_write(name, v);
	return old;
}

#undef csr_read
#undef csr_write
#undef csr_set
#undef csr_clear
#undef csr_swap
#define csr_read(csr)	  model_csr_read(#csr)
#define csr_write(csr, v) model_csr_write(#csr, v)
#define csr_set(csr, v)	  ((void)(v))
#define csr_clear(csr, v) ((void)(v))
#define csr_swap(csr, v)  model_csr_swap(#csr, v)

/* HFENCE.VVMA, and SFENCE.VMA of a guest: page PAGES is all, asid 0 is x0. */
static void forget_vs(u32 page, u64 asid)
{
	struct hart *h = &model[now];

	for (u32 a = 0; a <= ASIDS; a++)
		for (u32 p = 0; p < PAGES; p++)
			if ((page == PAGES || page == p) && (!asid || asid == a))
				h->vs[VMID_OF(h->hgatp)][a][p].vm = 0;
	speculate();
}

static u32 page_at(u64 at)
{
	for (u32 p = 0; p < PAGES; p++)
		if (va(p) == at)
			return p;
	return PAGES + 1; /* none that anybody uses */
}

#define ARCH_RISCV_HFENCE_H

static inline void hfence_vvma_all(void)
{
	forget_vs(PAGES, 0);
}

/* With x0 in the place of the ASID, or of the address, it would be another instruction; a register
 * that holds 0 is ASID 0, or page 0, which nobody here uses. */
static inline void hfence_vvma_asid(u64 asid)
{
	forget_vs(PAGES, asid ? asid : ~0UL);
}

static inline void hfence_vvma_addr(u64 gva)
{
	forget_vs(page_at(gva), 0);
}

static inline void hfence_vvma_addr_asid(u64 gva, u64 asid)
{
	forget_vs(page_at(gva), asid ? asid : ~0UL);
}

static inline void hfence_gvma_all(void)
{
	memset(model[now].g, 0, sizeof(model[now].g));
	memset(model[now].way, 0, sizeof(model[now].way));
	speculate();
}

static inline void hfence_gvma_vmid(u64 vmid)
{
	memset(model[now].g[vmid], 0, sizeof(model[now].g[vmid]));
	model[now].way[vmid].vm = 0;
	speculate();
}

static inline void hfence_gvma_addr_vmid(u64 gpa_shifted, u64 vmid)
{
	if (gpa_shifted << 2 >> 12 < GPAS)
		model[now].g[vmid][gpa_shifted << 2 >> 12].vm = 0;
	tally.by_page++;
	speculate();
}

static inline void fence_i(void)
{
}

static bool hlvx_hu(u64 gva, u16 *out);

/* What the code below could call, and does not here: a call would be one of address 0. */
#pragma weak decode_htinst
#pragma weak decode_mmio
#pragma weak gmem_read
#pragma weak guest_run_loop
#pragma weak htinst_kind
#pragma weak mmio_access_searched
#pragma weak sched_capped
#pragma weak thread_create_at
#pragma weak thread_current
#pragma weak thread_reschedule
#pragma weak thread_wait
#pragma weak thread_wait_here
#pragma weak thread_wake
#pragma weak thread_yield
#pragma weak timer_arm
#pragma weak vcpu_handle_exit
#pragma weak vcpu_set_vgein
#pragma weak vcpu_vsfile_leave
#pragma weak vcpu_vsfile_look
#pragma weak vcpu_vsfile_unwatch
#pragma weak vcpu_vsfile_watch
#pragma weak vfault_give
#pragma weak decode_address
#pragma weak vm_place_allows
#pragma weak vm_place_vcpu
#pragma weak vm_vcpu_ended
#pragma weak vm_vcpu_parked
#pragma weak vpmu_add
#pragma weak vpmu_count_exception
#pragma weak vsteal_leave
#pragma weak vswalk
#pragma weak vtime_task_read

/* ---- the code ----------------------------------------------------------------------------------- */

#include "guest/riscv/vfence.c"

#include "guest/riscv/gfence.c"

#include "guest/riscv/vcpu_hart.c"
#include "guest/riscv/vcpu_request.c"
#include "guest/riscv/vcpu_wait.c"
#include "guest/riscv/vcpu.c"

void bill_returned(void)
{
}

#include "guest/riscv/emulate.c"

#define call rfence_call
#include "sbi/rfence.c"
#undef call

#include "sbi/early.c"

/* ---- what is around it -------------------------------------------------------------------------- */

DEFINE_PER_HART(struct arch_vcpu *, vcpu_loaded);
struct vcpu_features vcpu_features;

static struct vm vms[VMS];
static struct vcpu vcpus[VMS][VCPUS];
static struct vmid_seen seen_by[VMS][MODEL_HARTS];
/* Which vCPU's thread a hart has; NULL: none. */
static struct vcpu *thread_of[MODEL_HARTS];

static u64 vm_id(u32 vm)
{
	return vms[vm].arch.vmid.id;
}

static u32 vm_index(const struct vcpu *v)
{
	return (u32)(v->vm - vms);
}

static struct table *table_of(const struct vcpu *v)
{
	return &tables[vm_index(v)][v->id];
}

u64 gstage_hgatp(enum gstage_mode mode, u32 vmid, hpa_t root)
{
	(void)mode;
	return HGATP(root.a, vmid);
}

/* arch/riscv/vcpu.c, as far as it is about address spaces. */
void vcpu_put(struct arch_vcpu *a)
{
	if (this_hart(vcpu_loaded) != a)
		return;
	a->vs.vsatp = csr_read(vsatp);
	csr_write(vsatp, 0);
	csr_write(hgatp, 0);
	this_hart(vcpu_loaded) = NULL;
	a->loaded_on = VCPU_NOT_LOADED;
}

void vcpu_look_at_counts(struct arch_vcpu *a)
{
	(void)a;
}

void vcpu_load(struct arch_vcpu *a)
{
	if (this_hart(vcpu_loaded) == a) {
		a->vs.vsatp = csr_swap(vsatp, 0);
		return;
	}
	if (this_hart(vcpu_loaded))
		vcpu_put(this_hart(vcpu_loaded));
	assert_int_equal(a->loaded_on, VCPU_NOT_LOADED);
	a->loaded_on = now;
	this_hart(vcpu_loaded) = a;
}

void vcpu_open_spaces(struct arch_vcpu *a)
{
	csr_write(vsatp, a->vs.vsatp);
}

/* A hart starts with the address space that its table has first, as if it had written vsatp. */
void vcpu_reset(struct arch_vcpu *a, u64 pc, u64 a0, u64 a1)
{
	struct vcpu *v = container_of(a, struct vcpu, arch);

	(void)pc, (void)a0, (void)a1;
	assert_int_equal(a->loaded_on, VCPU_NOT_LOADED);
	a->vs.vsatp = SATP(vm_index(v), v->id, table_of(v)->asid);
}

void vsteal_return(struct vcpu *v)
{
	(void)v;
}

void vsteal_stop(struct vcpu *v)
{
	(void)v;
}

bool virqchip_ext(struct vcpu *v)
{
	return v->ext_level;
}

void vcpu_imsic_reset(struct vcpu *v)
{
	(void)v;
}

bool vcpu_vsfile_arrive(struct vcpu *v)
{
	(void)v;
	return true;
}

void vpmu_reset(struct vcpu *v)
{
	(void)v;
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	(void)t, (void)fn;
}

void timer_disarm(struct timer *t)
{
	(void)t;
}

void runqueue_nudge_others(void)
{
}

unsigned long entry_work_take(unsigned long bits)
{
	(void)bits;
	return 0;
}

u64 ext_henvcfg_start(const struct isa_set *guest)
{
	(void)guest;
	return 0;
}

void rcu_reader_begins(void)
{
}

void rcu_reader_ends(void)
{
}

void rcu_check_reader(void)
{
}

/* ---- what a guest may meet ---------------------------------------------------------------------- */

/* The vCPU in this hart uses a page. */
static void use(const struct vcpu *v, u32 page)
{
	struct hart *h = &model[now];
	const struct table *t = table_of(v);
	u32 vmid = VMID_OF(h->hgatp), slot = SLOT(t->asid, page), m = vm_index(v);
	const struct entry *e = &h->vs[vmid][slot][page], *g = &h->g[vmid][GPA_OF(page)];

	fill_vs(h, page);
	fill_g(h, GPA_OF(page));
	tally.uses++;
	if (HGATP_VM(h->hgatp) != m || h->vsatp != SATP(m, v->id, t->asid))
		wrong = "another's tables are in the hart";
	else if (e->vm != vm_id(m) || e->vcpu != v->id)
		wrong = "first stage: another's translation";
	else if (e->version < t->least[slot][page])
		wrong = "first stage: an old translation";
	else if (g->vm != vm_id(m))
		wrong = "second stage: another's translation";
	else if (g->version < gtables[m].least[GPA_OF(page)])
		wrong = "second stage: an old translation";
}

static bool hlvx_hu(u64 gva, u16 *out)
{
	(void)gva;
	use(thread_of[now], (u32)rnd(PAGES));
	*out = 3;
	return true;
}

/* What SBI 3.0 says of a range and an ASID, once more: does a fence of them order this page's entry? */
static bool covers(u64 start, u64 size, bool with_asid, u64 asid, u32 slot, u32 page)
{
	u64 first = start & ~4095UL;

	if (with_asid && (asid & 0xffff) != slot) /* global ones are in slot 0 */
		return false;
	if ((!start && !size) || size == ~0UL)
		return true;
	if (!size || va(page) < first)
		return false;
	return va(page) <= start + size - 1;
}

/* A fence of the vCPU's translations has come back, which was asked for when its tables were as in
 * then. */
static void settle(const struct vcpu *v, const struct table *then, u64 start, u64 size,
		   bool with_asid, u64 asid)
{
	struct table *t = table_of(v);

	for (u32 a = 0; a <= ASIDS; a++)
		for (u32 p = 0; p < PAGES; p++)
			if (covers(start, size, with_asid, asid, a, p) &&
			    t->least[a][p] < then->version[a][p])
				t->least[a][p] = then->version[a][p];
}

static void change(const struct vcpu *v)
{
	for (u64 n = rnd(6); n; n--) {
		u32 page = (u32)rnd(PAGES);

		table_of(v)->version[SLOT(1 + rnd(ASIDS), page)][page]++;
	}
}

/* ---- harts and their threads -------------------------------------------------------------------- */

static void others_go_on(void);

static bool in_guest(const struct vcpu *v)
{
	return v->run.mode != OUTSIDE_GUEST;
}

static void run_guest(struct vcpu *v)
{
	for (u64 n = rnd(6); n && in_guest(v); n--) {
		use(v, (u32)rnd(PAGES));
		if (rnd(8) == 0) {
			table_of(v)->asid = (u32)(1 + rnd(ASIDS));
			csr_write(vsatp, SATP(vm_index(v), v->id, table_of(v)->asid));
		}
	}
	speculate();
}

/* SFENCE.VMA by the guest itself. */
static void guest_fences(struct vcpu *v)
{
	u32 page = (u32)rnd(2) ? PAGES : (u32)rnd(PAGES);
	u64 asid = rnd(2) ? 0 : 1 + rnd(ASIDS);

	change(v);
	forget_vs(page, asid);
	settle(v, table_of(v), page == PAGES ? 0 : va(page), page == PAGES ? ~0UL : 4096, asid != 0,
	       asid);
}

static void leave(struct vcpu *v)
{
	run_guest(v);
	WRITE_ONCE(v->run.mode, OUTSIDE_GUEST);
}

/* On the hart of v, whose guest is kicked. */
static void kicked(struct vcpu *v)
{
	unsigned int from = now;

	now = v->run.mode - IN_GUEST;
	assert_ptr_equal(thread_of[now], v);
	tally.kicks++;
	leave(v);
	now = from;
}

void guest_kick(struct guest_run *run)
{
	others_go_on();
	if (run->mode != OUTSIDE_GUEST && run->mode != IN_GUEST + now)
		kicked(vcpu_of_run(run));
}

void guest_request(struct guest_run *run, unsigned long bits)
{
	others_go_on();
	run->requests |= bits;
	others_go_on();
	guest_kick(run);
	others_go_on();
}

void guest_request_sync(struct guest_run *run, unsigned long bits)
{
	others_go_on();
	if ((run->requests & bits) && run->mode != OUTSIDE_GUEST)
		kicked(vcpu_of_run(run));
}

/* An interrupt there; whose guest was in it leaves. */
static void call_on(unsigned int hart, void (*fn)(void *arg), void *arg)
{
	unsigned int from = now;

	now = hart;
	tally.calls++;
	if (thread_of[now] && thread_of[now]->run.mode == IN_GUEST + now)
		kicked(thread_of[now]);
	fn(arg);
	now = from;
}

void hartcall_each(const struct hartmask *harts, void (*fn)(void *arg), void *arg)
{
	for (unsigned int i = 0; i < MODEL_HARTS; i++) {
		others_go_on();
		if (hartmask_has(harts, i))
			call_on(i, fn, arg);
	}
	others_go_on();
}

unsigned long guest_request_take(struct guest_run *run, unsigned long bits)
{
	unsigned long were = run->requests & bits;

	run->requests &= ~bits;
	return were;
}

void guest_read_begin(struct guest_run *run)
{
	run->mode = IN_GUEST + now;
}

void guest_read_end(struct guest_run *run)
{
	run->mode = OUTSIDE_GUEST;
}

/* As guest_run_loop(), up to the entry. */
static void enter(struct vcpu *v)
{
	for (;;) {
		v->run.mode = IN_GUEST + now;
		if (v->run.requests) {
			v->run.mode = OUTSIDE_GUEST;
			others_go_on();
			assert_true(v->run.ops->work(&v->run));
			others_go_on();
			continue;
		}
		irq_off();
		v->run.ops->prepare(&v->run);
		irq_on();
		run_guest(v);
		return;
	}
}

/* The hart's thread waits, and another one comes: of a vCPU that no hart has, and whose state is in no
 * other hart. */
static void switch_threads(void)
{
	struct vcpu *v = &vcpus[rnd(VMS)][rnd(VCPUS)];

	if (thread_of[now] && rnd(2)) {
		irq_off();
		vcpu_put(&thread_of[now]->arch);
		irq_on();
	}
	thread_of[now] = NULL;
	for (unsigned int i = 0; i < MODEL_HARTS; i++)
		if (thread_of[i] == v)
			return;
	if (v->arch.loaded_on == VCPU_NOT_LOADED || v->arch.loaded_on == now)
		thread_of[now] = v;
}

/* The range and the ASID of a remote fence, as likely to be odd as not. */
static void pick_range(u64 *start, u64 *size)
{
	u32 page = (u32)rnd(PAGES);

	*start = va(page) + (rnd(3) ? 0 : rnd(4096));
	*size = rnd(3) ? 1 + rnd(3 * 4096) : 4096 * (1 + rnd(5));
	switch (rnd(10)) {
	case 0:
		*start = 0;
		*size = 0;
		break;
	case 1: *size = ~0UL; break;
	case 2: *size = 0; break;
	case 3:
		*start -= *start < 0x50000000 ? 100 * 4096 : 0;
		*size = 1 << 20;
		break;
	case 4:
		*start = 0;
		*size = 1UL << 62;
		break;
	case 5:
		*start &= ~4095UL;
		*size = 0UL - *start;
		break;
	default: break;
	}
}

/* Of a guest's call: what the specification calls a range that is not valid. */
static bool passes_end(u64 start, u64 size)
{
	return size && size != ~0UL && start + size - 1 < start;
}

static void remote_fence(struct vcpu *v)
{
	u64 asid = rnd(4) ? 1 + rnd(ASIDS) : rnd(2) << 16 | (1 + rnd(ASIDS)), start, size;
	bool with_asid = rnd(2), early = false;
	u64 mask = rnd(BIT(VCPUS)),
	    fid = with_asid ? SBI_RFENCE_REMOTE_SFENCE_VMA_ASID : SBI_RFENCE_REMOTE_SFENCE_VMA;

	struct table then[VCPUS];

	pick_range(&start, &size);
	for (u32 i = 0; i < VCPUS; i++) {
		if (mask & BIT(i))
			change(&v->vm->vcpu[i]);
		then[i] = tables[vm_index(v)][i];
	}
	v->arch.x[17] = SBI_EXT_RFENCE;
	v->arch.x[16] = fid;
	memcpy(&v->arch.x[10], (u64[]){mask, 0, start, size, asid}, 5 * sizeof(u64));
	if (in_guest(v)) {
		early = guest_early_answer(&v->arch) != NULL ||
			sbi_rfence_watched(v, fid, &v->arch.x[10]);
		if (!early)
			leave(v);
	}
	if (!early)
		sbi_rfence(v, fid, &v->arch.x[10]);
	if (passes_end(start, size)) {
		assert_int_equal((long)v->arch.x[10], SBI_ERR_INVALID_ADDRESS);
		return;
	}
	assert_int_equal(v->arch.x[10], SBI_SUCCESS);
	for (u32 i = 0; i < VCPUS; i++)
		if (mask & BIT(i))
			settle(&v->vm->vcpu[i], &then[i], start, size, with_asid, asid);
}

/* Pages of the VM's are moved. */
static void move_pages(u32 m)
{
	u32 gpa = (u32)rnd(GPAS), n = (u32)(1 + rnd(GPAS - gpa));
	u64 then[GPAS];

	for (u32 i = gpa; i < gpa + n; i++)
		then[i] = ++gtables[m].version[i];
	if (rnd(8))
		gstage_fence_range(&vms[m], GPA(gpa * 4096UL + rnd(2)), n * 4096UL - 1);
	else
		gstage_fence_range(&vms[m], GPA(0), rnd(2) ? 1UL << 40 : 30 * 4096UL);
	for (u32 i = gpa; i < gpa + n; i++)
		if (gtables[m].least[i] < then[i])
			gtables[m].least[i] = then[i];
}

/* Tables of the second stage are cut off, and another's from then on. */
static void cut_off_tables(u32 m)
{
	const struct gstage_fence all = {GPA(0), 4096, 12, true};
	u64 then = ++gtables[m].way;

	gfence_change(&vms[m], &all);
	if (gtables[m].way_least < then)
		gtables[m].way_least = then;
	tally.given_away++;
}

/* The vCPU stops, and a sibling starts it again: it knows nothing of what it knew. */
static void restart(struct vcpu *v)
{
	v->hsm = SBI_HSM_STATE_STOPPED;
	change(v);
	v->hsm = SBI_HSM_STATE_START_PENDING;
	v->run.requests |= REQ_STOP;
	settle(v, table_of(v), 0, 0, false, 0);
}

/* One step of this hart. */
static void go_on(void)
{
	struct vcpu *v = thread_of[now];
	u32 insn;

	model[now].busy = true;
	speculate();
	if (!v || (!in_guest(v) && rnd(4) == 0)) {
		switch_threads();
	} else if (in_guest(v)) {
		switch (rnd(6)) {
		case 0: guest_fences(v); break;
		case 1: leave(v); break;
		case 2: remote_fence(v); break;
		default: run_guest(v); break;
		}
	} else if (v->hsm == SBI_HSM_STATE_START_PENDING) {
		enter(v);
	} else {
		switch (rnd(8)) {
		case 0: remote_fence(v); break;
		case 1: move_pages(vm_index(v)); break;
		case 2: restart(v); break;
		case 3: (void)emulate_fetch(v, &insn); break;
		case 4: cut_off_tables(vm_index(v)); break;
		default: enter(v); break;
		}
	}
	model[now].busy = false;
}

static void others_go_on(void)
{
	unsigned int from = now;

	for (u64 n = rnd(3); n; n--) {
		now = (unsigned int)rnd(MODEL_HARTS);
		if (!model[now].busy)
			go_on();
	}
	now = from;
}

/* ---- runs --------------------------------------------------------------------------------------- */

/* Another VM in the place of one none of whose vCPUs has a hart. */
static void fresh_vm(u32 m)
{
	vms[m].vcpus = VCPUS;
	vms[m].vcpu = vcpus[m];
	vms[m].state = VM_RUNNING;
	vms[m].lock = (struct spinlock)SPINLOCK_INIT("vm");
	vms[m].arch.gstage.pt.root = HPA(m);
	memset(seen_by[m], 0, sizeof(seen_by[m]));
	memset(tables[m], 0, sizeof(tables[m]));
	memset(&gtables[m], 0, sizeof(gtables[m]));
	memset(vcpus[m], 0, sizeof(vcpus[m]));
	vmid_vm_init(&vmid_space, &vms[m].arch.vmid, seen_by[m]);
	for (u32 i = 0; i < VCPUS; i++) {
		struct vcpu *v = &vcpus[m][i];

		vcpu_init(v, &vms[m], i);
		v->hsm = SBI_HSM_STATE_STARTED;
		tables[m][i].asid = 1;
		v->arch.vs.vsatp = SATP(m, i, 1);
	}
}

static void maybe_fresh_vm(void)
{
	u32 m = (u32)rnd(VMS);

	for (u32 i = 0; i < VCPUS; i++)
		if (vcpus[m][i].arch.loaded_on != VCPU_NOT_LOADED)
			return;
	for (unsigned int h = 0; h < MODEL_HARTS; h++)
		if (thread_of[h] && vm_index(thread_of[h]) == m)
			return;
	fresh_vm(m);
}

static void run_begin(unsigned int bits, u64 from)
{
	memset(model, 0, sizeof(model));
	memset(vmid_hart_of, 0, sizeof(vmid_hart_of));
	memset(vcpu_loaded_of, 0, sizeof(vcpu_loaded_of));
	memset(thread_of, 0, sizeof(thread_of));
	chance_from(from);
	vmid_space_init(&vmid_space, bits);
	for (u32 m = 0; m < VMS; m++)
		fresh_vm(m);
}

static void run_step(void)
{
	now = (unsigned int)rnd(MODEL_HARTS);
	go_on();
	if (rnd(50) == 0)
		maybe_fresh_vm();
}

static void random_run(unsigned int bits, u64 from)
{
	run_begin(bits, from);
	for (int i = 0; i < 20000; i++) {
		run_step();
		if (wrong)
			fail_msg("%u bits of VMID, seed %llu, step %d: %s", bits,
				 (unsigned long long)from, i, wrong);
	}
}

static void nothing_old_is_met(void **state)
{
	(void)state;
	for (unsigned int bits = 0; bits <= 3; bits++)
		for (u64 s = 1; s <= 3; s++)
			random_run(bits, s * 88172645463325252UL);
	assert_true(tally.uses > 100000 && tally.kicks > 1000 && tally.by_page > 1000);
	assert_true(tally.calls > 1000 && tally.given_away > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_old_is_met),
	};

	irq_on();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
