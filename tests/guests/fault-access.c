// SPDX-License-Identifier: BSD-2-Clause
/*
 * Accesses to where a machine has nothing, by everything that can make one: each is an access fault of its
 * own kind, at the address that it was, which the guest takes and goes on from (privileged specification,
 * "Physical Memory Attributes"). From S-mode and U-mode, without paging and with it; the end of RAM; page
 * tables that lie outside. And a device by what no device takes.
 *
 * # expect: pass
 * # harts: 1
 * # log: VM guest: vCPU 0, pc 0x[0-9a-f]+: load at 0x18000010( \(0x18000010\))?, where it has nothing: access fault, 1 so far
 */
#include "rt.h"

#include <string.h>

#define FETCH 1
#define LOAD  5
#define STORE 7
#define BREAK 3

/* Neither limen nor QEMU's virt machine has anything there. */
#define NOWHERE 0x18000000UL

#define EBREAK 0x00100073

/* Of each the address is in a0 (x10), what is stored in a1 (x11), and the result, if any, goes to a2 (x12). */
struct access {
	const char *name;
	u32 insn;
	u64 cause;
	u32 size;
	const char *ext; /* what the hart has to have; NULL: nothing more */
};

static const struct access accesses[] = {
	{"lb", 0x00050603, LOAD, 1, NULL},
	{"lhu", 0x00055603, LOAD, 2, NULL},
	{"lw", 0x00052603, LOAD, 4, NULL},
	{"ld", 0x00053603, LOAD, 8, NULL},
	{"sb", 0x00b50023, STORE, 1, NULL},
	{"sh", 0x00b51023, STORE, 2, NULL},
	{"sw", 0x00b52023, STORE, 4, NULL},
	{"sd", 0x00b53023, STORE, 8, NULL},
	{"c.lw", 0x00004110, LOAD, 4, NULL},
	{"c.sd", 0x0000e10c, STORE, 8, NULL},
	{"lr.w", 0x1005262f, LOAD, 4, NULL},
	{"lr.d", 0x1005362f, LOAD, 8, NULL},
	{"amoadd.w", 0x00b5262f, STORE, 4, NULL},
	{"amoswap.d", 0x08b5362f, STORE, 8, NULL},
	{"amomaxu.d", 0xe0b5362f, STORE, 8, NULL},
	{"flw", 0x00052007, LOAD, 4, "f"},
	{"fld", 0x00053007, LOAD, 8, "d"},
	{"fsw", 0x00052027, STORE, 4, "f"},
	{"fsd", 0x00053027, STORE, 8, "d"},
	{"c.fld", 0x00002108, LOAD, 8, "d"},
	{"c.fsd", 0x0000a108, STORE, 8, "d"},
	{"cbo.inval", 0x0005200f, STORE, 1, "zicbom"},
	{"cbo.clean", 0x0015200f, STORE, 1, "zicbom"},
	{"cbo.flush", 0x0025200f, STORE, 1, "zicbom"},
	{"cbo.zero", 0x0045200f, STORE, 1, "zicboz"},
	{"vle8.v", 0x02050007, LOAD, 1, "v"},
	{"vle64.v", 0x02057007, LOAD, 8, "v"},
	{"vse32.v", 0x02056027, STORE, 4, "v"},
	{"vlse16.v", 0x0ab55007, LOAD, 2, "v"},
	{"vle8ff.v", 0x03050007, LOAD, 1, "v"},
};

static u8 code[PAGE_SIZE] __attribute__((aligned(4096)));

/* ---- where from -------------------------------------------------------------------------- */

#define PTE_U	0x10UL
#define CODE_VA (MMU_ALIAS + 0x40000000UL)
#define DATA_VA (MMU_ALIAS + 0x10000UL)

struct view {
	const char *name;
	bool paging;
	u64 spp;
};

static const struct view views[] = {
	{"S-mode", false, SSTATUS_SPP},
	{"U-mode", false, 0},
	{"S-mode, Sv39", true, SSTATUS_SPP},
	{"U-mode, Sv39", true, 0},
};

static const struct view *view;

static void set_view(const struct view *v)
{
	view = v;
	csr_set(sstatus, SSTATUS_FS);
	if (machine_has("v"))
		csr_set(sstatus, SSTATUS_VS);
	if (machine_has("zicbom") || machine_has("zicboz"))
		csr_write(senvcfg, 0xf0); /* CBIE, CBCFE, CBZE: user mode has them, too */
	mmu_off();
	if (!v->paging)
		return;
	*mmu_pte(CODE_VA) = mmu_leaf((u64)code, PTE_V | PTE_X | PTE_A | (v->spp ? 0 : PTE_U));
	mmu_on(0);
}

/* Where the view sees the page of physical address pa, in one of four places beside each other. */
static u64 see(u64 pa, unsigned int place)
{
	u64 va = DATA_VA + place * PAGE_SIZE;

	if (!view->paging)
		return pa;
	*mmu_pte(va) = mmu_leaf(pa & ~(PAGE_SIZE - 1), PTE_RW | (view->spp ? 0 : PTE_U));
	__asm__ volatile("sfence.vma" ::: "memory");
	return va + (pa & (PAGE_SIZE - 1));
}

/* ---- one access -------------------------------------------------------------------------- */

/* For QEMU's own machine cbo.inval and its like are no access. */
static bool has(const struct access *a)
{
	if (bare() && a->ext && !strcmp(a->ext, "zicbom"))
		return false;
	return !a->ext || machine_has(a->ext) || (a->ext[0] == 'v' && machine_has("zve64x"));
}

/* Puts the instruction and an ebreak into memory, behind a vsetivli for its element's width if it is one of
 * vectors; where it is run. *insn: where it is itself. */
static u64 place(const struct access *a, u64 *insn)
{
	static const u32 vsetivli =
		0xcc027057; /* four elements, e8, m1, ta, ma; width in bits 25 to 23 */
	u64 va = view->paging ? CODE_VA : (u64)code;
	u32 width = a->size == 8 ? 3 : a->size / 2, ebreak = EBREAK;

	memcpy(code, &(u32){vsetivli | width << 23}, 4);
	memcpy(code + 4, &a->insn, 4);
	memcpy(code + ((a->insn & 3) == 3 ? 8 : 6), &ebreak, 4);
	__asm__ volatile("fence.i" ::: "memory");
	*insn = va + 4;
	return a->ext && a->ext[0] == 'v' ? va : va + 4;
}

static u64 perform(const struct access *a, u64 va, u64 *insn)
{
	u64 x[32], pc = place(a, insn);

	for (u64 i = 0; i < 32; i++)
		x[i] = 0x5a5a000000000000UL + i;
	x[10] = va;
	x[11] = 0x40; /* a stride, too */
	return trap_run(x, pc, view->spp);
}

/* It traps by that cause, at its own instruction and at the address of the byte that is not there; and no
 * register has changed. */
static void expect_fault(const struct access *a, u64 va, u64 cause, u64 at)
{
	const struct trap *t = &this_hart()->trap;
	u64 insn, got = perform(a, va, &insn);

	if (got != cause || t->sepc != insn || t->stval != at)
		test_fail(
			"%s, %s at 0x%lx: cause %lu, not %lu; sepc 0x%lx, not 0x%lx; stval 0x%lx, "
			"not 0x%lx",
			view->name, a->name, va, got, cause, t->sepc, insn, t->stval, at);
	if ((t->sstatus & SSTATUS_SPP) != view->spp)
		test_fail("%s, %s: it came from elsewhere", view->name, a->name);
	for (u64 i = 1; i < 32; i++)
		if (t->x[i] != (i == 10 ? va : i == 11 ? 0x40 : 0x5a5a000000000000UL + i))
			test_fail("%s, %s: x%lu is 0x%lx", view->name, a->name, i, t->x[i]);
}

static void each(const struct view *v, void (*fn)(const struct access *a))
{
	set_view(v);
	for (unsigned int i = 0; i < ARRAY_SIZE(accesses) && !test_failed(); i++)
		if (has(&accesses[i]))
			fn(&accesses[i]);
	mmu_off();
}

static void in_all_views(void (*fn)(const struct access *a))
{
	for (unsigned int i = 0; i < ARRAY_SIZE(views); i++)
		each(&views[i], fn);
}

/* ---- tests ------------------------------------------------------------------------------- */

static void do_load(u64 at)
{
	(void)*(volatile u32 *)at;
}

/* The first of all: what limen says of it stands above. */
static void the_first(void)
{
	T_EQ(trap_try(do_load, NOWHERE + 16), LOAD);
	T_EQ(this_hart()->trap.stval, NOWHERE + 16);
}

static void at_nowhere(const struct access *a)
{
	u64 va = see(NOWHERE + 0x40, 0);

	expect_fault(a, va, a->cause, va);
}

static void nowhere(void)
{
	in_all_views(at_nowhere);
}

/* QEMU's own machine does what it is asked; so not all of it is said. */
static void at_device(const struct access *a)
{
	u64 va = see(machine.uart, 0);

	if (a->ext || (a->insn & 0x7f) == 0x2f)
		expect_fault(a, va, a->cause, va);
}

static void device(void)
{
	SKIP_IF(bare(), "QEMU's devices do it");
	SKIP_IF(!machine.uart, "no UART");
	in_all_views(at_device);
}

static u64 ram_end(void)
{
	return machine.ram_base + machine.ram_size;
}

static void behind_ram(const struct access *a)
{
	u64 va = see(ram_end(), 0);

	expect_fault(a, va, a->cause, va);
}

static void end_of_ram(void)
{
	in_all_views(behind_ram);
}

static bool is_plain(const struct access *a)
{
	return a->size > 1 && !a->ext && (a->insn & 0x7f) != 0x2f;
}

/* Begins in RAM and ends behind it: the part behind is what faults. What is in RAM may have been stored. */
static void over_ram_end(const struct access *a)
{
	u64 end;

	if (!is_plain(a))
		return;
	(void)see(ram_end() - PAGE_SIZE, 0);
	end = see(ram_end(), 1);
	expect_fault(a, end - 1, a->cause, end);
}

static void over_end_of_ram(void)
{
	in_all_views(over_ram_end);
}

/* RAM and then a device, which are neighbours in the view alone. The device is not touched. */
static u8 frame[PAGE_SIZE] __attribute__((aligned(4096)));

static void from_ram_to(const struct access *a, u64 device)
{
	u64 end;

	(void)see((u64)frame, 0);
	end = see(device, 1);
	for (u32 before = 1; before < a->size; before++)
		expect_fault(a, end - before, a->cause, end);
}

/* The PLIC's page begins with a word that takes an access of four bytes. */
static void from_ram_to_device(const struct access *a)
{
	volatile u8 *scr = (volatile u8 *)machine.uart + 7;
	volatile u32 *enable = (volatile u32 *)(machine.plic + 0x2000);

	if (!is_plain(a))
		return;
	*scr = 0x3c;
	from_ram_to(a, machine.uart);
	T_EQ(*scr, 0x3c);
	if (!machine.plic)
		return;
	*enable = 0x400;
	from_ram_to(a, (u64)enable);
	T_EQ(*enable, 0x400);
	*enable = 0;
}

/* A device and then RAM: the same, at the access's first byte. The device fills its page's end. */
static void from_device_to_ram(const struct access *a)
{
	u64 end, last;

	if (!is_plain(a) || !machine.plic)
		return;
	last = see(machine.plic + PAGE_SIZE - 1, 2);
	end = see((u64)frame, 3);
	expect_fault(a, last, a->cause, last);
	T_EQ(last + 1, end);
}

static void ram_and_device(void)
{
	SKIP_IF(bare(), "QEMU's devices do it");
	SKIP_IF(!machine.uart, "no UART");
	each(&views[2], from_ram_to_device);
	each(&views[3], from_ram_to_device);
	each(&views[2], from_device_to_ram);
	each(&views[3], from_device_to_ram);
}

/* A fetch, where nothing is, or a device, or behind RAM. */
static void expect_fetch(u64 pa)
{
	u64 x[32] = {0}, va = see(pa, 0);

	if (view->paging) {
		*mmu_pte(va) |= PTE_X;
		__asm__ volatile("sfence.vma" ::: "memory");
	}
	T_EQ(trap_run(x, va, view->spp), FETCH);
	T_EQ(this_hart()->trap.sepc, va);
	T_EQ(this_hart()->trap.stval, va);
}

static void fetches(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(views); i++) {
		set_view(&views[i]);
		expect_fetch(NOWHERE);
		expect_fetch(ram_end());
		if (machine.uart && !bare())
			expect_fetch(machine.uart);
		mmu_off();
	}
}

/* Four bytes of an instruction, of which two are RAM. */
static void fetch_over_end(void)
{
	u64 x[32] = {0};

	*(volatile u16 *)(ram_end() - 2) = 0x0003; /* the lower half of a load */
	__asm__ volatile("fence.i" ::: "memory");
	set_view(&views[0]);
	T_EQ(trap_run(x, ram_end() - 2, SSTATUS_SPP), FETCH);
	T_EQ(this_hart()->trap.sepc, ram_end() - 2);
	T_EQ(this_hart()->trap.stval, ram_end());
}

/* A table that lies where there is nothing, or in a device: the walk's fault is the access's. */
static void tables(void)
{
	static const u64 places[] = {NOWHERE, 0x10000000, 1UL << 45};
	u64 x[32] = {0}, va = MMU_ALIAS + (5UL << 30);

	SKIP_IF(bare(), "QEMU makes page faults of it");
	set_view(&views[2]);
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		mmu_table_at(va, places[i]);
		T_EQ(trap_try(do_load, va), LOAD);
		T_EQ(this_hart()->trap.stval, va);
		expect_fault(&accesses[6], va, STORE, va);
		T_EQ(trap_run(x, va, SSTATUS_SPP), FETCH);
		T_EQ(this_hart()->trap.sepc, va);
	}
	mmu_off();
}

/* Time goes on, and so does the guest: many of them, of which limen says one line a second. */
static void storm(void)
{
	set_view(&views[0]);
	for_rounds(i, 0, 20000, 2000) T_EQ(trap_try(do_load, NOWHERE + 8 * i), LOAD);
}

const struct test guest_tests[] = {
	{"a load from nowhere", the_first},
	{"every access to nowhere", nowhere},
	{"every access right behind RAM", end_of_ram},
	{"accesses over the end of RAM", over_end_of_ram},
	{"from RAM into a device and back", ram_and_device},
	{"a device by what no device takes", device},
	{"fetches", fetches},
	{"a fetch over the end of RAM", fetch_over_end},
	{"page tables that are not in RAM", tables},
	{"thousands of them", storm},
	{NULL, NULL},
};
