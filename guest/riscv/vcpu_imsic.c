/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's interrupt file. See vcpu_imsic.h.
 */
#include "guest/riscv/vcpu_imsic.h"

#include "guest/riscv/gmap_irqchip.h"
#include "guest/riscv/vimsic.h"
#include "guest/vm/vm.h"
#include "hyp/riscv/imsic.h"

/* Any context that RCU watches. */
static void notify(void *arg)
{
	vcpu_request(arg, REQ_EXT);
}

/* As many identities as a file of the hardware has as well, or what the guest enables there would be
 * lost. */
u32 vcpu_imsic_identities(void)
{
	u32 n = imsic_guest_identities();

	return n ? (u32)min_u64(n, GMAP_IMSIC_IDS) : GMAP_IMSIC_IDS;
}

/* The guest's page where the file is in software; and where it is not, if a hart did not see the page
 * yet that is there now. */
static enum err page_read(void *dev, u64 off, unsigned int width, u64 *val)
{
	struct vcpu *v = dev;

	return vimsic_mmio_ops.read(v->imsic, off, width, val);
}

static enum err page_write(void *dev, u64 off, unsigned int width, u64 *val)
{
	if (width != 4 || off % 4)
		return ERR_INVAL;
	if (off == VIMSIC_SETEIPNUM_LE)
		vcpu_vsfile_send(dev, (u32)*val);
	return OK;
}

enum err vcpu_imsic_create(struct vcpu *v)
{
	static const struct vimsic_ops ops = {notify};
	static const struct mmio_ops page_ops = {page_read, page_write};
	struct mmio_region page = {vcpu_imsic_page(v), VIMSIC_PAGE_SIZE, &page_ops, v};
	enum err e = vimsic_create(vcpu_imsic_identities(), &ops, v, &v->imsic);

	v->vsfile.lock = (struct spinlock)SPINLOCK_INIT("imsic");
	return e ? e : mmio_add(&v->vm->bus, &page);
}

void vcpu_imsic_destroy(struct vcpu *v)
{
	if (v->imsic)
		vimsic_destroy(v->imsic);
}

void vcpu_imsic_reset(struct vcpu *v)
{
	if (!v->imsic)
		return;
	vcpu_vsfile_leave(v);
	vimsic_reset(v->imsic);
}

/* What a file of the hardware says reaches the guest by itself. */
bool vcpu_imsic_ext(struct vcpu *v)
{
	return !v->vsfile.n && vimsic_ext(v->imsic);
}

gpa_t vcpu_imsic_page(const struct vcpu *v)
{
	return GPA(GMAP_IMSIC_BASE + ((u64)v->id << PAGE_SHIFT));
}

/* stopei's side effects and sireg's come with the access, so what interrupts is looked at anew, here
 * where the vCPU is in the hart. */
static enum err access_file(struct vcpu *v, const struct csr_insn *i, u64 operand, u64 *old)
{
	enum err e;

	irq_off();
	vcpu_take_hart(v);
	if (v->vsfile.n && !vimsic_outside(i->csr, csr_read(vsiselect)))
		e = ERR_NOTSUP; /* the hardware's file has no such register */
	else if (i->csr == CSR_sireg)
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
