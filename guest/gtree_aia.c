/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes of interrupt files and APLIC. See gtree_aia.h. As in gtree.c, the first error sticks.
 */
#include "guest/gtree_aia.h"

#include <libfdt.h>
#include <limits.h>
#include <stdio.h>

#include "lib/bits.h"

#define IRQ_S_EXT  9 /* privileged specification: supervisor external interrupt */
#define PAGE_SHIFT 12

/* Linux's dt-bindings/interrupt-controller/irq.h */
#define IRQ_TYPE_EDGE_RISING 1
#define IRQ_TYPE_LEVEL_HIGH  4

struct node {
	void *fdt;
	int err; /* libfdt's, 0 so far */
};

static void bytes(struct node *n, const char *prop, const void *value, size_t size)
{
	if (!n->err)
		n->err = fdt_property(n->fdt, prop, value, (int)size);
}

static void flag(struct node *n, const char *prop)
{
	bytes(n, prop, "", 0);
}

static void cell(struct node *n, const char *prop, u32 value)
{
	if (!n->err)
		n->err = fdt_property_u32(n->fdt, prop, value);
}

/* Begins the node of an interrupt controller. compatible: size bytes, each word with its NUL. */
static void begin(struct node *n, gpa_t base, u64 size, const char *compatible,
		  size_t compatible_size)
{
	fdt64_t reg[2] = {cpu_to_fdt64(base.a), cpu_to_fdt64(size)};
	char name[48];

	snprintf(name, sizeof(name), "interrupt-controller@%lx", base.a);
	n->err = fdt_begin_node(n->fdt, name);
	bytes(n, "compatible", compatible, compatible_size);
	bytes(n, "reg", reg, sizeof(reg));
	cell(n, "#address-cells", 0);
	flag(n, "interrupt-controller");
}

static int end(struct node *n)
{
	if (!n->err)
		n->err = fdt_end_node(n->fdt);
	return n->err;
}

/* The supervisor external interrupt of each vCPU, in their order. */
static void all_vcpus(struct node *n, const struct gtree_aia *a)
{
	void *room = NULL;
	fdt32_t *at;

	if (!n->err)
		n->err = a->vcpus > INT_MAX / 8
				 ? -FDT_ERR_NOSPACE
				 : fdt_property_placeholder(n->fdt, "interrupts-extended",
							    (int)(a->vcpus * 8), &room);
	at = room;
	for (u32 i = 0; !n->err && i < a->vcpus; i++) {
		at[2UL * i] = cpu_to_fdt32(a->cpu_phandle + i);
		at[2UL * i + 1] = cpu_to_fdt32(IRQ_S_EXT);
	}
}

/* Bits of a hart index: as many as the largest needs. */
static u32 hart_bits(u32 vcpus)
{
	return bits_needed(vcpus - 1);
}

u32 gtree_aplic_flags(enum virq_trigger trigger)
{
	return trigger == VIRQ_EDGE ? IRQ_TYPE_EDGE_RISING : IRQ_TYPE_LEVEL_HIGH;
}

u64 gtree_imsic_align(u32 vcpus)
{
	return 1ULL << (hart_bits(vcpus) + PAGE_SHIFT);
}

/* A page a vCPU and none for guests of its own: it has no H. */
int gtree_imsic(void *fdt, const struct gtree_aia *a)
{
	static const char compatible[] = "qemu,imsics\0riscv,imsics";
	struct node n = {.fdt = fdt};

	begin(&n, a->imsic_base, (u64)a->vcpus << PAGE_SHIFT, compatible, sizeof(compatible));
	cell(&n, "#interrupt-cells", 0);
	flag(&n, "msi-controller");
	cell(&n, "#msi-cells", 0);
	all_vcpus(&n, a);
	cell(&n, "riscv,num-ids", a->ids);
	cell(&n, "riscv,guest-index-bits", 0);
	cell(&n, "riscv,hart-index-bits", hart_bits(a->vcpus));
	cell(&n, "phandle", a->imsic_phandle);
	return end(&n);
}

int gtree_aplic(void *fdt, const struct gtree_aia *a)
{
	static const char compatible[] = "qemu,aplic\0riscv,aplic";
	struct node n = {.fdt = fdt};

	begin(&n, a->aplic_base, a->aplic_size, compatible, sizeof(compatible));
	cell(&n, "#interrupt-cells", 2);
	if (a->imsic_phandle)
		cell(&n, "msi-parent", a->imsic_phandle);
	else
		all_vcpus(&n, a);
	cell(&n, "riscv,num-sources", a->sources);
	cell(&n, "phandle", a->aplic_phandle);
	return end(&n);
}
