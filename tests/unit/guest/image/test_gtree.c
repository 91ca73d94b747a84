/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's tree: read back with libfdt, given to dtc, and built into buffers of every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/image/gtree.h"
#include "guest/mem/gmap.h"
#include "guest/riscv/gmap_irqchip.h"

static const char *const exts[] = {"i", "m", "a", "f", "d", "c", "zicntr", "zicsr", "sstc"};
static const u8 seed[32] = {1, 2, 3};

static const struct gtree_params params = {
	.ram_base = {GMAP_RAM_BASE},
	.ram_size = MIB(256),
	.vcpus = 3,
	.arch.isa = "rv64imafdc_zicntr_zicsr_sstc",
	.arch.isa_base = "rv64i",
	.arch.isa_ext = exts,
	.arch.isa_exts = ARRAY_SIZE(exts),
	.arch.mmu = 48,
	.arch.cbom_block = 64,
	.arch.cboz_block = 128,
	.timebase = 10000000,
	.bootargs = "console=ttyS0 root=/dev/ram0",
	.initrd = {0x8f000000},
	.initrd_size = 0x12345,
	.rng_seed = seed,
	.rng_seed_size = sizeof(seed),
};

static u64 buf[GTREE_ROOM / 8];

static void build(const struct gtree_params *p)
{
	struct errline e;
	size_t used = 0;

	memset(buf, 0xa5, sizeof(buf));
	assert_int_equal(gtree_build(buf, sizeof(buf), p, &used, &e), OK);
	assert_int_equal(used, fdt_totalsize(buf));
	assert_int_equal(fdt_check_full(buf, used), 0);
}

static const void *get(const char *path, const char *prop, int *len)
{
	int node = fdt_path_offset(buf, path);

	assert_true(node >= 0);
	return fdt_getprop(buf, node, prop, len);
}

static void has_bytes(const char *path, const char *prop, const void *want, size_t size)
{
	int len;
	const void *p = get(path, prop, &len);

	assert_non_null(p);
	assert_int_equal(len, size);
	assert_memory_equal(p, want, size);
}

static void has_string(const char *path, const char *prop, const char *want)
{
	has_bytes(path, prop, want, strlen(want) + 1);
}

static void has_cell(const char *path, const char *prop, u32 want)
{
	fdt32_t v = cpu_to_fdt32(want);

	has_bytes(path, prop, &v, sizeof(v));
}

static void has_cells64(const char *path, const char *prop, u64 a, u64 b, size_t n)
{
	fdt64_t v[2] = {cpu_to_fdt64(a), cpu_to_fdt64(b)};

	has_bytes(path, prop, v, n * sizeof(v[0]));
}

static void has_none(const char *path, const char *prop)
{
	assert_null(get(path, prop, NULL));
}

static void test_chosen_and_memory(void **state)
{
	(void)state;
	build(&params);
	has_string("/", "compatible", "limen,guest");
	has_string("/", "model", "limen,guest");
	has_string("/chosen", "bootargs", params.bootargs);
	has_string("/chosen", "stdout-path", "/soc/serial@10000000");
	has_cells64("/chosen", "linux,initrd-start", 0x8f000000, 0, 1);
	has_cells64("/chosen", "linux,initrd-end", 0x8f012345, 0, 1);
	has_bytes("/chosen", "rng-seed", seed, sizeof(seed));
	has_string("/memory@80000000", "device_type", "memory");
	has_cells64("/memory@80000000", "reg", GMAP_RAM_BASE, MIB(256), 2);
}

static void test_cpus(void **state)
{
	static const char list[] = "i\0m\0a\0f\0d\0c\0zicntr\0zicsr\0sstc";
	char path[64];
	u32 i;

	(void)state;
	build(&params);
	has_cell("/cpus", "timebase-frequency", 10000000);
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/cpus/cpu@%u", i);
		has_string(path, "compatible", "riscv");
		has_cell(path, "reg", i);
		has_string(path, "riscv,isa", params.arch.isa);
		has_string(path, "riscv,isa-base", "rv64i");
		has_bytes(path, "riscv,isa-extensions", list, sizeof(list));
		has_string(path, "mmu-type", "riscv,sv48");
		has_cell(path, "riscv,cbom-block-size", 64);
		has_cell(path, "riscv,cboz-block-size", 128);
		has_none(path, "riscv,cbop-block-size");
		strcat(path, "/interrupt-controller");
		has_string(path, "compatible", "riscv,cpu-intc");
		has_cell(path, "#interrupt-cells", 1);
		has_cell(path, "phandle", 1 + i);
	}
	assert_true(fdt_path_offset(buf, "/cpus/cpu@3") < 0);
}

static void test_devices(void **state)
{
	static const char plic[] = "/soc/interrupt-controller@c000000";
	static const char uart[] = "/soc/serial@10000000";
	fdt32_t contexts[6];
	u32 i;

	(void)state;
	build(&params);
	has_string("/soc", "compatible", "simple-bus");
	has_bytes("/soc", "ranges", "", 0);
	has_bytes(plic, "compatible", "sifive,plic-1.0.0\0riscv,plic0", 30);
	has_cells64(plic, "reg", 0x0c000000, 0x04000000, 2);
	has_cell(plic, "riscv,ndev", GMAP_PLIC_NDEV);
	has_cell(plic, "#address-cells", 0);
	has_cell(plic, "#interrupt-cells", 1);
	for (i = 0; i < 3; i++) {
		contexts[2 * i] = cpu_to_fdt32(1 + i);
		contexts[2 * i + 1] = cpu_to_fdt32(9);
	}
	has_bytes(plic, "interrupts-extended", contexts, sizeof(contexts));
	has_cell(plic, "phandle", 4);
	has_string(uart, "compatible", "ns16550a");
	has_cells64(uart, "reg", 0x10000000, 0x100, 2);
	has_cell(uart, "interrupts", 10);
	has_cell(uart, "interrupt-parent", 4);
	has_cell(uart, "clock-frequency", 3686400);
}

static void test_aplic(void **state)
{
	static const char aplic[] = "/soc/interrupt-controller@d000000";
	static const char uart[] = "/soc/serial@10000000";
	const fdt32_t line[2] = {cpu_to_fdt32(10), cpu_to_fdt32(4)}; /* high level */
	struct gtree_params p = params;

	(void)state;
	p.arch.irqchip.aplic_size = 0x8000;
	build(&p);
	assert_true(fdt_path_offset(buf, "/soc/interrupt-controller@c000000") < 0);
	has_bytes(aplic, "compatible", "qemu,aplic\0riscv,aplic", 23);
	has_cells64(aplic, "reg", 0x0d000000, 0x8000, 2);
	has_cell(aplic, "phandle", 4);
	has_none(aplic, "msi-parent");
	has_bytes(uart, "interrupts", line, sizeof(line));
	has_cell(uart, "interrupt-parent", 4);
}

static void test_imsic(void **state)
{
	static const char aplic[] = "/soc/interrupt-controller@d000000";
	static const char imsic[] = "/soc/interrupt-controller@28000000";
	struct gtree_params p = params;

	(void)state;
	p.arch.irqchip = (struct gtree_irqchip){.aplic_size = 0x8000, .imsic_ids = 255};
	build(&p);
	has_cells64(imsic, "reg", 0x28000000, 0x3000, 2);
	has_cell(imsic, "riscv,num-ids", 255);
	has_cell(imsic, "phandle", 5);
	has_cell(aplic, "msi-parent", 5);
	has_none(aplic, "interrupts-extended");
}

static void test_optional(void **state)
{
	struct gtree_params p = params;

	(void)state;
	p.bootargs = NULL;
	p.initrd_size = 0;
	p.rng_seed_size = 0;
	p.arch.cbom_block = p.arch.cboz_block = 0;
	p.arch.cbop_block = 32;
	p.arch.mmu = 39;
	build(&p);
	has_none("/chosen", "bootargs");
	has_none("/chosen", "linux,initrd-start");
	has_none("/chosen", "linux,initrd-end");
	has_none("/chosen", "rng-seed");
	has_none("/cpus/cpu@0", "riscv,cbom-block-size");
	has_none("/cpus/cpu@0", "riscv,cboz-block-size");
	has_cell("/cpus/cpu@0", "riscv,cbop-block-size", 32);
	has_string("/cpus/cpu@0", "mmu-type", "riscv,sv39");
	p.arch.mmu = 57;
	build(&p);
	has_string("/cpus/cpu@0", "mmu-type", "riscv,sv57");
}

/* The largest guest that a configuration can ask for has room in GTREE_ROOM. */
static void test_largest(void **state)
{
	static const char *many[120];
	static char args[1024], isa[1600];
	struct gtree_params p = params;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(many); i++) {
		many[i] = "zvlongestname";
		strcat(isa, "zvlongestname");
	}
	memset(args, 'a', sizeof(args) - 1);
	p.arch.isa = isa;
	p.arch.isa_ext = many;
	p.arch.isa_exts = ARRAY_SIZE(many);
	p.bootargs = args;
	p.vcpus = 64;
	build(&p);
}

/* Too small a buffer is an error whatever its size, and nothing behind it is written. */
static void test_too_small(void **state)
{
	struct errline e;
	size_t n, used, need;

	(void)state;
	build(&params);
	need = fdt_totalsize(buf);
	for (n = 0; n < need; n++) {
		u8 *small = malloc(n); /* the sanitizer watches its end */

		assert_int_equal(gtree_build(small, n, &params, &used, &e), ERR_NOMEM);
		free(small);
	}
	assert_non_null(strstr(e.text, "are not enough"));
}

static void test_errors(void **state)
{
	struct gtree_params p;
	struct errline e;
	size_t used;

	(void)state;
	p = params;
	assert_int_equal(gtree_build((u8 *)buf + 4, 4096, &p, &used, &e), ERR_INVAL);
	p.vcpus = 0;
	assert_int_equal(gtree_build(buf, sizeof(buf), &p, &used, &e), ERR_INVAL);
	p.vcpus = GTREE_VCPUS_MAX + 1;
	assert_int_equal(gtree_build(buf, sizeof(buf), &p, &used, &e), ERR_INVAL);
	p = params;
	p.arch.mmu = 32;
	assert_int_equal(gtree_build(buf, sizeof(buf), &p, &used, &e), ERR_INVAL);
	assert_string_equal(e.text, "guest tree: no such MMU: sv32");
	p = params;
	p.ram_size = 0;
	assert_int_equal(gtree_build(buf, sizeof(buf), &p, &used, &e), ERR_INVAL);
	p.ram_size = 0xffffffff80000001;
	assert_int_equal(gtree_build(buf, sizeof(buf), &p, &used, &e), ERR_INVAL);
	p = params;
	p.arch.isa_exts = 0;
	assert_int_equal(gtree_build(buf, sizeof(buf), &p, &used, &e), ERR_INVAL);
}

/* dtc reads the tree and finds nothing to warn of. */
static void test_dtc(void **state)
{
	char name[] = "/tmp/limen-gtree-XXXXXX", command[200], said[200] = "";
	size_t n;
	FILE *f;
	int fd;

	(void)state;
	if (system("dtc -v >/dev/null 2>&1"))
		skip();
	build(&params);
	fd = mkstemp(name);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, buf, fdt_totalsize(buf)), fdt_totalsize(buf));
	close(fd);
	snprintf(command, sizeof(command),
		 "dtc -I dtb -O dts -W interrupt_provider -W node_name_chars_strict "
		 "-o /dev/null %s 2>&1",
		 name);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(said, 1, sizeof(said) - 1, f);
	said[n] = '\0';
	assert_int_equal(pclose(f), 0);
	unlink(name);
	assert_string_equal(said, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chosen_and_memory),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_aplic),
		cmocka_unit_test(test_imsic),
		cmocka_unit_test(test_optional),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_too_small),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_dtc),
	};

	return cmocka_run_group_tests_name("gtree", tests, NULL, NULL);
}
