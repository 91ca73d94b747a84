/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's tree under construction, for guest/image/gtree.c and the architecture's part of it. Internal to
 * these two.
 */
#ifndef GUEST_IMAGE_GTREE_WRITE_H
#define GUEST_IMAGE_GTREE_WRITE_H

#include "guest/dev/virq.h"
#include "guest/image/fdtw.h"
#include "guest/image/gtree.h"

struct gtree {
	struct fdtw fdt;
	const struct gtree_params *p;
};

/* A node, or name@address; and its end. */
void gtree_begin(struct gtree *t, const char *name);
void gtree_begin_at(struct gtree *t, const char *name, u64 address);
void gtree_end(struct gtree *t);

/* Properties: bytes, none, a string, one cell, one of two cells, reg of one range, strings. */
void gtree_bytes(struct gtree *t, const char *prop, const void *value, size_t size);
void gtree_flag(struct gtree *t, const char *prop);
void gtree_string(struct gtree *t, const char *prop, const char *value);
void gtree_cell(struct gtree *t, const char *prop, u32 value);
void gtree_cells64(struct gtree *t, const char *prop, u64 value);
void gtree_reg(struct gtree *t, u64 base, u64 size);
void gtree_strings(struct gtree *t, const char *prop, const char *const *words, size_t n);

/* Others may have the hart. */
void gtree_look(const struct gtree *t);

/*
 * The architecture's parts: can it be; what a cpu node says besides; the interrupt controller; and how a
 * device says that it is wired to a source of it.
 */
enum err gtree_arch_check(const struct gtree_arch *a, struct errline *e);
void gtree_arch_cpu(struct gtree *t, u32 vcpu);
void gtree_arch_irqchip(struct gtree *t);
void gtree_arch_interrupt(struct gtree *t, u32 source, enum virq_trigger trigger);

#endif
