/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The performance counters of a vCPU, numbered as SBI 3.0, chapter 11 (PMU) numbers them: 0 and 2 are
 * the hardware's cycle and instret, of which the guest's own part is counted (arch/riscv/counts.h), and
 * which overflow where the guest has Sscofpmf; from VPMU_HW on they count what the hypervisor does for
 * the guest, the firmware counters. sbi/pmu.c has the calls.
 *
 * A hardware counter that has an event is no longer read straight from the hart: hcounteren lets the
 * guest's read trap, and vpmu_read_csr() answers.
 *
 * Owner: the vCPU's own thread, but for values of firmware counters, to which other vCPUs' threads add
 * what they send here: atomic. A stop does not wait for one that is just adding.
 *
 * While no counter of an event runs, the event costs one load and one branch.
 */
#ifndef GUEST_RISCV_VPMU_H
#define GUEST_RISCV_VPMU_H

#include "lib/compiler.h"
#include "lib/types.h"

#define VPMU_HW	      3U
#define VPMU_FW	      16U
#define VPMU_COUNTERS (VPMU_HW + VPMU_FW)

struct vcpu;

/* Sets of counters are BIT(counter). */
struct vpmu {
	u32 events;		 /* BIT(SBI_PMU_FW_*) of those that a running counter counts */
	u32 configured;		 /* have an event */
	u32 started;		 /* some of those configured */
	u8 event[VPMU_COUNTERS]; /* of a firmware counter: SBI_PMU_FW_* */
	u64 value[VPMU_FW];	 /* of firmware counters, from number VPMU_HW on */
	bool has_snapshot;
	gpa_t snapshot;
};

/* All counters stopped and zero, and nothing configured, for a vCPU that is not loaded. */
void vpmu_reset(struct vcpu *v);

/* The counters the guest has. */
u32 vpmu_counters(const struct vcpu *v);

/* Those of them that can count an event (event_idx, event_data); whatever the guest says. */
u32 vpmu_can_count(const struct vcpu *v, u64 event, u64 data);

/* The counter has that event, which it can count, from now on; of flags, SBI_PMU_CFG_SET_SINH and UINH are
 * obeyed where the guest has Sscofpmf. It is not running. */
void vpmu_configure(struct vcpu *v, u32 counter, u64 event, u64 flags);

/* A configured counter runs, or stands; it may be so already. */
void vpmu_start(struct vcpu *v, u32 counter);
void vpmu_stop(struct vcpu *v, u32 counter);

/* The counter has no event, and does not run. */
void vpmu_release(struct vcpu *v, u32 counter);

u64 vpmu_value(struct vcpu *v, u32 counter);
/* It is not running. */
void vpmu_set_value(struct vcpu *v, u32 counter, u64 value);

/* A trapped instruction of the guest, if it reads a counter that has an event: done, in its registers.
 * False: it does something else, or may not. */
bool vpmu_read_csr(struct vcpu *v, u32 insn);

/* The slow half of vpmu_count(). */
void vpmu_add(struct vpmu *p, u32 event);

/* The event, SBI_PMU_FW_*, has happened to the vCPU that p belongs to. Any thread. */
static inline void vpmu_count(struct vpmu *p, u32 event)
{
	if (unlikely(READ_ONCE(p->events) & BIT(event)))
		vpmu_add(p, event);
}

/* The vCPU is given an exception, an EXC_*. */
void vpmu_count_exception(struct vpmu *p, u64 cause);

#endif
