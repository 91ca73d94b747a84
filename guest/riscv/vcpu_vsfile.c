/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving a vCPU's interrupt file. The order is that of hyp/riscv/vsfile.h.
 *
 * Senders are the VM's vCPUs, by the page in the G-stage, and limen itself, under the lock. When the
 * place has changed, each hart in which one of the VM's vCPUs lives is called (guest/riscv/vcpu_where.h), in
 * its guest or not, and there
 *
 *   - the sibling is out of its guest, and comes in again only through vmid_check(), which sees that the
 *     tables have changed and fences [G1];
 *   - where tables were cut off, the hart forgets what led to them before they are another's: it walks
 *     by hgatp outside a guest as well;
 *   - what the hart sent to the old page has arrived (vsfile_settle()).
 */
#include "guest/riscv/vcpu_vsfile.h"

#include "arch/riscv/hfence.h"
#include "guest/riscv/vcpu_imsic.h"
#include "guest/riscv/vcpu_where.h"
#include "guest/riscv/vimsic.h"
#include "hyp/riscv/vsfile.h"
#include "hyp/sched/hartcall.h"

/* A file of the hardware, or n = 0. */
struct place {
	unsigned int hart;
	u32 n;
};

/* What is done to a file on its hart. */
struct file_step {
	struct place at;
	struct vsfile_state *state;
	bool cut_off; /* tables are */
};

static u64 stay(const struct vcpu *v)
{
	return (arch_clock_hz() * VSFILE_STAY_MS / 1000) << v->vsfile.doubt;
}

static bool has_stayed(const struct vcpu *v, u64 clock)
{
	return v->arch.own_hart || clock - v->vsfile.since >= stay(v);
}

/* Its file has to move: was it worth having? */
static void learn(struct vcpu *v, u64 clock)
{
	if (clock - v->vsfile.had >= VSFILE_PAYS * stay(v))
		v->vsfile.doubt = 0;
	else if (v->vsfile.doubt < VSFILE_DOUBT_MAX)
		v->vsfile.doubt++;
}

static bool is_behind(const struct vcpu *v)
{
	unsigned int here = arch_hart_index();

	return v->vsfile.n ? v->vsfile.hart != here : v->arch.own_hart && vsfile_count(here);
}

/* The file of another hart that has this number is not its own. */
bool vcpu_vsfile_arrive(struct vcpu *v)
{
	u64 clock;
	bool behind;

	if (!v->imsic)
		return true;
	clock = arch_clock();
	v->vsfile.stayed = has_stayed(v, clock);
	v->vsfile.since = clock;
	behind = is_behind(v);
	if (behind && v->vsfile.n)
		learn(v, clock);
	vcpu_set_vgein(&v->arch, behind ? 0 : v->vsfile.n);
	if (behind)
		__atomic_fetch_or(&v->run.requests, REQ_FILE, __ATOMIC_RELAXED);
	return !behind;
}

void vcpu_vsfile_send(struct vcpu *v, u32 identity)
{
	unsigned long flags = spin_lock_irqsave(&v->vsfile.lock);

	if (v->vsfile.n) {
		vsfile_post(v->vsfile.hart, v->vsfile.n, identity);
		vsfile_settle(v->vsfile.hart, v->vsfile.n); /* before the file may move */
	} else {
		vimsic_msi(v->imsic, identity);
	}
	spin_unlock_irqrestore(&v->vsfile.lock, flags);
}

static void settle_here(void *arg)
{
	struct file_step *s = arg;

	if (s->cut_off)
		hfence_gvma_all();
	if (s->at.n)
		vsfile_settle(s->at.hart, s->at.n);
}

/* The last of all: what this hart sent has arrived first, the vCPU's own messages to itself among it. */
static void dump_here(void *arg)
{
	struct file_step *s = arg;

	settle_here(s);
	vsfile_dump(s->at.n, s->state);
}

/* On all harts in which one of the VM's lives, but the old file's own. */
static void settle_siblings(struct vcpu *v, struct file_step *old)
{
	struct hartmask harts = {{0}};

	vm_loaded_harts(v->vm, &harts);
	hartmask_add(&harts, arch_hart_index());
	if (old->at.n)
		hartmask_remove(&harts, old->at.hart);
	hartcall_each(&harts, settle_here, old);
}

/* The guest's page at the file's address becomes that of the new place. False: no memory for the
 * tables, and then it is an emulated one. */
static bool map_page(struct vcpu *v, const struct place *old, const struct place *to,
		     struct gstage_change *chg)
{
	enum err e = OK;

	/* No handler takes it, and tables have to be made. */
	spin_lock(&v->vm->arch.gstage_lock);
	if (old->n)
		e = gstage_unmap(&v->vm->arch.gstage, vcpu_imsic_page(v), PAGE_SIZE, chg);
	CHECK(!e); /* it is one small page */
	if (to->n)
		e = gstage_map(&v->vm->arch.gstage, vcpu_imsic_page(v),
			       vsfile_page(to->hart, to->n), PAGE_SIZE, PT_READ | PT_WRITE, chg);
	spin_unlock(&v->vm->arch.gstage_lock);
	return !e;
}

/* From here on who sends to the vCPU sends to the new place. */
static void turn_senders(struct vcpu *v, const struct place *to)
{
	unsigned long flags = spin_lock_irqsave(&v->vsfile.lock);

	v->vsfile.hart = to->hart;
	v->vsfile.n = to->n;
	v->vsfile.had = arch_clock();
	spin_unlock_irqrestore(&v->vsfile.lock, flags);
}

/* What was in memory or in a file goes to the new place, where messages may have come already. On the
 * vCPU's hart. It looks at them, since it looks at its requests before it enters. */
static void fill(struct vcpu *v, const struct place *to, const struct vsfile_state *state)
{
	irq_off();
	if (to->n)
		vsfile_fill(to->n, state);
	else
		vimsic_import(v->imsic, state);
	vcpu_set_vgein(&v->arch, to->n);
	irq_on();
	__atomic_fetch_or(&v->run.requests, REQ_EXT, __ATOMIC_RELAXED);
}

/* Out of the old place, once nobody sends there any more. */
static void take_out(struct vcpu *v, struct file_step *old)
{
	if (!old->at.n) {
		vimsic_export(v->imsic, old->state);
		return;
	}
	hartcall(old->at.hart, dump_here, old);
	vsfile_free(old->at.hart, old->at.n);
}

/*
 * Where a page was put in, and none was there before, siblings learn of it at their next entry: until
 * then what they send may still come as an access to the emulated page, and goes on from there.
 */
static void move(struct vcpu *v, struct place to)
{
	struct vsfile_state state;
	struct file_step old = {{v->vsfile.hart, v->vsfile.n}, &state, false};
	struct gstage_change chg = {0};

	if (to.n) {
		irq_off();
		vsfile_clear(to.n);
		irq_on();
	}
	if (!map_page(v, &old.at, &to, &chg)) {
		vsfile_free(to.hart, to.n);
		to.n = 0;
	}
	turn_senders(v, &to);
	/* An address fences leaves alone: 0 pages where a table was linked or cut off. */
	(void)vmid_vm_changed_pages(
		&v->vm->arch.vmid,
		&(struct vmid_change){vcpu_imsic_page(v).a, !chg.fence.all, PAGE_SHIFT});
	/* A table that was linked and cut off again may be walked still. */
	old.cut_off = chg.garbage.head;
	if (old.at.n || old.cut_off)
		settle_siblings(v, &old);
	take_out(v, &old);
	pt_garbage_free(&v->vm->arch.tables, &chg.garbage);
	trace_point(TRACE_FILE, (u64)(uintptr_t)&v->arch, to.n ? to.hart * 64UL + to.n : 0);
	fill(v, &to, &state);
}

void vcpu_vsfile_look(struct vcpu *v, bool behind)
{
	struct place to = {arch_hart_index(), 0};

	/* It may have come back meanwhile. */
	if (v->vsfile.n && v->vsfile.hart == to.hart)
		return;
	if (behind ? v->vsfile.stayed : has_stayed(v, arch_clock()))
		(void)vsfile_alloc(to.hart, &to.n);
	if (to.n || v->vsfile.n)
		move(v, to);
}

/* Who stops its hart again and again gets no file as often. */
void vcpu_vsfile_leave(struct vcpu *v)
{
	if (!v->vsfile.n)
		return;
	learn(v, arch_clock());
	move(v, (struct place){arch_hart_index(), 0});
}

static void has_something(void *arg)
{
	vcpu_request(arg, REQ_EXT);
}

void vcpu_vsfile_watch(struct vcpu *v)
{
	v->vsfile.watched = true;
	if (v->vsfile.n && v->vsfile.hart == arch_hart_index())
		vsfile_watch(v->vsfile.n, has_something, v);
}

void vcpu_vsfile_unwatch(struct vcpu *v)
{
	v->vsfile.watched = false;
	if (v->vsfile.n && v->vsfile.hart == arch_hart_index())
		(void)vsfile_unwatch(v->vsfile.n);
}
