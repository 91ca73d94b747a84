/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A torture run of RCU, in which harts read, update, enter guests and idle at random, while every
 * object carries its age.
 */
#include "tests/unit/rcu/rcu_harts.h"

/*
 * Torture. One pointer is read by all and replaced by all. An object is of age 0 while the pointer
 * leads to it, 1 once it was taken out, and one more after each grace period; at OLD it is freed. A
 * reader may find ages 0 and 1. From age 2 on its word is spoilt, by a plain store that is what the
 * sanitizers look at: a grace period that ends too soon is a race to one, a use after free to the
 * other, and without either of them an age that nobody may see.
 */
#define HARTS  5
#define ROUNDS (getenv("LIMEN_FULL") ? 2000000 : 100000)
#define OLD    4
#define LIVE   0x600d600d600d600dUL

struct object {
	u64 word; /* plain */
	u32 age;  /* atomic */
	struct rcu_head rcu;
};

static struct object *shared;
static u64 ages[OLD + 1]; /* atomic: how often a reader left with an object of that age */
static u64 made, gone;	  /* atomic */
static u32 harts_done;	  /* atomic */

static u32 random_next(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void spin(u32 n)
{
	while (n--)
		barrier();
}

static struct object *object_new(void)
{
	struct object *o = malloc(sizeof(*o));

	CHECK(o);
	*o = (struct object){.word = LIVE};
	__atomic_fetch_add(&made, 1, __ATOMIC_RELAXED);
	return o;
}

/* A grace period has passed since the last one. */
static void object_ages(struct rcu_head *head)
{
	struct object *o = container_of(head, struct object, rcu);

	WRITE_ONCE(o->age, o->age + 1);
	o->word = 0;
	if (o->age < OLD) {
		call_rcu(&o->rcu, object_ages);
		return;
	}
	free(o);
	__atomic_fetch_add(&gone, 1, __ATOMIC_RELAXED);
}

static struct object *object_replace(void)
{
	struct object *old = __atomic_exchange_n(&shared, object_new(), __ATOMIC_ACQ_REL);

	WRITE_ONCE(old->age, 1);
	return old;
}

static void torture_read(u32 *seed)
{
	struct object *o;
	u32 age;

	rcu_read_lock();
	o = rcu_dereference(shared);
	CHECK(o->word == LIVE);
	if (random_next(seed) % 8 == 0)
		arch_relax();
	spin(random_next(seed) % 200);
	CHECK(o->word == LIVE);
	age = READ_ONCE(o->age);
	rcu_read_unlock();
	CHECK(age < ARRAY_SIZE(ages));
	__atomic_fetch_add(&ages[age], 1, __ATOMIC_RELAXED);
}

static void torture_away(u32 *seed, enum context where)
{
	bool quiet;

	irq_off();
	context_enter_irqoff(where);
	spin(random_next(seed) % 200);
	if (random_next(seed) % 4 == 0) {
		quiet = context_irq_enter();
		torture_read(seed);
		context_irq_exit(quiet);
	}
	if (random_next(seed) % 8 == 0)
		arch_relax();
	context_exit_irqoff(where);
	irq_on();
}

static void torture_update(bool expedited)
{
	struct object *old = object_replace();

	if (expedited)
		synchronize_rcu_expedited();
	else
		synchronize_rcu();
	object_ages(&old->rcu);
}

struct flag {
	struct rcu_head rcu;
	bool up; /* plain: what orders it is rcu_barrier() */
};

static void flag_up(struct rcu_head *head)
{
	container_of(head, struct flag, rcu)->up = true;
}

static void torture_barrier(void)
{
	struct flag flag = {.up = false};

	call_rcu(&flag.rcu, flag_up);
	rcu_barrier();
	CHECK(flag.up);
}

static void torture_round(unsigned int hart, u32 *seed)
{
	u32 what = random_next(seed) % 100;

	if (what < 60)
		torture_read(seed);
	else if (what < 75)
		torture_away(seed, CONTEXT_GUEST);
	else if (what < 85)
		torture_away(seed, CONTEXT_IDLE);
	else if (what < 92)
		call_rcu(&object_replace()->rcu, object_ages);
	else if (what < 94)
		torture_update(what == 93);
	else if (what == 94 && hart && random_next(seed) % 16 == 0)
		torture_barrier();
	else
		rcu_note_quiescent();
	if (hart == 0 && what % 16 == 0)
		rcu_run_callbacks();
}

static void torture(unsigned int hart)
{
	u32 seed = 1 + hart;

	hart_start();
	for (int i = 0; i < ROUNDS; i++)
		torture_round(hart, &seed);
	__atomic_fetch_add(&harts_done, 1, __ATOMIC_RELEASE);
	while (hart == 0 && (arch_load_acquire(&harts_done) < HARTS || rcu_callbacks_pending())) {
		rcu_run_callbacks();
		rcu_note_quiescent();
	}
	hart_end();
}

static void torture_ages(void **state)
{
	u64 before = rcu_grace_periods();

	(void)state;
	patience(getenv("LIMEN_FULL") ? 1800 : 100);
	shared = object_new();
	host_harts_run(HARTS, torture);
	print_message("# ages seen: %lu %lu %lu %lu %lu; %lu objects, %lu grace periods\n",
		      (unsigned long)ages[0], (unsigned long)ages[1], (unsigned long)ages[2],
		      (unsigned long)ages[3], (unsigned long)ages[4], (unsigned long)made,
		      (unsigned long)(rcu_grace_periods() - before));
	assert_true(ages[0] > 0 && ages[1] > 0);
	for (int age = 2; age <= OLD; age++)
		assert_int_equal(ages[age], 0);
	assert_int_equal(made, gone + 1);
	free(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(torture_ages, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
