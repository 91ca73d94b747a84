/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PMU (SBI 3.0, chapter 11). guest/riscv/vpmu.h has the counters: cycle and instret, by the numbers that
 * firmware gives them, too, and firmware counters, which do not overflow in a guest's life.
 *
 * Where the chapter leaves it open: a counter that has an event and does not run is taken for
 * another event only when no free one is left; of a set in which some counters cannot be started or
 * stopped, the others are; an index or a flag that does not exist changes nothing.
 */
#include "guest/vm/vm.h"
#include "sbi/ext.h"

#define SNAPSHOT_SIZE	4096U
#define SNAPSHOT_VALUES 8U

/* The base with which Linux 6.12 starts counters anew, from the snapshot, once one has overflowed: it means
 * 0, but multiplies the wrong variable (pmu_sbi_start_ovf_ctrs_snapshot()). Refused, they would stand. */
#define LINUX_BASE 4096U

/* An entry of event_get_info. */
#define INFO_SIZE    16U
#define INFO_EVENT   0U
#define INFO_OUTPUT  4U
#define INFO_ENTRIES 4096U /* in one call; more fail */
#define INFO_PORTION 16U   /* between two breaks */

/* The counters of a mask; false: it names one that there is not. */
static bool counters(const struct vcpu *v, u64 base, u64 mask, u32 *out)
{
	u64 all = vpmu_counters(v);

	*out = 0;
	if (!mask)
		return true;
	if (base >= VPMU_COUNTERS || (mask & ~(all >> base)))
		return false;
	*out = (u32)(mask << base);
	return true;
}

static bool is_counter(const struct vcpu *v, u64 counter)
{
	return counter < VPMU_COUNTERS && (vpmu_counters(v) >> counter & 1);
}

static struct sbi_ret get_info(const struct vcpu *v, u64 counter)
{
	u8 width = v->arch.counts.samples ? vcpu_features.hpm_width : 63;

	if (!is_counter(v, counter))
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (counter >= VPMU_HW)
		return SBI_RET(SBI_SUCCESS, SBI_PMU_INFO_FIRMWARE);
	return SBI_RET(SBI_SUCCESS, SBI_PMU_INFO_CSR(CSR_cycle + counter, width));
}

/* The first of the set that is to be had for the event: its bit, or 0. */
static u32 choose(const struct vcpu *v, u32 set, const u64 *a)
{
	u32 can, unused;

	if (a[2] & SBI_PMU_CFG_SKIP_MATCH)
		set &= -set;
	can = set & vpmu_can_count(v, a[3], a[4]) & ~v->vpmu.started;
	unused = can & ~v->vpmu.configured;
	can = unused ? unused : can;
	return can & -can;
}

static struct sbi_ret config(struct vcpu *v, const u64 *a)
{
	u64 flags = a[2];
	u32 set, counter;

	if (!counters(v, a[0], a[1], &set) || (flags & ~(u64)SBI_PMU_CFG_ALL))
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	set = choose(v, set, a);
	if (!set)
		return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	counter = (u32)__builtin_ctz(set);
	vpmu_configure(v, counter, a[3], flags);
	if (flags & SBI_PMU_CFG_CLEAR_VALUE)
		vpmu_set_value(v, counter, 0);
	if (flags & SBI_PMU_CFG_AUTO_START)
		vpmu_start(v, counter);
	return SBI_RET(SBI_SUCCESS, counter);
}

/* Where a counter's value is in the snapshot of a call with that base. */
static gpa_t snapshot_value(const struct vpmu *p, u32 counter, u64 base)
{
	return GPA(p->snapshot.a + SNAPSHOT_VALUES + (counter - base) * sizeof(u64));
}

/* The counter's value as start wants it; false: the snapshot cannot be read. */
static bool set_initial(struct vcpu *v, u32 counter, u64 base, const u64 *a)
{
	u64 value = a[3];

	if (!a[2])
		return true;
	if (a[2] == SBI_PMU_START_INIT_SNAPSHOT &&
	    gmem_read(&v->vm->mem, snapshot_value(&v->vpmu, counter, base), &value, sizeof(value)))
		return false;
	vpmu_set_value(v, counter, value);
	return true;
}

static struct sbi_ret start(struct vcpu *v, const u64 *a)
{
	struct vpmu *p = &v->vpmu;
	u64 base = a[2] == SBI_PMU_START_INIT_SNAPSHOT && a[0] == LINUX_BASE ? 0 : a[0];
	long error = SBI_SUCCESS;
	u32 set;

	/* Either flag, or none: they exclude each other. */
	if (!counters(v, base, a[1], &set) || a[2] > SBI_PMU_START_INIT_SNAPSHOT)
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (a[2] == SBI_PMU_START_INIT_SNAPSHOT && !p->has_snapshot)
		return SBI_RET(SBI_ERR_NO_SHMEM, 0);
	if (set & p->started)
		error = SBI_ERR_ALREADY_STARTED;
	if (set & ~p->configured)
		error = SBI_ERR_INVALID_PARAM;
	for (set &= p->configured & ~p->started; set; set &= set - 1) {
		u32 counter = (u32)__builtin_ctz(set);

		if (!set_initial(v, counter, base, a))
			return SBI_RET(SBI_ERR_FAILED, 0);
		vpmu_start(v, counter);
	}
	return SBI_RET(error, 0);
}

static bool take_snapshot(struct vcpu *v, u32 set, u64 base)
{
	struct vpmu *p = &v->vpmu;
	/* Of an empty set the base may be any number. */
	u64 overflown = base < VPMU_COUNTERS ? v->arch.counts.overflown >> base : 0;

	if (gmem_write(&v->vm->mem, p->snapshot, &overflown, sizeof(overflown)))
		return false;
	for (; set; set &= set - 1) {
		u32 counter = (u32)__builtin_ctz(set);
		u64 value = vpmu_value(v, counter);

		if (gmem_write(&v->vm->mem, snapshot_value(p, counter, base), &value,
			       sizeof(value)))
			return false;
	}
	return true;
}

static struct sbi_ret stop(struct vcpu *v, const u64 *a)
{
	struct vpmu *p = &v->vpmu;
	long error = SBI_SUCCESS;
	u32 set;

	if (!counters(v, a[0], a[1], &set) ||
	    (a[2] & ~(u64)(SBI_PMU_STOP_RESET | SBI_PMU_STOP_TAKE_SNAPSHOT)))
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if ((a[2] & SBI_PMU_STOP_TAKE_SNAPSHOT) && !p->has_snapshot)
		return SBI_RET(SBI_ERR_NO_SHMEM, 0);
	if (set & ~p->started)
		error = SBI_ERR_ALREADY_STOPPED;
	for (u32 left = set & p->started; left; left &= left - 1)
		vpmu_stop(v, (u32)__builtin_ctz(left));
	if ((a[2] & SBI_PMU_STOP_TAKE_SNAPSHOT) && !take_snapshot(v, set & p->configured, a[0]))
		return SBI_RET(SBI_ERR_FAILED, 0);
	for (u32 left = a[2] & SBI_PMU_STOP_RESET ? set : 0; left; left &= left - 1)
		vpmu_release(v, (u32)__builtin_ctz(left));
	return SBI_RET(error, 0);
}

static struct sbi_ret fw_read(struct vcpu *v, u64 counter, bool high)
{
	if (counter < VPMU_HW || !is_counter(v, counter))
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	return SBI_RET(SBI_SUCCESS, high ? 0 : vpmu_value(v, (u32)counter));
}

static struct sbi_ret snapshot_set_shmem(struct vcpu *v, u64 lo, u64 hi, u64 flags)
{
	struct vpmu *p = &v->vpmu;

	if (flags)
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (lo == ~0UL && hi == ~0UL) {
		p->has_snapshot = false;
		return SBI_RET(SBI_SUCCESS, 0);
	}
	if (!IS_ALIGNED(lo, SNAPSHOT_SIZE))
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (hi || !gmem_contains(&v->vm->mem, GPA(lo), SNAPSHOT_SIZE))
		return SBI_RET(SBI_ERR_INVALID_ADDRESS, 0);
	p->has_snapshot = true;
	p->snapshot = GPA(lo);
	return SBI_RET(SBI_SUCCESS, 0);
}

static long one_event_info(struct vcpu *v, u64 at)
{
	struct vm_mem *mem = &v->vm->mem;
	u32 event, output;

	if (gmem_read(mem, GPA(at + INFO_EVENT), &event, sizeof(event)))
		return SBI_ERR_FAILED;
	if (event & ~SBI_PMU_EVENT_BITS)
		return SBI_ERR_INVALID_PARAM;
	/* The data is part of no event that is supported. */
	output = vpmu_can_count(v, event, 0) != 0;
	return gmem_write(mem, GPA(at + INFO_OUTPUT), &output, sizeof(output)) ? SBI_ERR_FAILED
									       : SBI_SUCCESS;
}

static struct sbi_ret event_get_info(struct vcpu *v, u64 lo, u64 hi, u64 entries, u64 flags)
{
	long error = SBI_SUCCESS;

	if (flags || !IS_ALIGNED(lo, INFO_SIZE))
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (hi || entries > ~0UL / INFO_SIZE ||
	    !gmem_contains(&v->vm->mem, GPA(lo), entries * INFO_SIZE))
		return SBI_RET(SBI_ERR_INVALID_ADDRESS, 0);
	if (entries > INFO_ENTRIES)
		return SBI_RET(SBI_ERR_FAILED, 0);
	for (u64 i = 0; i < entries && !error; i++) {
		if (i % INFO_PORTION == INFO_PORTION - 1 && !vcpu_break(v))
			break;
		error = one_event_info(v, lo + i * INFO_SIZE);
	}
	return SBI_RET(error, 0);
}

static struct sbi_ret call(struct vcpu *v, u64 fid, const u64 *a)
{
	switch (fid) {
	case SBI_PMU_NUM_COUNTERS: return SBI_RET(SBI_SUCCESS, VPMU_COUNTERS);
	case SBI_PMU_COUNTER_GET_INFO: return get_info(v, a[0]);
	case SBI_PMU_COUNTER_CONFIG: return config(v, a);
	case SBI_PMU_COUNTER_START: return start(v, a);
	case SBI_PMU_COUNTER_STOP: return stop(v, a);
	case SBI_PMU_COUNTER_FW_READ: return fw_read(v, a[0], false);
	case SBI_PMU_COUNTER_FW_READ_HI: return fw_read(v, a[0], true);
	case SBI_PMU_SNAPSHOT_SET_SHMEM: return snapshot_set_shmem(v, a[0], a[1], a[2]);
	case SBI_PMU_EVENT_GET_INFO: return event_get_info(v, a[0], a[1], a[2], a[3]);
	default: return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	}
}

void sbi_pmu(struct vcpu *v, u64 fid, const u64 *a)
{
	sbi_return(v, call(v, fid, a));
}
