/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: any bytes as the host's device tree, and all that is asked of what was read.
 * Sources: hyp/tree/platform*.c hyp/riscv/platform_{irq,hart}.c guest/image/{tree,errline}.c with libfdt.
 */
#include <string.h>

#include "hyp/tree/platform.h"
#include "tests/fuzz/fdt_mutate.h"
#include "tests/fuzz/input.h"

static struct platform plat;
static unsigned int errors;

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max, unsigned int seed)
{
	fdt_chance_seed = seed;
	return fdt_mutate(data, size, max);
}

static void line(void *arg, bool error, const char *text)
{
	require(arg == &plat && strlen(text) < PLATFORM_LINE_MAX);
	for (; *text; text++)
		require(*text >= ' ' && *text <= '~');
	errors += error;
}

static void check_range(const struct platform_range *r)
{
	require(r->size <= PLATFORM_PA_END && r->base.a <= PLATFORM_PA_END - r->size);
}

static void check_memory(void)
{
	u64 end = 0;

	require(plat.mems >= 1 && plat.mems <= PLATFORM_MEM_MAX);
	for (u32 i = 0; i < plat.mems; i++) {
		check_range(&plat.mem[i]);
		require(plat.mem[i].size && plat.mem[i].base.a >= end);
		require(!((plat.mem[i].base.a | plat.mem[i].size) % PLATFORM_PAGE));
		end = plat.mem[i].base.a + plat.mem[i].size;
	}
	require(plat.reserveds <= PLATFORM_RESERVED_MAX);
	for (u32 i = 0; i < plat.reserveds; i++)
		check_range(&plat.reserved[i].range);
}

static void check_harts(void)
{
	unsigned int usable = 0;

	require(plat.harts >= 1 && plat.harts <= HARTS_MAX);
	for (u32 i = 0; i < plat.harts; i++) {
		const struct platform_hart *h = &plat.hart[i];

		require(platform_find_hart(&plat, h->id) == h);
		usable += h->usable;
		if (h->arch.isa)
			(void)strlen(h->arch.isa);
		if (h->arch.isa_list)
			require(!h->arch.isa_list_size ||
				!h->arch.isa_list[h->arch.isa_list_size - 1]);
		require(platform_plic_context(&plat, h->id) < (int)PLATFORM_CONTEXTS_MAX);
	}
	require(usable >= 1);
}

static void check_imsic(const struct platform_aia *a)
{
	for (u32 i = 0; i < a->targets; i++) {
		u32 pages;
		hpa_t at = platform_imsic_files(a, i, &pages);

		require(!pages || (!(at.a % PLATFORM_PAGE) && at.a < PLATFORM_PA_END));
		(void)platform_imsic_hart_index(a, at);
	}
}

static void check_aia(void)
{
	require(plat.arch.aias <= PLATFORM_AIA_MAX);
	for (u32 i = 0; i < plat.arch.aias; i++) {
		const struct platform_aia *a = &plat.arch.aia[i];

		require(a->regs <= PLATFORM_AIA_REGS_MAX && a->targets <= HARTS_MAX);
		for (u32 n = 0; n < a->regs; n++)
			check_range(&a->reg[n]);
		for (u32 n = 0; n < plat.harts; n++)
			require(platform_aia_target(&plat, a, plat.hart[n].id) < (int)a->targets);
		if (a->kind == PLATFORM_IMSIC)
			check_imsic(a);
	}
	(void)platform_imsic(&plat);
	(void)platform_aplic(&plat);
}

static void check(void)
{
	require(plat.timebase_hz);
	check_memory();
	check_harts();
	check_aia();
	check_range(&plat.uart.reg);
	check_range(&plat.arch.plic.reg);
	require(plat.arch.plic.contexts <= PLATFORM_CONTEXTS_MAX);
	check_range(&plat.test);
	check_range(&plat.initrd);
	if (plat.bootargs)
		(void)strlen(plat.bootargs);
	if (plat.stdout_path)
		(void)strlen(plat.stdout_path);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const struct platform_say say = {line, &plat};
	u8 *tree = malloc(size); /* aligned, and watched at its end */

	if (size)
		memcpy(tree, data, size);
	/* limen's own libfdt is 1.7.0 at least, which ends with any tree. */
	if (!fdt_is_whole(tree, size))
		goto out;
	errors = 0;
	memset(&plat, 0x5a, sizeof(plat));
	if (platform_read(tree, size, &plat, &say)) {
		require(errors == 1);
	} else {
		require(!errors);
		check();
	}
out:
	free(tree);
	return 0;
}
