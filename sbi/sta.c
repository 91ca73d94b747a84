/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * STA (SBI 3.0, chapter 16): where a hart's stolen time is to be told. guest/riscv/vsteal.c tells it.
 *
 * An address has 128 bits; no RAM is where the upper ones count.
 */
#include "guest/vm/vm.h"
#include "sbi/ext.h"

static struct sbi_ret set_shmem(struct vcpu *v, u64 lo, u64 hi, u64 flags)
{
	if (flags)
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (lo == ~0UL && hi == ~0UL) {
		vsteal_stop(v);
		return SBI_RET(SBI_SUCCESS, 0);
	}
	if (!IS_ALIGNED(lo, VSTEAL_SIZE))
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (hi || vsteal_start(v, GPA(lo)))
		return SBI_RET(SBI_ERR_INVALID_ADDRESS, 0);
	return SBI_RET(SBI_SUCCESS, 0);
}

static struct sbi_ret call(struct vcpu *v, u64 fid, const u64 *a)
{
	if (fid != SBI_STA_SET_SHMEM)
		return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	return set_shmem(v, a[0], a[1], a[2]);
}

void sbi_sta(struct vcpu *v, u64 fid, const u64 *a)
{
	sbi_return(v, call(v, fid, a));
}
