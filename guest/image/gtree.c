/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's device tree, written front to back. That it does not fit is looked at once, at its end.
 */
#include "guest/image/gtree_write.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "guest/mem/gmap.h"

void gtree_begin(struct gtree *t, const char *name)
{
	fdtw_begin_node(&t->fdt, name);
}

/* name@address */
void gtree_begin_at(struct gtree *t, const char *name, u64 address)
{
	char full[48];

	snprintf(full, sizeof(full), "%s@%lx", name, address);
	gtree_begin(t, full);
}

void gtree_look(const struct gtree *t)
{
	if (t->p->look)
		t->p->look();
}

void gtree_end(struct gtree *t)
{
	fdtw_end_node(&t->fdt);
	gtree_look(t);
}

void gtree_bytes(struct gtree *t, const char *prop, const void *value, size_t size)
{
	fdtw_bytes(&t->fdt, prop, value, size);
}

void gtree_flag(struct gtree *t, const char *prop)
{
	gtree_bytes(t, prop, "", 0);
}

void gtree_string(struct gtree *t, const char *prop, const char *value)
{
	gtree_bytes(t, prop, value, strlen(value) + 1);
}

void gtree_cell(struct gtree *t, const char *prop, u32 value)
{
	fdtw_u32(&t->fdt, prop, value);
}

void gtree_cells64(struct gtree *t, const char *prop, u64 value)
{
	fdtw_u64(&t->fdt, prop, value);
}

/* Address and size, two cells each. */
void gtree_reg(struct gtree *t, u64 base, u64 size)
{
	fdt64_t value[2] = {cpu_to_fdt64(base), cpu_to_fdt64(size)};

	gtree_bytes(t, "reg", value, sizeof(value));
}

/* The words one after the other, each with its NUL. */
void gtree_strings(struct gtree *t, const char *prop, const char *const *words, size_t n)
{
	size_t i, size = 0;
	char *at;

	for (i = 0; i < n; i++)
		size += strlen(words[i]) + 1;
	gtree_look(t);
	at = fdtw_room(&t->fdt, prop, size);
	for (i = 0; at && i < n; i++) {
		size_t len = strlen(words[i]) + 1;

		memcpy(at, words[i], len);
		at += len;
	}
	gtree_look(t);
}

static void chosen(struct gtree *t)
{
	const struct gtree_params *p = t->p;

	gtree_begin(t, "chosen");
	gtree_string(t, "stdout-path", "/soc/serial@10000000");
	if (p->bootargs)
		gtree_string(t, "bootargs", p->bootargs);
	if (p->initrd_size) {
		gtree_cells64(t, "linux,initrd-start", p->initrd.a);
		gtree_cells64(t, "linux,initrd-end", p->initrd.a + p->initrd_size);
	}
	if (p->rng_seed_size)
		gtree_bytes(t, "rng-seed", p->rng_seed, p->rng_seed_size);
	gtree_end(t);
}

static void memory(struct gtree *t)
{
	gtree_begin_at(t, "memory", t->p->ram_base.a);
	gtree_string(t, "device_type", "memory");
	gtree_reg(t, t->p->ram_base.a, t->p->ram_size);
	gtree_end(t);
}

static void cpu(struct gtree *t, u32 vcpu)
{
	gtree_begin_at(t, "cpu", vcpu);
	gtree_string(t, "device_type", "cpu");
	gtree_cell(t, "reg", vcpu);
	gtree_string(t, "status", "okay");
	gtree_arch_cpu(t, vcpu);
	gtree_end(t);
}

static void cpus(struct gtree *t)
{
	u32 i;

	gtree_begin(t, "cpus");
	gtree_cell(t, "#address-cells", 1);
	gtree_cell(t, "#size-cells", 0);
	gtree_cell(t, "timebase-frequency", t->p->timebase);
	for (i = 0; i < t->p->vcpus && !t->fdt.full; i++)
		cpu(t, i);
	gtree_end(t);
}

static void uart(struct gtree *t)
{
	gtree_begin_at(t, "serial", GMAP_UART_BASE);
	gtree_string(t, "compatible", "ns16550a");
	gtree_reg(t, GMAP_UART_BASE, GMAP_UART_SIZE);
	gtree_cell(t, "clock-frequency", GMAP_UART_CLOCK);
	gtree_arch_interrupt(t, GMAP_UART_IRQ, VIRQ_LEVEL);
	gtree_end(t);
}

static void soc(struct gtree *t)
{
	gtree_begin(t, "soc");
	gtree_string(t, "compatible", "simple-bus");
	gtree_cell(t, "#address-cells", 2);
	gtree_cell(t, "#size-cells", 2);
	gtree_flag(t, "ranges");
	gtree_arch_irqchip(t);
	uart(t);
	gtree_end(t);
}

static void root(struct gtree *t)
{
	gtree_begin(t, "");
	gtree_string(t, "compatible", "limen,guest");
	gtree_string(t, "model", "limen,guest");
	gtree_cell(t, "#address-cells", 2);
	gtree_cell(t, "#size-cells", 2);
	chosen(t);
	memory(t);
	cpus(t);
	soc(t);
	gtree_end(t);
}

static enum err check_params(const void *buf, const struct gtree_params *p, struct errline *e)
{
	if (!IS_ALIGNED((uintptr_t)buf, 8))
		return errline_set(e, ERR_INVAL, "guest tree: not at a multiple of 8 bytes");
	if (p->vcpus == 0 || p->vcpus > GTREE_VCPUS_MAX)
		return errline_set(e, ERR_INVAL, "guest tree: %u vCPUs", p->vcpus);
	if (p->ram_size == 0 || p->ram_base.a + p->ram_size < p->ram_base.a)
		return errline_set(e, ERR_INVAL, "guest tree: RAM of %lu KiB at 0x%lx",
				   p->ram_size >> 10, p->ram_base.a);
	return gtree_arch_check(&p->arch, e);
}

enum err gtree_build(void *buf, size_t size, const struct gtree_params *p, size_t *used,
		     struct errline *e)
{
	struct gtree t = {.p = p};
	enum err err = check_params(buf, p, e);

	if (err)
		return err;
	fdtw_start(&t.fdt, buf, size);
	root(&t);
	if (fdtw_finish(&t.fdt, used))
		return errline_set(e, ERR_NOMEM, "guest tree: %zu bytes are not enough", size);
	return OK;
}
