/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/fpu.h"

#include <string.h>

/* In front of the registers: as fpu_regs.S has it. */
struct vector_head {
	u64 vstart, vl, vtype, vcsr;
};

size_t vector_state_size(u64 vlenb)
{
	return sizeof(struct vector_head) + 32 * vlenb;
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

/*
 * Always: QEMU (10.0, too) makes FS and VS dirty for a write of these in the guest's vsstatus alone,
 * and for flags that a comparison raises in neither. Dearer than believing it by a few instructions.
 */
static void save_csrs(struct arch_vcpu *v)
{
	struct vector_head *head = v->vregs;

	if (v->has_fp)
		v->fp.fcsr = csr_read(fcsr);
	if (head) {
		head->vstart = csr_read(vstart);
		head->vcsr = csr_read(vcsr);
	}
}

void fpu_save(struct arch_vcpu *v)
{
	bool fp = (v->sstatus & SSTATUS_FS) == SSTATUS_FS_DIRTY;
	bool vector = v->vregs && (v->sstatus & SSTATUS_VS) == SSTATUS_VS_DIRTY;

	csr_set(sstatus, SSTATUS_FS | SSTATUS_VS);
	save_csrs(v);
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
