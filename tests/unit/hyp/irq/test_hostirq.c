/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of devices through models of a PLIC, an APLIC and IMSICs, on a machine of several harts: a
 * wire goes up, a hart takes its interrupt, the handler of the line runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "arch/riscv/csr.h"
#include "arch/host/host.h"
#include "hyp/tree/platform.h"
#include "lib/log.h"
#include "lib/spinlock.h"
#include "lib/trace.h"
#include "tests/unit/harts_model.h"

#define SOURCES 96

#define PLIC_BASE  0x0c000000UL
#define APLIC_BASE 0x0d000000UL
#define IMSIC_BASE 0x28000000UL /* a group of harts every 16 MiB */

/* Hart ids that no formula gives. */
static const u64 hart_ids[MODEL_HARTS] = {7, 1, 12, 3};

static bool wire[SOURCES + 1];

/* Accesses of a hart to registers, of its own or of devices, that no fence was behind yet: a claim, the
 * device's own by its handler, those that set up the hart's file. */
static struct {
	bool claim, device, file;
} unfenced[MODEL_HARTS];

/* ---- PLIC --------------------------------------------------------------------------------------- */

#define CONTEXTS 9

static struct {
	u32 priority[SOURCES + 1], enable[CONTEXTS][4], threshold[CONTEXTS];
	bool in_service[SOURCES + 1];
} plic_model;

static u32 plic_garbage; /* what claims read, if it is not 0 */

static u32 plic_best(u32 context)
{
	u32 best = 0;

	for (u32 s = 1; s <= SOURCES; s++)
		if (wire[s] && !plic_model.in_service[s] &&
		    plic_model.enable[context][s / 32] >> (s % 32) & 1 &&
		    plic_model.priority[s] > plic_model.threshold[context] &&
		    (!best || plic_model.priority[s] > plic_model.priority[best]))
			best = s;
	return best;
}

static u32 *plic_reg(u64 off)
{
	if (off < 0x1000)
		return &plic_model.priority[off / 4];
	if (off < 0x200000)
		return &plic_model.enable[(off - 0x2000) / 0x80][off % 0x80 / 4];
	assert_int_equal(off % 0x1000, 0);
	return &plic_model.threshold[(off - 0x200000) / 0x1000];
}

static u32 plic_model_read(u64 off)
{
	u32 source;

	if (off < 0x200000 || off % 0x1000 != 4)
		return *plic_reg(off);
	unfenced[now].claim = true;
	if (plic_garbage)
		return plic_garbage;
	source = plic_best((u32)((off - 0x200000) / 0x1000));
	plic_model.in_service[source] = source != 0;
	return source;
}

/* A completion of a source that is not enabled in the context is ignored. */
static void plic_model_write(u64 off, u32 v)
{
	if (off < 0x200000 || off % 0x1000 != 4) {
		*plic_reg(off) = v;
		return;
	}
	assert_false(unfenced[now].device);
	if (plic_model.enable[(off - 0x200000) / 0x1000][v / 32] >> (v % 32) & 1)
		plic_model.in_service[v] = false;
}

/* ---- IMSICs ------------------------------------------------------------------------------------- */

static struct {
	u64 eidelivery, eithreshold, eip[4], eie[4];
	unsigned int select;
	bool absent;
} imsic_model[MODEL_HARTS];

static unsigned int guest_messages;

/* Two groups of two harts, four pages a hart. */
static void imsic_message(u64 off, u32 identity)
{
	unsigned int hart = (unsigned int)(off >> 24) * 2 + (off >> 14 & 1);

	assert_int_equal(off & 0xff8000, 0);
	assert_int_equal(off % 4096, 0);
	assert_true(hart < MODEL_HARTS && identity < 256);
	if (off >> 12 & 3)
		guest_messages++;
	else
		imsic_model[hart].eip[identity / 64] |= BIT(identity % 64);
}

#define ARCH_RISCV_IMSIC_H
static bool imsic_csrs_there(void)
{
	return !imsic_model[now].absent;
}

static void imsic_write(unsigned int reg, u64 v)
{
	unfenced[now].file = true;
	if (reg == ISELECT_EIDELIVERY)
		imsic_model[now].eidelivery = v;
	else if (reg == ISELECT_EITHRESHOLD)
		imsic_model[now].eithreshold = v;
	else if (reg >= ISELECT_EIE0)
		imsic_model[now].eie[(reg - ISELECT_EIE0) / 2] = v;
	else
		imsic_model[now].eip[(reg - ISELECT_EIP0) / 2] = v;
}

static u32 imsic_top(unsigned int hart)
{
	for (u32 id = 1; id < 256 && imsic_model[hart].eidelivery == 1; id++)
		if ((imsic_model[hart].eip[id / 64] & imsic_model[hart].eie[id / 64]) >> (id % 64) &
		    1)
			return id;
	return 0;
}

static u32 imsic_claim(void)
{
	u32 id = imsic_top(now);

	imsic_model[now].eip[id / 64] &= ~BIT(id % 64);
	unfenced[now].claim = true;
	return id;
}

/* ---- APLIC -------------------------------------------------------------------------------------- */

static struct {
	u32 domaincfg, mode[SOURCES + 1], target[SOURCES + 1];
	bool enabled[SOURCES + 1], pending[SOURCES + 1], was[SOURCES + 1];
	struct {
		u32 delivery, force, threshold;
	} idc[16];
} aplic_model;

static bool aplic_rectified(u32 s)
{
	return aplic_model.mode[s] >= 4 && (wire[s] ^ (aplic_model.mode[s] & 1));
}

/* What has changed on the wires becomes pending; what may be sent is. */
static void aplic_settle(void)
{
	bool msi = aplic_model.domaincfg & 4;

	for (u32 s = 1; s <= SOURCES; s++) {
		bool in = aplic_rectified(s), level = aplic_model.mode[s] >= 6;

		if (in && !aplic_model.was[s])
			aplic_model.pending[s] = true;
		if (level && (!in || !msi))
			aplic_model.pending[s] = in;
		aplic_model.was[s] = in;
		if (!msi || !(aplic_model.domaincfg & 0x100) || !aplic_model.pending[s] ||
		    !aplic_model.enabled[s])
			continue;
		aplic_model.pending[s] = false;
		imsic_message((u64)(aplic_model.target[s] >> 19) << 24 |
				      (aplic_model.target[s] >> 18 & 1) << 14 |
				      (aplic_model.target[s] >> 12 & 0x3f) << 12,
			      aplic_model.target[s] & 0x7ff);
	}
}

static u32 aplic_best(u32 index)
{
	aplic_settle();
	for (u32 s = 1; s <= SOURCES; s++)
		if (aplic_model.pending[s] && aplic_model.enabled[s] &&
		    aplic_model.target[s] >> 18 == index && aplic_model.idc[index].delivery &&
		    (aplic_model.domaincfg & 0x104) == 0x100)
			return s;
	return 0;
}

static u32 aplic_model_read(u64 off)
{
	u32 index = (u32)(off - 0x4000) / 32, source;

	assert_int_equal(off % 32, 0x1c); /* nothing else is read */
	unfenced[now].claim = true;
	source = aplic_best(index);
	if (source && aplic_model.mode[source] < 6)
		aplic_model.pending[source] = false;
	return source << 16 | (aplic_model.target[source] & 0xff);
}

static void aplic_idc_write(u32 index, u64 reg, u32 v)
{
	assert_in_range(index, 0, 15);
	switch (reg) {
	case 0x00: aplic_model.idc[index].delivery = v; break;
	case 0x04: aplic_model.idc[index].force = v; break;
	case 0x08: aplic_model.idc[index].threshold = v; break;
	default: fail();
	}
}

static void aplic_model_write(u64 off, u32 v)
{
	if (off >= 0x4000)
		aplic_idc_write((u32)(off - 0x4000) / 32, off % 32, v);
	else if (off == 0)
		aplic_model.domaincfg = v;
	else if (off < 0x1000) {
		aplic_model.mode[off / 4] = v;
		aplic_model.pending[off / 4] &= v != 0;
		aplic_model.was[off / 4] = aplic_rectified((u32)off / 4);
	} else if (off == 0x1edc || off == 0x1fdc)
		aplic_model.enabled[v] = off == 0x1edc && aplic_model.mode[v];
	else if (off == 0x2000) {
		assert_false(unfenced[now].device);
		aplic_model.pending[v] |= aplic_model.mode[v] < 6 || aplic_rectified(v);
	} else if (off > 0x3000 && aplic_model.mode[(off - 0x3000) / 4])
		aplic_model.target[(off - 0x3000) / 4] = v;
	else
		fail();
	aplic_settle();
}

/* ---- what is below the drivers ------------------------------------------------------------------ */

#define HYP_MACHINE_MMIO_H
static u32 mmio_read32(const volatile void *p)
{
	u64 at = (uintptr_t)p - DEVICES;

	assert_in_range(at, PLIC_BASE, IMSIC_BASE - 1);
	return at < APLIC_BASE ? plic_model_read(at - PLIC_BASE)
			       : aplic_model_read(at - APLIC_BASE);
}

static void mmio_write32(volatile void *p, u32 v)
{
	u64 at = (uintptr_t)p - DEVICES;

	if (at >= IMSIC_BASE)
		imsic_message(at - IMSIC_BASE, v);
	else if (at >= APLIC_BASE)
		aplic_model_write(at - APLIC_BASE, v);
	else
		plic_model_write(at - PLIC_BASE, v);
}

static void mmio_mb(void)
{
	memset(&unfenced[now], 0, sizeof(unfenced[now]));
}

#define HYP_MEM_HOSTMAP_H
static volatile void *hostmap_io(hpa_t hpa, u64 size)
{
	assert_true(size > 0);
	return (volatile void *)(DEVICES + hpa.a);
}

#define ARCH_RISCV_HART_H
static volatile u32 *kick_port[MODEL_HARTS];
static u32 kick_identity;

u64 arch_hart_id(unsigned int index)
{
	return hart_ids[index];
}

static void hart_set_kick(unsigned int index, volatile u32 *reg, u32 identity)
{
	assert_false(unfenced[now].file);
	kick_port[index] = reg;
	kick_identity = identity;
}

#define HYP_RISCV_IRQ_INLINE_H
static bool ext_off[MODEL_HARTS], ext_stuck[MODEL_HARTS], soft_raised[MODEL_HARTS];
static bool raised(unsigned int hart);

static void irq_ext_off(void)
{
	ext_off[now] = true;
}

static void irq_ext_on(void)
{
	ext_off[now] = false;
}

static bool irq_ext_pending(void)
{
	return ext_stuck[now] || raised(now);
}

static void irq_raise_soft(void)
{
	soft_raised[now] = true;
}

#define HYP_SCHED_TIMER_H
struct timer {
	u64 deadline;
	void (*fn)(struct timer *t);
};

static void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	*t = (struct timer){0, fn};
}

static void timer_arm(struct timer *t, u64 deadline)
{
	t->deadline = deadline;
}

#define RCU_RCU_H
#define rcu_read_lock()			   (void)0
#define rcu_read_unlock()		   (void)0
#define rcu_dereference(p)		   (p)
#define rcu_dereference_protected(p, lock) (p)
#define rcu_assign_pointer(p, v)	   ((p) = (v))
#define synchronize_rcu()		   (void)0

#include "hyp/riscv/aplic.c"
#include "hyp/irq/hostirq.c"
#include "hyp/riscv/imsic.c"
#include "hyp/riscv/plic.c"
#include "hyp/riscv/irqchip.c"

/* ---- machines ----------------------------------------------------------------------------------- */

static struct platform plat;

static void machine(void)
{
	memset(&plat, 0, sizeof(plat));
	memset(&hostirq, 0, sizeof(hostirq));
	hostirq.lock = (struct spinlock)SPINLOCK_INIT("hostirq");
	memset(&imsic, 0, sizeof(imsic));
	memset(wire, 0, sizeof(wire));
	memset(&plic_model, 0x5a, sizeof(plic_model));
	memset(plic_model.in_service, 0, sizeof(plic_model.in_service));
	memset(&aplic_model, 0, sizeof(aplic_model));
	memset(imsic_model, 0x5a, sizeof(imsic_model));
	memset(kick_port, 0, sizeof(kick_port));
	memset(imsic_ready_of, 0, sizeof(imsic_ready_of));
	memset(aplic_idc_of, 0, sizeof(aplic_idc_of));
	memset(plic_context_of, 0, sizeof(plic_context_of));
	memset(hostirq_stuck_of, 0, sizeof(hostirq_stuck_of));
	memset(ext_off, 0, sizeof(ext_off));
	memset(ext_stuck, 0, sizeof(ext_stuck));
	memset(soft_raised, 0, sizeof(soft_raised));
	guest_messages = 0;
	plat.harts = MODEL_HARTS;
	for (u32 i = 0; i < MODEL_HARTS; i++) {
		plat.hart[i].id = hart_ids[i];
		imsic_model[i].absent = false;
	}
}

static void boot(bool msi)
{
	now = 0;
	irqchip_init(&plat, msi);
	for (now = 1; now < MODEL_HARTS; now++)
		hostirq_hart_init();
	now = 0;
}

/* Contexts as on sifive_u: the first hart has one of machine level alone; then pairs, in an order
 * that is not the harts'. */
static void machine_plic(void)
{
	static const u32 of[] = {1, 3, 0, 2};
	struct platform_plic *p = &plat.arch.plic;

	machine();
	*p = (struct platform_plic){.present = true,
				    .reg = {HPA(PLIC_BASE), 0x4000000},
				    .phandle = 9,
				    .ndev = SOURCES - 1,
				    .contexts = CONTEXTS};
	p->context[0] = (struct platform_plic_context){99, PLATFORM_IRQ_M_EXT};
	for (u32 i = 0; i < 4; i++) {
		p->context[1 + 2 * i] =
			(struct platform_plic_context){hart_ids[of[i]], PLATFORM_IRQ_M_EXT};
		p->context[2 + 2 * i] =
			(struct platform_plic_context){hart_ids[of[i]], PLATFORM_IRQ_S_EXT};
	}
	boot(false);
}

static struct platform_aia *add_aia(enum platform_aia_kind kind, u32 phandle, bool supervisor)
{
	struct platform_aia *a = &plat.arch.aia[plat.arch.aias++];

	a->kind = kind;
	a->phandle = phandle;
	a->supervisor = supervisor;
	a->num = kind == PLATFORM_IMSIC ? 255 : SOURCES;
	a->guest_num = 255;
	a->cells = 2;
	a->regs = 1;
	a->reg[0] = (struct platform_range){HPA(0x1000), 0x8000};
	return a;
}

static void machine_aplic(void)
{
	struct platform_aia *a;

	machine();
	add_aia(PLATFORM_APLIC, 8, false);
	a = add_aia(PLATFORM_APLIC, 9, true);
	a->reg[0].base = HPA(APLIC_BASE);
	a->targets = MODEL_HARTS;
	for (u32 i = 0; i < MODEL_HARTS; i++)
		a->target[i] = (struct platform_aia_target){(u16)i, (u16)(3 * i + 2)};
	boot(false);
}

/* The machine-level nodes come first or last. */
static void machine_imsic(bool swapped, bool msi)
{
	struct platform_aia *a;

	machine();
	if (!swapped)
		add_aia(PLATFORM_IMSIC, 4, false);
	a = add_aia(PLATFORM_IMSIC, 5, true);
	a->regs = 2;
	a->reg[0] = (struct platform_range){HPA(IMSIC_BASE), 0x8000};
	a->reg[1] = (struct platform_range){HPA(IMSIC_BASE + 0x1000000), 0x8000};
	a->guest_bits = 2;
	a->hart_bits = 1;
	a->group_bits = 1;
	a->group_shift = 24;
	a->targets = MODEL_HARTS;
	for (u32 i = 0; i < MODEL_HARTS; i++)
		a->target[i].hart = (u16)i;
	if (swapped)
		add_aia(PLATFORM_IMSIC, 4, false);
	add_aia(PLATFORM_APLIC, 8, false)->msi_parent = 4;
	a = add_aia(PLATFORM_APLIC, 9, true);
	a->msi_parent = 5;
	a->reg[0].base = HPA(APLIC_BASE);
	boot(msi);
}

/* Has the hart an external interrupt? */
static bool raised(unsigned int hart)
{
	aplic_settle();
	if (hostirq.files)
		return imsic_top(hart) != 0;
	if (plat.arch.plic.present)
		return plic_best(plic_context_of[hart] - 1) != 0;
	return aplic_best(plat.arch.aia[1].target[hart].index) != 0;
}

/* Takes it, as often as it comes; returns whether a kick was there. */
static bool take(unsigned int hart)
{
	bool kick = false;

	now = hart;
	for (int patience = 100; raised(hart); patience--) {
		assert_true(patience > 0);
		kick |= hostirq_take();
	}
	now = 0;
	return kick;
}

/* ---- a device ----------------------------------------------------------------------------------- */

/* Its wire is up while there are causes; a turn of the handler takes one. */
static struct device {
	u32 source;
	unsigned int causes, calls;
	struct hostirq *line;
	unsigned int hart;		 /* where the handler ran last */
	void (*during)(struct device *); /* in the handler, once */
} dev[3];

static void set_wire(struct device *d)
{
	wire[d->source] = d->causes > 0;
	aplic_settle();
}

static void handler(void *arg)
{
	struct device *d = arg;

	assert_false(unfenced[now].claim);
	d->calls++;
	d->hart = now;
	if (d->during)
		d->during(d);
	d->during = NULL;
	unfenced[now].device = true;
	if (d->causes)
		d->causes--;
	set_wire(d);
}

static void cause(struct device *d, unsigned int n)
{
	d->causes += n;
	set_wire(d);
}

static struct device *device(u32 i, u32 source, enum platform_trigger trigger, unsigned int hart)
{
	const struct platform_irq irq = {9, source, trigger};
	struct device *d = &dev[i];

	*d = (struct device){.source = source};
	assert_int_equal(hostirq_claim(&irq, hart, handler, d, &d->line), OK);
	return d;
}

/* ---- what holds for each kind of machine -------------------------------------------------------- */

static void on_each(void (*fn)(void))
{
	machine_plic();
	fn();
	machine_aplic();
	fn();
	machine_imsic(false, true);
	fn();
	machine_imsic(true, true);
	fn();
}

static void levels(void)
{
	for (unsigned int hart = 0; hart < MODEL_HARTS; hart++) {
		struct device *d = device(0, 10 + 32 * (hart % 2), PLATFORM_TRIGGER_HIGH, hart);

		cause(d, 1);
		assert_false(raised(hart)); /* off */
		hostirq_enable(d->line);
		for (unsigned int other = 0; other < MODEL_HARTS; other++)
			assert_int_equal(raised(other), other == hart);
		assert_false(take(hart));
		assert_int_equal(d->calls, 1);
		/* Two causes, and the wire never falls in between. */
		cause(d, 2);
		take(hart);
		assert_int_equal(d->calls, 3);
		assert_int_equal(d->causes, 0);
		assert_int_equal(hostirq_count(d->line), 3);
		assert_false(raised(hart));
		hostirq_disable(d->line);
		cause(d, 1);
		assert_false(raised(hart));
		hostirq_enable(d->line);
		take(hart);
		assert_int_equal(d->calls, 4);
		hostirq_free(d->line);
	}
}

static void test_levels(void **state)
{
	(void)state;
	on_each(levels);
}

/* Two close together, and one that comes while the other is handled. */
static void other_comes(struct device *d)
{
	(void)d;
	cause(&dev[1], 1);
}

static void both(void)
{
	struct device *a = device(0, 10, PLATFORM_TRIGGER_HIGH, 1);
	struct device *b = device(1, 11, PLATFORM_TRIGGER_HIGH, 1);

	hostirq_enable(a->line);
	hostirq_enable(b->line);
	cause(a, 1);
	cause(b, 1);
	take(1);
	a->during = other_comes;
	cause(a, 1);
	take(1);
	assert_int_equal(a->calls, 2);
	assert_int_equal(b->calls, 2);
}

static void test_both(void **state)
{
	(void)state;
	on_each(both);
}

static void move_away(struct device *d)
{
	assert_int_equal(hostirq_set_hart(d->line, 2), OK);
}

static void switch_off(struct device *d)
{
	hostirq_disable(d->line);
}

/* The line moves, or goes off, between its claim and its completion. */
static void in_service(void)
{
	struct device *d = device(0, 33, PLATFORM_TRIGGER_HIGH, 1);

	hostirq_enable(d->line);
	d->during = move_away;
	cause(d, 2);
	take(1);
	take(2);
	assert_int_equal(d->calls, 2);
	cause(d, 1);
	assert_false(raised(1));
	take(2);
	assert_int_equal(d->calls, 3);
	assert_int_equal(d->hart, 2);
	d->during = switch_off;
	cause(d, 2);
	take(2);
	assert_int_equal(d->calls, 4);
	hostirq_enable(d->line);
	take(2);
	assert_int_equal(d->calls, 5);
}

static void test_in_service(void **state)
{
	(void)state;
	on_each(in_service);
}

/* An interrupt that is on its way to the old hart is taken, wherever. */
static void moved_before(void)
{
	struct device *d = device(0, 40, PLATFORM_TRIGGER_HIGH, 0);

	hostirq_enable(d->line);
	cause(d, 1);
	assert_true(raised(0));
	assert_int_equal(hostirq_set_hart(d->line, 3), OK);
	take(0);
	take(3);
	assert_int_equal(d->causes, 0);
	assert_true(d->calls >= 1);
	cause(d, 1);
	assert_false(raised(0));
	take(3);
	assert_int_equal(d->causes, 0);
}

static void test_moved_before(void **state)
{
	(void)state;
	on_each(moved_before);
}

static void claims(void)
{
	static struct hostirq *line[HOSTIRQ_LINES + 1];
	struct platform_irq irq = {9, 0, PLATFORM_TRIGGER_HIGH};

	assert_int_equal(hostirq_claim(&irq, 0, handler, dev, line), ERR_NOENT);
	irq.num = SOURCES + 1;
	assert_int_equal(hostirq_claim(&irq, 0, handler, dev, line), ERR_NOENT);
	irq.num = 10;
	irq.parent = 8;
	assert_int_equal(hostirq_claim(&irq, 0, handler, dev, line), ERR_NOENT);
	irq.parent = 9;
	for (u32 i = 0; i < HOSTIRQ_LINES; i++) {
		irq.num = i + 1;
		assert_int_equal(hostirq_claim(&irq, 0, handler, dev, &line[i]), OK);
		assert_int_equal(hostirq_claim(&irq, 0, handler, dev, &line[i + 1]), ERR_EXIST);
	}
	irq.num = HOSTIRQ_LINES + 1;
	assert_int_equal(hostirq_claim(&irq, 0, handler, dev, line), ERR_NOMEM);
	hostirq_free(line[20]);
	assert_int_equal(hostirq_claim(&irq, 0, handler, dev, line), OK);
}

static void test_claims(void **state)
{
	(void)state;
	on_each(claims);
}

/* ---- what is of one kind ------------------------------------------------------------------------ */

static void no_wire(void *arg)
{
	((struct device *)arg)->calls++;
}

static void wire_up(void *arg)
{
	no_wire(arg);
	wire[51] = true;
}

/* Each edge is one interrupt, however long the wire stays. */
static void edges(enum platform_trigger trigger, bool idle)
{
	struct device *d;

	wire[50] = idle;
	aplic_settle();
	d = device(0, 50, trigger, 1);
	d->line->fn = no_wire;
	hostirq_enable(d->line);
	assert_false(raised(1));
	for (unsigned int i = 1; i <= 3; i++) {
		wire[50] = !idle;
		take(1);
		assert_int_equal(d->calls, i);
		wire[50] = idle;
		take(1);
		assert_int_equal(d->calls, i);
	}
	hostirq_free(d->line);
}

static void test_triggers(void **state)
{
	(void)state;
	for (int msi = 0; msi < 2; msi++) {
		struct device *d;

		if (msi)
			machine_imsic(false, true);
		else
			machine_aplic();
		edges(PLATFORM_TRIGGER_RISING, false);
		edges(PLATFORM_TRIGGER_FALLING, true);
		wire[51] = true;
		d = device(1, 51, PLATFORM_TRIGGER_LOW, 2);
		hostirq_enable(d->line);
		assert_false(raised(2));
		d->line->fn = wire_up;
		for (unsigned int i = 1; i <= 3; i++) {
			wire[51] = false;
			take(2);
			assert_int_equal(d->calls, i);
		}
	}
}

/* A source that nobody has is switched off, and the others go on. */
static void test_stray(void **state)
{
	struct device *d;

	(void)state;
	machine_plic();
	d = device(0, 10, PLATFORM_TRIGGER_HIGH, 0);
	hostirq_enable(d->line);
	plic_model.priority[7] = 1;
	plic_model.enable[plic_context_of[0] - 1][0] |= BIT(7);
	wire[7] = true;
	cause(d, 1);
	take(0);
	assert_int_equal(d->calls, 1);
	assert_false(plic_model.in_service[7]);
}

/* Each hart claims in the context the tree gives it, and firmware's leavings are gone. */
static void test_plic_contexts(void **state)
{
	static const u32 want[] = {6, 2, 8, 4};

	(void)state;
	machine_plic();
	for (u32 i = 0; i < MODEL_HARTS; i++) {
		assert_int_equal(plic_context_of[i] - 1, want[i]);
		assert_int_equal(plic_model.threshold[want[i]], 0);
		assert_int_equal(plic_model.enable[want[i]][0], 0);
		assert_int_equal(plic_model.enable[want[i] - 1][0], 0x5a5a5a5a); /* machine's */
	}
}

static void test_no_context(void **state)
{
	struct platform_irq irq = {9, 10, PLATFORM_TRIGGER_HIGH};
	struct hostirq *line;

	(void)state;
	machine_plic();
	plat.arch.plic.context[2].irq = PLATFORM_IRQ_M_EXT; /* hart 1 */
	assert_int_equal(hostirq_claim(&irq, 1, handler, dev, &line), ERR_NOENT);
	assert_int_equal(hostirq_claim(&irq, 0, handler, dev, &line), OK);
	assert_int_equal(hostirq_set_hart(line, 1), ERR_NOENT);
	assert_int_equal(hostirq_set_hart(line, 2), OK);
}

static void test_aplic_indexes(void **state)
{
	struct device *d;

	(void)state;
	machine_aplic();
	d = device(0, 10, PLATFORM_TRIGGER_UNSAID, 2);
	assert_int_equal(aplic_model.target[10], 8 << 18 | 1);
	assert_int_equal(aplic_model.mode[10], 6);
	for (u32 i = 0; i < 16; i++)
		assert_int_equal(aplic_model.idc[i].delivery, i % 3 == 2 && i < 12);
	hostirq_free(d->line);
}

/* Kicks: the right page for each hart in both groups, the most urgent, and reported at once. */
static void test_kicks(void **state)
{
	struct device *d;

	(void)state;
	for (int swapped = 0; swapped < 2; swapped++) {
		machine_imsic(swapped, true);
		d = device(0, 10, PLATFORM_TRIGGER_HIGH, 3);
		hostirq_enable(d->line);
		for (unsigned int i = 0; i < MODEL_HARTS; i++) {
			assert_non_null(kick_port[i]);
			assert_false(raised(i)); /* firmware's leavings */
			mmio_write32(kick_port[i], kick_identity);
			for (unsigned int k = 0; k < MODEL_HARTS; k++)
				assert_int_equal(raised(k), k == i);
			assert_true(take(i));
		}
		cause(d, 1);
		mmio_write32(kick_port[3], kick_identity);
		now = 3;
		assert_true(hostirq_take());
		assert_int_equal(d->calls, 0);
		assert_false(take(3));
		assert_int_equal(d->calls, 1);
		assert_int_equal(guest_messages, 0);
	}
}

/* A hart without the CSRs is kicked by the firmware; one that hides them all uses none. */
static void test_no_imsic(void **state)
{
	struct platform_irq irq = {9, 10, PLATFORM_TRIGGER_HIGH};
	struct hostirq *line;

	(void)state;
	machine_imsic(false, false);
	for (unsigned int i = 0; i < MODEL_HARTS; i++)
		assert_null(kick_port[i]);
	assert_int_equal(hostirq_claim(&irq, 0, handler, dev, &line), ERR_NOENT);
	machine();
	boot(true);
	assert_int_equal(hostirq_claim(&irq, 0, handler, dev, &line), ERR_NOENT);
	assert_false(hostirq_take());
}

static void test_guest_pages(void **state)
{
	volatile u32 *va;
	hpa_t hpa;

	(void)state;
	machine_imsic(true, true);
	for (unsigned int i = 0; i < MODEL_HARTS; i++) {
		assert_int_equal(imsic_guest_pages(i), 3);
		assert_true(imsic_page(i, 2, &hpa, &va));
		assert_int_equal(hpa.a,
				 IMSIC_BASE + (i / 2) * 0x1000000 + (i % 2) * 0x4000 + 0x2000);
		assert_int_equal((uintptr_t)va, DEVICES + hpa.a);
		assert_false(imsic_page(i, 4, &hpa, &va));
	}
}

/* ---- a controller that is not well -------------------------------------------------------------- */

static char said[512];

/* The timer of a hart's look goes off, if it is armed and the time has come. */
static bool look_goes_off(unsigned int hart)
{
	struct timer *t = &hostirq_stuck_of[hart].look;

	if (!t->deadline || arch_clock() < t->deadline)
		return false;
	t->deadline = 0;
	now = hart;
	t->fn(t);
	now = 0;
	return true;
}

/* Interrupts of a hart, as long as they come, but no more than that. */
static unsigned int interrupts(unsigned int hart, unsigned int most)
{
	unsigned int n;

	now = hart;
	for (n = 0; n < most && !ext_off[hart] && irq_ext_pending(); n++) {
		assert_false(hostirq_take());
		host_clock_advance(10);
	}
	now = 0;
	return n;
}

/* Pending, and a claim reads 0: off after a while, said once, and on again when it is quiet. */
static void stuck(void)
{
	struct device *d = device(0, 10, PLATFORM_TRIGGER_HIGH, 1);
	u64 ms = arch_clock_hz() / 1000;

	host_clock_set(1000);
	memset(said, 0, sizeof(said));
	host_console_capture(said, sizeof(said));
	hostirq_enable(d->line);
	ext_stuck[1] = true;
	assert_in_range(interrupts(1, 1000), 1, 100);
	assert_true(ext_off[1]);
	assert_false(ext_off[0]);
	assert_non_null(strstr(
		said, hostirq.files ? "hart 1: its external interrupt stays pending, whatever "
				      "is taken from the IMSIC"
				    : "hart 1: its external interrupt stays pending"));
	/* What comes meanwhile is looked for; it stays off while it is stuck. */
	for (unsigned int i = 1; i <= 3; i++) {
		cause(d, 1);
		assert_false(look_goes_off(1));
		host_clock_advance(ms);
		assert_true(look_goes_off(1));
		assert_int_equal(d->calls, i);
		assert_true(ext_off[1]);
	}
	ext_stuck[1] = false;
	host_clock_advance(ms);
	assert_true(look_goes_off(1));
	assert_false(ext_off[1]);
	host_clock_advance(ms);
	assert_false(look_goes_off(1));
	cause(d, 1);
	take(1);
	assert_int_equal(d->calls, 4);
	/* Once more: off, and nothing said. */
	memset(said, 0, sizeof(said));
	ext_stuck[1] = true;
	assert_in_range(interrupts(1, 1000), 1, 100);
	assert_true(ext_off[1]);
	assert_int_equal(said[0], 0);
	host_console_capture(NULL, 0);
	hostirq_free(d->line);
}

static void test_stuck(void **state)
{
	(void)state;
	on_each(stuck);
}

/* Somebody else was faster, now and then: that is well. */
static void sometimes_nothing(void)
{
	struct device *d = device(0, 10, PLATFORM_TRIGGER_HIGH, 1);
	u64 ms = arch_clock_hz() / 1000;

	host_clock_set(1000);
	hostirq_enable(d->line);
	for (unsigned int i = 0; i < 1000; i++) {
		now = 1;
		assert_false(hostirq_take());
		assert_false(hostirq_take());
		if (i < 500)
			cause(d, 1);
		else
			host_clock_advance(2 * ms);
		take(1);
		assert_false(ext_off[1]);
	}
	hostirq_free(d->line);
}

static void test_sometimes_nothing(void **state)
{
	(void)state;
	on_each(sometimes_nothing);
}

/* A device that its handler does not make quiet has a bounded part of the hart, and what is more urgent
 * goes on. */
static void storm(void)
{
	struct device *e = device(1, 9, PLATFORM_TRIGGER_HIGH, 1);
	struct device *d = device(0, 10, PLATFORM_TRIGGER_HIGH, 1);

	host_clock_set(1000);
	hostirq_enable(d->line);
	cause(d, 1000000);
	now = 1;
	hostirq_take();
	assert_in_range(d->calls, 1, 100);
	assert_in_range(interrupts(1, 20000), 4000, 10000); /* a device may have much to say */
	assert_true(ext_off[1]);
	hostirq_enable(e->line);
	cause(e, 1);
	host_clock_advance(arch_clock_hz() / 1000);
	assert_true(look_goes_off(1));
	assert_int_equal(e->calls, 1);
	assert_true(ext_off[1]);
	d->causes = 0;
	set_wire(d);
	host_clock_advance(arch_clock_hz() / 1000);
	assert_true(look_goes_off(1));
	assert_false(ext_off[1]);
	hostirq_free(d->line);
	hostirq_free(e->line);
}

static void test_storm(void **state)
{
	(void)state;
	machine_plic();
	storm();
	machine_aplic();
	storm();
	machine_imsic(false, true);
	storm();
}

/* A kick that comes while the external interrupt is off is not lost. */
static void test_stuck_kick(void **state)
{
	(void)state;
	machine_imsic(false, true);
	host_clock_set(1000);
	ext_stuck[2] = true;
	assert_in_range(interrupts(2, 1000), 1, 100);
	mmio_write32(kick_port[2], kick_identity);
	host_clock_advance(arch_clock_hz() / 1000);
	assert_true(look_goes_off(2));
	assert_true(soft_raised[2]);
}

/* Numbers that the controller does not have lead nowhere. */
static void test_garbage(void **state)
{
	(void)state;
	machine_plic();
	for (u32 s = SOURCES; s <= SOURCES + 2; s++) {
		plic_garbage = s == SOURCES + 2 ? ~0U : s;
		now = 0;
		assert_false(hostirq_take());
	}
	plic_garbage = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_in_service),
		cmocka_unit_test(test_moved_before),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_triggers),
		cmocka_unit_test(test_stray),
		cmocka_unit_test(test_plic_contexts),
		cmocka_unit_test(test_no_context),
		cmocka_unit_test(test_aplic_indexes),
		cmocka_unit_test(test_kicks),
		cmocka_unit_test(test_no_imsic),
		cmocka_unit_test(test_guest_pages),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_sometimes_nothing),
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_stuck_kick),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
