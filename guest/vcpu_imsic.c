/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's interrupt file. See vcpu_imsic.h.
 */
#include "guest/vcpu_imsic.h"

#include "guest/gmap.h"
#include "guest/vimsic.h"
#include "guest/vm.h"

/* Any context that RCU watches. */
static void notify(void *arg)
{
	vcpu_request(arg, REQ_EXT);
}

enum err vcpu_imsic_create(struct vcpu *v)
{
	static const struct vimsic_ops ops = {notify};
	struct mmio_region page = {GPA(GMAP_IMSIC_BASE + ((u64)v->id << PAGE_SHIFT)),
				   VIMSIC_PAGE_SIZE, &vimsic_mmio_ops, NULL};
	enum err e = vimsic_create(GMAP_IMSIC_IDS, &ops, v, &v->imsic);

	if (e)
		return e;
	page.dev = v->imsic;
	return mmio_add(&v->vm->bus, &page);
}

void vcpu_imsic_destroy(struct vcpu *v)
{
	if (v->imsic)
		vimsic_destroy(v->imsic);
}

void vcpu_imsic_reset(struct vcpu *v)
{
	if (v->imsic)
		vimsic_reset(v->imsic);
}

void vcpu_imsic_send(struct vcpu *v, u32 identity)
{
	vimsic_msi(v->imsic, identity);
}

bool vcpu_imsic_ext(struct vcpu *v)
{
	return vimsic_ext(v->imsic);
}

/* stopei's side effects and sireg's come with the access, so what interrupts is looked at anew, here
 * where the vCPU is in the hart. */
static enum err access_file(struct vcpu *v, const struct csr_insn *i, u64 operand, u64 *old)
{
	enum err e;

	irq_off();
	vcpu_take_hart(v);
	if (i->csr == CSR_sireg)
		e = vimsic_sireg(v->imsic, csr_read(vsiselect), i, operand, old);
	else
		e = vimsic_csr(v->imsic, i, operand, old);
	vcpu_look_at_ext(v);
	irq_on();
	return e;
}

bool vcpu_imsic_csr(struct vcpu *v, u32 insn)
{
	struct csr_insn i;
	u64 old;

	if (!v->imsic || decode_csr(insn, &i) || (i.csr != CSR_sireg && i.csr != CSR_stopei) ||
	    !(v->arch.sstatus & SSTATUS_SPP))
		return false;
	if (access_file(v, &i, csr_insn_operand(&i, v->arch.x), &old))
		return false;
	csr_insn_result(&i, v->arch.x, old);
	v->arch.sepc += 4;
	return true;
}
