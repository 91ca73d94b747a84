/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inline half of the architecture contract (arch/arch.h, part 1) on AArch64 at EL2.
 *
 * Per-hart variables are thread-local ones of the local-exec model: TPIDR_EL2 is this hart's area. The
 * asm is volatile so that gcc works the address out anew at each use.
 */
#ifndef ARCH_ARM64_ARCH_INLINE_H
#define ARCH_ARM64_ARCH_INLINE_H

#include "arch/arm64/sysreg.h"
#include "lib/compiler.h"
#include "lib/types.h"

/* The linker script asserts that the area is under 4 KiB, so that 12 bits reach all of it. */
#define this_hart(v)                                            \
	(*({                                                    \
		__typeof__(&(v)) p_;                            \
		__asm__ volatile("mrs %0, tpidr_el2\n\t"        \
				 "add %0, %0, #:tprel_lo12:" #v \
				 : "=r"(p_));                   \
		p_;                                             \
	}))

extern __thread unsigned int hart_index;
extern char *hart_areas[]; /* by index; TPIDR_EL2 is the calling hart's */

__window unsigned int arch_hart_index(void)
{
	return this_hart(hart_index);
}

__window ptrdiff_t arch_per_hart_delta(unsigned int i)
{
	return hart_areas[i] - (char *)(uintptr_t)sysreg_read(tpidr_el2);
}

__window bool arch_irqs_off(void)
{
	return sysreg_read(daif) & DAIF_I;
}

/* A write to PSTATE by MSR (immediate) is seen by the instructions behind it, without an ISB (DDI 0487,
 * "Synchronization requirements for AArch64 System registers"). */
__window void arch_irq_off(void)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
}

__window void arch_irq_on(void)
{
	__asm__ volatile("msr daifclr, #2" ::: "memory");
}

__window unsigned long arch_irq_save(void)
{
	unsigned long was = ~sysreg_read(daif) & DAIF_I;

	arch_irq_off();
	return was;
}

__window void arch_irq_restore(unsigned long flags)
{
	if (flags)
		arch_irq_on();
}

/*
 * An interrupt that is pending, and not masked, before a context synchronization event is taken before
 * the first instruction behind it; ISB is one (DDI 0487, "Prioritization and recognition of interrupts").
 * Unmasking alone promises no more than a finite time.
 */
__window void arch_irq_take_pending(void)
{
	__asm__ volatile("msr daifclr, #2\n\tisb\n\tmsr daifset, #2" ::: "memory");
}

/* The controller shows what a kick is only to who takes it as an interrupt. */
__window void arch_kick_take(void)
{
}

__window void arch_mb(void)
{
	__asm__ volatile("dmb ish" ::: "memory");
}

__window void arch_rmb(void)
{
	__asm__ volatile("dmb ishld" ::: "memory");
}

__window void arch_wmb(void)
{
	__asm__ volatile("dmb ishst" ::: "memory");
}

/* LDAR and STLR. */
#define arch_load_acquire(p)	 __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define arch_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

__window void arch_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

/* The counter may be read early, and then it would run backwards across harts: the ISB keeps it behind
 * what came before (DDI 0487, "The system counter"). */
__window u64 arch_clock(void)
{
	isb();
	return sysreg_read(cntpct_el0);
}

/*
 * The world switch, arch/arm64/guest_switch.S. It keeps sp and the frame pointer; the compiler saves what
 * else it needs, which in the run loop is next to nothing.
 */
__window void arch_guest_run(struct arch_vcpu *vcpu)
{
	register struct arch_vcpu *x0 __asm__("x0") = vcpu;

	__asm__ volatile("bl guest_switch"
			 : "+r"(x0)::"x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10",
			   "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20",
			   "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "cc",
			   "memory");
}

#endif
