/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines, and which of the machine's controllers they belong to. Owns the table of lines and the
 * two maps into it.
 *
 * A controller that is not well must not keep a hart for ever: when its interrupt stays pending although
 * there is nothing to take, or although much has been taken, again and again, the hart's external
 * interrupt is turned off, and what there is is looked for now and then, until it is quiet.
 *
 * Handlers find a line through a map, under RCU; the lock is for those who change it, and for a
 * controller's registers. Lock order: hostirq.lock takes nothing inside it, and is taken in
 * interrupts.
 */
#include "hyp/irq/hostirq_chip.h"

#include "hyp/machine/mmio.h"
#include "hyp/sched/timer.h"
#include "irq_inline.h"
#include "lib/log.h"
#include "lib/spinlock.h"
#include "lib/trace.h"
#include "rcu/rcu.h"

/* Takes one after the other that came to nothing, and that left something, before a controller is not
 * well: a device may have much to say at a time. */
#define STUCK_NOTHING 64
#define STUCK_MORE    8192
#define LOOK_MS	      1 /* so much later they begin anew; and between two looks of a hart that is stuck */

struct stuck {
	u64 when;
	u32 nothing, more; /* takes */
	bool off, told;
	struct timer look;
};

DECLARE_PER_HART(struct stuck, hostirq_stuck);
DEFINE_PER_HART(struct stuck, hostirq_stuck);

static struct {
	const struct hostirq_chip *chip;   /* where wires lead; NULL: nowhere limen knows */
	const struct hostirq_files *files; /* where messages go; NULL: there are none */
	bool stray_told;

	struct spinlock lock;
	struct hostirq line[HOSTIRQ_LINES];

	/* Under RCU; written under the lock. NULL: nobody's. */
	struct hostirq *by_source[HOSTIRQ_SOURCES];
	struct hostirq *by_identity[HOSTIRQ_FIRST + HOSTIRQ_LINES];
} hostirq = {.lock = SPINLOCK_INIT("hostirq")};

void hostirq_init(const struct hostirq_chip *chip, const struct hostirq_files *files)
{
	hostirq.chip = chip;
	hostirq.files = files;
	hostirq_hart_init();
	log_info("interrupts: %s, kicks through the %s", chip ? chip->name : "no controller",
		 files ? files->name : "firmware");
}

static u64 look_ticks(void)
{
	return arch_clock_hz() * LOOK_MS / 1000;
}

/* How many come, up to HOSTIRQ_AT_ONCE; a kick is the last. */
static u32 take_some(bool *kick)
{
	*kick = false;
	if (hostirq.files)
		return hostirq.files->take(kick);
	return hostirq.chip ? hostirq.chip->take() : 0;
}

/* What a kick is for is done by the interrupt of a kick. */
static void look(struct timer *t)
{
	struct stuck *s = &this_hart(hostirq_stuck);
	bool kick;

	(void)take_some(&kick);
	if (kick)
		irq_raise_soft();
	if (irq_ext_pending()) {
		timer_arm(t, arch_clock() + look_ticks());
		return;
	}
	s->nothing = s->more = 0;
	s->off = false;
	irq_ext_on();
}

static __cold void turn_off(struct stuck *s)
{
	s->off = true;
	irq_ext_off();
	timer_arm(&s->look, arch_clock() + look_ticks());
	if (!s->told)
		log_warn(
			"hart %llu: its external interrupt stays pending, whatever is taken from the %s: "
			"off, and looked after every %u ms until it is quiet",
			(unsigned long long)arch_hart_id(arch_hart_index()),
			hostirq.files ? hostirq.files->name
				      : (hostirq.chip ? hostirq.chip->name : "firmware"),
			LOOK_MS);
	s->told = true;
}

static __cold void came_to_no_end(struct stuck *s, bool nothing)
{
	u64 clock = arch_clock();

	if (clock - s->when > look_ticks())
		s->nothing = s->more = 0;
	s->when = clock;
	if (nothing)
		s->nothing++;
	else
		s->more++;
	if ((s->nothing >= STUCK_NOTHING || s->more >= STUCK_MORE) && !s->off)
		turn_off(s);
}

void hostirq_hart_init(void)
{
	timer_init(&this_hart(hostirq_stuck).look, look);
	if (hostirq.files)
		hostirq.files->hart_init();
	if (hostirq.chip && hostirq.chip->hart_init)
		hostirq.chip->hart_init();
}

bool hostirq_take(void)
{
	struct stuck *s = &this_hart(hostirq_stuck);
	bool kick;
	u32 n = take_some(&kick);

	if (unlikely(!n || (!kick && irq_ext_pending())))
		came_to_no_end(s, !n);
	else if (unlikely(s->nothing | s->more))
		s->nothing = s->more = 0;
	return kick;
}

void hostirq_lock(void)
{
	spin_lock(&hostirq.lock);
}

void hostirq_unlock(void)
{
	spin_unlock(&hostirq.lock);
}

void hostirq_stray(u32 source)
{
	if (!hostirq.stray_told)
		log_warn("interrupt %u came, which is nobody's", source);
	hostirq.stray_told = true;
}

static bool run(struct hostirq *const *slot)
{
	struct hostirq *l;

	rcu_read_lock();
	l = rcu_dereference(*slot);
	if (l) {
		trace_point(TRACE_HOST_IRQ, l->source, 0);
		WRITE_ONCE(l->count, l->count + 1);
		/* Order: the claim, of a register or of a controller, before the device is read, or an
		 * edge that comes in between is taken with the one before. Pairs with: the trap itself [F5] */
		mmio_mb();
		l->fn(l->arg);
		/* Order: what was read of the device has come, and what was written to it has gone, before
		 * the line is completed or looked at again: they are two devices, and a level that is still
		 * on its way down would count once more. Pairs with: the trap itself [F6] */
		mmio_mb();
		if (hostirq.chip->again)
			hostirq.chip->again(l);
	}
	rcu_read_unlock();
	return l != NULL;
}

bool hostirq_run_source(u32 source)
{
	return source < HOSTIRQ_SOURCES && run(&hostirq.by_source[source]);
}

bool hostirq_run_identity(u32 identity)
{
	return identity < ARRAY_SIZE(hostirq.by_identity) && run(&hostirq.by_identity[identity]);
}

static struct hostirq *free_line(void)
{
	for (u32 i = 0; i < HOSTIRQ_LINES; i++)
		if (hostirq.line[i].source == 0) {
			hostirq.line[i].identity = HOSTIRQ_FIRST + i;
			return &hostirq.line[i];
		}
	return NULL;
}

/* Lock held. */
static enum err claim(const struct platform_irq *irq, unsigned int hart, const struct hostirq *want,
		      struct hostirq **out)
{
	struct hostirq *l;
	u32 identity;

	if (rcu_dereference_protected(hostirq.by_source[irq->num], &hostirq.lock))
		return ERR_EXIST;
	l = free_line();
	if (!l)
		return ERR_NOMEM;
	identity = l->identity;
	*l = *want;
	l->identity = identity;
	l->source = irq->num;
	l->trigger = irq->trigger;
	l->hart = hart;
	hostirq.chip->setup(l);
	hostirq.chip->route(l, hart);
	rcu_assign_pointer(hostirq.by_source[l->source], l);
	rcu_assign_pointer(hostirq.by_identity[l->identity], l);
	*out = l;
	return OK;
}

enum err hostirq_claim(const struct platform_irq *irq, unsigned int hart, void (*fn)(void *arg),
		       void *arg, struct hostirq **out)
{
	const struct hostirq_chip *chip = hostirq.chip;
	const struct hostirq want = {.fn = fn, .arg = arg};
	unsigned long flags;
	enum err e;

	if (!chip || irq->parent != chip->phandle || irq->num == 0 || irq->num > chip->sources ||
	    irq->num >= HOSTIRQ_SOURCES || !chip->reaches(hart))
		return ERR_NOENT;
	flags = spin_lock_irqsave(&hostirq.lock);
	e = claim(irq, hart, &want, out);
	spin_unlock_irqrestore(&hostirq.lock, flags);
	return e;
}

static void set_on(struct hostirq *l, bool on)
{
	unsigned long flags = spin_lock_irqsave(&hostirq.lock);

	l->on = on;
	hostirq.chip->mask(l, !on);
	spin_unlock_irqrestore(&hostirq.lock, flags);
}

void hostirq_enable(struct hostirq *l)
{
	set_on(l, true);
}

void hostirq_disable(struct hostirq *l)
{
	set_on(l, false);
}

enum err hostirq_set_hart(struct hostirq *l, unsigned int hart)
{
	unsigned long flags;

	if (!hostirq.chip->reaches(hart))
		return ERR_NOENT;
	flags = spin_lock_irqsave(&hostirq.lock);
	if (l->hart != hart) {
		hostirq.chip->route(l, hart);
		l->hart = hart;
	}
	spin_unlock_irqrestore(&hostirq.lock, flags);
	return OK;
}

void hostirq_free(struct hostirq *l)
{
	unsigned long flags;

	hostirq_disable(l);
	flags = spin_lock_irqsave(&hostirq.lock);
	rcu_assign_pointer(hostirq.by_source[l->source], NULL);
	rcu_assign_pointer(hostirq.by_identity[l->identity], NULL);
	spin_unlock_irqrestore(&hostirq.lock, flags);
	synchronize_rcu();
	flags = spin_lock_irqsave(&hostirq.lock);
	hostirq.chip->drop(l);
	l->source = 0;
	spin_unlock_irqrestore(&hostirq.lock, flags);
}

u64 hostirq_count(const struct hostirq *l)
{
	return READ_ONCE(l->count);
}
