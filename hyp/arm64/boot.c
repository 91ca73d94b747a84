/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the first C to what the boot arguments ask for: a self-test, behind which the machine ends. There is
 * nothing else to do here: no VM comes with the image.
 */
#include "arch/arm64/hart.h"
#include "arch/arm64/trap.h"
#include "hyp/arm64/gic.h"
#include "hyp/arm64/hostmap.h"
#include "hyp/arm64/pl011.h"
#include "hyp/arm64/selftest/guests.h"
#include "hyp/arm64/smp.h"
#include "hyp/arm64/tree.h"
#include "hyp/machine/reset.h"
#include "hyp/mem/page.h"
#include "hyp/sched/rcud.h"
#include "hyp/selftest/selftest.h"
#include "hyp/selftest/torture.h"
#include "lib/check.h"
#include "lib/log.h"
#include "lib/trace.h"

extern char __image_start[], __image_end[], boot_hart_area[];

static const void *tree;
static struct bootargs args;
static struct thread boot_thread;

void boot_main(const void *fdt);

static void init_console(void)
{
	u32 len;
	const void *reg = tree_find(tree, NULL, "pl011", 0, "reg", &len);
	u64 at = tree_u64(reg, len, 0);

	if (at)
		pl011_init(hostmap_io(HPA(at), PAGE_SIZE));
}

static void init_gic(void)
{
	u32 len;
	const void *reg = tree_find(tree, NULL, "intc", 0, "reg", &len);
	u64 redist_size = tree_u64(reg, len, 3);
	volatile void *dist = hostmap_io(HPA(tree_u64(reg, len, 0)), tree_u64(reg, len, 1));
	volatile void *redist = hostmap_io(HPA(tree_u64(reg, len, 2)), redist_size);

	if (!dist || !redist || !redist_size)
		panic("the device tree has no GICv3");
	gic_init(dist, redist, redist_size);
}

static void give(u64 start, u64 end)
{
	if (start >= end)
		return;
	if (hostmap_ram(HPA(start), end - start) || page_init_range(HPA(start), end - start))
		log_warn("memory at %lx is not used", start);
}

/* The first piece of RAM, where the image is and firmware put the tree behind it. */
static void init_memory(void)
{
	u32 len;
	const void *reg = tree_find(tree, NULL, "memory", 0, "reg", &len);
	u64 start = tree_u64(reg, len, 0), end = start + tree_u64(reg, len, 1);
	u64 image = (uintptr_t)__image_start, behind = (uintptr_t)__image_end;
	u64 window = ALIGN_DOWN((u64)(uintptr_t)tree, HOSTMAP_TREE_BLOCK);

	if (image < start || behind > window || window + HOSTMAP_TREE_SIZE > end)
		panic("image and device tree are not in the first piece of RAM");
	give(start, image);
	give(behind, window);
	give(window + HOSTMAP_TREE_SIZE, end);
	log_info("%lu MiB free", page_free_bytes() >> 20);
}

static void bootargs_line(void *arg, const char *text)
{
	(void)arg;
	log_warn("%s", text);
}

static void read_arguments(void)
{
	static const struct bootargs_warn warn = {bootargs_line, NULL};
	u32 len;

	bootargs_parse(tree_find(tree, NULL, "chosen", 0, "bootargs", &len), &args, &warn);
	log_set_level(args.loglevel);
	trace_set(args.trace);
}

static void main_thread(void *arg)
{
	(void)arg;
	rcud_init();
	smp_start(tree);
	selftest_panic(&args);
	selftest_conformance(&args);
	selftest_guests(&args);
	torture_init(&args);
	if (args.torture != BOOTARGS_TORTURE_NONE) {
		torture_start();
		return;
	}
	log_warn("boot arguments: nothing to do");
	machine_power_off(true);
}

void boot_main(const void *fdt)
{
	trap_hart_init();
	hart_add(sysreg_read(mpidr_el1) & 0xff00ffffffUL, boot_hart_area);
	hart_set_count(1);
	if (!tree_size(fdt))
		machine_halt();
	tree = fdt;
	init_console();
	log_info("limen at EL2, hart %lx", arch_hart_id(0));
	read_arguments();
	init_memory();
	init_gic();
	smp_hart_init(&boot_thread);
	CHECK(thread_create("main", 0, main_thread, NULL));
	smp_idle();
}
