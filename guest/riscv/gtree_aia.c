/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes of interrupt files and APLIC. See gtree_aia.h.
 */
#include "guest/riscv/gtree_aia.h"

#include <libfdt.h>
#include <stdio.h>

#include "lib/bits.h"

#define IRQ_S_EXT  9 /* privileged specification: supervisor external interrupt */
#define PAGE_SHIFT 12

/* Linux's dt-bindings/interrupt-controller/irq.h */
#define IRQ_TYPE_EDGE_RISING 1
#define IRQ_TYPE_LEVEL_HIGH  4

static void flag(struct fdtw *w, const char *prop)
{
	fdtw_bytes(w, prop, "", 0);
}

/* Begins the node of an interrupt controller. compatible: size bytes, each word with its NUL. */
static void begin(struct fdtw *w, gpa_t base, u64 size, const char *compatible,
		  size_t compatible_size)
{
	fdt64_t reg[2] = {cpu_to_fdt64(base.a), cpu_to_fdt64(size)};
	char name[48];

	snprintf(name, sizeof(name), "interrupt-controller@%lx", base.a);
	fdtw_begin_node(w, name);
	fdtw_bytes(w, "compatible", compatible, compatible_size);
	fdtw_bytes(w, "reg", reg, sizeof(reg));
	fdtw_u32(w, "#address-cells", 0);
	flag(w, "interrupt-controller");
}

/* The supervisor external interrupt of each vCPU, in their order. */
static void all_vcpus(struct fdtw *w, const struct gtree_aia *a)
{
	fdt32_t *at = fdtw_room(w, "interrupts-extended", a->vcpus * 2UL * sizeof(*at));

	for (u32 i = 0; at && i < a->vcpus; i++) {
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
void gtree_imsic(struct fdtw *w, const struct gtree_aia *a)
{
	static const char compatible[] = "qemu,imsics\0riscv,imsics";

	begin(w, a->imsic_base, (u64)a->vcpus << PAGE_SHIFT, compatible, sizeof(compatible));
	fdtw_u32(w, "#interrupt-cells", 0);
	flag(w, "msi-controller");
	fdtw_u32(w, "#msi-cells", 0);
	all_vcpus(w, a);
	fdtw_u32(w, "riscv,num-ids", a->ids);
	fdtw_u32(w, "riscv,guest-index-bits", 0);
	fdtw_u32(w, "riscv,hart-index-bits", hart_bits(a->vcpus));
	fdtw_u32(w, "phandle", a->imsic_phandle);
	fdtw_end_node(w);
}

void gtree_aplic(struct fdtw *w, const struct gtree_aia *a)
{
	static const char compatible[] = "qemu,aplic\0riscv,aplic";

	begin(w, a->aplic_base, a->aplic_size, compatible, sizeof(compatible));
	fdtw_u32(w, "#interrupt-cells", 2);
	if (a->imsic_phandle)
		fdtw_u32(w, "msi-parent", a->imsic_phandle);
	else
		all_vcpus(w, a);
	fdtw_u32(w, "riscv,num-sources", a->sources);
	fdtw_u32(w, "phandle", a->aplic_phandle);
	fdtw_end_node(w);
}
