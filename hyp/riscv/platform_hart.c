/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a cpu node says of RISC-V. Bindings riscv/cpus.yaml, riscv/extensions.yaml.
 */
#include <string.h>

#include "hyp/tree/platform_tree.h"

static u8 read_mmu(struct tree *t, int node)
{
	const char *s = tree_string(t, node, "mmu-type");

	if (!s || strcmp(s, "riscv,none") == 0)
		return 0;
	if (strcmp(s, "riscv,sv39") == 0)
		return 39;
	if (strcmp(s, "riscv,sv48") == 0)
		return 48;
	if (strcmp(s, "riscv,sv57") == 0)
		return 57;
	tree_warn(t, node, "mmu-type", "\"%.40s\" is not known", s);
	return 0;
}

/* The phandle of the hart's own interrupt controller, one of its children. */
static u32 read_intc(struct tree *t, int cpu)
{
	u32 cells = 1;
	int node;

	tree_for_each_child (node, cpu) {
		if (!tree_compatible(t, node, "riscv,cpu-intc"))
			continue;
		if (tree_u32(t, node, "#interrupt-cells", &cells) == OK && cells != 1) {
			tree_warn(t, node, "#interrupt-cells", "%u, not 1", cells);
			return 0;
		}
		return tree_phandle(node);
	}
	return 0;
}

void platform_arch_read_hart(struct tree *t, int node, struct platform_hart_arch *out)
{
	out->mmu_bits = read_mmu(t, node);
	out->intc_phandle = read_intc(t, node);
	out->isa = tree_string(t, node, "riscv,isa");
	out->isa_base = tree_string(t, node, "riscv,isa-base");
	out->isa_list = tree_strings(t, node, "riscv,isa-extensions", &out->isa_list_size);
	(void)tree_u32(t, node, "riscv,cbom-block-size", &out->cbom);
	(void)tree_u32(t, node, "riscv,cboz-block-size", &out->cboz);
	(void)tree_u32(t, node, "riscv,cbop-block-size", &out->cbop);
}
