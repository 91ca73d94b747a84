/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's device tree, written front to back. That it does not fit is looked at once, at its end.
 *
 * phandles: 1 + i for vCPU i's interrupt controller, 1 + vcpus for the PLIC or APLIC, 2 + vcpus for
 * the interrupt files.
 */
#include "guest/image/gtree.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "guest/image/fdtw.h"
#include "guest/mem/gmap.h"
#include "guest/riscv/gtree_aia.h"

#define IRQ_S_EXT 9 /* privileged specification: supervisor external interrupt */

struct tree {
	struct fdtw fdt;
	const struct gtree_params *p;
};

static u32 cpu_phandle(u32 vcpu)
{
	return 1 + vcpu;
}

static u32 irqchip_phandle(const struct tree *t)
{
	return 1 + t->p->vcpus;
}

static void begin(struct tree *t, const char *name)
{
	fdtw_begin_node(&t->fdt, name);
}

/* name@address */
static void begin_at(struct tree *t, const char *name, u64 address)
{
	char full[48];

	snprintf(full, sizeof(full), "%s@%lx", name, address);
	begin(t, full);
}

static void look(const struct tree *t)
{
	if (t->p->look)
		t->p->look();
}

static void end(struct tree *t)
{
	fdtw_end_node(&t->fdt);
	look(t);
}

static void bytes(struct tree *t, const char *prop, const void *value, size_t size)
{
	fdtw_bytes(&t->fdt, prop, value, size);
}

static void flag(struct tree *t, const char *prop)
{
	bytes(t, prop, "", 0);
}

static void string(struct tree *t, const char *prop, const char *value)
{
	bytes(t, prop, value, strlen(value) + 1);
}

static void cell(struct tree *t, const char *prop, u32 value)
{
	fdtw_u32(&t->fdt, prop, value);
}

static void cells64(struct tree *t, const char *prop, u64 value)
{
	fdtw_u64(&t->fdt, prop, value);
}

/* Address and size, two cells each. */
static void reg(struct tree *t, u64 base, u64 size)
{
	fdt64_t value[2] = {cpu_to_fdt64(base), cpu_to_fdt64(size)};

	bytes(t, "reg", value, sizeof(value));
}

/* The words one after the other, each with its NUL. */
static void strings(struct tree *t, const char *prop, const char *const *words, size_t n)
{
	size_t i, size = 0;
	char *at;

	for (i = 0; i < n; i++)
		size += strlen(words[i]) + 1;
	look(t);
	at = fdtw_room(&t->fdt, prop, size);
	for (i = 0; at && i < n; i++) {
		size_t len = strlen(words[i]) + 1;

		memcpy(at, words[i], len);
		at += len;
	}
	look(t);
}

static void chosen(struct tree *t)
{
	const struct gtree_params *p = t->p;

	begin(t, "chosen");
	string(t, "stdout-path", "/soc/serial@10000000");
	if (p->bootargs)
		string(t, "bootargs", p->bootargs);
	if (p->initrd_size) {
		cells64(t, "linux,initrd-start", p->initrd.a);
		cells64(t, "linux,initrd-end", p->initrd.a + p->initrd_size);
	}
	if (p->rng_seed_size)
		bytes(t, "rng-seed", p->rng_seed, p->rng_seed_size);
	end(t);
}

static void memory(struct tree *t)
{
	begin_at(t, "memory", t->p->ram_base.a);
	string(t, "device_type", "memory");
	reg(t, t->p->ram_base.a, t->p->ram_size);
	end(t);
}

static void cpu_isa(struct tree *t)
{
	const struct gtree_params *p = t->p;

	string(t, "riscv,isa", p->isa);
	look(t);
	string(t, "riscv,isa-base", p->isa_base);
	strings(t, "riscv,isa-extensions", p->isa_ext, p->isa_exts);
	string(t, "mmu-type",
	       p->mmu == 39 ? "riscv,sv39" : (p->mmu == 48 ? "riscv,sv48" : "riscv,sv57"));
	if (p->cbom_block)
		cell(t, "riscv,cbom-block-size", p->cbom_block);
	if (p->cbop_block)
		cell(t, "riscv,cbop-block-size", p->cbop_block);
	if (p->cboz_block)
		cell(t, "riscv,cboz-block-size", p->cboz_block);
}

static void cpu(struct tree *t, u32 vcpu)
{
	begin_at(t, "cpu", vcpu);
	string(t, "device_type", "cpu");
	string(t, "compatible", "riscv");
	cell(t, "reg", vcpu);
	string(t, "status", "okay");
	cpu_isa(t);
	begin(t, "interrupt-controller");
	string(t, "compatible", "riscv,cpu-intc");
	cell(t, "#address-cells", 0);
	cell(t, "#interrupt-cells", 1);
	flag(t, "interrupt-controller");
	cell(t, "phandle", cpu_phandle(vcpu));
	end(t);
	end(t);
}

static void cpus(struct tree *t)
{
	u32 i;

	begin(t, "cpus");
	cell(t, "#address-cells", 1);
	cell(t, "#size-cells", 0);
	cell(t, "timebase-frequency", t->p->timebase);
	for (i = 0; i < t->p->vcpus && !t->fdt.full; i++)
		cpu(t, i);
	end(t);
}

/* One context a vCPU, in the order of the vCPUs. */
static void plic_contexts(struct tree *t)
{
	fdt32_t *at =
		fdtw_room(&t->fdt, "interrupts-extended", t->p->vcpus * 2UL * sizeof(fdt32_t));
	u32 i;

	for (i = 0; at && i < t->p->vcpus; i++) {
		at[2UL * i] = cpu_to_fdt32(cpu_phandle(i));
		at[2UL * i + 1] = cpu_to_fdt32(IRQ_S_EXT);
	}
}

static void plic(struct tree *t)
{
	static const char *const compatible[] = {"sifive,plic-1.0.0", "riscv,plic0"};

	begin_at(t, "interrupt-controller", GMAP_PLIC_BASE);
	strings(t, "compatible", compatible, ARRAY_SIZE(compatible));
	reg(t, GMAP_PLIC_BASE, GMAP_PLIC_SIZE);
	cell(t, "#address-cells", 0);
	cell(t, "#interrupt-cells", 1);
	flag(t, "interrupt-controller");
	plic_contexts(t);
	cell(t, "riscv,ndev", GMAP_PLIC_NDEV);
	cell(t, "phandle", irqchip_phandle(t));
	end(t);
}

static void aplic(struct tree *t)
{
	struct gtree_aia a = {
		.vcpus = t->p->vcpus,
		.cpu_phandle = cpu_phandle(0),
		.imsic_base = GPA(GMAP_IMSIC_BASE),
		.ids = t->p->irqchip.imsic_ids,
		.aplic_phandle = irqchip_phandle(t),
		.aplic_base = GPA(GMAP_APLIC_BASE),
		.aplic_size = t->p->irqchip.aplic_size,
		.sources = GMAP_APLIC_SOURCES,
	};

	if (a.ids) {
		a.imsic_phandle = 1 + irqchip_phandle(t);
		gtree_imsic(&t->fdt, &a);
		look(t);
	}
	gtree_aplic(&t->fdt, &a);
	look(t);
}

static void irqchip(struct tree *t)
{
	if (t->p->irqchip.aplic_size)
		aplic(t);
	else
		plic(t);
}

/* A PLIC is told the source alone, an APLIC the kind of line as well. */
static void interrupt(struct tree *t, u32 source, enum virq_trigger trigger)
{
	fdt32_t value[2] = {cpu_to_fdt32(source), cpu_to_fdt32(gtree_aplic_flags(trigger))};

	cell(t, "interrupt-parent", irqchip_phandle(t));
	bytes(t, "interrupts", value, t->p->irqchip.aplic_size ? 8 : 4);
}

static void uart(struct tree *t)
{
	begin_at(t, "serial", GMAP_UART_BASE);
	string(t, "compatible", "ns16550a");
	reg(t, GMAP_UART_BASE, GMAP_UART_SIZE);
	cell(t, "clock-frequency", GMAP_UART_CLOCK);
	interrupt(t, GMAP_UART_IRQ, VIRQ_LEVEL);
	end(t);
}

static void soc(struct tree *t)
{
	begin(t, "soc");
	string(t, "compatible", "simple-bus");
	cell(t, "#address-cells", 2);
	cell(t, "#size-cells", 2);
	flag(t, "ranges");
	irqchip(t);
	uart(t);
	end(t);
}

static void root(struct tree *t)
{
	begin(t, "");
	string(t, "compatible", "limen,guest");
	string(t, "model", "limen,guest");
	cell(t, "#address-cells", 2);
	cell(t, "#size-cells", 2);
	chosen(t);
	memory(t);
	cpus(t);
	soc(t);
	end(t);
}

static enum err check_params(const void *buf, const struct gtree_params *p, struct errline *e)
{
	if (!IS_ALIGNED((uintptr_t)buf, 8))
		return errline_set(e, ERR_INVAL, "guest tree: not at a multiple of 8 bytes");
	if (p->vcpus == 0 || p->vcpus > GTREE_VCPUS_MAX)
		return errline_set(e, ERR_INVAL, "guest tree: %u vCPUs", p->vcpus);
	if (p->mmu != 39 && p->mmu != 48 && p->mmu != 57)
		return errline_set(e, ERR_INVAL, "guest tree: no such MMU: sv%u", p->mmu);
	if (p->ram_size == 0 || p->ram_base.a + p->ram_size < p->ram_base.a)
		return errline_set(e, ERR_INVAL, "guest tree: RAM of %lu KiB at 0x%lx",
				   p->ram_size >> 10, p->ram_base.a);
	if (p->isa_exts == 0)
		return errline_set(e, ERR_INVAL, "guest tree: no ISA extensions");
	return OK;
}

enum err gtree_build(void *buf, size_t size, const struct gtree_params *p, size_t *used,
		     struct errline *e)
{
	struct tree t = {.p = p};
	enum err err = check_params(buf, p, e);

	if (err)
		return err;
	fdtw_start(&t.fdt, buf, size);
	root(&t);
	if (fdtw_finish(&t.fdt, used))
		return errline_set(e, ERR_NOMEM, "guest tree: %zu bytes are not enough", size);
	return OK;
}
