/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FWFT (SBI 3.0, chapter 18): features of the calling hart that its guest turns on and off.
 *
 * A feature is the henvcfg bit of an extension that the guest has; a hart that starts has none of
 * them on and none locked, a suspended one keeps both. Of an extension that no guest has (landing
 * pads, shadow stacks), and of one that limen does not know (double traps, pointer masking), the
 * feature is not supported.
 *
 * Who handles misaligned accesses is the firmware's own affair, as medeleg is; the guest is told and
 * cannot change it, as the chapter's note on DENIED has it.
 */
#include "arch/riscv/ext.h"
#include "guest/vm/vm.h"
#include "sbi/ext.h"
#include "sbi/fw.h"

static const u8 feature_ext[] = {
	[SBI_FWFT_MISALIGNED_EXC_DELEG] = EXT_NONE, [SBI_FWFT_LANDING_PAD] = EXT_ZICFILP,
	[SBI_FWFT_SHADOW_STACK] = EXT_ZICFISS,	    [SBI_FWFT_DOUBLE_TRAP] = EXT_NONE,
	[SBI_FWFT_PTE_AD_HW_UPDATING] = EXT_SVADU,  [SBI_FWFT_POINTER_MASKING_PMLEN] = EXT_NONE,
};

/* The feature's bit of henvcfg; 0: the guest does not have it. */
static u64 henvcfg_bit(const struct vcpu *v, u32 feature)
{
	enum ext e = feature_ext[feature];

	return e != EXT_NONE && isa_has(&v->vm->arch.isa, e) ? ext_henvcfg_of(e) : 0;
}

static long value_of(const struct vcpu *v, u32 feature, u64 *value)
{
	u64 bit;

	if (feature >= ARRAY_SIZE(feature_ext))
		return SBI_ERR_DENIED;
	if (feature == SBI_FWFT_MISALIGNED_EXC_DELEG)
		return fw_feature_get(feature, value) ? SBI_ERR_NOT_SUPPORTED : SBI_SUCCESS;
	bit = henvcfg_bit(v, feature);
	*value = (v->arch.henvcfg & bit) != 0;
	return bit ? SBI_SUCCESS : SBI_ERR_NOT_SUPPORTED;
}

/* A guest whose tree has Svadu without Svade was promised that it is always on. */
static bool can_change(const struct vcpu *v, u32 feature)
{
	if (feature == SBI_FWFT_PTE_AD_HW_UPDATING)
		return isa_has(&v->vm->arch.isa, EXT_SVADE);
	return feature != SBI_FWFT_MISALIGNED_EXC_DELEG;
}

static void toggle(struct vcpu *v, u32 feature)
{
	irq_off();
	vcpu_take_hart(v);
	vcpu_set_henvcfg(&v->arch, v->arch.henvcfg ^ henvcfg_bit(v, feature));
	irq_on();
}

static struct sbi_ret get(const struct vcpu *v, u32 feature)
{
	u64 value;
	long e = value_of(v, feature, &value);

	return SBI_RET(e, e ? 0 : value);
}

/*
 * To ask for what is so already succeeds, where it could not be changed as well (note below "set"); but not
 * of a locked feature. The table of errors gives DENIED_LOCKED for one whatever it is to be set to, which the
 * note does not take back: it is no rule. OpenSBI, KVM and the public test suite read the chapter so, and a
 * caller learns what it is: its own lock does not hold off what another caller sets.
 */
static struct sbi_ret set(struct vcpu *v, u32 feature, u64 value, u64 flags)
{
	u64 old;
	long e = value_of(v, feature, &old);

	if (e)
		return SBI_RET(e, 0);
	if (value > 1 || (flags & ~(u64)SBI_FWFT_SET_LOCK))
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (v->fwft_locked & BIT(feature))
		return SBI_RET(SBI_ERR_DENIED_LOCKED, 0);
	if (value != old) {
		if (!can_change(v, feature))
			return SBI_RET(SBI_ERR_DENIED, 0);
		toggle(v, feature);
	}
	if (flags & SBI_FWFT_SET_LOCK)
		v->fwft_locked |= (u32)BIT(feature);
	return SBI_RET(SBI_SUCCESS, 0);
}

/* A feature type has 32 bits; what is above them in its register is not part of it. */
static struct sbi_ret call(struct vcpu *v, u64 fid, const u64 *a)
{
	switch (fid) {
	case SBI_FWFT_SET: return set(v, (u32)a[0], a[1], a[2]);
	case SBI_FWFT_GET: return get(v, (u32)a[0]);
	default: return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	}
}

void sbi_fwft(struct vcpu *v, u64 fid, const u64 *a)
{
	sbi_return(v, call(v, fid, a));
}
