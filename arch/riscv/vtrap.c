/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/vtrap.h"

#include "lib/trace.h"

u64 arch_guest_exit_reason(const struct arch_vcpu *v)
{
	return v->exit.scause;
}

/* Privileged specification 20240411, "Trap Entry": SPP and SPIE take the old privilege and SIE,
 * and SIE is cleared. */
void vcpu_inject(struct arch_vcpu *v, u64 cause, u64 tval)
{
	u64 s = csr_read(vsstatus);

	trace_point(TRACE_INJECT, cause, (u64)(uintptr_t)v);
	s &= ~(SSTATUS_SPP | SSTATUS_SPIE);
	if (v->sstatus & SSTATUS_SPP)
		s |= SSTATUS_SPP;
	if (s & SSTATUS_SIE)
		s |= SSTATUS_SPIE;
	csr_write(vsstatus, s & ~SSTATUS_SIE);
	csr_write(vsepc, v->sepc);
	csr_write(vscause, cause);
	csr_write(vstval, tval);
	v->sepc = csr_read(vstvec) & ~3UL;
	v->sstatus |= SSTATUS_SPP;
	v->hstatus |= HSTATUS_SPVP;
}
