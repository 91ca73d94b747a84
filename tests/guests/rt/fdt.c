// SPDX-License-Identifier: BSD-2-Clause
/*
 * The few facts a test guest wants from its device tree (Devicetree Specification v0.4, chapter 5:
 * flattened format). Addresses and sizes of memory and devices are taken as two cells each.
 */
#include "rt.h"

#include <string.h>

#define FDT_MAGIC      0xd00dfeed
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE   2
#define FDT_PROP       3
#define FDT_NOP	       4
#define MAX_DEPTH      8

struct machine machine;

struct prop {
	const u8 *at;
	unsigned int len;
};

/* What is kept of a node until its end. */
struct node {
	const char *name;
	struct prop reg, compatible, interrupts, ext, type, isa, isa_list, status;
	struct prop ids, guest_bits, sources;
	bool children;
	u32 phandle;
	u32 intc; /* phandle of a child that is an interrupt controller */
};

static u32 be32(const void *p)
{
	const u8 *b = p;

	return (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3];
}

/* The number at cell i, of 32 bits or (two cells) 64. */
static u64 cells(const struct prop *p, unsigned int i, unsigned int n)
{
	if (p->len < 4 * (i + n))
		return 0;
	return n == 1 ? be32(p->at + 4 * i)
		      : (u64)be32(p->at + 4 * i) << 32 | be32(p->at + 4 * i + 4);
}

/* Whether a list of strings has s. */
static bool has_string(const struct prop *p, const char *s)
{
	unsigned int n = strlen(s) + 1;

	for (unsigned int i = 0; i + n <= p->len; i += strnlen((char *)p->at + i, p->len - i) + 1)
		if (!memcmp(p->at + i, s, n))
			return true;
	return false;
}

static void end_cpu(struct node *n)
{
	if (machine.nharts == MAX_HARTS || has_string(&n->status, "disabled"))
		return;
	machine.hart[machine.nharts].id = cells(&n->reg, 0, n->reg.len / 4);
	machine.hart[machine.nharts].intc = n->intc;
	machine.nharts++;
	machine.isa_is_list = n->isa_list.len;
	machine.isa = (const char *)(n->isa_list.len ? n->isa_list.at : n->isa.at);
	machine.isa_len = n->isa_list.len ? n->isa_list.len : n->isa.len;
}

/* Of those at supervisor level: files whose interrupts are the harts' 9, the domain without children. */
static void end_aia(const struct node *n)
{
	if (has_string(&n->compatible, "riscv,imsics") && cells(&n->ext, 1, 1) == IRQ_EXT) {
		machine.imsic = cells(&n->reg, 0, 2);
		machine.imsic_ids = (u32)cells(&n->ids, 0, 1);
		machine.imsic_guest_bits = (u32)cells(&n->guest_bits, 0, 1);
		machine.imsic_ext = n->ext.at;
		machine.imsic_ext_len = n->ext.len;
	}
	if (has_string(&n->compatible, "riscv,aplic") && !n->children) {
		machine.aplic = cells(&n->reg, 0, 2);
		machine.aplic_sources = (u32)cells(&n->sources, 0, 1);
	}
}

static void end_node(struct node *n, struct node *parent)
{
	if (parent && !strncmp(n->name, "interrupt-controller", 20))
		parent->intc = n->phandle;
	if (has_string(&n->type, "cpu"))
		end_cpu(n);
	if (has_string(&n->type, "memory") && !machine.ram_size) {
		machine.ram_base = cells(&n->reg, 0, 2);
		machine.ram_size = cells(&n->reg, 2, 2);
	}
	if (has_string(&n->compatible, "ns16550a") && !machine.uart) {
		machine.uart = cells(&n->reg, 0, 2);
		machine.uart_size = cells(&n->reg, 2, 2);
		machine.uart_irq = (u32)cells(&n->interrupts, 0, 1);
	}
	if (has_string(&n->compatible, "riscv,plic0") ||
	    has_string(&n->compatible, "sifive,plic-1.0.0")) {
		machine.plic = cells(&n->reg, 0, 2);
		machine.plic_size = cells(&n->reg, 2, 2);
		machine.plic_ext = n->ext.at;
		machine.plic_ext_len = n->ext.len;
	}
	end_aia(n);
}

static void keep_prop(struct node *n, const char *name, struct prop p)
{
	const struct {
		const char *name;
		struct prop *to;
	} table[] = {
		{"reg", &n->reg},
		{"compatible", &n->compatible},
		{"interrupts", &n->interrupts},
		{"interrupts-extended", &n->ext},
		{"device_type", &n->type},
		{"riscv,isa", &n->isa},
		{"riscv,isa-extensions", &n->isa_list},
		{"status", &n->status},
		{"riscv,num-ids", &n->ids},
		{"riscv,guest-index-bits", &n->guest_bits},
		{"riscv,num-sources", &n->sources},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(table); i++)
		if (!strcmp(name, table[i].name))
			*table[i].to = p;
	if (!strcmp(name, "rng-seed") && !strcmp(n->name, "chosen")) {
		machine.seed = p.at;
		machine.seed_len = p.len;
	}
	if (!strcmp(name, "bootargs") && !strcmp(n->name, "chosen") && p.len)
		machine.bootargs = (const char *)p.at;
	if (!strcmp(name, "riscv,children"))
		n->children = true;
	if (!strcmp(name, "phandle"))
		n->phandle = (u32)cells(&p, 0, 1);
	if (!strcmp(name, "timebase-frequency") && !machine.timebase)
		machine.timebase = cells(&p, 0, p.len / 4);
}

void machine_read(u64 dtb)
{
	const u8 *base = (const u8 *)dtb, *p = base + be32(base + 8);
	const char *names = (const char *)base + be32(base + 12);
	struct node nodes[MAX_DEPTH];
	int depth = -1;

	if (be32(base) != FDT_MAGIC) {
		print("Bail out! no device tree at 0x%lx\n", dtb);
		power_off(1);
	}
	machine.dtb = dtb;
	machine.dtb_size = be32(base + 4);
	for (;;) {
		u32 token = be32(p);

		p += 4;
		if (token == FDT_BEGIN_NODE && depth + 1 < MAX_DEPTH) {
			nodes[++depth] = (struct node){.name = (const char *)p};
			p += (strlen((const char *)p) + 4) & ~3UL;
		} else if (token == FDT_END_NODE && depth >= 0) {
			end_node(&nodes[depth], depth ? &nodes[depth - 1] : NULL);
			depth--;
		} else if (token == FDT_PROP && depth >= 0) {
			keep_prop(&nodes[depth], names + be32(p + 4),
				  (struct prop){p + 8, be32(p)});
			p += 8 + ((be32(p) + 3) & ~3U);
		} else if (token != FDT_NOP) {
			return;
		}
	}
}

bool machine_has(const char *ext)
{
	unsigned int n = strlen(ext);
	struct prop p = {(const u8 *)machine.isa, machine.isa_len};

	if (machine.isa_is_list)
		return has_string(&p, ext);
	/* riscv,isa: rv64 and single letters, then _long _names. */
	for (unsigned int i = 4; i + n < p.len && n == 1 && p.at[i] != '_'; i++)
		if (p.at[i] == (u8)ext[0])
			return true;
	for (unsigned int i = 0; i + n + 1 < p.len && n > 1; i++)
		if (p.at[i] == '_' && !memcmp(p.at + i + 1, ext, n) &&
		    (p.at[i + 1 + n] == '_' || !p.at[i + 1 + n]))
			return true;
	return false;
}

int machine_imsic_index(const struct hart *h)
{
	struct prop p = {machine.imsic_ext, machine.imsic_ext_len};

	for (unsigned int i = 0; i < machine.nharts; i++)
		for (unsigned int k = 0; machine.hart[i].id == h->id && 8 * k + 8 <= p.len; k++)
			if (cells(&p, 2 * k, 1) == machine.hart[i].intc)
				return (int)k;
	return -1;
}

int machine_plic_context(const struct hart *h)
{
	struct prop p = {machine.plic_ext, machine.plic_ext_len};

	for (unsigned int i = 0; i < machine.nharts; i++)
		for (unsigned int c = 0; machine.hart[i].id == h->id && 8 * c + 8 <= p.len; c++)
			if (cells(&p, 2 * c, 1) == machine.hart[i].intc &&
			    cells(&p, 2 * c + 1, 1) == IRQ_EXT)
				return (int)c;
	return -1;
}

const char *machine_bootarg(const char *name)
{
	unsigned int n = strlen(name);

	for (const char *at = machine.bootargs; at && *at; at += *at == ' ') {
		if (!strncmp(at, name, n) && at[n] == '=')
			return at + n + 1;
		at += strcspn(at, " ");
	}
	return NULL;
}

u64 machine_bootarg_number(const char *name)
{
	const char *at = machine_bootarg(name);
	u64 value = 0;

	for (; at && *at >= '0' && *at <= '9'; at++)
		value = value * 10 + (u64)(*at - '0');
	return value;
}
