/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a guest stopped, and who sees to it.
 */
#include "arch/riscv/vtrap.h"
#include "entry/context.h"
#include "guest/riscv/emulate.h"
#include "guest/riscv/vcpu_imsic.h"
#include "guest/vm/vm.h"
#include "sbi/server.h"

static void inject(struct vcpu *v, u64 cause, u64 tval)
{
	vpmu_count_exception(&v->vpmu, cause);
	irq_off();
	vcpu_take_hart(v);
	vcpu_inject(&v->arch, cause, tval);
	irq_on();
}

#define INSN_WFI     0x10500073
#define INSN_WRS_NTO 0x00d00073

/* With VTW the guest's WFI comes here, and WRS.NTO: it waits for another hart's store, so another
 * thread may run, and the guest looks again ("Zawrs" 1.0 lets the wait end at any time). Everything else that traps so is an access to a CSR or an
 * instruction the guest does not have; stval is the instruction, or 0 on a hart that does not tell. */
static void virtual_instruction(struct vcpu *v)
{
	u32 insn = (u32)v->arch.exit.stval;

	if (!insn && !emulate_fetch(v, &insn))
		return;
	/* In VU-mode WFI is an illegal instruction, as it is in U-mode of a hart with S-mode. */
	if (insn == INSN_WFI && (v->arch.sstatus & SSTATUS_SPP)) {
		v->arch.sepc += 4;
		vcpu_wait_interrupt(v);
		return;
	}
	if (vcpu_imsic_csr(v, insn) || vpmu_read_csr(v, insn))
		return;
	if (insn == INSN_WRS_NTO) {
		v->arch.sepc += 4;
		vcpu_yield(v);
		vsteal_return(v);
		return;
	}
	inject(v, EXC_ILLEGAL_INSN, insn);
}

/* Out of the way of the exits that matter. */
static __attribute__((noinline)) void other_exit(struct vcpu *v, u64 cause)
{
	if (cause == EXC_VIRTUAL_INSN)
		virtual_instruction(v);
	else if (cause == EXC_INSN_GUEST_PAGE)
		emulate_fetch_fault(v);
	else if (vcpu_owns_exception(cause))
		inject(v, cause, v->arch.exit.stval);
	else
		vm_fail(v, "exception %llu that a guest cannot cause", (unsigned long long)cause);
}

void vcpu_handle_exit(struct guest_run *run)
{
	struct vcpu *v = vcpu_of_run(run);
	u64 cause = v->arch.exit.scause;

	if (cause == EXC_ECALL_VS)
		sbi_call(v);
	else if (cause == EXC_LOAD_GUEST_PAGE || cause == EXC_STORE_GUEST_PAGE)
		emulate_mmio(v);
	else if (!(cause & SCAUSE_IRQ))
		other_exit(v, cause);
}

/*
 * What the guest is told to do meanwhile by this hart itself, a device's interrupt or a thread that
 * was woken, would not end the run: then it ends as if a kick had come.
 */
static __always_inline bool stays_in_guest(struct vcpu *v)
{
	if (likely(!(READ_ONCE(v->run.requests) | READ_ONCE(this_hart(entry_work)))))
		return true;
	csr_write(scause, SCAUSE_IRQ | IRQ_S_SOFT);
	return false;
}

static __always_inline bool watched_answer(struct vcpu *v)
{
	u64 cause = csr_read(scause);
	u64 len = SBI_ECALL_LEN;

	if (cause != EXC_ECALL_VS) {
		len = emulate_mmio_watched(v);
		if (!len)
			return false;
	} else if (!sbi_call_watched(v)) {
		return false;
	}
	csr_write(sepc, csr_read(sepc) + len);
	this_hart(early_answers)++;
	return stays_in_guest(v);
}

noinstr struct arch_vcpu *guest_watched_answer(struct arch_vcpu *a)
{
	bool believed, go_on;

	context_watch_irqoff();
	believed = lockdep_irq_enter();
	mark_begin(MARK_LOOK);
	mark_begin(MARK_IRQS_OFF);
	instrumentation_begin();
	go_on = watched_answer(container_of(a, struct vcpu, arch));
	DCHECK(csr_read(hstatus) & HSTATUS_SPV); /* no trap was taken */
	instrumentation_end();
	lockdep_irq_exit(believed);
	mark_end(MARK_LOOK);
	mark_end(MARK_IRQS_OFF);
	context_quiet_irqoff();
	return go_on ? a : NULL;
}
