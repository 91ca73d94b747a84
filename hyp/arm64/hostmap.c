/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limen's tables at EL2: everything where it is in physical memory, each kind of memory with the rights it
 * needs and no more, and the stacks in a range of their own.
 *
 * Tables come from the image's pool at first, and from free memory once there is some.
 */
#include "hyp/arm64/hostmap.h"

#include <string.h>

#include "arch/arch.h"
#include "arch/arm64/layout.h"
#include "arch/arm64/pt.h"
#include "hyp/mem/page.h"
#include "lib/spinlock.h"

extern char __image_start[], __text_end[], __rodata_end[], __image_end[];
extern u64 boot_root[];
extern char boot_pool[], boot_pool_end[];

const uintptr_t hostmap_stacks = STACKS_BASE, hostmap_stacks_size = STACKS_SIZE;

static struct spinlock lock = SPINLOCK_INIT("hostmap");
/* Under lock. Where boot writes while caches are off (head.S). */
static char *pool __section(".boot.data") = boot_pool;

static void *table(void)
{
	char *page = pool;
	hpa_t h;

	if (page < boot_pool_end) {
		pool += PAGE_SIZE;
		return page;
	}
	if (!page_alloc(0, &h))
		return NULL;
	return memset((void *)h.a, 0, PAGE_SIZE);
}

static enum err map(u64 at, u64 pa, u64 size, u64 attributes)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	enum err e = pt_map(boot_root, at, pa, size, attributes, table);

	spin_unlock_irqrestore(&lock, flags);
	return e;
}

/* Where the MMU is off there are no exclusive accesses, and so no lock. */
static void map_image(const char *from, const char *to, u64 attributes)
{
	(void)pt_map(boot_root, (u64)(uintptr_t)from, (u64)(uintptr_t)from, (u64)(to - from),
		     attributes, table);
}

void boot_tables(u64 fdt)
{
	u64 window = ALIGN_DOWN(fdt, HOSTMAP_TREE_BLOCK);

	map_image(__image_start, __text_end, PT_HOST_TEXT);
	map_image(__text_end, __rodata_end, PT_HOST_RODATA);
	map_image(__rodata_end, __image_end, PT_HOST_RW);
	(void)pt_map(boot_root, window, window, HOSTMAP_TREE_SIZE, PT_HOST_RODATA, table);
}

enum err hostmap_ram(hpa_t start, u64 size)
{
	if (start.a + size > DIRECT_END)
		return ERR_RANGE;
	return map(start.a, start.a, size, PT_HOST_RW);
}

volatile void *hostmap_io(hpa_t hpa, u64 size)
{
	u64 at = ALIGN_DOWN(hpa.a, PAGE_SIZE), end = ALIGN_UP(hpa.a + size, PAGE_SIZE);

	if (end > DIRECT_END || map(at, at, end - at, PT_HOST_DEVICE))
		return NULL;
	return (volatile void *)hpa.a;
}

enum err hostmap_page(uintptr_t va, hpa_t hpa)
{
	return map(va, hpa.a, PAGE_SIZE, PT_HOST_RW);
}
