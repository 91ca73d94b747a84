/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's tree: vCPUs, and the interrupt controller they have.
 *
 * phandles: 1 + i for vCPU i's interrupt controller, 1 + vcpus for the PLIC or APLIC, 2 + vcpus for
 * the interrupt files.
 */
#include <libfdt.h>

#include "guest/image/gtree_write.h"
#include "guest/riscv/gmap_irqchip.h"
#include "guest/riscv/gtree_aia.h"

#define IRQ_S_EXT 9 /* privileged specification: supervisor external interrupt */

static u32 cpu_phandle(u32 vcpu)
{
	return 1 + vcpu;
}

static u32 irqchip_phandle(const struct gtree *t)
{
	return 1 + t->p->vcpus;
}

enum err gtree_arch_check(const struct gtree_arch *a, struct errline *e)
{
	if (a->mmu != 39 && a->mmu != 48 && a->mmu != 57)
		return errline_set(e, ERR_INVAL, "guest tree: no such MMU: sv%u", a->mmu);
	if (a->isa_exts == 0)
		return errline_set(e, ERR_INVAL, "guest tree: no ISA extensions");
	return OK;
}

static void cpu_isa(struct gtree *t)
{
	const struct gtree_arch *p = &t->p->arch;

	gtree_string(t, "riscv,isa", p->isa);
	gtree_look(t);
	gtree_string(t, "riscv,isa-base", p->isa_base);
	gtree_strings(t, "riscv,isa-extensions", p->isa_ext, p->isa_exts);
	gtree_string(t, "mmu-type",
		     p->mmu == 39 ? "riscv,sv39" : (p->mmu == 48 ? "riscv,sv48" : "riscv,sv57"));
	if (p->cbom_block)
		gtree_cell(t, "riscv,cbom-block-size", p->cbom_block);
	if (p->cbop_block)
		gtree_cell(t, "riscv,cbop-block-size", p->cbop_block);
	if (p->cboz_block)
		gtree_cell(t, "riscv,cboz-block-size", p->cboz_block);
}

void gtree_arch_cpu(struct gtree *t, u32 vcpu)
{
	gtree_string(t, "compatible", "riscv");
	cpu_isa(t);
	gtree_begin(t, "interrupt-controller");
	gtree_string(t, "compatible", "riscv,cpu-intc");
	gtree_cell(t, "#address-cells", 0);
	gtree_cell(t, "#interrupt-cells", 1);
	gtree_flag(t, "interrupt-controller");
	gtree_cell(t, "phandle", cpu_phandle(vcpu));
	gtree_end(t);
}

/* One context a vCPU, in the order of the vCPUs. */
static void plic_contexts(struct gtree *t)
{
	fdt32_t *at =
		fdtw_room(&t->fdt, "interrupts-extended", t->p->vcpus * 2UL * sizeof(fdt32_t));
	u32 i;

	for (i = 0; at && i < t->p->vcpus; i++) {
		at[2UL * i] = cpu_to_fdt32(cpu_phandle(i));
		at[2UL * i + 1] = cpu_to_fdt32(IRQ_S_EXT);
	}
}

static void plic(struct gtree *t)
{
	static const char *const compatible[] = {"sifive,plic-1.0.0", "riscv,plic0"};

	gtree_begin_at(t, "interrupt-controller", GMAP_PLIC_BASE);
	gtree_strings(t, "compatible", compatible, ARRAY_SIZE(compatible));
	gtree_reg(t, GMAP_PLIC_BASE, GMAP_PLIC_SIZE);
	gtree_cell(t, "#address-cells", 0);
	gtree_cell(t, "#interrupt-cells", 1);
	gtree_flag(t, "interrupt-controller");
	plic_contexts(t);
	gtree_cell(t, "riscv,ndev", GMAP_PLIC_NDEV);
	gtree_cell(t, "phandle", irqchip_phandle(t));
	gtree_end(t);
}

static void aplic(struct gtree *t)
{
	struct gtree_aia a = {
		.vcpus = t->p->vcpus,
		.cpu_phandle = cpu_phandle(0),
		.imsic_base = GPA(GMAP_IMSIC_BASE),
		.ids = t->p->arch.irqchip.imsic_ids,
		.aplic_phandle = irqchip_phandle(t),
		.aplic_base = GPA(GMAP_APLIC_BASE),
		.aplic_size = t->p->arch.irqchip.aplic_size,
		.sources = GMAP_APLIC_SOURCES,
	};

	if (a.ids) {
		a.imsic_phandle = 1 + irqchip_phandle(t);
		gtree_imsic(&t->fdt, &a);
		gtree_look(t);
	}
	gtree_aplic(&t->fdt, &a);
	gtree_look(t);
}

void gtree_arch_irqchip(struct gtree *t)
{
	if (t->p->arch.irqchip.aplic_size)
		aplic(t);
	else
		plic(t);
}

/* A PLIC is told the source alone, an APLIC the kind of line as well. */
void gtree_arch_interrupt(struct gtree *t, u32 source, enum virq_trigger trigger)
{
	fdt32_t value[2] = {cpu_to_fdt32(source), cpu_to_fdt32(gtree_aplic_flags(trigger))};

	gtree_cell(t, "interrupt-parent", irqchip_phandle(t));
	gtree_bytes(t, "interrupts", value, t->p->arch.irqchip.aplic_size ? 8 : 4);
}
