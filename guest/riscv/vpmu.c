/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/riscv/vpmu.h"

#include "arch/riscv/ext.h"
#include "arch/riscv/sbi.h"
#include "guest/vm/vm.h"
#include "lib/check.h"

#define HW_COUNTERS ((u32)COUNTS_ALL)
#define FW_COUNTERS ((u32)((BIT(VPMU_FW) - 1) << VPMU_HW))

void vpmu_reset(struct vcpu *v)
{
	v->vpmu = (struct vpmu){0};
	v->arch.counts = (struct guest_counts){.samples = isa_has(&v->vm->arch.isa, EXT_SSCOFPMF)};
	v->arch.hcounteren = ext_hcounteren(&v->vm->arch.isa);
}

u32 vpmu_counters(const struct vcpu *v)
{
	bool hw = vcpu_features.counts && isa_has(&v->vm->arch.isa, EXT_ZICNTR);

	return FW_COUNTERS | (hw ? HW_COUNTERS : 0);
}

u32 vpmu_can_count(const struct vcpu *v, u64 event, u64 data)
{
	u32 can = 0;

	if (data || event > SBI_PMU_EVENT_BITS)
		return 0;
	if (event == SBI_PMU_HW_CPU_CYCLES)
		can = (u32)BIT(COUNTS_CYCLE);
	else if (event == SBI_PMU_HW_INSTRUCTIONS)
		can = (u32)BIT(COUNTS_INSTRET);
	else if (SBI_PMU_EVENT_TYPE(event) == SBI_PMU_TYPE_FW &&
		 SBI_PMU_EVENT_CODE(event) < SBI_PMU_FW_EVENTS)
		can = FW_COUNTERS;
	return can & vpmu_counters(v);
}

/* Which events running firmware counters count. */
static void update_events(struct vpmu *p)
{
	u32 events = 0;

	for (u32 left = p->started & FW_COUNTERS; left; left &= left - 1)
		events |= (u32)BIT(p->event[__builtin_ctz(left)]);
	WRITE_ONCE(p->events, events);
}

/* The hart does what is configured and started. */
static void update_hart(struct vcpu *v)
{
	irq_off();
	vcpu_take_hart(v);
	vcpu_set_hcounteren(&v->arch, ext_hcounteren(&v->vm->arch.isa) &
					      ~(u64)(v->vpmu.configured & HW_COUNTERS));
	vcpu_set_counting(&v->arch, v->vpmu.started & HW_COUNTERS);
	v->arch.counts.overflown &= v->vpmu.configured;
	irq_on();
}

static void update(struct vcpu *v, u32 counter)
{
	if (counter < VPMU_HW)
		update_hart(v);
	else
		update_events(&v->vpmu);
}

/* The guest's S-mode and U-mode are the hart's VS-mode and VU-mode. */
_Static_assert(SBI_PMU_CFG_SET_SINH >> 2 == SBI_PMU_CFG_SET_VSINH, "vpmu_configure() shifts");
_Static_assert(SBI_PMU_CFG_SET_UINH >> 2 == SBI_PMU_CFG_SET_VUINH, "vpmu_configure() shifts");

void vpmu_configure(struct vcpu *v, u32 counter, u64 event, u64 flags)
{
	DCHECK(counter < VPMU_COUNTERS);
	if (counter < VPMU_HW)
		v->arch.counts.inhibit[counter] =
			(flags & (SBI_PMU_CFG_SET_SINH | SBI_PMU_CFG_SET_UINH)) >> 2;
	WRITE_ONCE(v->vpmu.event[counter], (u8)SBI_PMU_EVENT_CODE(event));
	v->vpmu.configured |= (u32)BIT(counter);
	update(v, counter);
}

void vpmu_start(struct vcpu *v, u32 counter)
{
	WRITE_ONCE(v->vpmu.started, v->vpmu.started | (u32)BIT(counter));
	update(v, counter);
}

void vpmu_stop(struct vcpu *v, u32 counter)
{
	WRITE_ONCE(v->vpmu.started, v->vpmu.started & ~(u32)BIT(counter));
	update(v, counter);
}

void vpmu_release(struct vcpu *v, u32 counter)
{
	v->vpmu.configured &= ~(u32)BIT(counter);
	vpmu_stop(v, counter);
}

u64 vpmu_value(struct vcpu *v, u32 counter)
{
	if (counter >= VPMU_HW)
		return READ_ONCE(v->vpmu.value[counter - VPMU_HW]);
	irq_off();
	vcpu_look_at_counts(&v->arch);
	irq_on();
	return v->arch.counts.value[counter];
}

void vpmu_set_value(struct vcpu *v, u32 counter, u64 value)
{
	if (counter < VPMU_HW)
		v->arch.counts.value[counter] = value;
	else
		WRITE_ONCE(v->vpmu.value[counter - VPMU_HW], value);
}

/* Instructions of Zicsr (unprivileged specification 20240411): those that read and do not write. */
#define INSN_OPCODE(i) ((i)&0x7f)
#define INSN_RD(i)     ((i) >> 7 & 31)
#define INSN_FUNCT3(i) ((i) >> 12 & 7)
#define INSN_RS1(i)    ((i) >> 15 & 31)
#define INSN_CSR(i)    ((i) >> 20)
#define OPCODE_SYSTEM  0x73

static bool reads_csr_only(u32 insn)
{
	return INSN_OPCODE(insn) == OPCODE_SYSTEM && (INSN_FUNCT3(insn) & 2) && INSN_RS1(insn) == 0;
}

/* May the guest read it where it is? Its user mode asks scounteren, too. */
static bool may_read(struct vcpu *v, u32 counter)
{
	u64 scounteren;

	if (v->arch.sstatus & SSTATUS_SPP)
		return true;
	irq_off();
	vcpu_take_hart(v);
	scounteren = csr_read(scounteren);
	irq_on();
	return scounteren >> counter & 1;
}

bool vpmu_read_csr(struct vcpu *v, u32 insn)
{
	u32 counter = INSN_CSR(insn) - CSR_cycle;

	if (!reads_csr_only(insn) || counter >= VPMU_HW || !(v->vpmu.configured >> counter & 1) ||
	    !may_read(v, counter))
		return false;
	if (INSN_RD(insn))
		v->arch.x[INSN_RD(insn)] = vpmu_value(v, counter);
	v->arch.sepc += 4;
	return true;
}

void vpmu_add(struct vpmu *p, u32 event)
{
	for (u32 left = READ_ONCE(p->started) & FW_COUNTERS; left; left &= left - 1) {
		u32 counter = (u32)__builtin_ctz(left);

		if (READ_ONCE(p->event[counter]) == event)
			__atomic_fetch_add(&p->value[counter - VPMU_HW], 1, __ATOMIC_RELAXED);
	}
}

void vpmu_count_exception(struct vpmu *p, u64 cause)
{
	switch (cause) {
	case EXC_ILLEGAL_INSN: vpmu_count(p, SBI_PMU_FW_ILLEGAL_INSN); break;
	case EXC_LOAD_MISALIGNED: vpmu_count(p, SBI_PMU_FW_MISALIGNED_LOAD); break;
	case EXC_STORE_MISALIGNED: vpmu_count(p, SBI_PMU_FW_MISALIGNED_STORE); break;
	case EXC_LOAD_ACCESS: vpmu_count(p, SBI_PMU_FW_ACCESS_LOAD); break;
	case EXC_STORE_ACCESS: vpmu_count(p, SBI_PMU_FW_ACCESS_STORE); break;
	default: break;
	}
}
