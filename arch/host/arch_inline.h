/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inline half of the architecture contract (arch/arch.h, part 1) where a hart is a thread of a
 * Linux process. The other half, and what a test may do to this machine, is arch/host/host.h.
 *
 * Interrupts are a flag of each thread and a word of pending bits, not signals: a pending one is
 * taken by the hart itself, at the moment it turns interrupts on.
 *
 * ThreadSanitizer does not model fences. So a barrier here is a read-modify-write of one shared
 * word: of two of them the later one sees all that came before the earlier one, which is what two
 * fences promise. It promises more as well (a happens-before edge between any two barriers), so a
 * missing acquire or release can hide behind it; what a missing fence does is for arch/host/weak and the models.
 */
#ifndef ARCH_HOST_ARCH_INLINE_H
#define ARCH_HOST_ARCH_INLINE_H

#include "lib/compiler.h"
#include "lib/types.h"

/* A volatile access is a race to ThreadSanitizer; a relaxed atomic is the same instruction. */
#undef READ_ONCE
#undef WRITE_ONCE
#define READ_ONCE(x)	 __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

/* The empty asm hides where the address came from: per_hart() adds the way to another thread's
 * copy, and the compiler must not conclude that it stays within this one. */
#define this_hart(v)                        \
	(*({                                \
		__typeof__(&(v)) p_ = &(v); \
		__asm__("" : "+r"(p_));     \
		p_;                         \
	}))

extern __thread unsigned int host_hart_index;
extern __thread bool host_irqs_off;
extern u32 host_barrier;

void host_irq_on(void);
void host_relax(void);
u64 host_clock(void);

__window unsigned int arch_hart_index(void)
{
	return host_hart_index;
}

ptrdiff_t arch_per_hart_delta(unsigned int i);

__window bool arch_irqs_off(void)
{
	return host_irqs_off;
}

__window void arch_irq_off(void)
{
	host_irqs_off = true;
	barrier();
}

__window void arch_irq_on(void)
{
	host_irq_on();
}

__window unsigned long arch_irq_save(void)
{
	unsigned long flags = !host_irqs_off;

	arch_irq_off();
	return flags;
}

__window void arch_irq_restore(unsigned long flags)
{
	if (flags)
		arch_irq_on();
}

__window void arch_irq_take_pending(void)
{
	arch_irq_on();
	arch_irq_off();
}

__window void arch_kick_take(void)
{
}

__window void arch_mb(void)
{
	__atomic_fetch_add(&host_barrier, 1, __ATOMIC_SEQ_CST);
}

__window void arch_io_mb(void)
{
	arch_mb();
}

__window void arch_rmb(void)
{
	arch_mb();
}

__window void arch_wmb(void)
{
	arch_mb();
}

#define arch_load_acquire(p)	 __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define arch_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

__window void arch_relax(void)
{
	host_relax();
}

__window u64 arch_clock(void)
{
	return host_clock();
}

/* The guest is a script of the test; arch/host/machine.c. */
void arch_guest_run(struct arch_vcpu *vcpu);

#endif
