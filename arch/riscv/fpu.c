/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/fpu.h"

#include <string.h>

/* vstart, vl, vtype, vcsr in front of the registers. */
#define VECTOR_HEAD (4 * sizeof(u64))

size_t vector_state_size(u64 vlenb)
{
	return VECTOR_HEAD + 32 * vlenb;
}

void vector_reset(void *vregs)
{
	if (vregs)
		memset(vregs, 0, vector_state_size(vcpu_features.vlenb));
}

static void set_state(struct arch_vcpu *v, u64 field, u64 state)
{
	v->sstatus = (v->sstatus & ~field) | state;
}

void fpu_save(struct arch_vcpu *v)
{
	bool fp = (v->sstatus & SSTATUS_FS) == SSTATUS_FS_DIRTY;
	bool vector = v->vregs && (v->sstatus & SSTATUS_VS) == SSTATUS_VS_DIRTY;

	csr_set(sstatus, SSTATUS_FS | SSTATUS_VS);
	if (fp) {
		fp_regs_save(&v->fp);
		set_state(v, SSTATUS_FS, SSTATUS_FS_CLEAN);
	}
	if (vector) {
		vector_regs_save(v->vregs, vcpu_features.vlenb);
		set_state(v, SSTATUS_VS, SSTATUS_VS_CLEAN);
	}
	csr_clear(sstatus, SSTATUS_FS | SSTATUS_VS);
}

void fpu_restore(struct arch_vcpu *v)
{
	csr_set(sstatus, SSTATUS_FS | SSTATUS_VS);
	if (v->has_fp) {
		fp_regs_restore(&v->fp);
		set_state(v, SSTATUS_FS, SSTATUS_FS_CLEAN);
	}
	if (v->vregs) {
		vector_regs_restore(v->vregs, vcpu_features.vlenb);
		set_state(v, SSTATUS_VS, SSTATUS_VS_CLEAN);
	}
	csr_clear(sstatus, SSTATUS_FS | SSTATUS_VS);
}
