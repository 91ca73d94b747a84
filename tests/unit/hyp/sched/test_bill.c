/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who pays for what limen does while another's thread has the hart. The hart is a thread of this process,
 * its clock goes on only where the test says so, and runs of a guest and interrupts are the test's: so each
 * tick has one right account.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "hyp/sched/bill.h"
#include "tests/unit/hyp/sched/thread_harts.h"

/* Ticks, each of which is another: a sum tells what is in it. Together they are less than what a thread asks
 * for at first. */
#define GUEST	20 /* a run of the guest's */
#define OUT	1  /* the way out of it, to the interrupt */
#define BEFORE	2  /* in the interrupt, before it wakes anybody */
#define AFTER	4
#define TRAP	8  /* after the interrupt */
#define LEAVES	16 /* before the thread gives up its hart */
#define RUN	3  /* of who was woken */
#define BACK	5  /* from the switch back to the guest */
#define ALL_OUT (OUT + BEFORE + AFTER + TRAP + LEAVES)

static struct sched_group mine, other;
static struct sched_stake stakes[2][4];
static struct thread *waiter, *sibling;
static u64 waiter_runs; /* ticks, each time that it is woken */
static u32 wakes, ran, over, ended;

static bool woken(void *arg)
{
	(void)arg;
	return READ_ONCE(wakes) > READ_ONCE(ran) || READ_ONCE(over);
}

static void waits(void *arg)
{
	(void)arg;
	for (;;) {
		CHECK(thread_wait(woken, NULL, TIMER_NEVER) == OK);
		if (READ_ONCE(over))
			break;
		tick(waiter_runs);
		ran++;
	}
	ended++;
	thread_wake(&selves[0]);
}

static bool is_over(void *arg)
{
	(void)arg;
	return READ_ONCE(over);
}

static void sleeps(void *arg)
{
	(void)arg;
	CHECK(thread_wait(is_over, NULL, TIMER_NEVER) == OK);
	ended++;
	thread_wake(&selves[0]);
}

/* ---- what happens to a hart --------------------------------------------------------------------- */

static void enter_guest(void)
{
	irq_off();
	vtime_switch_from(VTIME_HOST, VTIME_GUEST);
	rcu_eqs_enter();
	host_clock_advance(GUEST);
}

static void leave_guest(bool by_interrupt)
{
	if (by_interrupt)
		this_hart(arch_guest_left) = arch_clock();
	host_clock_advance(OUT);
	rcu_eqs_exit();
}

static void out_of_guest(void)
{
	vtime_switch_from(VTIME_GUEST, VTIME_HOST);
	irq_on();
}

static void wakes_nobody(void)
{
}

static void wakes_other(void)
{
	wakes++;
	thread_wake(waiter);
}

static void wakes_own(void)
{
	thread_wake(sibling);
}

/* Nobody says that the hart shall look, where who is woken does not go first. */
static void wakes_in_vain(void)
{
	wakes_other();
	entry_work_set(0, ENTRY_WORK_RESCHED);
}

/* As trap_irq(). */
static void interrupt(void (*handler)(void))
{
	u64 began = vtime_since();
	enum vtime_kind kind = vtime_switch(VTIME_IRQ);

	bill_irq_begin(kind, began);
	host_clock_advance(BEFORE);
	handler();
	host_clock_advance(AFTER);
	bill_irq_end();
	vtime_switch(kind);
	host_clock_advance(TRAP);
}

static void run_until(void (*handler)(void))
{
	enter_guest();
	leave_guest(true);
	interrupt(handler);
	out_of_guest();
}

static void look(void)
{
	host_clock_advance(LEAVES);
	thread_reschedule();
	host_clock_advance(BACK);
	irq_off();
	bill_returned();
	irq_on();
}

/* ---- the accounts ------------------------------------------------------------------------------- */

struct account {
	u64 ticks[VTIME_KINDS], steal, elapsed, served;
};

static struct account account(void)
{
	struct account a;

	a.elapsed = vtime_task_read(&thread_current()->time, a.ticks, &a.steal);
	a.served = other.served;
	return a;
}

/* Since that account was made. */
static struct account since(const struct account *was)
{
	struct account a = account();

	for (int k = 0; k < VTIME_KINDS; k++)
		a.ticks[k] -= was->ticks[k];
	a.steal -= was->steal;
	a.elapsed -= was->elapsed;
	a.served -= was->served;
	CHECK(a.ticks[VTIME_HOST] + a.ticks[VTIME_GUEST] + a.ticks[VTIME_IDLE] +
		      a.ticks[VTIME_IRQ] + a.steal ==
	      a.elapsed);
	return a;
}

/* One whose vCPU is woken goes first: all but the guest's own run is its. */
static void goes_first(void)
{
	struct account a = account();

	run_until(wakes_other);
	look();
	CHECK(ran == 1);
	a = since(&a);
	CHECK(a.served == ALL_OUT + BACK);
	CHECK(a.steal == ALL_OUT + RUN + BACK);
	CHECK(a.ticks[VTIME_GUEST] == GUEST && !a.ticks[VTIME_HOST] && !a.ticks[VTIME_IRQ]);
}

/* It weighs too little for that: the look was for it all the same. */
static void looks_in_vain(void)
{
	struct account a = account();

	run_until(wakes_in_vain);
	look();
	CHECK(ran == 0);
	a = since(&a);
	CHECK(a.served == ALL_OUT + BACK && a.steal == a.served);
	CHECK(a.ticks[VTIME_GUEST] == GUEST && !a.ticks[VTIME_HOST] && !a.ticks[VTIME_IRQ]);
}

/* What is a thread's own: an interrupt that wakes nobody, and a look after a run that none ended. */
static void is_its_own(void)
{
	struct account a = account();

	run_until(wakes_nobody);
	run_until(wakes_nobody);
	look();
	enter_guest();
	leave_guest(false);
	out_of_guest();
	look();
	a = since(&a);
	CHECK(!a.served && !a.steal);
	CHECK(a.ticks[VTIME_IRQ] == 2 * (BEFORE + AFTER));
	CHECK(a.ticks[VTIME_HOST] == 2 * (LEAVES + BACK));
}

/* An interrupt for another one, that needs no look; the next run of the guest is its own again. */
static void needs_no_look(void)
{
	struct account a = account();

	run_until(wakes_in_vain);
	(void)entry_work_take(ENTRY_WORK_RESCHED);
	enter_guest();
	leave_guest(false);
	out_of_guest();
	look();
	a = since(&a);
	CHECK(a.served == OUT + BEFORE + AFTER && a.steal == a.served);
}

/* In the middle of what limen does for the thread itself: the interrupt alone is the other's. */
static void out_of_host(void)
{
	struct account a = account();

	irq_off();
	host_clock_advance(LEAVES);
	interrupt(wakes_in_vain);
	irq_on();
	host_clock_advance(LEAVES);
	a = since(&a);
	CHECK(a.served == BEFORE + AFTER && a.steal == a.served);
	CHECK(a.ticks[VTIME_HOST] == LEAVES + TRAP + LEAVES);
}

/* From who waits nothing is taken. */
static void out_of_idle(void)
{
	struct thread *me = thread_current();
	struct account a = account();

	irq_off();
	WRITE_ONCE(me->state, THREAD_WAITS_HERE);
	interrupt(wakes_in_vain);
	WRITE_ONCE(me->state, THREAD_RUNNING);
	irq_on();
	a = since(&a);
	CHECK(a.served == BEFORE + AFTER && !a.steal);
}

/* Of one VM: what the interrupt took it owes, the rest its threads are charged for anyway. */
static void of_one_vm(void)
{
	struct account a = account();
	u64 owed = mine.owed;

	run_until(wakes_own);
	CHECK(mine.owed == owed + BEFORE + AFTER);
	owed = mine.owed;
	irq_off();
	interrupt(wakes_own);
	irq_on();
	CHECK(mine.owed == owed + BEFORE + AFTER);
	a = since(&a);
	CHECK(!a.served && !a.steal && !mine.served);
}

/* Who was made to look in vain does something else before it goes back: the other pays no more. */
static void waits_meanwhile(void)
{
	struct account a = account();

	run_until(wakes_in_vain);
	thread_reschedule();
	irq_off();
	thread_current()->canceled = true;
	irq_on();
	CHECK(thread_wait(is_over, NULL, TIMER_NEVER) == ERR_CANCELED);
	thread_yield();
	host_clock_advance(BACK);
	irq_off();
	bill_returned();
	irq_on();
	a = since(&a);
	CHECK(a.served == ALL_OUT - LEAVES);
}

/* A thread of limen's own works for a VM. */
static void works_for_it(unsigned int i)
{
	u64 since = bill_used();

	(void)i;
	sched_group_init(&other, SCHED_WEIGHT, 0);
	host_clock_advance(RUN);
	bill_work(&other, since);
	CHECK(other.owed == RUN && other.served == RUN);
	bill_work(&other, bill_used());
	CHECK(other.owed == RUN && other.served == RUN);
}

static void worked_for(void **state)
{
	(void)state;
	run(1, works_for_it);
}

static void (*const *parts)(void);

static void vcpu(void *arg)
{
	(void)arg;
	for (void (*const *part)(void) = parts; *part; part++)
		(*part)();
	WRITE_ONCE(over, 1);
	thread_wake(waiter);
	thread_wake(sibling);
	ended++;
	thread_wake(&selves[0]);
}

static bool all_ended(void *arg)
{
	(void)arg;
	return READ_ONCE(ended) == 3;
}

static struct thread *make(struct sched_group *group, void (*fn)(void *))
{
	const struct thread_place place = {.group = group};
	struct thread *t = thread_create_at("t", 0, &place, fn, NULL);

	CHECK(t);
	return t;
}

static void hart(unsigned int i)
{
	(void)i;
	waiter = make(&other, waits);
	sibling = make(&mine, sleeps);
	thread_yield();
	make(&mine, vcpu);
	CHECK(thread_wait(all_ended, NULL, TIMER_NEVER) == OK);
	synchronize_rcu();
	thread_yield();
	while (rcu_run_callbacks())
		;
}

/* light: the other VM has a weight so small that it does not go first. */
static void charge(void (*const *fns)(void), bool light)
{
	memset(stakes, 0, sizeof(stakes));
	sched_group_init(&mine, SCHED_WEIGHT, 0);
	sched_group_init(&other, light ? 1 : SCHED_WEIGHT, 0);
	sched_group_spread(&mine, stakes[0], 4);
	sched_group_spread(&other, stakes[1], 4);
	parts = fns;
	waiter_runs = RUN;
	wakes = ran = over = ended = 0;
	run(1, hart);
}

static void preempted(void **state)
{
	static void (*const fns[])(void) = {goes_first, NULL};

	(void)state;
	charge(fns, false);
	assert_int_equal(ran, 1);
}

static void own(void **state)
{
	static void (*const fns[])(void) = {is_its_own, of_one_vm, NULL};

	(void)state;
	charge(fns, false);
}

static void in_vain(void **state)
{
	static void (*const vain[])(void) = {looks_in_vain, NULL};
	static void (*const later[])(void) = {waits_meanwhile, NULL};

	(void)state;
	charge(vain, true);
	charge(later, true);
}

static void no_look(void **state)
{
	static void (*const guest[])(void) = {needs_no_look, NULL};
	static void (*const host[])(void) = {out_of_host, NULL};
	static void (*const idle[])(void) = {out_of_idle, NULL};

	(void)state;
	charge(guest, true);
	charge(host, true);
	charge(idle, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(preempted),  cmocka_unit_test(own),
		cmocka_unit_test(in_vain),    cmocka_unit_test(no_look),
		cmocka_unit_test(worked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
