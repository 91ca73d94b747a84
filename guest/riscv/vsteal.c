/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layout is the specification's. Where a guest's RAM has gone from under a record, that is the end
 * of the record.
 *
 * Tag: [U1] the steal of a record between two steps of its sequence.
 */
#include "guest/riscv/vsteal.h"

#include "guest/vm/vm.h"

#define SEQUENCE  0
#define STEAL	  8
#define PREEMPTED 16

#define NS_PER_S 1000000000UL

/* No overflow: a clock has less than 2^32 ticks a second. */
static u64 in_ns(u64 ticks)
{
	u64 hz = arch_clock_hz();

	return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

static void put(struct vcpu *v, u64 offset, const void *from, u64 size)
{
	if (gmem_write(&v->vm->mem, GPA(v->vsteal.at.a + offset), from, size))
		vsteal_stop(v);
}

static void put_sequence(struct vcpu *v)
{
	v->vsteal.sequence++;
	put(v, SEQUENCE, &v->vsteal.sequence, sizeof(v->vsteal.sequence));
}

static void put_preempted(struct vcpu *v, bool preempted)
{
	u8 flag = preempted;

	v->vsteal.preempted = preempted;
	put(v, PREEMPTED, &flag, sizeof(flag));
}

static void put_steal(struct vcpu *v, u64 ticks)
{
	u64 ns = in_ns(ticks);

	v->vsteal.told = ticks;
	put_sequence(v);
	/* Order: the sequence is odd, before steal changes. Pairs with: the guest [U1] */
	arch_wmb();
	put(v, STEAL, &ns, sizeof(ns));
	/* Order: steal has changed, before the sequence is even again. Pairs with: the guest [U1] */
	arch_wmb();
	put_sequence(v);
}

enum err vsteal_start(struct vcpu *v, gpa_t at)
{
	enum err e = gmem_zero(&v->vm->mem, at, VSTEAL_SIZE);

	if (!e)
		v->vsteal = (struct vsteal){.on = true, .at = at};
	return e;
}

void vsteal_stop(struct vcpu *v)
{
	v->vsteal.on = false;
}

void vsteal_leave(struct vcpu *v)
{
	if (unlikely(v->vsteal.on))
		put_preempted(v, true);
}

static void tell(struct vcpu *v)
{
	u64 steal = vcpu_steal_ticks(v);

	if (steal != v->vsteal.told)
		put_steal(v, steal);
	if (v->vsteal.preempted)
		put_preempted(v, false);
}

void vsteal_return(struct vcpu *v)
{
	if (unlikely(v->vsteal.on))
		tell(v);
}
