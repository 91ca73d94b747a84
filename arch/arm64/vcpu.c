/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving a vCPU's state between memory and a hart.
 */
#include "arch/arm64/vcpu.h"

#include "arch/arm64/gic.h"
#include "arch/arm64/trap.h"
#include "lib/check.h"

DEFINE_PER_HART(struct arch_vcpu *, vcpu_loaded);
DEFINE_PER_HART(u64, early_answers);

/* Where VTTBR_EL2 leads while no guest lives in the hart: a table with nothing in it. */
static u64 nowhere[512] __aligned(4096);

#define AT(member, offset)                                                     \
	_Static_assert(offsetof(struct arch_vcpu, member) == (size_t)(offset), \
		       "guest_switch.S: " #member)
AT(x, 0);
AT(pc, ARCH_VCPU_PC);
AT(pstate, ARCH_VCPU_PC + 8);
AT(exit.esr, ARCH_VCPU_ESR);
AT(exit.far, ARCH_VCPU_ESR + 8);
AT(exit.hpfar, ARCH_VCPU_HPFAR);
AT(exit.vector, ARCH_VCPU_VECTOR);

u64 arch_guest_exit_reason(const struct arch_vcpu *v)
{
	return v->exit.vector == TRAP_SYNC ? vcpu_exit_class(v) : v->exit.vector << 8;
}

/* guest_switch.S: an answer at once, or 0. Everything but what is in v is the guest's. */
struct arch_vcpu *guest_early_answer(struct arch_vcpu *v);

noinstr struct arch_vcpu *guest_early_answer(struct arch_vcpu *v)
{
	if ((u32)v->x[0] != EARLY_SMCCC_VERSION)
		return NULL;
	v->x[0] = SMCCC_VERSION_1_1;
	this_hart(early_answers)++;
	return v;
}

#define RESET(reg, reset) .reg = (reset),

void vcpu_reset(struct arch_vcpu *v, u64 vttbr, u64 pc)
{
	CHECK(v->loaded_on == VCPU_NOT_LOADED);
	for (unsigned int i = 0; i < 31; i++)
		v->x[i] = 0;
	v->pc = pc;
	v->pstate = PSTATE_EL1H;
	v->vttbr = vttbr;
	v->cntv_ctl = 0;
	v->sys = (struct vcpu_sysregs){VCPU_SYSREGS(RESET)};
	v->fp = (struct vcpu_fp){0};
}

#define SAVE(reg, reset) s->reg = sysreg_read(reg);

/* NOLINTNEXTLINE(readability-function-size): a line a register of the table. */
static void save_sysregs(struct vcpu_sysregs *s)
{
	VCPU_SYSREGS(SAVE)
}

/* The timer is off while nobody has it. Its physical interrupt is active here for as long as the guest has
 * not deactivated it, and that goes with the vCPU. */
void vcpu_put(struct arch_vcpu *v)
{
	if (this_hart(vcpu_loaded) != v)
		return;
	DCHECK(v->loaded_on == arch_hart_index());
	v->cntv_ctl = sysreg_read(cntv_ctl_el0);
	sysreg_write(cntv_ctl_el0, 0);
	save_sysregs(&v->sys);
	sysreg_write(ich_lr0_el2, 0);
	sysreg_write(ich_lr1_el2, 0);
	fp_save(&v->fp);
	sysreg_write(vttbr_el2, (uintptr_t)nowhere);
	isb();
	if (v->sys.ich_lr0_el2 & (LR_PENDING | LR_ACTIVE))
		gic_set_active(GIC_PPI_VTIMER, false);
	this_hart(vcpu_loaded) = NULL;
	/* Order: all of its state is in memory, before another hart may take its thread.
	 * Pairs with: is_free() [Z2] */
	arch_store_release(&v->loaded_on, VCPU_NOT_LOADED);
}

#define RESTORE(reg, reset) sysreg_write(reg, s->reg);

/* NOLINTNEXTLINE(readability-function-size): as above. */
static void restore_sysregs(const struct vcpu_sysregs *s)
{
	VCPU_SYSREGS(RESTORE)
}

/*
 * No walk may find one guest's first stage behind another's second: the first stage changes while VTTBR_EL2
 * leads nowhere, and its VMID 0 is no VM's. Two vCPUs of one VM have the same VMID and may have the
 * same ASIDs, so what one's first stage left is forgotten; what another hart's did is not here.
 */
void vcpu_load(struct arch_vcpu *v)
{
	if (this_hart(vcpu_loaded) == v)
		return;
	if (this_hart(vcpu_loaded))
		vcpu_put(this_hart(vcpu_loaded));
	CHECK(v->loaded_on == VCPU_NOT_LOADED);
	restore_sysregs(&v->sys);
	fp_restore(&v->fp);
	if (v->sys.ich_lr0_el2 & (LR_PENDING | LR_ACTIVE))
		gic_set_active(GIC_PPI_VTIMER, true);
	isb();
	sysreg_write(vttbr_el2, v->vttbr);
	isb();
	tlbi(vmalle1);
	/* Code that it has run elsewhere was made visible there by its own maintenance, to all harts. */
	dsb(nsh);
	sysreg_write(cntv_ctl_el0, v->cntv_ctl);
	isb();
	this_hart(vcpu_loaded) = v;
	WRITE_ONCE(v->loaded_on, arch_hart_index());
}

static bool is_loaded(const struct arch_vcpu *v)
{
	return this_hart(vcpu_loaded) == v;
}

#define TIMER_DUE (CNT_ENABLE | CNT_IMASK | CNT_ISTATUS)

bool vcpu_timer_due(const struct arch_vcpu *v)
{
	if (is_loaded(v)) {
		isb();
		return (sysreg_read(cntv_ctl_el0) & TIMER_DUE) == (CNT_ENABLE | CNT_ISTATUS);
	}
	return (v->cntv_ctl & (CNT_ENABLE | CNT_IMASK)) == CNT_ENABLE &&
	       arch_clock() - v->sys.cntvoff_el2 >= v->sys.cntv_cval_el0;
}

void vcpu_timer_inject(struct arch_vcpu *v)
{
	DCHECK(is_loaded(v));
	sysreg_write(ich_lr0_el2, LR_PENDING | LR_HW | LR_GROUP1 | LR_PRIORITY |
					  LR_PINTID(GIC_PPI_VTIMER) | GIC_PPI_VTIMER);
	isb();
}

u64 vcpu_timer_deadline(const struct arch_vcpu *v)
{
	bool loaded = is_loaded(v);
	u64 ctl = loaded ? sysreg_read(cntv_ctl_el0) : v->cntv_ctl;
	u64 cval = loaded ? sysreg_read(cntv_cval_el0) : v->sys.cntv_cval_el0;

	return (ctl & (CNT_ENABLE | CNT_IMASK)) == CNT_ENABLE ? cval + v->sys.cntvoff_el2 : ~0UL;
}

void vcpu_set_irq(struct arch_vcpu *v, u32 intid)
{
	DCHECK(is_loaded(v));
	sysreg_write(ich_lr1_el2, LR_PENDING | LR_GROUP1 | LR_PRIORITY | intid);
	isb();
}

void vcpu_clear_irq(struct arch_vcpu *v)
{
	DCHECK(is_loaded(v));
	sysreg_write(ich_lr1_el2, sysreg_read(ich_lr1_el2) & ~LR_PENDING);
	isb();
}

bool vcpu_irq_pending(const struct arch_vcpu *v)
{
	bool loaded = is_loaded(v);
	u64 lr0 = loaded ? sysreg_read(ich_lr0_el2) : v->sys.ich_lr0_el2;
	u64 lr1 = loaded ? sysreg_read(ich_lr1_el2) : v->sys.ich_lr1_el2;

	return ((lr0 | lr1) & LR_PENDING) || (!(lr0 & LR_ACTIVE) && vcpu_timer_due(v));
}

/* HCR_EL2 is the same inside a guest and outside: at EL2 it says where interrupts go. */
void vcpu_hart_init(void)
{
	sysreg_write(hcr_el2, HCR_GUEST);
	sysreg_write(cptr_el2, CPTR_VALUE);
	sysreg_write(mdcr_el2, MDCR_TRAPS | (sysreg_read(pmcr_el0) >> 11 & 31));
	sysreg_write(hstr_el2, 0);
	sysreg_write(vpidr_el2, sysreg_read(midr_el1));
	sysreg_write(vtcr_el2, VTCR_VALUE | min_u64(sysreg_read(id_aa64mmfr0_el1) & 15, PS_MAX)
						    << TCR_PS_SHIFT);
	sysreg_write(vttbr_el2, (uintptr_t)nowhere);
	sysreg_write(cnthctl_el2, CNTHCTL_VALUE);
	sysreg_write(cntv_ctl_el0, 0);
	sysreg_write(ich_hcr_el2, ICH_HCR_EN);
	isb();
	CHECK(ICH_VTR_LRS(sysreg_read(ich_vtr_el2)) >= LRS_USED);
	CHECK(!(sysreg_read(hcr_el2) >> 34 & 1)); /* E2H: a processor without the other way */
	tlbi(alle1);
	dsb(nsh);
	isb();
	this_hart(vcpu_loaded) = NULL;
}
