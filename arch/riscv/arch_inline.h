/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inline half of the architecture contract (arch/arch.h, part 1) on RISC-V HS-mode.
 *
 * Per-hart variables are thread-local ones in the psABI's local-exec model: tp is this hart's
 * area, and one addi finds a variable in it. The asm is volatile so that gcc works the address
 * out anew at each use instead of keeping it across a switch of threads.
 */
#ifndef ARCH_RISCV_ARCH_INLINE_H
#define ARCH_RISCV_ARCH_INLINE_H

#include "arch/riscv/csr.h"
#include "lib/compiler.h"
#include "lib/types.h"

/* The linker script asserts that the area is under 2 KiB, so that 12 bits reach all of it. */
#define this_hart(v)                                                            \
	(*({                                                                    \
		__typeof__(&(v)) p_;                                            \
		__asm__ volatile("addi %0, tp, %%tprel_lo(" #v ")" : "=r"(p_)); \
		p_;                                                             \
	}))

extern __thread unsigned int hart_index;
extern char *hart_areas[]; /* by index; tp is the calling hart's */

__window unsigned int arch_hart_index(void)
{
	return this_hart(hart_index);
}

__window ptrdiff_t arch_per_hart_delta(unsigned int i)
{
	return hart_areas[i] - (char *)__builtin_thread_pointer();
}

__window bool arch_irqs_off(void)
{
	return !(csr_read(sstatus) & SSTATUS_SIE);
}

__window void arch_irq_off(void)
{
	csr_clear(sstatus, SSTATUS_SIE);
}

__window void arch_irq_on(void)
{
	csr_set(sstatus, SSTATUS_SIE);
}

__window unsigned long arch_irq_save(void)
{
	return csr_read_clear(sstatus, SSTATUS_SIE) & SSTATUS_SIE;
}

__window void arch_irq_restore(unsigned long flags)
{
	csr_set(sstatus, flags);
}

/*
 * Interrupt conditions are evaluated immediately after a write to sstatus (privileged
 * specification, 20240411, "Supervisor Interrupt Registers": conditions for an interrupt trap are
 * evaluated when sip or sie change and after an explicit write to a CSR on which they depend,
 * sstatus included). So what is pending is taken between these two instructions.
 */
__window void arch_irq_take_pending(void)
{
	csr_set(sstatus, SSTATUS_SIE);
	csr_clear(sstatus, SSTATUS_SIE);
}

/* What stopei shows when a kick is the most urgent; 0: kicks do not come to a file of this hart's. */
extern __thread u32 kick_topei;
extern __thread u32 kick_wants_handler; /* set by whoever kicks */

/*
 * No identity is before that of kicks, so what is taken is what was read. Who wants the handler said so
 * before its kick, which this may have been: it is asked after it was taken, and the trap comes after all.
 * Unordered sip: the trap is this hart's own.
 */
__window void arch_kick_take(void)
{
	u32 topei = this_hart(kick_topei);

	if (!topei || csr_read(stopei) != topei)
		return;
	csr_write(stopei, 0);
	/* Order: the kick is taken, in stopei, before it is read what it was for; the next is another.
	 * Pairs with: arch_kick() [A2], arch_kick_handler() [A4] */
	csr_mb();
	if (unlikely(READ_ONCE(this_hart(kick_wants_handler))))
		csr_set(sip, SIP_SSIP);
}

__window void arch_mb(void)
{
	__asm__ volatile("fence rw, rw" ::: "memory");
}

/* Unprivileged specification 20240411, "Memory-Ordering Instructions"; "Zicsr", "CSR Access Ordering". */
__window void arch_io_mb(void)
{
	__asm__ volatile("fence iorw, iorw" ::: "memory");
}

__window void arch_rmb(void)
{
	__asm__ volatile("fence r, r" ::: "memory");
}

__window void arch_wmb(void)
{
	__asm__ volatile("fence w, w" ::: "memory");
}

#define arch_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)

/* gcc 12 makes an AMO of a release store; this is the shorter mapping of the unprivileged
 * specification's table "Mappings from C/C++ primitives". */
#define arch_store_release(p, v)                              \
	do {                                                  \
		__asm__ volatile("fence rw, w" ::: "memory"); \
		*(volatile __typeof__(*(p)) *)(p) = (v);      \
	} while (0)

/* PAUSE of Zihintpause: a FENCE hint, so a no-op where it is not known. */
__window void arch_relax(void)
{
	__asm__ volatile(".4byte 0x0100000f" ::: "memory");
}

__window u64 arch_clock(void)
{
	return csr_read(time);
}

/*
 * The world switch, arch/riscv/guest_switch.S. It keeps sp, tp and the frame pointer; the compiler
 * saves what else it needs, which in the run loop is next to nothing.
 */
__window void guest_switch_call(struct arch_vcpu *vcpu)
{
	register struct arch_vcpu *a0 __asm__("a0") = vcpu;

	__asm__ volatile("call guest_switch"
			 : "+r"(a0)::"ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a1", "a2",
			   "a3", "a4", "a5", "a6", "a7", "s1", "s2", "s3", "s4", "s5", "s6", "s7",
			   "s8", "s9", "s10", "s11", "memory");
}

/* What counts for the guest that lives in the hart, or NULL; and a run that is counted:
 * arch/riscv/counts.h. */
struct guest_counts;
DECLARE_PER_HART(struct guest_counts *, guest_counting);
void guest_run_counted(struct arch_vcpu *vcpu);

__window void arch_guest_run(struct arch_vcpu *vcpu)
{
	if (unlikely(this_hart(guest_counting)))
		guest_run_counted(vcpu);
	else
		guest_switch_call(vcpu);
}

#endif
