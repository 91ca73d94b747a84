// SPDX-License-Identifier: BSD-2-Clause
/*
 * Loads and stores to emulated devices: every form an instruction can have, with every register,
 * seen from S-mode and U-mode, with and without paging. The devices are the UART's scratch and
 * modem control registers (bytes) and the PLIC's enable word of our context (32 bits).
 *
 * The code under test runs with all registers loaded with known values and ends in an ebreak;
 * after it no register but the one loaded may differ.
 *
 * # expect: pass
 * # harts: 1
 * # aia: none
 */
#include "rt.h"

#include <stdio.h>
#include <string.h>

#define UART_MCR 4
#define UART_SCR 7

/* ---- instructions (Unprivileged ISA 20240411; Zcb v1.0.4) ------------------------------------ */

enum shape {
	FULL,  /* I and S type: any registers, 12 bits of offset */
	SHORT, /* c.lw and its like: x8..x15 */
	STACK, /* c.lwsp and its like: base sp */
};

struct form {
	const char *name;
	enum shape shape;
	u32 base; /* the encoding without registers and offset */
	u8 size;
	bool store;
	bool sign;
	bool zcb;
};

static const struct form forms[] = {
	{"lb", FULL, 0x00000003, 1, false, true, false},
	{"lbu", FULL, 0x00004003, 1, false, false, false},
	{"sb", FULL, 0x00000023, 1, true, false, false},
	{"lh", FULL, 0x00001003, 2, false, true, false},
	{"lhu", FULL, 0x00005003, 2, false, false, false},
	{"sh", FULL, 0x00001023, 2, true, false, false},
	{"lw", FULL, 0x00002003, 4, false, true, false},
	{"lwu", FULL, 0x00006003, 4, false, false, false},
	{"sw", FULL, 0x00002023, 4, true, false, false},
	{"ld", FULL, 0x00003003, 8, false, false, false},
	{"sd", FULL, 0x00003023, 8, true, false, false},
	{"c.lw", SHORT, 0x4000, 4, false, true, false},
	{"c.sw", SHORT, 0xc000, 4, true, false, false},
	{"c.ld", SHORT, 0x6000, 8, false, false, false},
	{"c.sd", SHORT, 0xe000, 8, true, false, false},
	{"c.lwsp", STACK, 0x4002, 4, false, true, false},
	{"c.swsp", STACK, 0xc002, 4, true, false, false},
	{"c.ldsp", STACK, 0x6002, 8, false, false, false},
	{"c.sdsp", STACK, 0xe002, 8, true, false, false},
	{"c.lbu", SHORT, 0x8000, 1, false, false, true},
	{"c.lhu", SHORT, 0x8400, 2, false, false, true},
	{"c.lh", SHORT, 0x8440, 2, false, true, true},
	{"c.sb", SHORT, 0x8800, 1, true, false, true},
	{"c.sh", SHORT, 0x8c00, 2, true, false, true},
};

/* One access: form, data register, base register, offset. */
struct access {
	const struct form *f;
	u32 r;
	u32 b;
	int off;
};

static bool is_short(const struct form *f)
{
	return f->shape != FULL;
}

static u32 bits(u32 v, int from, int to, int at)
{
	return (v >> from & ((1U << (to - from + 1)) - 1)) << at;
}

static u32 encode_short(const struct access *a)
{
	u32 o = (u32)a->off, regs = (a->r & 7) << 2 | (a->b & 7) << 7;

	switch (a->f->size) {
	case 1: return regs | bits(o, 0, 0, 6) | bits(o, 1, 1, 5);
	case 2: return regs | bits(o, 1, 1, 5);
	case 4: return regs | bits(o, 2, 2, 6) | bits(o, 3, 5, 10) | bits(o, 6, 6, 5);
	default: return regs | bits(o, 3, 5, 10) | bits(o, 6, 7, 5);
	}
}

static u32 encode_stack(const struct access *a)
{
	u32 o = (u32)a->off;

	if (a->f->store)
		return a->r << 2 | (a->f->size == 4 ? bits(o, 2, 5, 9) | bits(o, 6, 7, 7)
						    : bits(o, 3, 5, 10) | bits(o, 6, 8, 7));
	return a->r << 7 |
	       (a->f->size == 4 ? bits(o, 5, 5, 12) | bits(o, 2, 4, 4) | bits(o, 6, 7, 2)
				: bits(o, 5, 5, 12) | bits(o, 3, 4, 5) | bits(o, 6, 8, 2));
}

static u32 encode(const struct access *a)
{
	u32 o = (u32)a->off;

	if (a->f->shape == SHORT)
		return a->f->base | encode_short(a);
	if (a->f->shape == STACK)
		return a->f->base | encode_stack(a);
	if (a->f->store)
		return a->f->base | a->b << 15 | a->r << 20 | bits(o, 0, 4, 7) | bits(o, 5, 11, 25);
	return a->f->base | a->b << 15 | a->r << 7 | bits(o, 0, 11, 20);
}

/* ---- where code runs and where devices are seen ---------------------------------------------- */

struct view {
	const char *name;
	bool paging;
	u64 spp;
	bool straddle; /* the instruction crosses into a page that is elsewhere in memory */
};

static const struct view views[] = {
	{"S-mode", false, SSTATUS_SPP, false},
	{"U-mode", false, 0, false},
	{"S-mode, Sv39", true, SSTATUS_SPP, false},
	{"U-mode, Sv39", true, 0, false},
	{"S-mode, Sv39, across two pages", true, SSTATUS_SPP, true},
	{"U-mode, Sv39, across two pages", true, 0, true},
};

static const struct view *view;
static u8 code[4][PAGE_SIZE] __attribute__((aligned(4096)));

#define CODE_VA (MMU_ALIAS + 0x40000000UL)
#define UART_VA (MMU_ALIAS + 0x3000)
#define PLIC_VA (MMU_ALIAS + 0x80000000UL + 0x7000)
#define PTE_U	0x10UL

static u64 uart, enable; /* addresses as the code under test sees them */

/* Pages 0 and 2 of the code follow each other in the view, so that what follows page 0 in memory
 * is not what is run. Execute-only. */
static void set_view(const struct view *v)
{
	u64 u = v->spp ? 0 : PTE_U, ctx = (u64)machine_plic_context(this_hart());
	u64 enable_pa = machine.plic + 0x2000 + 0x80 * ctx;

	view = v;
	uart = machine.uart;
	enable = machine.plic && (int)ctx >= 0 ? enable_pa : 0;
	if (!v->paging)
		return;
	*mmu_pte(CODE_VA) = mmu_leaf((u64)code[0], PTE_V | PTE_X | PTE_A | u);
	*mmu_pte(CODE_VA + PAGE_SIZE) = mmu_leaf((u64)code[2], PTE_V | PTE_X | PTE_A | u);
	*mmu_pte(UART_VA) = mmu_leaf(machine.uart, PTE_RW | u);
	*mmu_pte(PLIC_VA) = mmu_leaf(enable_pa, PTE_RW | u);
	uart = UART_VA + (machine.uart & 4095);
	enable = enable ? PLIC_VA + (enable_pa & 4095) : 0;
	mmu_on(0);
}

/* Puts the instruction and an ebreak (c.ebreak after a short one) into memory. Where it is run. */
static u64 place(u32 insn, bool half)
{
	u64 va = view->paging ? CODE_VA : (u64)code[0];
	u8 bytes[8];
	u32 at = view->straddle ? PAGE_SIZE - 2 : 8;

	memcpy(bytes, &insn, 4);
	memcpy(bytes + (half ? 2 : 4),
	       half ? (u8[]){0x02, 0x90, 0x02, 0x90} : (u8[]){0x73, 0, 0x10, 0}, 4);
	for (u32 i = 0; i < (half ? 6 : 8); i++) {
		u32 pos = at + i;

		code[pos < PAGE_SIZE ? 0 : view->paging ? 2 : 1][pos % PAGE_SIZE] = bytes[i];
	}
	__asm__ volatile("fence.i" ::: "memory");
	return va + at;
}

/* ---- one access --------------------------------------------------------------------------- */

#define CANARY(i) (0xa5a5000000000000UL + (i)*0x0001000100010001UL)

static const char *describe(const struct access *a)
{
	static char text[96];

	snprintf(text, sizeof(text), "%s x%u, %d(x%u) in %s", a->f->name, a->r, a->off, a->b,
		 view->name);
	return text;
}

/* Does it, with `data` in the data register of a store. Returns the trap, 3 if all went well; the
 * value loaded goes to *loaded. */
static u64 perform(const struct access *a, u64 va, u64 data, u64 *loaded)
{
	const struct trap *t = &this_hart()->trap;
	u64 x[32], pc, cause;

	for (u64 i = 0; i < 32; i++)
		x[i] = CANARY(i);
	if (a->f->store && a->r != a->b)
		x[a->r] = data;
	x[a->b] = va - (u64)(long)a->off;
	pc = place(encode(a), is_short(a->f));
	cause = trap_run(x, pc, view->spp);
	if (cause != 3)
		return cause;
	if (t->sepc != pc + (is_short(a->f) ? 2 : 4))
		test_fail("%s: went on at 0x%lx, not 0x%lx + length", describe(a), t->sepc, pc);
	for (u32 i = 1; i < 32; i++)
		if (t->x[i] != x[i] && (a->f->store || i != a->r))
			test_fail("%s: x%u changed from 0x%lx to 0x%lx", describe(a), i, x[i],
				  t->x[i]);
	*loaded = t->x[a->r];
	return cause;
}

static u64 extend(const struct form *f, u64 v)
{
	int unused = 64 - 8 * f->size;

	return f->sign ? (u64)((long)(v << unused) >> unused) : v << unused >> unused;
}

/* A register of the form's size holds `was`; the load must give it back extended. */
static void check_load(const struct access *a, u64 va, u64 was)
{
	u64 got = 0, cause = perform(a, va, 0, &got);

	if (cause != 3)
		test_fail("%s: trap %lu at 0x%lx", describe(a), cause, this_hart()->trap.stval);
	else if (a->r && got != extend(a->f, was))
		test_fail("%s: loaded 0x%lx, not 0x%lx", describe(a), got, extend(a->f, was));
}

static u64 device_read(u64 pa, u32 size)
{
	return size == 1 ? *(volatile u8 *)pa : *(volatile u32 *)pa;
}

static void device_write(u64 pa, u32 size, u64 v)
{
	if (size == 1)
		*(volatile u8 *)pa = (u8)v;
	else
		*(volatile u32 *)pa = (u32)v;
}

/* Stores v; the register must hold it then (but for the bits it has not). */
static void check_store(const struct access *a, u64 va, u64 pa, u64 v, u64 mask)
{
	u64 unused, cause, want;

	device_write(pa, a->f->size, ~v & mask);
	cause = perform(a, va, v, &unused);
	want = a->r == a->b ? va - (u64)(long)a->off : a->r ? v : 0;
	if (cause != 3)
		test_fail("%s: trap %lu at 0x%lx", describe(a), cause, this_hart()->trap.stval);
	else if (device_read(pa, a->f->size) != (want & mask))
		test_fail("%s: stored 0x%lx, not 0x%lx", describe(a), device_read(pa, a->f->size),
			  want & mask);
}

/* Whether the form can name these registers and this offset for a device at va. */
static bool possible(const struct access *a)
{
	const struct form *f = a->f;

	if (f->zcb && !machine_has("zcb"))
		return false;
	if (f->shape == SHORT)
		return a->r >= 8 && a->r < 16 && a->b >= 8 && a->b < 16;
	if (f->shape == STACK)
		return a->b == 2 && (a->r || f->store);
	return a->b != 0;
}

/* A few offsets each form can have. */
static int offset(const struct form *f, u32 n)
{
	static const int full[] = {0, 4, -4, 2047, -2048, 1, -1, 0x555};

	if (f->shape == FULL)
		return full[n % ARRAY_SIZE(full)];
	if (f->zcb)
		return (int)(n % (f->size == 1 ? 4 : 2)) * f->size;
	return (int)((n * 7) % 32) * f->size;
}

/* Every form of this size, every register, against the register at va (physically pa). */
static void all_forms(u32 size, u64 va, u64 pa, u64 mask, const u64 *values, u32 nvalues)
{
	u32 n = 0;

	for (u32 i = 0; i < ARRAY_SIZE(forms); i++)
		for (u32 r = 0; r < 32; r++)
			for (u32 b = 1; b < 32 && !test_failed(); b++) {
				struct access a = {&forms[i], r, b, offset(&forms[i], ++n)};
				u64 v = values[n % nvalues];

				/* all pairs would take long: a third of them, and r == b */
				if (forms[i].size != size || !possible(&a) ||
				    ((r + b) % 3 && r != b && !is_short(a.f)))
					continue;
				if (a.f->store) {
					check_store(&a, va, pa, v, mask);
				} else {
					device_write(pa, size, v & mask);
					check_load(&a, va, v & mask);
				}
			}
}

static void uart_bytes(const struct view *v)
{
	static const u64 values[] = {0, 0x7f, 0x80, 0xff, 0x5a, 0xc3};

	SKIP_IF(!machine.uart, "no UART");
	set_view(v);
	all_forms(1, uart + UART_SCR, machine.uart + UART_SCR, 0xff, values, ARRAY_SIZE(values));
}

static void plic_words(const struct view *v)
{
	static const u64 values[] = {0,		 0x7ffffffe, 0x80000000, 0xfffffffe,
				     0x12345678, 0xdeadbeee, 0x00000400};
	u64 pa, mask;

	SKIP_IF(!machine.plic, "no PLIC");
	set_view(v);
	pa = machine.plic + 0x2000 + 0x80 * (u64)machine_plic_context(this_hart());
	device_write(pa, 4, 0xfffffffe);
	mask = device_read(pa, 4);
	T_OK(mask >> machine.uart_irq & 1);
	all_forms(4, enable, pa, mask, values, ARRAY_SIZE(values));
	device_write(pa, 4, 0);
}

/* Sizes the device does not have: either it answers with its register in the lowest byte, or the
 * access is refused by an access fault. Nothing else changes. */
static void uart_wide(const struct view *v)
{
	u8 mcr;

	SKIP_IF(!machine.uart, "no UART");
	set_view(v);
	mcr = *(volatile u8 *)(machine.uart + UART_MCR);
	*(volatile u8 *)(machine.uart + UART_SCR) = 0x96;
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		struct access a = {&forms[i], 9, forms[i].shape == STACK ? 2 : 10, 0};
		u64 got = 0, cause;

		if (!possible(&a) || a.f->size == 1 || a.f->size == 8 || a.f->store)
			continue;
		cause = perform(&a, uart + UART_MCR, mcr, &got);
		if (cause == 3 && (u8)got != mcr)
			test_fail("%s: MCR is 0x%x, got 0x%lx", describe(&a), mcr, got);
		else if (cause != 3 && cause != 5)
			test_fail("%s: trap %lu", describe(&a), cause);
	}
	T_EQ(*(volatile u8 *)(machine.uart + UART_MCR), mcr);
	T_EQ(*(volatile u8 *)(machine.uart + UART_SCR), 0x96);
}

/* 64 bits at the PLIC's enable words: both of them, or refused. */
static void plic_wide(const struct view *v)
{
	u64 pa;

	SKIP_IF(!machine.plic, "no PLIC");
	set_view(v);
	pa = machine.plic + 0x2000 + 0x80 * (u64)machine_plic_context(this_hart());
	device_write(pa, 4, 1U << machine.uart_irq);
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		struct access a = {&forms[i], 9, forms[i].shape == STACK ? 2 : 10, 0};
		u64 got = 0, cause;

		if (!possible(&a) || a.f->size != 8)
			continue;
		cause = perform(&a, enable, 1U << machine.uart_irq, &got);
		if (cause == 3 && !a.f->store && (u32)got != 1U << machine.uart_irq)
			test_fail("%s: got 0x%lx", describe(&a), got);
		else if (cause != 3 && cause != (a.f->store ? 7 : 5))
			test_fail("%s: trap %lu", describe(&a), cause);
	}
	T_EQ(device_read(pa, 4), 1U << machine.uart_irq);
	device_write(pa, 4, 0);
}

/* Two in a row by compressed code, with C's own idea of what an access looks like. */
static void sequence(const struct view *v)
{
	volatile u8 *scr;

	SKIP_IF(!machine.uart, "no UART");
	set_view(v);
	scr = (volatile u8 *)machine.uart + UART_SCR;
	for (u32 i = 0; i < 2000; i++) {
		*scr = (u8)i;
		T_EQ(*scr, i & 0xff);
	}
}

#define IN_VIEW(fn, i)             \
	static void fn##_##i(void) \
	{                          \
		fn(&views[i]);     \
	}
#define IN_VIEWS(fn)   \
	IN_VIEW(fn, 0) \
	IN_VIEW(fn, 1) \
	IN_VIEW(fn, 2) \
	IN_VIEW(fn, 3) \
	IN_VIEW(fn, 4) \
	IN_VIEW(fn, 5)

IN_VIEWS(uart_bytes)
IN_VIEWS(plic_words)
IN_VIEW(uart_wide, 0)
IN_VIEW(uart_wide, 2)
IN_VIEW(plic_wide, 0)
IN_VIEW(plic_wide, 2)
IN_VIEW(sequence, 0)

const struct test guest_tests[] = {
	{"byte forms, S-mode", uart_bytes_0},
	{"byte forms, U-mode", uart_bytes_1},
	{"byte forms, S-mode, Sv39", uart_bytes_2},
	{"byte forms, U-mode, Sv39", uart_bytes_3},
	{"byte forms, S-mode, Sv39, across two pages", uart_bytes_4},
	{"byte forms, U-mode, Sv39, across two pages", uart_bytes_5},
	{"word forms, S-mode", plic_words_0},
	{"word forms, U-mode", plic_words_1},
	{"word forms, S-mode, Sv39", plic_words_2},
	{"word forms, U-mode, Sv39", plic_words_3},
	{"word forms, S-mode, Sv39, across two pages", plic_words_4},
	{"word forms, U-mode, Sv39, across two pages", plic_words_5},
	{"UART registers read wider than they are", uart_wide_0},
	{"UART registers read wider than they are, Sv39", uart_wide_2},
	{"PLIC words by 64-bit forms", plic_wide_0},
	{"PLIC words by 64-bit forms, Sv39", plic_wide_2},
	{"many accesses in a row", sequence_0},
	{NULL, NULL},
};
