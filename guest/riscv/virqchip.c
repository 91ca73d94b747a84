/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which interrupt controller a VM has. See virqchip.h.
 */
#include "guest/riscv/virqchip.h"

#include "guest/riscv/gmap_irqchip.h"
#include "guest/riscv/vaplic.h"
#include "guest/riscv/vcpu_imsic.h"
#include "guest/riscv/vimsic.h"
#include "guest/riscv/vplic.h"
#include "guest/vm/vm.h"

enum err virqchip_choose(struct vm *vm)
{
	bool can = isa_has(&vm->arch.isa, EXT_SSAIA);
	struct vm_config *c = vm->config;

	if (c->irqchip == CONFIG_AIA_APLIC_IMSIC && !can)
		return config_vm_error(
			c, ERR_NOTSUP, "aia",
			"\"aplic-imsic\" needs Ssaia, which these harts have not, or "
			"which is hidden");
	if (c->irqchip == CONFIG_AIA_BEST)
		c->irqchip = can ? CONFIG_AIA_APLIC_IMSIC : CONFIG_AIA_NONE;
	vm->arch.irqchip.has_imsic = c->irqchip == CONFIG_AIA_APLIC_IMSIC;
	if (!vm->arch.irqchip.has_imsic)
		isa_del(&vm->arch.isa, EXT_SSAIA);
	return OK;
}

static void set_ext(void *arg, u32 vcpu, bool level)
{
	struct vm *vm = arg;
	struct vcpu *v = &vm->vcpu[vcpu];

	WRITE_ONCE(v->ext_level, level);
	vcpu_request(v, REQ_EXT);
}

/* Hart index and guest index are the guest's own numbers, and anything. */
static void send_msi(void *arg, u32 vcpu, u32 guest, u32 eiid)
{
	struct vm *vm = arg;

	if (vcpu < vm->vcpus && !guest)
		vcpu_vsfile_send(&vm->vcpu[vcpu], eiid);
}

static enum err create_plic(struct vm *vm)
{
	static const struct vplic_ops ops = {set_ext};
	struct mmio_region r = {GPA(GMAP_PLIC_BASE), GMAP_PLIC_SIZE, &vplic_mmio_ops, NULL};
	enum err e = vplic_create(GMAP_PLIC_NDEV, vm->vcpus, &ops, vm, &vm->arch.irqchip.plic);

	if (e)
		return e;
	r.dev = vm->arch.irqchip.plic;
	return mmio_add(&vm->bus, &r);
}

static enum err create_aplic(struct vm *vm)
{
	static const struct vaplic_ops direct = {.set_ext = set_ext}, msi = {.msi = send_msi};
	struct vaplic_config c = {
		.sources = GMAP_APLIC_SOURCES,
		.harts = vm->vcpus,
		.ops = vm->arch.irqchip.has_imsic ? &msi : &direct,
		.arg = vm,
	};
	struct mmio_region r = {GPA(GMAP_APLIC_BASE), 0, &vaplic_mmio_ops, NULL};
	enum err e = vaplic_create(&c, &vm->arch.irqchip.aplic);

	if (e)
		return e;
	r.size = vaplic_size(vm->arch.irqchip.aplic);
	r.dev = vm->arch.irqchip.aplic;
	return mmio_add(&vm->bus, &r);
}

static enum err create_imsics(struct vm *vm)
{
	enum err e = OK;

	for (u32 i = 0; i < vm->vcpus && !e; i++)
		e = vcpu_imsic_create(&vm->vcpu[i]);
	return e;
}

enum err virqchip_create(struct vm *vm)
{
	enum err e;

	if (vm->config->irqchip == CONFIG_AIA_NONE)
		return create_plic(vm);
	e = vm->arch.irqchip.has_imsic ? create_imsics(vm) : OK;
	return e ? e : create_aplic(vm);
}

void virqchip_destroy(struct vm *vm)
{
	if (vm->arch.irqchip.plic)
		vplic_destroy(vm->arch.irqchip.plic);
	if (vm->arch.irqchip.aplic)
		vaplic_destroy(vm->arch.irqchip.aplic);
	for (u32 i = 0; vm->vcpu && i < vm->vcpus; i++) {
		vcpu_imsic_destroy(&vm->vcpu[i]);
		thread_look();
	}
}

void virqchip_reset(struct vm *vm)
{
	if (vm->arch.irqchip.plic)
		vplic_reset(vm->arch.irqchip.plic, thread_look);
	if (vm->arch.irqchip.aplic)
		vaplic_reset(vm->arch.irqchip.aplic);
	for (u32 i = 0; vm->arch.irqchip.has_imsic && i < vm->vcpus; i++) {
		vimsic_reset(vm->vcpu[i].imsic);
		thread_look();
	}
}

enum err virqchip_connect(struct vm *vm, struct virq_line *line, u32 source,
			  enum virq_trigger trigger)
{
	if (vm->arch.irqchip.plic)
		return vplic_connect(vm->arch.irqchip.plic, line, source, trigger);
	return vaplic_connect(vm->arch.irqchip.aplic, line, source, trigger);
}

void virqchip_describe(const struct vm *vm, struct gtree_irqchip *t)
{
	if (vm->arch.irqchip.aplic)
		t->aplic_size = vaplic_size(vm->arch.irqchip.aplic);
	if (vm->arch.irqchip.has_imsic)
		t->imsic_ids = vcpu_imsic_identities();
}

bool virqchip_ext(struct vcpu *v)
{
	return v->imsic ? vcpu_imsic_ext(v) : READ_ONCE(v->ext_level);
}
