/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices limen drives itself: the UART of its console and what turns the machine off. One walk
 * over the tree finds them by compatible. Bindings serial/8250.yaml, sifive-serial.yaml,
 * power/reset/syscon-poweroff.yaml and -reboot.yaml, sifive,test0 as in QEMU's virt.
 */
#include "hyp/tree/platform_tree.h"

#include <string.h>

enum device {
	DEV_NONE,
	DEV_NS16550,
	DEV_DW_UART,
	DEV_SIFIVE_UART,
	DEV_CONTROLLER, /* of interrupts: the architecture's */
	DEV_TEST,
	DEV_POWEROFF,
	DEV_REBOOT,
};

static const struct {
	const char *compatible;
	enum device device;
} devices[] = {
	{"ns16550a", DEV_NS16550},	   {"ns16550", DEV_NS16550},
	{"snps,dw-apb-uart", DEV_DW_UART}, {"sifive,uart0", DEV_SIFIVE_UART},
	{"sifive,test0", DEV_TEST},	   {"sifive,test1", DEV_TEST},
	{"syscon-poweroff", DEV_POWEROFF}, {"syscon-reboot", DEV_REBOOT},
};

/* The first string of compatible that limen knows decides: makers put the closest one first. */
static enum device classify(struct tree *t, int node)
{
	int len;
	const char *s = tree_prop(t, node, "compatible", &len), *end = s ? s + len : s;

	if (!s || len < 1 || s[len - 1] != '\0')
		return DEV_NONE;
	for (; s < end; s += strlen(s) + 1) {
		if (platform_arch_knows(s))
			return DEV_CONTROLLER;
		for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
			if (strcmp(s, devices[i].compatible) == 0)
				return devices[i].device;
	}
	return DEV_NONE;
}

static enum platform_uart_kind uart_kind(enum device d)
{
	switch (d) {
	case DEV_NS16550: return PLATFORM_UART_NS16550;
	case DEV_DW_UART: return PLATFORM_UART_DW;
	case DEV_SIFIVE_UART: return PLATFORM_UART_SIFIVE;
	default: return PLATFORM_UART_NONE;
	}
}

/* clock-frequency, or that of a fixed clock that clocks names first. */
static u32 read_clock(struct tree *t, int node)
{
	int len, clock;
	const void *p;
	u32 hz = 0;

	if (tree_u32(t, node, "clock-frequency", &hz) != ERR_NOENT)
		return hz;
	p = tree_prop(t, node, "clocks", &len);
	if (!p || len < 4)
		return 0;
	clock = tree_by_phandle((u32)tree_cells(p, 1));
	if (clock >= 0 && tree_compatible(t, clock, "fixed-clock"))
		(void)tree_u32(t, clock, "clock-frequency", &hz);
	return hz;
}

static bool read_uart_layout(struct tree *t, int node, struct platform_uart *u)
{
	u32 offset = 0;

	u->reg_shift = 0;
	u->reg_width = u->kind == PLATFORM_UART_SIFIVE ? 4 : 1;
	(void)tree_u32(t, node, "reg-shift", &u->reg_shift);
	(void)tree_u32(t, node, "reg-io-width", &u->reg_width);
	(void)tree_u32(t, node, "reg-offset", &offset);
	if (u->reg_shift > 4) {
		tree_warn(t, node, "reg-shift", "%u is more than 4", u->reg_shift);
		return false;
	}
	if (u->reg_width > 8 || __builtin_popcount(u->reg_width) != 1) {
		tree_warn(t, node, "reg-io-width", "%u is not 1, 2, 4 or 8", u->reg_width);
		return false;
	}
	if (offset >= u->reg.size) {
		tree_warn(t, node, "reg-offset", "0x%x is outside of reg", offset);
		return false;
	}
	u->reg.base.a += offset;
	u->reg.size -= offset;
	/* Eight registers at their distance, or the seven words of SiFive's. */
	if (u->reg.size < (u->kind == PLATFORM_UART_SIFIVE ? 0x1c : 8ULL << u->reg_shift)) {
		tree_warn(t, node, "reg", "too small for the registers of a UART");
		return false;
	}
	return true;
}

void platform_read_uart(struct tree *t, int node, enum platform_uart_kind kind)
{
	struct platform_uart u = {.kind = kind};

	if (tree_device_reg(t, node, &u.reg) != OK || !read_uart_layout(t, node, &u))
		return;
	u.clock_hz = read_clock(t, node);
	(void)tree_u32(t, node, "current-speed", &u.baud);
	platform_arch_read_irq(t, node, &u.irq);
	t->p->uart = u;
}

/* The address of a syscon's registers is that of the node regmap names, or of the parent. */
static enum err syscon_reg(struct tree *t, int node, struct platform_range *out, int *syscon)
{
	u32 phandle;
	enum err e = tree_u32(t, node, "regmap", &phandle);

	if (e == ERR_FORMAT)
		return e;
	*syscon = e == OK ? tree_by_phandle(phandle) : tree_parent(node);
	if (*syscon > 0)
		return tree_device_reg(t, *syscon, out);
	tree_warn(t, node, "regmap", "names no node");
	return ERR_NOENT;
}

void platform_read_syscon(struct tree *t, int node, struct platform_syscon *out)
{
	struct platform_syscon s = {.mask = UINT32_MAX, .width = 4};
	struct platform_range r;
	u32 offset = 0;
	int syscon;
	enum err value, mask;

	if (out->present || syscon_reg(t, node, &r, &syscon) != OK)
		return;
	(void)tree_u32(t, node, "offset", &offset);
	(void)tree_u32(t, syscon, "reg-io-width", &s.width);
	value = tree_u32(t, node, "value", &s.value);
	mask = tree_u32(t, node, "mask", &s.mask);
	if (value == ERR_NOENT && mask == OK) {
		/* The binding of old: mask alone is the value. */
		s.value = s.mask;
		s.mask = UINT32_MAX;
	} else if (value != OK || mask == ERR_FORMAT) {
		tree_warn(t, node, "value", "missing");
		return;
	}
	if (s.width > 4 || __builtin_popcount(s.width) != 1 || offset % s.width ||
	    offset >= r.size || r.size - offset < s.width) {
		tree_warn(t, node, "offset", "0x%x is not a register of the syscon", offset);
		return;
	}
	s.reg = HPA(r.base.a + offset);
	s.present = true;
	*out = s;
}

static void read_test(struct tree *t, int node)
{
	if (t->p->test.size == 0)
		(void)tree_device_reg(t, node, &t->p->test);
}

static void read_device(struct tree *t, int node, enum device d)
{
	switch (d) {
	case DEV_CONTROLLER: platform_arch_read(t, node); break;
	case DEV_TEST: read_test(t, node); break;
	case DEV_POWEROFF: platform_read_syscon(t, node, &t->p->poweroff); break;
	case DEV_REBOOT: platform_read_syscon(t, node, &t->p->reboot); break;
	default: break;
	}
}

/* The UART that stdout names, or the first that can be used. */
static void read_uarts(struct tree *t, int stdout_node, u32 stdout_baud)
{
	for (int node = 1; node < tree_nodes(); node++) {
		enum platform_uart_kind kind;

		if (stdout_node >= 0 ? node != stdout_node : !tree_okay(t, node))
			continue;
		kind = uart_kind(classify(t, node));
		if (kind != PLATFORM_UART_NONE)
			platform_read_uart(t, node, kind);
		else if (stdout_node >= 0)
			tree_warn(t, node, "compatible", "not a UART limen knows, but stdout-path");
		if (t->p->uart.kind != PLATFORM_UART_NONE || stdout_node >= 0)
			break;
	}
	if (stdout_node >= 0 && t->p->uart.kind == PLATFORM_UART_NONE)
		read_uarts(t, -1, 0);
	else if (stdout_baud)
		t->p->uart.baud = stdout_baud;
}

void platform_read_devices(struct tree *t, int stdout_node, u32 stdout_baud)
{
	for (int node = 1; node < tree_nodes(); node++) {
		enum device d = classify(t, node);

		if (d != DEV_NONE && tree_okay(t, node))
			read_device(t, node, d);
	}
	platform_arch_settle(t);
	read_uarts(t, stdout_node, stdout_baud);
}
