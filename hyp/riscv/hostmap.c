/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/riscv/hostmap.h"

#include "arch/arch.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/layout.h"
#include "arch/riscv/pgtable.h"
#include "hyp/mem/freemem.h"
#include "hyp/mem/memmap.h"
#include "hyp/mem/page.h"
#include "lib/check.h"
#include "lib/spinlock.h"
#include "sbi/fw.h"

/* Tables for boot, in the image; later ones come from the page allocator. */
#define BOOT_TABLES 64

extern char __image_start[], __text_end[], __rodata_end[], __image_end[];

static u8 boot_tables[BOOT_TABLES][PAGE_SIZE] __section(".boot_tables") __aligned(PAGE_SIZE);
static unsigned int boot_tables_used;
static bool pages_ready; /* the page allocator works, and the direct map holds all tables */

static u64 image_offset; /* linked address minus physical */
static struct pgtable tables;
static unsigned int mode_bits;
static struct spinlock lock = SPINLOCK_INIT("hostmap"); /* tables, io_next */
static uintptr_t io_next = IO_BASE + MIB(4);

const uintptr_t hostmap_stacks = STACKS_BASE, hostmap_stacks_size = STACKS_SIZE;

hpa_t image_to_hpa(const void *p)
{
	return HPA((uintptr_t)p - image_offset);
}

bool image_is_text(uintptr_t va)
{
	return va >= (uintptr_t)__image_start && va < (uintptr_t)__text_end;
}

static bool source_alloc(void *ctx, unsigned int order, hpa_t *out)
{
	if (pages_ready)
		return page_source_alloc(NULL, order, out);
	(void)ctx;
	if (order || boot_tables_used == BOOT_TABLES)
		return false;
	*out = image_to_hpa(boot_tables[boot_tables_used++]);
	return true;
}

/* Tables from boot live in the image and stay. */
static void source_free(void *ctx, unsigned int order, hpa_t page)
{
	(void)ctx;
	if (page.a - image_to_hpa(boot_tables).a >= sizeof(boot_tables))
		page_free(page, order);
}

static void *source_va(void *ctx, hpa_t page)
{
	(void)ctx;
	if (page.a - image_to_hpa(boot_tables).a < sizeof(boot_tables))
		return (void *)(uintptr_t)(page.a + image_offset);
	return hpa_to_va(page);
}

static const struct pt_source source = {NULL, source_alloc, source_free, source_va};

/* The narrowest mode whose direct map holds RAM from low to high. */
static enum err choose_mode(const struct platform *p, u64 low, u64 high, unsigned int wanted)
{
	static const struct {
		unsigned int bits;
		u64 base;
	} modes[] = {{39, DIRECT_SV39}, {48, DIRECT_SV48}, {57, DIRECT_SV57}};
	unsigned int widest = 57;

	for (u32 i = 0; i < p->harts; i++)
		if (p->hart[i].usable && p->hart[i].arch.mmu_bits < widest)
			widest = p->hart[i].arch.mmu_bits ? p->hart[i].arch.mmu_bits : 39;
	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		if (modes[i].bits > widest || high - low > DIRECT_END - modes[i].base)
			continue;
		mode_bits = modes[i].bits;
		direct_map_va = modes[i].base;
		direct_map_hpa = low;
		if (mode_bits >= wanted)
			break;
	}
	return mode_bits ? OK : ERR_RANGE;
}

static enum err map(uintptr_t va, hpa_t hpa, u64 size, unsigned int prot)
{
	struct pgtable_change chg = {0};

	return size ? pgtable_map(&tables, va, hpa, size, prot, &chg) : OK;
}

static enum err map_direct(u64 start, u64 end, unsigned int prot)
{
	if (start >= end)
		return OK;
	return map((uintptr_t)hpa_to_va(HPA(start)), HPA(start), end - start, prot);
}

/* The direct map of a range; limen's text and constants are read-only there as well. */
static enum err map_ram(hpa_t at, u64 size, void *arg)
{
	u64 start = at.a, end = at.a + size;
	u64 ro = image_to_hpa(__image_start).a, ro_end = image_to_hpa(__rodata_end).a;
	enum err e;

	(void)arg;
	if (ro_end <= start || ro >= end)
		return map_direct(start, end, PT_READ | PT_WRITE);
	e = map_direct(start, ro, PT_READ | PT_WRITE);
	if (!e)
		e = map_direct(max_u64(ro, start), min_u64(ro_end, end), PT_READ);
	if (!e)
		e = map_direct(ro_end, end, PT_READ | PT_WRITE);
	return e;
}

static enum err map_section(const char *from, const char *to, unsigned int prot)
{
	return map((uintptr_t)from, image_to_hpa(from), (u64)(to - from), prot);
}

static enum err map_image(void)
{
	enum err e = map_section(__image_start, __text_end, PT_READ | PT_EXEC);

	if (!e)
		e = map_section(__text_end, __rodata_end, PT_READ);
	if (!e)
		e = map_section(__rodata_end, __image_end, PT_READ | PT_WRITE);
	return e;
}

static enum err map_fdt(hpa_t fdt, u64 size)
{
	u64 start = ALIGN_DOWN(fdt.a, PAGE_SIZE);

	return map(IO_BASE + (start & (MIB(2) - 1)), HPA(start),
		   ALIGN_UP(fdt.a + size, PAGE_SIZE) - start, PT_READ);
}

enum err hostmap_init(const struct platform *p, hpa_t load, hpa_t fdt, u64 fdt_size,
		      unsigned int mode)
{
	const struct platform_range *last = &p->mem[p->mems - 1];
	hpa_t root;
	enum err e;

	image_offset = LINK_BASE - load.a;
	e = choose_mode(p, ALIGN_DOWN(p->mem[0].base.a, GIB(1)), last->base.a + last->size, mode);
	if (e)
		return e;
	if (!source_alloc(NULL, 0, &root))
		return ERR_NOMEM;
	e = pgtable_init(&tables, (mode_bits - 12) / 9, root, &source);
	if (!e)
		e = map_image();
	if (!e)
		e = map_fdt(fdt, fdt_size);
	if (!e)
		e = freemem_each_mapped(p, map_ram, NULL);
	if (e)
		return e;
	csr_write(satp, hostmap_satp());
	__asm__ volatile("sfence.vma" ::: "memory");
	/* A MODE that the hart has not got is not taken: this still runs on boot's tables. */
	if (csr_read(satp) != hostmap_satp())
		return ERR_NOTSUP;
	pages_ready = true;
	return OK;
}

u64 hostmap_satp(void)
{
	return pgtable_satp(&tables, 0);
}

unsigned int hostmap_mode(void)
{
	return mode_bits;
}

/* A page that was not there: this hart forgets that, and the others that are up do as well. */
static void fence_new(const struct pgtable_fence *f)
{
	__asm__ volatile("sfence.vma" ::: "memory");
	if (arch_hart_count() > 1)
		fw_remote_sfence_vma(0, ~0UL, f->start, f->all ? ~0UL : f->size);
}

static enum err map_shared(uintptr_t va, hpa_t hpa, u64 size)
{
	struct pgtable_change chg = {0};
	enum err e = pgtable_map(&tables, va, hpa, size, PT_READ | PT_WRITE, &chg);

	if (chg.fence.size || chg.fence.all)
		fence_new(&chg.fence);
	pt_garbage_free(&source, &chg.garbage);
	return e;
}

enum err hostmap_page(uintptr_t va, hpa_t hpa)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	enum err e = map_shared(va, hpa, PAGE_SIZE);

	spin_unlock_irqrestore(&lock, flags);
	return e;
}

/* Lock held. Where the next device goes: a large one where large pages can map it. */
static uintptr_t io_place(u64 start, u64 bytes)
{
	return bytes < MIB(2) ? io_next : io_next + ((start - io_next) & (MIB(2) - 1));
}

volatile void *hostmap_io(hpa_t hpa, u64 size)
{
	u64 start = ALIGN_DOWN(hpa.a, PAGE_SIZE);
	u64 bytes = ALIGN_UP(hpa.a + size, PAGE_SIZE) - start;
	unsigned long flags = spin_lock_irqsave(&lock);
	uintptr_t va = io_place(start, bytes);
	bool ok = va - IO_BASE <= IO_SIZE && bytes <= IO_BASE + IO_SIZE - va &&
		  !map_shared(va, HPA(start), bytes);

	if (ok)
		io_next = va + bytes + PAGE_SIZE;
	spin_unlock_irqrestore(&lock, flags);
	return ok ? (volatile void *)(va + (hpa.a - start)) : NULL;
}
