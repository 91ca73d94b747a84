/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock checker: each fault it knows is planted and seen, with the places named; what keeps to
 * the rules passes. A fault is reported once a pair of classes, and classes live as long as the
 * program, so each test has classes of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "lib/irq.h"
#include "lib/spinlock.h"
#include "lib/symbols.h"
#include "tests/unit/patience.h"

#define LOCK(name) static struct spinlock name = SPINLOCK_INIT(#name)

/* --- symbols for the two functions that take locks --- */

void take_first(struct spinlock *l);
void take_second(struct spinlock *l);

__attribute__((noinline)) void take_first(struct spinlock *l)
{
	spin_lock(l);
}

__attribute__((noinline)) void take_second(struct spinlock *l)
{
	spin_lock(l);
}

/* The table is filled at run time, so it lies in writable data under a second name; each code stands
 * for itself. The image begins where linkers put what comes before all other code. */
__asm__(".section .text.unlikely,\"ax\",@progbits\n"
	".globl __image_start\n"
	".balign 2\n__image_start: nop\n"
	".data\n.balign 8\n"
	".globl symtab\n"
	"symtab:\nsites: .space 64\n"
	".globl symtab_codes\n"
	"symtab_codes:\n"
	".set code, 0\n"
	".rept 128\n"
	".byte code, 0\n"
	".set code, code + 1\n"
	".endr\n"
	".text\n");
extern u8 sites[64];
extern const char __image_start[];

static u8 *site_add(u8 *at, size_t bytes, const char *name)
{
	size_t units = bytes / 2;

	for (; units >= 128; units >>= 7)
		*at++ = (u8)(units | 128);
	*at++ = (u8)units;
	strcpy((char *)at, name);
	return at + strlen(name) + 1;
}

static void sites_init(void)
{
	uintptr_t start = (uintptr_t)__image_start, first = (uintptr_t)take_first,
		  second = (uintptr_t)take_second;
	bool up = first < second;
	u8 *at = site_add(sites, (up ? first : second) - start, "");

	at = site_add(at, up ? second - first : first - second, up ? "take_first" : "take_second");
	site_add(at, 256, up ? "take_second" : "take_first");
}

/* --- planting faults --- */

static const char *said;
static void (*planted)(void *arg);

static void plant_on_hart(unsigned int hart)
{
	(void)hart;
	said = host_expect_panic(planted, NULL);
}

/* What the checker said while fn ran on a fresh hart, interrupts off, or NULL. */
static const char *plant(void (*fn)(void *arg))
{
	planted = fn;
	host_harts_run(1, plant_on_hart);
	return said;
}

/* All of these have to be in what it said, in this order; NULL ends the list. */
static void assert_says(const char *report, ...)
{
	const char *at = report, *want;
	va_list ap;

	assert_non_null(report);
	va_start(ap, report);
	while ((want = va_arg(ap, const char *)) != NULL) {
		at = strstr(at, want);
		if (!at)
			fail_msg("no \"%s\" (or not in this place) in: %s", want, report);
	}
	va_end(ap);
}

/* --- interrupts --- */

static bool believed_on(void)
{
	return this_hart(lockdep_hart).irqs_on;
}

static void walk_irqs(void *arg)
{
	unsigned long outer, inner;

	(void)arg;
	CHECK(arch_irqs_off() && !believed_on());
	irq_on();
	CHECK(!arch_irqs_off() && believed_on());
	outer = irq_save();
	CHECK(arch_irqs_off() && !believed_on());
	inner = irq_save();
	irq_restore(inner);
	CHECK(arch_irqs_off() && !believed_on());
	irq_restore(outer);
	CHECK(!arch_irqs_off() && believed_on());
	irq_off();
	CHECK(arch_irqs_off() && !believed_on());
}

static void belief_follows(void **state)
{
	(void)state;
	assert_null(plant(walk_irqs));
}

LOCK(irq_lock);

static void use_prepare(void)
{
	lockdep_hardirqs_on();
}

static void use_off(void)
{
	lockdep_hardirqs_off();
}

static void use_irq_on(void)
{
	irq_on();
}

static void use_irq_off(void)
{
	irq_off();
}

static void use_save(void)
{
	irq_save();
}

static void use_restore(void)
{
	irq_restore(0);
}

static void use_lock(void)
{
	spin_lock(&irq_lock);
}

static void use_unlock(void)
{
	spin_unlock(&irq_lock);
}

static void use_irq_exit(void)
{
	lockdep_irq_exit(false);
}

static void (*used)(void);

static void used_really_on(void *arg)
{
	(void)arg;
	arch_irq_on();
	used();
}

static void used_really_off(void *arg)
{
	(void)arg;
	irq_on();
	arch_irq_off();
	used();
}

/* Interrupts came on behind the checker's back. */
static void believed_off_and_on(void **state)
{
	static void (*const all[])(void) = {use_prepare, use_off,    use_irq_on,
					    use_irq_off, use_save,   use_restore,
					    use_lock,	 use_unlock, use_irq_exit};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		used = all[i];
		assert_says(plant(used_really_on), "lockdep: interrupts", NULL);
	}
}

/* Interrupts went off behind the checker's back. To be told that they went off is right then. */
static void believed_on_and_off(void **state)
{
	static void (*const all[])(void) = {use_prepare, use_irq_on, use_irq_off, use_save,
					    use_restore, use_lock,   use_unlock,  use_irq_exit};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		used = all[i];
		assert_says(plant(used_really_off), "lockdep: interrupts", NULL);
	}
}

/* --- what a hart holds --- */

static void hold_and_let_go(void *arg)
{
	LOCK(hold_a);
	LOCK(hold_b);

	(void)arg;
	lockdep_assert_no_locks();
	spin_lock(&hold_a);
	spin_lock(&hold_b);
	CHECK(this_hart(lockdep_hart).locks_held == 2);
	lockdep_assert_held(&hold_a);
	spin_unlock(&hold_a); /* in any order */
	CHECK(this_hart(lockdep_hart).locks_held == 1);
	lockdep_assert_held(&hold_b);
	spin_unlock(&hold_b);
	lockdep_assert_no_locks();
}

static void held_locks_are_known(void **state)
{
	(void)state;
	assert_null(plant(hold_and_let_go));
}

LOCK(entry_a);
LOCK(entry_b);

static void enter_with_locks(void *arg)
{
	(void)arg;
	take_first(&entry_a);
	take_second(&entry_b);
	lockdep_assert_no_locks();
}

LOCK(entry_one);

static void enter_with_lock(void *arg)
{
	(void)arg;
	take_first(&entry_one);
	lockdep_assert_no_locks();
}

static void lock_at_entry(void **state)
{
	(void)state;
	assert_says(plant(enter_with_lock), "entry_one is held where no lock may be",
		    "entry_one taken at take_first+0x", NULL);
	assert_says(plant(enter_with_locks), "entry_a is held where no lock may be",
		    "entry_a taken at take_first+0x", "entry_b taken at take_second+0x", NULL);
}

LOCK(again);

static void take_again(void *arg)
{
	(void)arg;
	take_first(&again);
	take_second(&again);
}

static void recursion(void **state)
{
	(void)state;
	assert_says(plant(take_again), "again is taken again", "at take_second+0x",
		    "again taken at take_first+0x", NULL);
}

LOCK(free_lock);

static void unlock_free(void *arg)
{
	(void)arg;
	spin_unlock(&free_lock);
}

static void want_free(void *arg)
{
	(void)arg;
	lockdep_assert_held(&free_lock);
}

static void not_held(void **state)
{
	(void)state;
	assert_says(plant(unlock_free), "free_lock is not held", NULL);
	assert_says(plant(want_free), "free_lock is not held", NULL);
}

LOCK(others);
static unsigned int stage;

static void unlock_others(void *arg)
{
	(void)arg;
	spin_unlock(&others);
}

static void one_locks_other_unlocks(unsigned int hart)
{
	if (hart == 0) {
		spin_lock(&others);
		arch_store_release(&stage, 1U);
		while (arch_load_acquire(&stage) != 2)
			arch_relax();
		spin_unlock(&others);
		return;
	}
	while (arch_load_acquire(&stage) != 1)
		arch_relax();
	said = host_expect_panic(unlock_others, NULL);
	arch_store_release(&stage, 2U);
}

static void unlock_by_another(void **state)
{
	(void)state;
	stage = 0;
	host_harts_run(2, one_locks_other_unlocks);
	assert_says(said, "others is held by hart 0, not by this one", NULL);
}

static void take_nameless(void *arg)
{
	static struct spinlock nameless;

	(void)arg;
	spin_lock(&nameless);
}

static void lock_without_class(void **state)
{
	(void)state;
	assert_says(plant(take_nameless), "a lock without a class is taken", NULL);
}

static void take_many(void *arg)
{
	static const char *const names[] = {"m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"};
	static struct spinlock many[ARRAY_SIZE(names)];

	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		many[i] = (struct spinlock)SPINLOCK_INIT(names[i]);
		CHECK(this_hart(lockdep_hart).locks_held == i);
		spin_lock(&many[i]);
	}
}

static void too_many_held(void **state)
{
	(void)state;
	assert_says(plant(take_many), "too many locks held to take m8", "m0", "m7", NULL);
}

/* --- order --- */

static void both(struct spinlock *first, struct spinlock *second)
{
	take_first(first);
	take_second(second);
	spin_unlock(second);
	spin_unlock(first);
}

LOCK(pair_a);
LOCK(pair_b);

static void a_then_b(void *arg)
{
	(void)arg;
	both(&pair_a, &pair_b);
}

static void b_then_a(void *arg)
{
	(void)arg;
	both(&pair_b, &pair_a);
	CHECK(pair_b.next == pair_b.owner);
}

/* Reported although nothing ever waited, before the lock is taken, and once. */
static void inversion(void **state)
{
	(void)state;
	assert_null(plant(a_then_b));
	assert_says(plant(b_then_a), "cycle in the order of locks: pair_b -> pair_a -> pair_b",
		    "pair_b taken at take_first+0x", "inside it pair_a at take_second+0x",
		    "pair_a taken at take_first+0x", "inside it pair_b at take_second+0x", NULL);
	assert_int_equal(pair_a.next, pair_a.owner);
	pair_b = (struct spinlock)SPINLOCK_INIT("pair_b");
	assert_null(plant(b_then_a));
}

LOCK(ring_a);
LOCK(ring_b);
LOCK(ring_c);
LOCK(ring_d);

static void three_in_line(void *arg)
{
	(void)arg;
	both(&ring_a, &ring_b);
	both(&ring_a, &ring_d);
	both(&ring_d, &ring_b);
	both(&ring_b, &ring_c);
	both(&ring_a, &ring_c);
}

static void close_ring(void *arg)
{
	(void)arg;
	both(&ring_c, &ring_a);
}

static void close_long_ring(void *arg)
{
	(void)arg;
	both(&ring_c, &ring_d);
}

/* The shortest way round is told, each step with its places. */
static void ring_of_three(void **state)
{
	(void)state;
	assert_null(plant(three_in_line));
	assert_says(plant(close_long_ring), "ring_c -> ring_d -> ring_b -> ring_c", "ring_c taken",
		    "ring_d at", "ring_d taken", "ring_b at", "ring_b taken", "ring_c at", NULL);
	ring_c = (struct spinlock)SPINLOCK_INIT("ring_c");
	assert_says(plant(close_ring), "ring_c -> ring_a -> ring_c", NULL);
}

static void two_of_a_class(void *arg)
{
	static struct spinlock one = SPINLOCK_INIT("twins"), other = SPINLOCK_INIT("twins");

	(void)arg;
	both(&one, &other);
}

static void nested_class(void **state)
{
	(void)state;
	assert_says(plant(two_of_a_class), "twins -> twins", "twins taken at take_first+0x",
		    "twins at take_second+0x", NULL);
}

static char same_a[] = "same", same_b[] = "same";

static void same_text(void *arg)
{
	static struct spinlock one = SPINLOCK_INIT(same_a), other = SPINLOCK_INIT(same_b);

	(void)arg;
	both(&one, &other);
}

/* Classes are told apart by what they are called, not by where the name lies. */
static void class_by_text(void **state)
{
	(void)state;
	assert_says(plant(same_text), "same -> same", NULL);
}

/* --- interrupts and locks --- */

static struct spinlock *irq_takes;
static bool irq_keeps;

static void irq_handler(u32 bits)
{
	bool believed = lockdep_irq_enter();

	(void)bits;
	take_first(irq_takes);
	if (!irq_keeps)
		spin_unlock(irq_takes);
	lockdep_irq_exit(believed);
}

static void interrupt(struct spinlock *l)
{
	irq_takes = l;
	host_irq_raise(0, HOST_IRQ_TICK);
	irq_on();
	irq_off();
}

static void take_on(struct spinlock *l)
{
	irq_on();
	take_second(l);
	spin_unlock(l);
	irq_off();
}

LOCK(in_out);

static void in_then_out(void *arg)
{
	(void)arg;
	interrupt(&in_out);
	take_on(&in_out);
}

LOCK(out_in);

static void out_then_in(void *arg)
{
	(void)arg;
	take_on(&out_in);
	interrupt(&out_in);
}

static void in_and_out_of_interrupt(void **state)
{
	(void)state;
	assert_says(plant(in_then_out), "in_out is taken in interrupts, and with interrupts on",
		    "in_out taken in an interrupt at take_first+0x",
		    "in_out taken with interrupts on at take_second+0x", NULL);
	assert_says(plant(out_then_in), "out_in is taken in interrupts, and with interrupts on",
		    "take_first+0x", "take_second+0x", NULL);
}

LOCK(held_on);
LOCK(held_restored);

static void on_while_held(void *arg)
{
	(void)arg;
	interrupt(&held_on);
	take_second(&held_on);
	irq_on();
	irq_off();
	spin_unlock(&held_on);
}

static void restored_while_held(void *arg)
{
	unsigned long flags;

	(void)arg;
	irq_on();
	flags = irq_save();
	take_second(&held_restored);
	irq_restore(flags);
	irq_off();
	spin_unlock(&held_restored);
	interrupt(&held_restored);
}

/* It is taken with interrupts off; they come on before it is released. */
static void held_while_interrupts_come_on(void **state)
{
	(void)state;
	assert_says(plant(on_while_held), "held_on is taken in interrupts, and with interrupts on",
		    "held_on taken in an interrupt at take_first+0x",
		    "held_on taken with interrupts on at take_second+0x", NULL);
	assert_says(plant(restored_while_held),
		    "held_restored is taken in interrupts, and with interrupts on", "take_first+0x",
		    "take_second+0x", NULL);
}

LOCK(kept);

static void keep_in_interrupt(void *arg)
{
	(void)arg;
	irq_keeps = true;
	interrupt(&kept);
}

static void kept_by_a_handler(void **state)
{
	const char *report = plant(keep_in_interrupt);

	(void)state;
	irq_keeps = false;
	assert_says(report, "kept is taken in interrupts, and with interrupts on",
		    "kept taken in an interrupt at take_first+0x",
		    "kept taken with interrupts on at take_first+0x", NULL);
}

LOCK(safe);
LOCK(middle);
LOCK(unsafe);

static void leads_to_unsafe(void *arg)
{
	(void)arg;
	interrupt(&safe);
	take_on(&unsafe);
	both(&middle, &unsafe);
	both(&safe, &middle);
}

/* Neither lock is at fault alone: a hart that holds safe waits for the holder of unsafe, and that
 * one's interrupt waits for safe. */
static void interrupt_lock_leads_out(void **state)
{
	(void)state;
	assert_says(plant(leads_to_unsafe), "safe is taken in interrupts",
		    "leads to unsafe, which is taken with interrupts on",
		    "safe taken in an interrupt at", "unsafe taken with interrupts on at",
		    "safe taken at take_first", "inside it middle at take_second", "middle taken",
		    "inside it unsafe", NULL);
}

LOCK(cut_off);
LOCK(cut_in);

static void interrupt_holder(void *arg)
{
	(void)arg;
	irq_takes = &cut_in;
	irq_on();
	spin_lock(&cut_off);
	host_irq_raise(0, HOST_IRQ_TICK);
	irq_restore(irq_save()); /* taken here */
	spin_unlock(&cut_off);
	irq_off();
}

static void holder_inside(void *arg)
{
	(void)arg;
	both(&cut_in, &cut_off);
}

/* What a handler takes is taken inside what the interrupted code holds. */
static void handler_under_a_lock(void **state)
{
	(void)state;
	assert_null(plant(interrupt_holder));
	assert_says(plant(holder_inside), "cut_in -> cut_off -> cut_in", NULL);
}

static void irqsave_everywhere(void *arg)
{
	LOCK(saved);
	unsigned long flags;

	(void)arg;
	interrupt(&saved);
	irq_on();
	flags = spin_lock_irqsave(&saved);
	spin_unlock_irqrestore(&saved, flags);
	irq_off();
}

static void saved_lock_is_fine(void **state)
{
	(void)state;
	assert_null(plant(irqsave_everywhere));
}

/* --- many harts that keep to the rules, and begin all at once --- */

#define HARTS  6
#define ROUNDS 1000

LOCK(many_outer);
LOCK(many_tick);
static struct spinlock many_inner[3] = {SPINLOCK_INIT("many_inner"), SPINLOCK_INIT("many_inner"),
					SPINLOCK_INIT("many_inner")};
static u64 outer_count, inner_count[3], tick_count;

static void tick(u32 bits)
{
	bool believed = lockdep_irq_enter();

	(void)bits;
	spin_lock(&many_tick);
	tick_count++;
	spin_unlock(&many_tick);
	lockdep_irq_exit(believed);
}

/* Classes of its own, so that all harts add to the graph, with nothing else between them. */
static void add_classes(unsigned int hart)
{
	static const char *const names[HARTS][2] = {{"h0a", "h0b"}, {"h1a", "h1b"}, {"h2a", "h2b"},
						    {"h3a", "h3b"}, {"h4a", "h4b"}, {"h5a", "h5b"}};
	struct spinlock a = SPINLOCK_INIT(names[hart][0]), b = SPINLOCK_INIT(names[hart][1]);

	both(&a, &b);
}

static void keep_to_the_rules(unsigned int hart)
{
	add_classes(hart);
	irq_on();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int in = (hart + i) % 3;
		unsigned long flags;

		host_irq_raise((hart + i) % HARTS, HOST_IRQ_TICK);
		spin_lock(&many_outer);
		outer_count++;
		flags = spin_lock_irqsave(&many_inner[in]);
		inner_count[in]++;
		spin_unlock(&many_outer);
		spin_lock(&many_tick);
		tick_count++;
		spin_unlock(&many_tick);
		spin_unlock_irqrestore(&many_inner[in], flags);
		lockdep_assert_no_locks();
	}
	irq_off();
}

static void many_harts(void **state)
{
	(void)state;
	host_irq_set_handler(tick);
	host_harts_run(HARTS, keep_to_the_rules);
	host_irq_set_handler(irq_handler);
	assert_int_equal(outer_count, HARTS * ROUNDS);
	assert_int_equal(inner_count[0] + inner_count[1] + inner_count[2], HARTS * ROUNDS);
	assert_true(tick_count > HARTS * ROUNDS);
}

/* --- a name that two harts use for the first time at the same moment --- */

#define NAMES 60

static char fresh_names[NAMES][16]; /* one text at many addresses: one class, and a key for each */
static u32 met[2];		    /* atomic */

/* Both are here. A word for each second round: who is late learns nothing of what the other has done
 * since. */
static void meet(u32 round)
{
	u32 *here = &met[round % 2];

	__atomic_fetch_add(here, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(here, __ATOMIC_ACQUIRE) < 2 * (round / 2 + 1))
		arch_relax();
}

static void use_fresh_names(unsigned int hart)
{
	u32 class = 0;

	(void)hart;
	for (u32 i = 0; i < NAMES; i++) {
		struct spinlock l = SPINLOCK_INIT(fresh_names[i]);

		meet(i);
		spin_lock(&l);
		if (i == 0)
			class = this_hart(lockdep_hart).held[0].class;
		CHECK(this_hart(lockdep_hart).held[0].class == class);
		spin_unlock(&l);
	}
}

static void name_new_to_two_harts(void **state)
{
	(void)state;
	for (u32 i = 0; i < NAMES; i++)
		strcpy(fresh_names[i], "fresh");
	host_harts_run(2, use_fresh_names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(belief_follows),
		cmocka_unit_test(believed_off_and_on),
		cmocka_unit_test(believed_on_and_off),
		cmocka_unit_test(held_locks_are_known),
		cmocka_unit_test(lock_at_entry),
		cmocka_unit_test(recursion),
		cmocka_unit_test(not_held),
		cmocka_unit_test(unlock_by_another),
		cmocka_unit_test(lock_without_class),
		cmocka_unit_test(too_many_held),
		cmocka_unit_test(inversion),
		cmocka_unit_test(ring_of_three),
		cmocka_unit_test(nested_class),
		cmocka_unit_test(class_by_text),
		cmocka_unit_test(in_and_out_of_interrupt),
		cmocka_unit_test(held_while_interrupts_come_on),
		cmocka_unit_test(kept_by_a_handler),
		cmocka_unit_test(interrupt_lock_leads_out),
		cmocka_unit_test(handler_under_a_lock),
		cmocka_unit_test(saved_lock_is_fine),
		cmocka_unit_test(many_harts),
		cmocka_unit_test(name_new_to_two_harts),
	};

	patience(120);
	sites_init();
	host_irq_set_handler(irq_handler);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
