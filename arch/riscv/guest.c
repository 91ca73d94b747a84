/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One run of a guest: the CSRs around the world switch.
 *
 * Any trap the hypervisor takes while the guest is out changes sepc, sstatus.SPP and hstatus.SPV,
 * so these three are written at each entry and read at each exit. sstatus also carries the dirty
 * state of FP and vector registers out (privileged specification 20240411, "Hypervisor Extension",
 * sstatus.FS and vsstatus.FS).
 */
#include "arch/riscv/vcpu.h"

static __always_inline bool is_guest_page_fault(u64 scause)
{
	return scause >= EXC_INSN_GUEST_PAGE && scause <= EXC_STORE_GUEST_PAGE &&
	       scause != EXC_VIRTUAL_INSN;
}

noinstr void arch_guest_run(struct arch_vcpu *v)
{
	csr_write(sstatus, v->sstatus);
	csr_write(hstatus, v->hstatus);
	csr_write(sepc, v->sepc);
	guest_switch(v);
	v->sepc = csr_read(sepc);
	v->hstatus = csr_read(hstatus);
	v->sstatus = csr_read(sstatus);
	v->exit.scause = csr_read(scause);
	v->exit.stval = csr_read(stval);
	if (unlikely(is_guest_page_fault(v->exit.scause))) {
		v->exit.htval = csr_read(htval);
		v->exit.htinst = csr_read(htinst);
	}
}
