/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/machine/boot.h"

#include <libfdt.h>

#include "arch/riscv/hart.h"
#include "arch/riscv/layout.h"
#include "arch/riscv/probe.h"
#include "arch/riscv/trap.h"
#include "hyp/console/console.h"
#include "hyp/console/uart.h"
#include "hyp/machine/entropy.h"
#include "hyp/machine/reset.h"
#include "hyp/machine/smp.h"
#include "hyp/mem/freemem.h"
#include "hyp/mem/memmap.h"
#include "hyp/mem/page.h"
#include "hyp/riscv/features.h"
#include "hyp/riscv/hostmap.h"
#include "hyp/riscv/irqchip.h"
#include "hyp/sched/rcud.h"
#include "hyp/sched/thread.h"
#include "hyp/selftest/selftest.h"
#include "hyp/selftest/torture.h"
#include "hyp/tree/bootargs.h"
#include "lib/log.h"
#include "rcu/rcu.h"
#include "sbi/fw.h"

#define FDT_MAX MIB(2)

extern char __image_start[], __image_end[], boot_hart_area[];

struct boot_info boot_info;
static struct platform platform;
static struct bootargs args;
static struct thread boot_thread;

static void platform_line(void *arg, bool error, const char *text)
{
	(void)arg;
	if (error)
		log_error("device tree: %s", text);
	else
		log_warn("device tree: %s", text);
}

static void bootargs_line(void *arg, const char *text)
{
	(void)arg;
	log_warn("%s", text);
}

__noreturn static void give_up(const char *why)
{
	log_error("%s", why);
	machine_power_off(true);
}

/* Zkr: a read alone would trap. Firmware may keep it from S-mode (RISC-V Cryptography Extensions Volume I,
 * v1.0.1, chapter 4: the states are those of hyp/machine/entropy.h). */
static bool poll_seed(u32 *value)
{
	unsigned long v = 0;
	bool there = csr_try_swap(seed, &v);

	*value = (u32)v;
	return there;
}

/* Before the final page tables, in which the tree is read-only. */
static void take_entropy(void *fdt)
{
	entropy_take_tree(fdt);
	if (!isa_has(&args.arch.hidden_ext, EXT_ZKR))
		entropy_take_source(poll_seed);
	if (!entropy_there())
		log_warn("the firmware gives no entropy: guests get no rng-seed");
}

/* Harts of the tree whose ISA has no H are left alone; with none left there is nothing to do. */
static void read_machine(u64 hartid, void *fdt)
{
	static const struct platform_say say = {platform_line, NULL};
	static const struct bootargs_warn warn = {bootargs_line, NULL};

	if (platform_read(fdt, FDT_MAX, &platform, &say))
		give_up("the device tree does not describe a machine limen can use");
	bootargs_parse(platform.bootargs, &args, &warn);
	if (bootargs_hidden(&args.arch, HIDE_DBCN))
		fw_hide(FW_DBCN);
	if (bootargs_hidden(&args.arch, HIDE_SRST))
		fw_hide(FW_SRST);
	if (bootargs_hidden(&args.arch, HIDE_HSM))
		fw_hide(FW_HSM);
	log_set_level(args.loglevel);
	trace_set(args.trace);
	boot_info.platform = &platform;
	boot_info.args = &args;
	log_info("boot hart %llu, %u in the tree, %u Hz", (unsigned long long)hartid,
		 platform.harts, platform.timebase_hz);
	take_entropy(fdt);
}

/* image_size in the header: the packer makes it cover what it appends. */
static void find_appended(hpa_t load)
{
	u64 own = (u64)(__image_end - __image_start);
	u64 total = ((const u64 *)(void *)__image_start)[2];

	if (total > own && total < PLATFORM_PA_END)
		boot_info.fit = (struct platform_range){HPA(load.a + own), total - own};
}

/* Is the whole range RAM? */
static bool in_ram(const struct platform_range *r)
{
	for (u32 i = 0; i < platform.mems; i++)
		if (r->base.a >= platform.mem[i].base.a &&
		    r->base.a + r->size <= platform.mem[i].base.a + platform.mem[i].size)
			return true;
	return false;
}

static enum err give_range(hpa_t start, u64 size, void *arg)
{
	enum err e = page_init_range(start, size);

	(void)arg;
	if (e && e != ERR_RANGE)
		log_warn("memory at 0x%llx, %llu KiB, is not used: %s", (unsigned long long)start.a,
			 (unsigned long long)size >> 10, err_name(e));
	return OK;
}

static void init_memory(hpa_t load, hpa_t fdt, u64 fdt_size)
{
	struct platform_range used[4] = {
		{load, (u64)(__image_end - __image_start)},
		{fdt, fdt_size},
		platform.initrd,
		boot_info.fit,
	};
	enum err e;

	if (boot_info.fit.size && !in_ram(&boot_info.fit)) {
		log_warn("what the image's header says follows it is not in RAM: ignored");
		boot_info.fit.size = used[3].size = 0;
	}
	if (platform.initrd.size && !in_ram(&platform.initrd)) {
		log_warn("/chosen: linux,initrd-start: not in RAM: ignored");
		platform.initrd.size = used[2].size = 0;
	}
	e = hostmap_init(&platform, load, fdt, fdt_size, args.arch.satp_bits);
	if (e == ERR_RANGE)
		give_up("RAM is further apart than the harts' paging reaches");
	if (e == ERR_NOTSUP)
		give_up("this hart has not got the paging mode that its mmu-type names");
	if (e)
		give_up("RAM is in more pieces than boot has page tables for");
	(void)freemem_each(&platform, used, ARRAY_SIZE(used), give_range, NULL);
	log_info("Sv%u, %llu MiB free", hostmap_mode(),
		 (unsigned long long)page_free_bytes() >> 20);
}

static void init_uart(void)
{
	const struct platform_uart *u = &platform.uart;
	volatile void *regs;
	enum uart_kind kind = u->kind == PLATFORM_UART_SIFIVE ? UART_SIFIVE : UART_NS16550;

	if (u->kind == PLATFORM_UART_NONE)
		return;
	regs = hostmap_io(u->reg.base, max_u64(u->reg.size, 8UL << u->reg_shift));
	if (!regs || console_set_uart(kind, regs, u->reg_shift, u->reg_width))
		log_warn("the tree's serial port cannot be used: console through the firmware");
}

static void init_reset(void)
{
	if (platform.test.size)
		reset_set_test_device(hostmap_io(platform.test.base, platform.test.size));
	if (args.testdev)
		reset_set_test_port(hostmap_io(HPA(args.testdev), PLATFORM_PAGE));
}

static void check_h(u64 hartid)
{
	if (!features_have_h())
		give_up("this hart has no H extension (hypervisor): limen cannot run here");
	(void)hartid;
}

static void main_thread(void *arg)
{
	(void)arg;
	rcud_init();
	if (fw_has(FW_HSM))
		smp_start(&platform);
	selftest_panic(&args);
	selftest_conformance(&args);
	torture_init(&args);
	limen_main();
}

void boot_main(u64 hartid, u64 fdt, u64 load)
{
	void *tree = (void *)(IO_BASE + (fdt & (MIB(2) - 1)));
	const char *why = NULL;

	boot_info.began = arch_clock();
	trap_hart_init();
	hart_add(hartid, boot_hart_area);
	hart_set_count(1);
	uart_firmware_set_offset(LINK_BASE - load);
	boot_info.load = HPA(load);
	fw_probe();
	console_init_early();
	log_info("limen on hart %llu, image at 0x%llx", (unsigned long long)hartid,
		 (unsigned long long)load);
	find_appended(HPA(load));
	read_machine(hartid, tree);
	init_memory(HPA(load), HPA(fdt), fdt_totalsize(tree));
	init_reset();
	init_uart();
	fw_report();
	check_h(hartid);
	if (features_init(&platform, hartid, &args, &why))
		give_up(why);
	irqchip_init(&platform, features.imsic);
	smp_hart_init(&boot_thread, "boot", NULL);
	CHECK(thread_create("main", 0, main_thread, NULL));
	smp_idle();
}
