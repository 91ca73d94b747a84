/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving a vCPU's state between memory and a hart.
 */
#include "arch/riscv/vcpu.h"

#include "arch/riscv/ext.h"
#include "arch/riscv/fpu.h"
#include "arch/riscv/hfence.h"
#include "arch/riscv/hpm.h"
#include "arch/riscv/probe.h"
#include "lib/check.h"

DEFINE_PER_HART(struct arch_vcpu *, vcpu_loaded);
struct vcpu_features vcpu_features;

#define AT(member, offset) \
	_Static_assert(offsetof(struct arch_vcpu, member) == (offset), "guest_switch.S: " #member)
AT(x, ARCH_VCPU_X);
AT(host_sp, ARCH_VCPU_HOST_SP);
AT(sepc, ARCH_VCPU_SEPC);
AT(sstatus, ARCH_VCPU_SSTATUS);
AT(hstatus, ARCH_VCPU_HSTATUS);
AT(exit.scause, ARCH_VCPU_SCAUSE);
AT(exit.stval, ARCH_VCPU_STVAL);
AT(exit.htval, ARCH_VCPU_HTVAL);
AT(exit.htinst, ARCH_VCPU_HTINST);
AT(watched, ARCH_VCPU_WATCHED);

/* What VS-mode handles itself. Not delegated: ecall from VS, guest-page faults, virtual
 * instructions, and double traps. Breakpoints are, or a guest's ebreak would come here for ever. */
#define HEDELEG                                                                    \
	(BIT(EXC_INSN_MISALIGNED) | BIT(EXC_INSN_ACCESS) | BIT(EXC_ILLEGAL_INSN) | \
	 BIT(EXC_BREAKPOINT) | BIT(EXC_LOAD_MISALIGNED) | BIT(EXC_LOAD_ACCESS) |   \
	 BIT(EXC_STORE_MISALIGNED) | BIT(EXC_STORE_ACCESS) | BIT(EXC_ECALL_U) |    \
	 BIT(EXC_INSN_PAGE) | BIT(EXC_LOAD_PAGE) | BIT(EXC_STORE_PAGE))

/* A hart with Sstc, henvcfg or state enables that limen does not use, because an argument hides them,
 * must be as one without: no interrupt from vstimecmp, nothing allowed by what firmware left in henvcfg,
 * nothing forbidden by what it left in hstateen0. Guests' priorities of interrupts are read as 0. */
static void quiet_unused(void)
{
	(void)csr_try_write(vstimecmp, ~0UL);
	(void)csr_try_write(henvcfg, 0);
	(void)csr_try_write(hgeie, 0);
	/* So vsip's bit is hvip's (Advanced Interrupt Architecture 1.0, section 6.3.2). */
	(void)csr_try_write(hvien, vcpu_features.hpm_width ? LCOFIP : 0);
	(void)csr_try_write(hvictl, 0);
	(void)csr_try_write(hviprio1, 0);
	(void)csr_try_write(hviprio2, 0);
	if (!vcpu_features.hstateen)
		(void)csr_try_write(hstateen0, ext_hstateen0_all());
}

void vcpu_hart_init(void)
{
	csr_write(hedeleg, HEDELEG);
	csr_write(hideleg, HVIP_VSSIP | HVIP_VSTIP | HVIP_VSEIP);
	csr_write(hie, 0);
	csr_write(hvip, 0);
	csr_write(hcounteren, 0);
	quiet_unused();
	csr_write(hgatp, 0);
	csr_write(vsatp, 0);
	hfence_gvma_all();
	hfence_vvma_all();
	this_hart(guest_counting) = NULL;
	this_hart(vcpu_loaded) = NULL;
}

/* sstatus with which a guest is entered: sret goes to VS-mode with interrupts as SPIE says, which
 * does not matter there; FP and vector are on where the hart has them, and the guest's own
 * vsstatus decides. */
static u64 initial_sstatus(const struct arch_vcpu *v)
{
	u64 s = SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_UXL_64;

	if (v->has_fp)
		s |= SSTATUS_FS_INIT;
	if (v->vregs)
		s |= SSTATUS_VS_INIT;
	return s;
}

void vcpu_reset(struct arch_vcpu *v, u64 pc, u64 a0, u64 a1)
{
	CHECK(v->loaded_on == VCPU_NOT_LOADED);
	for (unsigned int i = 0; i < 32; i++)
		v->x[i] = 0;
	v->x[10] = a0;
	v->x[11] = a1;
	v->sepc = pc;
	v->sstatus = initial_sstatus(v);
	v->hstatus = (v->hstatus & HSTATUS_VGEIN) | HSTATUS_VSXL_64 | HSTATUS_SPV | HSTATUS_SPVP;
	/* On a hart of its own its WFI waits as any, and is nobody's loss. */
	if (!v->own_hart)
		v->hstatus |= HSTATUS_VTW;
	v->exit = (struct guest_exit){0};
	v->hvip = 0;
	/* scounteren: what the guest may read its user mode may too, as firmware leaves it. Linux
	 * without a PMU never writes it, and its vDSO reads the time in user mode. */
	v->vs = (struct vs_csrs){
		.vsstatus = SSTATUS_UXL_64,
		.vstimecmp = ~0UL,
		.scounteren = v->hcounteren,
	};
	v->fp = (struct fp_state){0};
	vector_reset(v->vregs);
}

static void save_vs(struct vs_csrs *s)
{
	s->vsstatus = csr_read(vsstatus);
	s->vsie = csr_read(vsie);
	s->vstvec = csr_read(vstvec);
	s->vsscratch = csr_read(vsscratch);
	s->vsepc = csr_read(vsepc);
	s->vscause = csr_read(vscause);
	s->vstval = csr_read(vstval);
	s->vsatp = csr_read(vsatp);
	s->scounteren = csr_read(scounteren);
	if (vcpu_features.sstc)
		s->vstimecmp = csr_read(vstimecmp);
	if (vcpu_features.senvcfg)
		s->senvcfg = csr_read(senvcfg);
	if (vcpu_features.hstateen)
		s->sstateen0 = csr_read(sstateen0);
	if (vcpu_features.vsiselect)
		s->vsiselect = csr_read(vsiselect);
}

static void restore_vs(const struct vs_csrs *s)
{
	csr_write(vsstatus, s->vsstatus);
	csr_write(vsie, s->vsie);
	csr_write(vstvec, s->vstvec);
	csr_write(vsscratch, s->vsscratch);
	csr_write(vsepc, s->vsepc);
	csr_write(vscause, s->vscause);
	csr_write(vstval, s->vstval);
	csr_write(scounteren, s->scounteren);
	if (vcpu_features.sstc)
		csr_write(vstimecmp, s->vstimecmp);
	if (vcpu_features.senvcfg)
		csr_write(senvcfg, s->senvcfg);
	if (vcpu_features.hstateen)
		csr_write(sstateen0, s->sstateen0);
	if (vcpu_features.vsiselect)
		csr_write(vsiselect, s->vsiselect);
}

/* What the VM is allowed, before the registers that depend on it. */
static void restore_controls(const struct arch_vcpu *v)
{
	if (vcpu_features.henvcfg)
		csr_write(henvcfg, v->henvcfg);
	if (vcpu_features.hstateen)
		csr_write(hstateen0, v->hstateen0);
	csr_write(hcounteren, v->hcounteren);
	csr_write(htimedelta, v->htimedelta);
	csr_write(hvip, v->hvip);
	if (vcpu_features.hvictl)
		csr_write(hvictl, vcpu_hvictl(v));
}

/* Or vsip would tell of another vCPU's file. Of hstatus this alone counts outside a guest. */
static void restore_vgein(const struct arch_vcpu *v)
{
	csr_clear(hstatus, HSTATUS_VGEIN);
	csr_set(hstatus, v->hstatus & HSTATUS_VGEIN);
}

/* What the guest clears by itself: the hart's bits are the true ones. */
#define GUEST_CLEARS (HVIP_VSSIP | LCOFIP)

static void save_hvip(struct arch_vcpu *v)
{
	v->hvip = (v->hvip & ~GUEST_CLEARS) | (csr_read(hvip) & GUEST_CLEARS);
}

void vcpu_look_at_counts(struct arch_vcpu *v)
{
	if (hpm_look(&v->counts))
		vcpu_set_hvip(v, LCOFIP);
}

/* An interrupt that is pending from before would keep firmware from arming the counters' next. None is
 * running here. */
static __attribute__((noinline)) void counts_enter(struct arch_vcpu *v)
{
	v->counts.switched = v->counts.running;
	if (v->counts.samples) {
		csr_clear(sip, LCOFIP);
		hpm_start(&v->counts);
	}
	this_hart(guest_counting) = v->counts.switched ? &v->counts : NULL;
}

static __attribute__((noinline)) void counts_leave(struct arch_vcpu *v)
{
	vcpu_look_at_counts(v);
	hpm_stop(&v->counts);
	this_hart(guest_counting) = NULL;
}

void vcpu_put(struct arch_vcpu *v)
{
	if (this_hart(vcpu_loaded) != v)
		return;
	DCHECK(v->loaded_on == arch_hart_index());
	if (unlikely(v->counts.running))
		counts_leave(v);
	save_hvip(v);
	save_vs(&v->vs);
	/* Or what is pending for it would end each idle wait of the hart. */
	csr_write(vsie, 0);
	csr_write(vsatp, 0);
	csr_write(hgatp, 0);
	fpu_save(v);
	this_hart(vcpu_loaded) = NULL;
	/* Order: hgatp leads nowhere, and messages that its guest sent have come, before it is loaded
	 * nowhere: who moves a sibling's file, or frees tables, calls the harts of those that are loaded.
	 * Pairs with: vm_loaded_harts() [G4]
	 * And all of its state is in memory, before another hart may take its thread.
	 * Pairs with: is_free() [Z2] */
	__asm__ volatile("fence orw, w" ::: "memory");
	WRITE_ONCE(v->loaded_on, VCPU_NOT_LOADED);
}

/*
 * An LR's reservation outlives traps, and is not the next vCPU's: one that was stopped between its
 * own LR and SC would find the SC succeed on account of the other's LR (unprivileged specification,
 * "Load-Reserved/Store-Conditional Instructions": an SC to a scratch word forcibly invalidates any
 * existing reservation, which a preemptive context switch has to do).
 */
static void drop_reservation(void)
{
	unsigned long scratch = 0;

	__asm__ volatile("sc.d zero, zero, %0" : "+A"(scratch));
}

void vcpu_load(struct arch_vcpu *v)
{
	if (this_hart(vcpu_loaded) == v) {
		v->vs.vsatp = csr_swap(vsatp, 0);
		return;
	}
	if (this_hart(vcpu_loaded))
		vcpu_put(this_hart(vcpu_loaded));
	DCHECK(csr_read(hgatp) == 0);
	CHECK(v->loaded_on == VCPU_NOT_LOADED);
	drop_reservation();
	restore_controls(v);
	restore_vgein(v);
	restore_vs(&v->vs);
	fpu_restore(v);
	if (unlikely(v->counts.running))
		counts_enter(v);
	this_hart(vcpu_loaded) = v;
	WRITE_ONCE(v->loaded_on, arch_hart_index());
	/* Order: where it is loaded, before the number of changes is read, and hgatp is written.
	 * Pairs with: vm_loaded_harts() [G4] */
	arch_mb();
}

void vcpu_set_vgein(struct arch_vcpu *v, u32 n)
{
	v->hstatus = (v->hstatus & ~HSTATUS_VGEIN) | (u64)n << HSTATUS_VGEIN_SHIFT;
	if (this_hart(vcpu_loaded) == v)
		restore_vgein(v);
}

void vcpu_open_spaces(struct arch_vcpu *v)
{
	csr_write(vsatp, v->vs.vsatp);
}

/* The fence is what the privileged specification asks for after a change of ADUE or PBMTE. */
void vcpu_set_henvcfg(struct arch_vcpu *v, u64 henvcfg)
{
	DCHECK(this_hart(vcpu_loaded) == v);
	v->henvcfg = henvcfg;
	csr_write(henvcfg, henvcfg);
	hfence_vvma_all();
}

void vcpu_set_hcounteren(struct arch_vcpu *v, u64 hcounteren)
{
	DCHECK(this_hart(vcpu_loaded) == v);
	v->hcounteren = hcounteren;
	csr_write(hcounteren, hcounteren);
}

void vcpu_set_counting(struct arch_vcpu *v, u32 running)
{
	DCHECK(this_hart(vcpu_loaded) == v);
	counts_leave(v);
	v->counts.overflown &= ~(running & ~v->counts.running);
	v->counts.running = running;
	counts_enter(v);
}

void vcpu_overflow_irq(void)
{
	csr_clear(sip, LCOFIP);
	if (this_hart(vcpu_loaded))
		vcpu_look_at_counts(this_hart(vcpu_loaded));
}

bool vcpu_owns_exception(u64 cause)
{
	return cause < 64 && (HEDELEG >> cause & 1);
}
