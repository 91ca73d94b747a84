/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of the host's device tree: QEMU's own trees (tests/data, compiled by dtc at run time),
 * odd ones made here, and damaged ones. Run from the top of the source tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "hyp/tree/platform.h"
#include "tests/unit/fdt_maker.h"

#define TREE_MAX 262144

static struct platform plat;
static char lines[64][PLATFORM_LINE_MAX + 1];
static unsigned int nlines, nerrors;

static void note(void *arg, bool error, const char *text)
{
	(void)arg;
	assert_true(strlen(text) < PLATFORM_LINE_MAX);
	for (const char *c = text; *c; c++)
		assert_true(*c >= ' ' && *c <= '~');
	assert_true(nlines < ARRAY_SIZE(lines));
	nerrors += error;
	strcpy(lines[nlines++], text);
}

static const struct platform_say say = {note, NULL};

static enum err read_tree(const void *fdt, size_t max)
{
	nlines = nerrors = 0;
	memset(&plat, 0x5a, sizeof(plat));
	return platform_read(fdt, max, &plat, &say);
}

static void expect_line(const char *want)
{
	for (unsigned int i = 0; i < nlines; i++)
		if (strstr(lines[i], want))
			return;
	for (unsigned int i = 0; i < nlines; i++)
		print_message("# said: %s\n", lines[i]);
	fail_msg("nothing said of \"%s\"", want);
}

/* Compiles a .dts file into out; returns the size. */
static size_t compile(const char *path, u8 out[TREE_MAX])
{
	char cmd[300];
	FILE *f;
	size_t n;

	snprintf(cmd, sizeof(cmd), "dtc -q -I dts -O dtb %s", path);
	f = popen(cmd, "r");
	assert_non_null(f);
	n = fread(out, 1, TREE_MAX, f);
	assert_int_equal(pclose(f), 0);
	assert_in_range(n, 1, TREE_MAX - 1);
	return n;
}

static u8 blob[TREE_MAX] __aligned(8);

/* Reads one of QEMU's trees from guarded memory. */
static void read_data_lines(const char *name)
{
	struct guarded g;
	char path[100];
	size_t n;

	snprintf(path, sizeof(path), "tests/data/%s.dts", name);
	n = compile(path, blob);
	guarded_open(&g, n);
	assert_int_equal(read_tree(guarded_copy(&g, blob, n), n), OK);
	guarded_close(&g);
	assert_int_equal(read_tree(blob, n), OK);
}

/* With nothing wrong in it. */
static void read_data(const char *name)
{
	read_data_lines(name);
	assert_int_equal(nlines, 0);
}

/* A tree of pieces: each NULL one is what a plain machine has. */
struct pieces {
	const char *root, *cells, *memory, *cpus, *chosen, *soc;
};

#define INTC(ph)                                                                          \
	"interrupt-controller { compatible = \"riscv,cpu-intc\"; #interrupt-cells = <1>;" \
	" interrupt-controller; phandle = <" #ph ">; };"
#define CPU(id, ph)                                          \
	"cpu@" #id " { device_type = \"cpu\"; reg = <0x" #id \
	">; riscv,isa = \"rv64imac\";" INTC(ph) "};"
#define CELLS(a, s) "#address-cells = <" #a ">; #size-cells = <" #s ">;"
#define MEMORY	    "memory@80000000 { device_type = \"memory\"; reg = <0 0x80000000 0 0x100000>; };"
#define CPUS	    CELLS(1, 0) "timebase-frequency = <1000>;"

static size_t make(const struct pieces *p)
{
	char path[] = "/tmp/limen-tree-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	size_t n;

	assert_non_null(f);
	fprintf(f,
		"/dts-v1/;\n%s\n/ {\n%s\n%s\n"
		"cpus {\n%s\n};\nchosen {\n%s\n};\nsoc {\n%s\n};\n};\n",
		p->root ? p->root : "", p->cells ? p->cells : CELLS(2, 2),
		p->memory ? p->memory : MEMORY, p->cpus ? p->cpus : CPUS CPU(0, 1),
		p->chosen ? p->chosen : "", p->soc ? p->soc : "");
	fclose(f);
	n = compile(path, blob);
	unlink(path);
	return n;
}

static enum err read_pieces(const struct pieces *p)
{
	size_t n = make(p);

	return read_tree(blob, n);
}

static void expect_range(const struct platform_range *r, u64 base, u64 size)
{
	assert_int_equal(r->base.a, base);
	assert_int_equal(r->size, size);
}

static void test_virt_plic(void **state)
{
	(void)state;
	read_data("virt-plic-4");
	assert_int_equal(plat.timebase_hz, 10000000);
	assert_int_equal(plat.mems, 1);
	expect_range(&plat.mem[0], 0x80000000, 0x8000000);
	assert_int_equal(plat.reserveds, 0);
	assert_int_equal(plat.harts, 4);
	for (u64 id = 0; id < 4; id++) {
		const struct platform_hart *h = platform_find_hart(&plat, id);

		assert_non_null(h);
		assert_true(h->usable);
		assert_int_equal(h->arch.mmu_bits, 57);
		assert_int_equal(h->arch.intc_phandle, 8 - 2 * id);
		assert_int_equal(h->arch.cbom, 64);
		assert_int_equal(h->arch.cboz, 64);
		assert_int_equal(h->arch.cbop, 64);
		assert_memory_equal(h->arch.isa, "rv64imafdch_", 12);
		assert_string_equal(h->arch.isa_base, "rv64i");
		assert_memory_equal(h->arch.isa_list, "i\0m\0a\0f\0", 8);
		assert_int_equal(h->arch.isa_list[h->arch.isa_list_size - 1], 0);
	}
	assert_null(platform_find_hart(&plat, 4));
}

static void test_virt_devices(void **state)
{
	(void)state;
	read_data("virt-plic-4");
	assert_string_equal(plat.stdout_path, "/soc/serial@10000000");
	assert_null(plat.bootargs);
	assert_int_equal(plat.initrd.size, 0);
	assert_int_equal(plat.uart.kind, PLATFORM_UART_NS16550);
	expect_range(&plat.uart.reg, 0x10000000, 0x100);
	assert_int_equal(plat.uart.reg_shift, 0);
	assert_int_equal(plat.uart.reg_width, 1);
	assert_int_equal(plat.uart.clock_hz, 3686400);
	assert_int_equal(plat.uart.irq.num, 10);
	assert_int_equal(plat.uart.irq.parent, plat.arch.plic.phandle);
	expect_range(&plat.test, 0x100000, 0x1000);
	assert_true(plat.poweroff.present);
	assert_int_equal(plat.poweroff.reg.a, 0x100000);
	assert_int_equal(plat.poweroff.value, 0x5555);
	assert_int_equal(plat.poweroff.width, 4);
	assert_int_equal(plat.reboot.value, 0x7777);
	assert_int_equal(plat.arch.aias, 0);
}

/* Machine and supervisor contexts take turns on virt, from hart 0 up. */
static void test_virt_contexts(void **state)
{
	(void)state;
	read_data("virt-plic-4");
	assert_true(plat.arch.plic.present);
	expect_range(&plat.arch.plic.reg, 0xc000000, 0x600000);
	assert_int_equal(plat.arch.plic.ndev, 95);
	assert_int_equal(plat.arch.plic.contexts, 8);
	for (u32 i = 0; i < 8; i++) {
		assert_int_equal(plat.arch.plic.context[i].hart, i / 2);
		assert_int_equal(plat.arch.plic.context[i].irq,
				 i % 2 ? PLATFORM_IRQ_S_EXT : PLATFORM_IRQ_M_EXT);
	}
	for (int hart = 0; hart < 4; hart++)
		assert_int_equal(platform_plic_context(&plat, (u64)hart), 2 * hart + 1);
	assert_int_equal(platform_plic_context(&plat, 4), -1);
	assert_int_equal(platform_plic_context(&plat, PLATFORM_NO_HART), -1);
}

static void expect_aia(u32 i, enum platform_aia_kind kind, u64 base, bool supervisor)
{
	assert_int_equal(plat.arch.aia[i].kind, kind);
	assert_int_equal(plat.arch.aia[i].reg[0].base.a, base);
	assert_int_equal(plat.arch.aia[i].supervisor, supervisor);
}

static void test_virt_aplic(void **state)
{
	(void)state;
	read_data("virt-aplic-4");
	assert_false(plat.arch.plic.present);
	assert_int_equal(platform_plic_context(&plat, 0), -1);
	assert_int_equal(plat.arch.aias, 2);
	expect_aia(0, PLATFORM_APLIC, 0xc000000, false);
	expect_aia(1, PLATFORM_APLIC, 0xd000000, true);
	assert_int_equal(plat.arch.aia[1].num, 96);
	assert_int_equal(plat.uart.irq.num, 10);
	assert_int_equal(plat.uart.irq.parent, plat.arch.aia[1].phandle);
}

static void test_virt_imsic(void **state)
{
	(void)state;
	read_data("virt-imsic-2-max");
	assert_int_equal(plat.harts, 2);
	assert_int_equal(plat.arch.aias, 4);
	expect_aia(0, PLATFORM_IMSIC, 0x24000000, false);
	expect_aia(1, PLATFORM_IMSIC, 0x28000000, true);
	expect_aia(2, PLATFORM_APLIC, 0xc000000, false);
	expect_aia(3, PLATFORM_APLIC, 0xd000000, true);
	assert_int_equal(plat.arch.aia[1].guest_bits, 2);
	assert_int_equal(plat.arch.aia[1].num, 255);
	assert_int_equal(plat.arch.aia[3].msi_parent, plat.arch.aia[1].phandle);
	assert_ptr_equal(platform_imsic(&plat), &plat.arch.aia[1]);
	assert_ptr_equal(platform_aplic(&plat), &plat.arch.aia[3]);
	assert_int_equal(plat.uart.irq.trigger, PLATFORM_TRIGGER_HIGH);
}

/* Page n of the files of hart id, and its number at an APLIC. */
static void expect_files(u64 id, u64 base, u32 pages, u32 index)
{
	const struct platform_aia *a = platform_imsic(&plat);
	int i = platform_aia_target(&plat, a, id);
	u32 n;
	hpa_t hpa;

	assert_true(i >= 0);
	hpa = platform_imsic_files(a, (u32)i, &n);
	assert_int_equal(hpa.a, base);
	assert_int_equal(n, pages);
	assert_int_equal(platform_imsic_hart_index(a, hpa), index);
}

/* The same tree with supervisor level's nodes first: which is which does not hang on the order. */
static void test_imsic_swapped(void **state)
{
	(void)state;
	for (int swapped = 0; swapped < 2; swapped++) {
		read_data(swapped ? "virt-imsic-2-swapped" : "virt-imsic-2-max");
		assert_int_equal(plat.arch.aias, 4);
		assert_int_equal(platform_imsic(&plat)->reg[0].base.a, 0x28000000);
		assert_int_equal(platform_aplic(&plat)->reg[0].base.a, 0xd000000);
		assert_int_equal(platform_aplic(&plat)->msi_parent, platform_imsic(&plat)->phandle);
		expect_files(0, 0x28000000, 4, 0);
		expect_files(1, 0x28004000, 4, 1);
		assert_int_equal(platform_aia_target(&plat, platform_imsic(&plat), 2), -1);
	}
}

/* Two groups of four harts, each with a range of its own. */
static void test_imsic_groups(void **state)
{
	(void)state;
	read_data("virt-imsic-8-groups");
	assert_int_equal(platform_imsic(&plat)->regs, 2);
	for (u32 id = 0; id < 8; id++)
		expect_files(id, 0x28000000 + (id / 4) * 0x1000000 + (id % 4) * 0x4000, 4, id);
}

/* Ids with holes, targets in an order of their own, hart indexes of the maker's, bad numbers. */
static void test_aia_odd(void **state)
{
	const struct pieces p = {
		.cpus = CPUS CPU(9, 1) CPU(2, 2) CPU(40, 3),
		.soc = CELLS(
			1,
			1) "ranges = <0 0 0 0x80000000>;"
			   "imsic@1000000 { compatible = \"riscv,imsics\"; phandle = <11>;"
			   " reg = <0x1000000 0x2000>, <0x2000000 0x1000>; riscv,num-ids = <63>;"
			   " riscv,guest-index-bits = <9>; interrupts-extended = <3 9 1 9 2 9 77 9>; };"
			   "aplic@3000000 { compatible = \"riscv,aplic\"; phandle = <12>;"
			   " #interrupt-cells = <2>; reg = <0x3000000 0x8000>;"
			   " riscv,num-sources = <4000>; riscv,hart-indexes = <5 7 0x10000>;"
			   " interrupts-extended = <1 9 3 9 2 9>; };"
			   "serial@100 { compatible = \"ns16550a\"; reg = <0x100 8>;"
			   " interrupts-extended = <12 33 1>; };",
	};
	const struct platform_aia *a;

	(void)state;
	assert_int_equal(read_pieces(&p), OK);
	expect_line("riscv,guest-index-bits: 9, at most 7");
	expect_line("riscv,num-sources: 4000, at most 1023");
	expect_files(0x40, 0x1000000, 1, 0);
	expect_files(9, 0x1001000, 1, 1);
	expect_files(2, 0x2000000, 1, 0);
	a = platform_aplic(&plat);
	assert_int_equal(a->target[platform_aia_target(&plat, a, 0x40)].index, 7);
	assert_int_equal(platform_aia_target(&plat, a, 2), -1);
	assert_int_equal(plat.uart.irq.parent, 12);
	assert_int_equal(plat.uart.irq.num, 33);
	assert_int_equal(plat.uart.irq.trigger, PLATFORM_TRIGGER_RISING);
}

/* A range that begins within a page has no files, nor have those behind it. */
static void test_imsic_pages(void **state)
{
	const struct pieces second = {
		.cpus = CPUS CPU(0, 1) CPU(1, 2),
		.soc = CELLS(1, 1) "ranges = <0 0 0 0x80000000>;"
				   "imsic@1000000 { compatible = \"riscv,imsics\";"
				   " reg = <0x1000000 0x1000>, <0x2000800 0x1000>;"
				   " interrupts-extended = <1 9 2 9>; };",
	};
	const struct pieces first = {
		.cpus = CPUS CPU(0, 1),
		.soc = CELLS(1, 1) "ranges = <0 0 0 0x80000000>;"
				   "imsic@1000800 { compatible = \"riscv,imsics\";"
				   " reg = <0x1000800 0x1000>; interrupts-extended = <1 9>; };",
	};
	u32 pages;

	(void)state;
	assert_int_equal(read_pieces(&second), OK);
	expect_line("/soc/imsic@1000000: reg: range 1 does not begin at a page");
	expect_files(0, 0x1000000, 1, 0);
	platform_imsic_files(platform_imsic(&plat), 1, &pages);
	assert_int_equal(pages, 0);
	assert_int_equal(read_pieces(&first), OK);
	expect_line("/soc/imsic@1000800: reg: range 0 does not begin at a page");
	assert_null(platform_imsic(&plat));
}

/* Hart 0 has no S-mode, so a formula from the hart's number would be wrong. */
static void test_sifive_u(void **state)
{
	(void)state;
	read_data("sifive_u-5");
	assert_int_equal(plat.harts, 5);
	assert_int_equal(plat.timebase_hz, 1000000);
	assert_int_equal(platform_find_hart(&plat, 0)->arch.mmu_bits, 0);
	assert_int_equal(platform_find_hart(&plat, 4)->arch.mmu_bits, 48);
	assert_int_equal(plat.arch.plic.contexts, 9);
	assert_int_equal(platform_plic_context(&plat, 0), -1);
	for (int hart = 1; hart < 5; hart++)
		assert_int_equal(platform_plic_context(&plat, (u64)hart), 2 * hart);
	assert_int_equal(plat.uart.kind, PLATFORM_UART_SIFIVE);
	expect_range(&plat.uart.reg, 0x10010000, 0x1000);
	assert_int_equal(plat.uart.reg_width, 4);
	assert_int_equal(plat.uart.irq.num, 4);
	assert_int_equal(plat.uart.clock_hz, 0);
	assert_int_equal(plat.test.size, 0);
	assert_false(plat.poweroff.present);
}

static void test_plain(void **state)
{
	(void)state;
	assert_int_equal(read_pieces(&(struct pieces){0}), OK);
	assert_int_equal(nlines, 0);
	assert_int_equal(plat.uart.kind, PLATFORM_UART_NONE);
	assert_false(plat.arch.plic.present);
}

static void test_memory(void **state)
{
	const struct pieces p = {
		.memory =
			"memory@c0000000 { device_type = \"memory\"; reg = <0 0xc0000000 0 0x2000>,"
			" <0 0xc0002000 0 0x800>, <0 0xc0002800 0 0x1000>; };"
			"memory@80000000 { reg = <0 0x80000800 0 0x100000>; };"
			"memory@f { device_type = \"memory\"; reg = <0 0xf0000000 0 0>,"
			" <0 0xf0000100 0 0x1000>, <0 0x90000000 0 0x100000>,"
			" <0 0x90080000 0 0x1000>; };"
			"memory@e { device_type = \"memory\"; status = \"disabled\";"
			" reg = <0 0xe0000000 0 0x1000>; };"
			"memory-controller@1 { reg = <0 0x1000 0 0x1000>; };",
	};

	(void)state;
	assert_int_equal(read_pieces(&p), OK);
	assert_int_equal(nlines, 0);
	assert_int_equal(plat.mems, 3);
	expect_range(&plat.mem[0], 0x80001000, 0xff000);
	expect_range(&plat.mem[1], 0x90000000, 0x100000);
	expect_range(&plat.mem[2], 0xc0000000, 0x3000);
}

static void test_memory_bad(void **state)
{
	static const char *const none[] = {
		"",
		"memory@0 { device_type = \"memory\"; };",
		"memory@0 { device_type = \"memory\"; reg = <0 0x80000000 0>; };",
		"memory@0 { device_type = \"memory\"; reg = <0 0x80000000 0 0xfff>; };",
		"memory@0 { device_type = \"memory\"; reg = <0xffffffff 0xfffff000 0 0x2000>; };",
		"memory@0 { device_type = \"memory\"; reg = <0x1000000 0 0 0x1000>; };",
		"memory@0 { device_type = \"memory\"; reg = <0 0 0xffffffff 0xffffffff>; };",
	};
	static const char *const cells[] = {
		CELLS(3, 2),	      CELLS(0, 2), CELLS(2, 0),
		CELLS(2, 0x7fffffff), CELLS(2, 3), "#size-cells = [00];",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		const struct pieces p = {.memory = none[i]};

		assert_int_equal(read_pieces(&p), ERR_NOENT);
		assert_int_equal(nerrors, 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		assert_int_equal(read_pieces(&(struct pieces){.cells = cells[i]}), ERR_NOENT);
		assert_int_equal(nerrors, 1);
	}
	assert_int_equal(read_pieces(&(struct pieces){.memory = none[2]}), ERR_NOENT);
	expect_line("/memory@0: reg: 12 bytes, not a multiple of 16");
	assert_int_equal(read_pieces(&(struct pieces){.memory = none[4]}), ERR_NOENT);
	expect_line("/memory@0: reg: 0x2000 bytes at 0xfffffffffffff000");
}

/* Many ranges: those past the bound are said and left out. */
static void test_memory_bound(void **state)
{
	static char text[16384];
	size_t at = (size_t)sprintf(text, "memory@0 { device_type = \"memory\"; reg = ");
	const struct pieces p = {.memory = text};

	(void)state;
	for (unsigned int i = 0; i < 70; i++)
		at += (size_t)sprintf(text + at, "%s<0 0x%x 0 0x1000>", i ? "," : "",
				      0x80000000 + 0x10000 * (69 - i));
	strcpy(text + at, "; };");
	assert_int_equal(read_pieces(&p), OK);
	assert_int_equal(plat.mems, PLATFORM_MEM_MAX);
	assert_int_equal(nlines, 6);
	expect_line("more than 64 ranges; 0x1000 bytes at 0x80000000 are not used");
	for (u32 i = 1; i < plat.mems; i++)
		assert_true(plat.mem[i - 1].base.a < plat.mem[i].base.a);
}

static void test_reserved(void **state)
{
	const struct pieces p = {
		.root = "/memreserve/ 0x80000010 0x10; /memreserve/ 0xfffffffffffff000 0x2000;",
		.memory = MEMORY "reserved-memory { " CELLS(
			1, 1) " ranges;"
			      "fw@80000000 { reg = <0x80000000 0x40000>, <0x80060001 1>; no-map; };"
			      "over@80020000 { reg = <0x80020000 0x40000>; };"
			      "dynamic { size = <0x1000>; };"
			      "off@1000 { reg = <0x1000 0x1000>; status = \"disabled\"; };"
			      "bad@2000 { reg = <0x2000 0x1000 1>; };"
			      "};",
	};

	(void)state;
	assert_int_equal(read_pieces(&p), OK);
	assert_int_equal(plat.reserveds, 4);
	expect_range(&plat.reserved[0].range, 0x80000000, 0x1000);
	assert_false(plat.reserved[0].no_map);
	expect_range(&plat.reserved[1].range, 0x80000000, 0x40000);
	assert_true(plat.reserved[1].no_map);
	expect_range(&plat.reserved[2].range, 0x80060000, 0x1000);
	assert_true(plat.reserved[2].no_map);
	expect_range(&plat.reserved[3].range, 0x80020000, 0x40000);
	assert_false(plat.reserved[3].no_map);
	assert_int_equal(nlines, 2);
	expect_line("device tree: memory reservation block: entry 1");
	expect_line("/reserved-memory/bad@2000: reg: 12 bytes");
}

static void test_reserved_bound(void **state)
{
	static char text[16384];
	size_t at = (size_t)sprintf(text, MEMORY "reserved-memory { " CELLS(2, 2) " ranges;");
	const struct pieces p = {.memory = text};

	(void)state;
	for (unsigned int i = 0; i <= PLATFORM_RESERVED_MAX; i++)
		at += (size_t)sprintf(text + at, "r@%x { reg = <0 0x%x 0 1>; };", i, i);
	strcpy(text + at, "};");
	assert_int_equal(read_pieces(&p), ERR_RANGE);
	assert_int_equal(nerrors, 1);
}

/* Ids with holes and of 64 bits, a disabled hart, an id twice, contexts in any order. */
static void test_harts(void **state)
{
	const struct pieces p = {
		.cpus = CELLS(
			2,
			0) "timebase-frequency = <0 5000>;"
			   "cpu-map { };"
			   "cpu@7 { device_type = \"cpu\"; reg = <0 7>; status = \"ok\";" INTC(
				   1) "};"
				      "cpu@100000001 { device_type = \"cpu\"; reg = <1 1>;"
				      " mmu-type = \"riscv,sv39\"; riscv,cbom-block-size = <0 64>;"
				      " riscv,isa = \"rv64\", \"imac\"; " INTC(
					      2) "};"
						 "cpu@3 { reg = <0 3>; status = \"disabled\";"
						 " mmu-type = \"riscv,sv32\"; riscv,isa = [41 "
						 "42]; " INTC(
							 3) "};"
							    "cpu@8 { device_type = \"cpu\"; reg = "
							    "<0 7>; " INTC(
								    4) "};"
								       "cpu@9 { device_type = "
								       "\"cpu\"; reg = <9>; };"
								       "cpu@a { device_type = "
								       "\"cpu\"; };"
								       "cpu@b { device_type = "
								       "\"cpu\"; reg = <0xffffffff "
								       "0xffffffff>; };"
								       "l2-cache { device_type = "
								       "\"cache\"; };",
		.soc = CELLS(
			1,
			1) "ranges;"
			   "plic@1000000 { compatible = \"riscv,plic0\"; phandle = <9>;"
			   " reg = <0x1000000 0x400000>; riscv,ndev = <2000>;"
			   " interrupts-extended = <3 9 2 9 2 11 0xffffffff 9 1 11 77 9 1 9>; };",
	};

	(void)state;
	assert_int_equal(read_pieces(&p), OK);
	assert_int_equal(plat.timebase_hz, 5000);
	assert_int_equal(plat.harts, 3);
	assert_true(platform_find_hart(&plat, 7)->usable);
	assert_int_equal(platform_find_hart(&plat, 0x100000001)->arch.mmu_bits, 39);
	assert_int_equal(platform_find_hart(&plat, 0x100000001)->arch.cbom, 0);
	assert_null(platform_find_hart(&plat, 0x100000001)->arch.isa);
	assert_false(platform_find_hart(&plat, 3)->usable);
	assert_null(platform_find_hart(&plat, 3)->arch.isa);
	assert_null(platform_find_hart(&plat, 1));
	assert_int_equal(plat.arch.plic.contexts, 7);
	assert_int_equal(platform_plic_context(&plat, 3), 0);
	assert_int_equal(platform_plic_context(&plat, 0x100000001), 1);
	assert_int_equal(platform_plic_context(&plat, 7), 6);
	assert_true(plat.arch.plic.context[3].hart == PLATFORM_NO_HART);
	assert_true(plat.arch.plic.context[5].hart == PLATFORM_NO_HART);
	assert_int_equal(plat.arch.plic.ndev, 1023);
	expect_line("/cpus/cpu@100000001: riscv,cbom-block-size: 8 bytes");
	expect_line("/cpus/cpu@100000001: riscv,isa: more than one text");
	expect_line("/cpus/cpu@3: riscv,isa: text that does not end");
	expect_line("/cpus/cpu@3: mmu-type: \"riscv,sv32\" is not known");
	expect_line("/cpus/cpu@8: reg: another hart has the id 7");
	expect_line("/cpus/cpu@9: reg: a hart id of 8 bytes is wanted");
	expect_line("/cpus/cpu@a: reg: a hart id");
	expect_line("/cpus/cpu@b: reg: not a hart id");
	expect_line("/soc/plic@1000000: interrupts-extended: context 5: no hart's interrupt "
		    "controller is 0x4d");
	expect_line("/soc/plic@1000000: riscv,ndev: 2000");
}

static void expect_refusal(const char *cpus, const char *why)
{
	const struct pieces p = {.cpus = cpus};

	assert_int_equal(read_pieces(&p), ERR_NOENT);
	assert_int_equal(nerrors, 1);
	expect_line(why);
}

static void test_harts_bad(void **state)
{
	(void)state;
	expect_refusal(CELLS(1, 0) CPU(0, 1), "/cpus: timebase-frequency: missing");
	expect_refusal(CELLS(1, 0) "timebase-frequency = <0>;" CPU(0, 1),
		       "/cpus: timebase-frequency: 0 is not a frequency");
	expect_refusal(CELLS(1, 0) "timebase-frequency = <1 0>;" CPU(0, 1), "not a frequency");
	expect_refusal(CELLS(1, 0) "timebase-frequency = [01];" CPU(0, 1),
		       "/cpus: timebase-frequency: 1 bytes");
	expect_refusal(CPUS, "/cpus: no usable hart");
	expect_refusal(CPUS "cpu@0 { device_type = \"cpu\"; reg = <0>; status = \"disabled\"; };",
		       "/cpus: no usable hart");
	expect_refusal(CELLS(0, 0) CPU(0, 1), "/cpus: #address-cells");
	expect_refusal(CELLS(3, 0) CPU(0, 1), "/cpus: #address-cells");
}

static void test_timebase_per_hart(void **state)
{
	const struct pieces p = {
		.cpus = CELLS(1, 0) "cpu@0 { device_type = \"cpu\"; reg = <0>;"
				    " timebase-frequency = <77>; };",
	};

	(void)state;
	assert_int_equal(read_pieces(&p), OK);
	assert_int_equal(plat.timebase_hz, 77);
}

/* More harts than limen drives: the rest is left out, and said a bounded number of times. */
static void test_harts_bound(void **state)
{
	static char text[HARTS_MAX * 100 + 10000];
	size_t at = (size_t)sprintf(text, CPUS);
	const struct pieces p = {.cpus = text};

	(void)state;
	for (unsigned int i = 0; i < HARTS_MAX + 40; i++)
		at += (size_t)sprintf(text + at, "cpu@%x { device_type = \"cpu\"; reg = <%u>; };",
				      i, 3 * i);
	assert_int_equal(read_pieces(&p), OK);
	assert_int_equal(plat.harts, HARTS_MAX);
	assert_int_equal(nlines, PLATFORM_LINES_MAX + 1);
	expect_line("more than 512 harts");
	expect_line("more is wrong with it than is told here");
}

static void expect_initrd(const char *chosen, u64 base, u64 size)
{
	const struct pieces p = {.chosen = chosen};

	assert_int_equal(read_pieces(&p), OK);
	expect_range(&plat.initrd, base, size);
}

static void test_chosen(void **state)
{
	const struct pieces p = {.chosen = "bootargs = \"hide=sstc x\";"};

	(void)state;
	assert_int_equal(read_pieces(&p), OK);
	assert_string_equal(plat.bootargs, "hide=sstc x");
	assert_null(plat.stdout_path);
	expect_initrd("linux,initrd-start = <0x84000000>; linux,initrd-end = <0x84000100>;",
		      0x84000000, 0x100);
	expect_initrd("linux,initrd-start = <1 0x84000000>; linux,initrd-end = <1 0x84000001>;",
		      0x184000000, 1);
	assert_int_equal(nlines, 0);
	expect_initrd("linux,initrd-start = <0x84000000>;", 0, 0);
	expect_line("/chosen: linux,initrd-start: start and end do not come together");
	expect_initrd("linux,initrd-start = <2>; linux,initrd-end = <1>;", 0, 0);
	expect_line("/chosen: linux,initrd-start: 0x2 to 0x1 is not a range");
	expect_initrd("linux,initrd-start = <0>; linux,initrd-end = <0x1000000 1>;", 0, 0);
	expect_initrd("linux,initrd-start = <0>; linux,initrd-end = <1 2 3>;", 0, 0);
	expect_line("/chosen: linux,initrd-end: 12 bytes");
}

#define SOC "compatible = \"simple-bus\"; " CELLS(1, 1) "ranges;"

/* Two UARTs, the second named through an alias with options, behind two buses that move it. */
static void test_uart(void **state)
{
	const struct pieces p = {
		.memory = MEMORY "aliases { serial1 = \"/soc/bus@0/serial@200\"; };"
				 "clk: clk { compatible = \"fixed-clock\";"
				 " clock-frequency = <24000000>; };",
		.chosen = "stdout-path = \"serial1:115200n8\";",
		.soc = CELLS(1, 1) "ranges = <0 0x1 0x40000000 0x10000>, <0x20000 2 0 0x10000>;"
				   "interrupt-parent = <5>;"
				   "serial@100 { compatible = \"ns16550a\"; reg = <0x100 0x100>; };"
				   "bus@0 { " CELLS(
					   2,
					   1) " ranges = <0 0x100 0x21000 0x1000>;"
					      "serial@200 {"
					      " compatible = \"vendor,uart\", \"snps,dw-apb-uart\";"
					      " reg = <0 0x200 0x100>; reg-shift = <2>;"
					      " reg-io-width = <4>; clocks = <&clk>;"
					      " current-speed = <9600>; interrupts = <33 4>;"
					      "}; };",
	};

	(void)state;
	assert_int_equal(read_pieces(&p), OK);
	assert_int_equal(nlines, 0);
	assert_int_equal(plat.uart.kind, PLATFORM_UART_DW);
	expect_range(&plat.uart.reg, 0x200001100, 0x100);
	assert_int_equal(plat.uart.reg_shift, 2);
	assert_int_equal(plat.uart.reg_width, 4);
	assert_int_equal(plat.uart.clock_hz, 24000000);
	assert_int_equal(plat.uart.baud, 115200);
	assert_int_equal(plat.uart.irq.num, 33);
	assert_int_equal(plat.uart.irq.parent, 5);
}

static void test_uart_fallback(void **state)
{
	static const char *const paths[] = {
		"stdout-path = \"/soc/nothing\";",
		"stdout-path = \"serial9:9600\";",
		"stdout-path = \"self\";",
		"stdout-path = \"\";",
		"stdout-path = \":\";",
		"stdout-path = [2f];",
		"stdout-path = \"/soc/other@1\";",
		"stdout-path = \"unended\";",
		"stdout-path = \"/soc/small@300:9600\";",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const struct pieces p = {
			.memory = MEMORY "aliases { self = \"self\"; unended = [2f 73 6f 63]; };",
			.chosen = paths[i],
			.soc = SOC "other@1 { compatible = \"acme,uart\"; };"
				   "off@100 { compatible = \"ns16550a\"; reg = <0x100 8>;"
				   " status = \"disabled\"; };"
				   "small@300 { compatible = \"ns16550a\"; reg = <0x300 7>; };"
				   "serial@200 { compatible = \"sifive,uart0\"; reg = <0x200 0x1c>;"
				   " interrupts-extended = <7 12>; };",
		};

		assert_int_equal(read_pieces(&p), OK);
		assert_in_range(nlines, 1, 3);
		assert_int_equal(nerrors, 0);
		assert_int_equal(plat.uart.kind, PLATFORM_UART_SIFIVE);
		assert_int_equal(plat.uart.baud, 0);
		assert_int_equal(plat.uart.irq.num, 12);
		assert_int_equal(plat.uart.irq.parent, 7);
	}
}

static void expect_no_uart(const char *soc, const char *why)
{
	const struct pieces p = {.soc = soc};

	assert_int_equal(read_pieces(&p), OK);
	assert_int_equal(plat.uart.kind, PLATFORM_UART_NONE);
	assert_int_equal(nlines, 1);
	expect_line(why);
}

#define UART(props) SOC "s@100 { compatible = \"ns16550a\"; " props " };"

static void test_uart_bad(void **state)
{
	(void)state;
	expect_no_uart(UART(""), "/soc/s@100: reg: missing");
	expect_no_uart(UART("reg = <0x100>;"), "/soc/s@100: reg: 4 bytes, not a multiple of 8");
	expect_no_uart(UART("reg = <0x100 0x100>; reg-shift = <60>;"), "reg-shift: 60");
	expect_no_uart(UART("reg = <0x100 0x100>; reg-io-width = <3>;"), "reg-io-width: 3");
	expect_no_uart(UART("reg = <0x100 0x100>; reg-io-width = <0>;"), "reg-io-width: 0");
	expect_no_uart(UART("reg = <0x100 0x100>; reg-offset = <0x100>;"), "reg-offset: 0x100");
	expect_no_uart(UART("reg = <0x100 0x1f>; reg-shift = <2>;"), "reg: too small");
	expect_no_uart(CELLS(1, 1) "s@1 { compatible = \"ns16550a\"; reg = <1 8>; };",
		       "/soc: ranges: missing");
	expect_no_uart(CELLS(1, 1) "ranges = <0 0 0 8>; s@1 { compatible = \"ns16550a\";"
				   " reg = <1 8>; };",
		       "/soc: ranges: do not cover 0x1");
	expect_no_uart(CELLS(1, 1) "ranges = <0 0 0>; s@1 { compatible = \"ns16550a\";"
				   " reg = <1 8>; };",
		       "/soc: ranges: 12 bytes, not a multiple of 16");
	expect_no_uart(CELLS(1, 1) "ranges = <0 0xffffffff 0xffffff00 0x1000>;"
				   "s@1 { compatible = \"ns16550a\"; reg = <1 8>; };",
		       "/soc: ranges: do not cover 0x1");
	expect_no_uart(CELLS(2, 2) "ranges; s@1 { compatible = \"ns16550a\";"
				   " reg = <0xffffffff 0xfffffff8 0 8>; };",
		       "/soc/s@1: reg: 0x8 bytes at 0xfffffffffffffff8");
	expect_no_uart(CELLS(3, 2) "ranges; s@1 { compatible = \"ns16550a\"; reg = <1 8>; };",
		       "/soc: #address-cells: 3");
}

static void test_plic_bad(void **state)
{
	struct pieces p = {.soc = SOC "p@0 { compatible = \"riscv,plic0\"; reg = <0 0x202000>;"
				      " riscv,ndev = <1>; interrupts-extended = <1 9 1>; };"};

	(void)state;
	assert_int_equal(read_pieces(&p), OK);
	assert_int_equal(plat.arch.plic.contexts, 0);
	expect_line("/soc/p@0: interrupts-extended: 12 bytes, not pairs of cells");

	p.soc = SOC "p@0 { compatible = \"riscv,plic0\"; reg = <0 0x202000>;"
		    " interrupts-extended = <1 11 1 9 1 9>; };"
		    "p@1 { compatible = \"sifive,plic-1.0.0\"; reg = <0x1000000 0x400000>; };";
	assert_int_equal(read_pieces(&p), OK);
	assert_int_equal(plat.arch.plic.contexts, 2);
	assert_int_equal(platform_plic_context(&plat, 0), 1);
	expect_line("/soc/p@0: riscv,ndev: missing");
	expect_line("/soc/p@0: interrupts-extended: 3 contexts, only 2 can be used");
	expect_line("/soc/p@1: a second PLIC is not used");
}

static void test_syscon(void **state)
{
	struct pieces p = {
		.soc = SOC
		"sys: sys@1000 { compatible = \"syscon\"; reg = <0x1000 0x10>;"
		" reg-io-width = <2>;"
		" off { compatible = \"syscon-poweroff\"; offset = <8>; mask = <0x7a>; }; };"
		"boot { compatible = \"syscon-reboot\"; regmap = <&sys>; offset = <14>;"
		" value = <3>; mask = <0xff>; };",
	};

	(void)state;
	assert_int_equal(read_pieces(&p), OK);
	assert_int_equal(nlines, 0);
	assert_int_equal(plat.poweroff.reg.a, 0x1008);
	assert_int_equal(plat.poweroff.value, 0x7a);
	assert_int_equal(plat.poweroff.mask, 0xffffffff);
	assert_int_equal(plat.poweroff.width, 2);
	assert_int_equal(plat.reboot.reg.a, 0x100e);
	assert_int_equal(plat.reboot.value, 3);
	assert_int_equal(plat.reboot.mask, 0xff);

	p.soc = SOC "sys: sys@1000 { reg = <0x1000 0x10>; };"
		    "a { compatible = \"syscon-poweroff\"; regmap = <&sys>; offset = <16>;"
		    " value = <1>; };"
		    "b { compatible = \"syscon-reboot\"; regmap = <99>; value = <1>; };"
		    "c { compatible = \"syscon-reboot\"; regmap = <&sys>; };";
	assert_int_equal(read_pieces(&p), OK);
	assert_false(plat.poweroff.present);
	assert_false(plat.reboot.present);
	expect_line("/soc/a: offset: 0x10 is not a register");
	expect_line("/soc/b: regmap: names no node");
	expect_line("/soc/c: value: missing");
}

/* Names that would do things to a terminal come out as question marks; deep trees end the walk. */
static void test_strange(void **state)
{
	static char text[8192];
	size_t at = (size_t)sprintf(text, SOC);
	struct pieces p = {.cpus = CPUS CPU(0, 1) "cpu@1 { device_type = \"cpu\"; reg = <1>;"
						  " mmu-type = \"\\x1b[2J\"; };"};

	(void)state;
	assert_int_equal(read_pieces(&p), OK);
	expect_line("mmu-type: \"?[2J\" is not known");

	p.soc = text;
	for (int i = 0; i < 60; i++)
		at += (size_t)sprintf(text + at, "n%d { " SOC, i);
	at += (size_t)sprintf(text + at, "s@1 { compatible = \"ns16550a\"; reg = <1 8>; };");
	for (int i = 0; i < 60; i++)
		at += (size_t)sprintf(text + at, "};");
	assert_int_equal(read_pieces(&p), OK);
	assert_int_equal(plat.uart.kind, PLATFORM_UART_NONE);
	expect_line("more than 12 levels deep; not used");
}

/* Many nodes with many properties, then what a machine is made of: nothing of it is lost. */
static void test_many_properties(void **state)
{
	static char text[200000];
	size_t at = (size_t)sprintf(text, MEMORY);
	const struct pieces p = {
		.memory = text,
		.chosen = "stdout-path = \"/soc/serial@200\"; bootargs = \"x\";",
		.soc = SOC
		"interrupt-parent = <9>;"
		"serial@200 { compatible = \"ns16550a\"; reg = <0x200 8>;"
		" interrupts = <3>; };"
		"plic@1000000 { compatible = \"riscv,plic0\"; phandle = <9>;"
		" reg = <0x1000000 0x400000>; riscv,ndev = <7>;"
		" interrupts-extended = <1 11 1 9>; };"
		"sys: sys@1000 { reg = <0x1000 0x10>; };"
		"off { compatible = \"syscon-poweroff\"; regmap = <&sys>; value = <1>; };",
	};

	(void)state;
	for (int node = 0; node < 300; node++) {
		at += (size_t)sprintf(text + at, "filler%d {", node);
		for (int prop = 0; prop < 30; prop++)
			at += (size_t)sprintf(text + at, "p%d;", prop);
		at += (size_t)sprintf(text + at, "};");
	}
	assert_int_equal(read_pieces(&p), OK);
	assert_int_equal(nlines, 0);
	assert_string_equal(plat.bootargs, "x");
	assert_string_equal(platform_find_hart(&plat, 0)->arch.isa, "rv64imac");
	assert_int_equal(plat.timebase_hz, 1000);
	expect_range(&plat.uart.reg, 0x200, 8);
	assert_int_equal(plat.uart.irq.num, 3);
	assert_int_equal(plat.uart.irq.parent, 9);
	assert_int_equal(plat.arch.plic.phandle, 9);
	assert_int_equal(plat.arch.plic.ndev, 7);
	assert_int_equal(platform_plic_context(&plat, 0), 1);
	assert_int_equal(plat.poweroff.reg.a, 0x1000);
}

static void test_many_nodes(void **state)
{
	static char text[200000];
	size_t at = 0;
	const struct pieces p = {.soc = text};

	(void)state;
	for (int node = 0; node < PLATFORM_NODES_MAX; node++)
		at += (size_t)sprintf(text + at, "n%d{};", node);
	assert_int_equal(read_pieces(&p), ERR_RANGE);
	assert_int_equal(nlines, 1);
	assert_int_equal(nerrors, 1);
	expect_line("device tree: more than 4096 nodes");
}

static void test_not_a_tree(void **state)
{
	size_t n = make(&(struct pieces){0});

	(void)state;
	assert_int_equal(read_tree(NULL, 4096), ERR_FORMAT);
	assert_int_equal(nerrors, 1);
	assert_int_equal(read_tree(blob + 1, n), ERR_FORMAT);
	assert_int_equal(nerrors, 1);
	blob[0] ^= 1;
	assert_int_equal(read_tree(blob, n), ERR_FORMAT);
	assert_int_equal(nerrors, 1);
	expect_line("device tree: broken");
}

/* Every shorter length is refused. */
/* Before version 16 libfdt looks for a node's name behind a slash, and the root has none. */
static void test_old_versions(void **state)
{
	(void)state;
	for (u32 version = 16; version > 0; version--) {
		read_data("virt-plic-4");
		fdt_set_version(blob, version);
		assert_int_equal(read_tree(blob, fdt_totalsize(blob)), ERR_FORMAT);
		expect_line("device tree: version");
	}
}

static void test_truncated(void **state)
{
	struct guarded g;
	size_t n;

	(void)state;
	read_data("virt-plic-4");
	n = fdt_totalsize(blob);
	guarded_open(&g, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(read_tree(guarded_copy(&g, blob, i), i), ERR_FORMAT);
		assert_int_equal(nlines, 1);
	}
	guarded_close(&g);
}

/* What must hold of any result, whatever the tree said. */
static void check_result(enum err e)
{
	assert_true(nlines <= PLATFORM_LINES_MAX + 2);
	assert_int_equal(nerrors, e == OK ? 0 : 1);
	assert_true(plat.mems <= PLATFORM_MEM_MAX && plat.reserveds <= PLATFORM_RESERVED_MAX);
	assert_true(plat.harts <= HARTS_MAX && plat.arch.plic.contexts <= PLATFORM_CONTEXTS_MAX);
	assert_true(plat.arch.aias <= PLATFORM_AIA_MAX);
	for (u32 i = 0; i < plat.mems; i++) {
		const struct platform_range *r = &plat.mem[i];

		assert_true(r->size > 0 && IS_ALIGNED(r->base.a | r->size, PLATFORM_PAGE));
		assert_true(r->base.a <= PLATFORM_PA_END && r->size <= PLATFORM_PA_END - r->base.a);
		if (i && e == OK)
			assert_true(r[-1].base.a + r[-1].size < r->base.a);
	}
	if (e != OK)
		return;
	assert_true(plat.mems > 0 && plat.harts > 0 && plat.timebase_hz > 0);
	assert_true(plat.uart.reg_shift <= 4);
	for (u32 i = 0; i < plat.harts; i++) {
		const struct platform_hart *h = &plat.hart[i];

		assert_true(!h->arch.isa || strlen(h->arch.isa) < TREE_MAX);
		assert_true(!h->arch.isa_list ||
			    h->arch.isa_list[h->arch.isa_list_size - 1] == '\0');
		assert_ptr_equal(platform_find_hart(&plat, h->id), h);
	}
}

/* Each byte of each tree, changed in each of these ways. */
static void sweep(const char *name)
{
	static const u8 flips[] = {0x01, 0x04, 0x80, 0xff};
	struct guarded g;
	size_t n;

	read_data(name);
	n = fdt_totalsize(blob);
	guarded_open(&g, n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(flips); k++) {
			u8 *copy = guarded_copy(&g, blob, n);

			copy[i] ^= flips[k];
			check_result(read_tree(copy, n));
		}
	}
	guarded_close(&g);
}

static void test_sweep_plic(void **state)
{
	(void)state;
	sweep("virt-plic-4");
}

static void test_sweep_sifive(void **state)
{
	(void)state;
	sweep("sifive_u-5");
}

/* Boards' trees as they are: what limen goes by, and the one line that it says of some. */
static const struct board {
	const char *name;
	u32 usable; /* harts */
	enum platform_uart_kind uart;
	bool plic;
	const char *line;
} boards[] = {
	{"boards/bpi-f3", 8, PLATFORM_UART_NONE, true, "not a UART limen knows"},
	{"boards/eic7702x-two-dies", 8, PLATFORM_UART_DW, true, "a second PLIC is not used"},
	{"boards/icicle", 4, PLATFORM_UART_NS16550, true, NULL},
	{"boards/k3-pico-itx", 8, PLATFORM_UART_NONE, false, "not a UART limen knows"},
	{"boards/megrez-rockos", 4, PLATFORM_UART_DW, true, NULL},
	{"boards/p550-mainline-16g", 4, PLATFORM_UART_DW, true, NULL},
	{"boards/p550-sifive-vendor", 4, PLATFORM_UART_DW, true, NULL},
	{"boards/p550-uboot-control", 4, PLATFORM_UART_DW, true, NULL},
	{"boards/sg2044", 64, PLATFORM_UART_DW, false, NULL},
	{"boards/titan-dp1000-firmware", 8, PLATFORM_UART_NS16550, false, NULL},
	{"boards/titan-dp1000-linux", 8, PLATFORM_UART_NS16550, false, NULL},
	{"boards/unleashed", 4, PLATFORM_UART_SIFIVE, true, NULL},
	{"boards/unmatched", 4, PLATFORM_UART_SIFIVE, true, NULL},
	{"boards/visionfive2", 4, PLATFORM_UART_DW, true, NULL},
};

static void test_boards(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(boards); i++) {
		const struct board *b = &boards[i];
		u32 usable = 0;

		read_data_lines(b->name);
		for (u32 h = 0; h < plat.harts; h++)
			usable += plat.hart[h].usable;
		assert_int_equal(usable, b->usable);
		assert_int_equal(plat.uart.kind, b->uart);
		assert_int_equal(plat.arch.plic.present, b->plic);
		assert_true(plat.timebase_hz && plat.mems);
		assert_int_equal(nlines, b->line ? 1 : 0);
		if (b->line)
			expect_line(b->line);
	}
}

static void test_damaged(void **state)
{
	static const char *const names[] = {"virt-plic-4", "virt-aplic-4", "virt-imsic-2-max",
					    "sifive_u-5"};
	u64 random = 88172645463325252ULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct guarded g;
		size_t n;

		read_data(names[i]);
		n = fdt_totalsize(blob);
		guarded_open(&g, n);
		for (int k = 0; k < 2000; k++) {
			u8 *copy = guarded_copy(&g, blob, n);

			maker_damage(copy, n, &random);
			check_result(read_tree(copy, n));
		}
		guarded_close(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_virt_plic),
		cmocka_unit_test(test_virt_devices),
		cmocka_unit_test(test_virt_contexts),
		cmocka_unit_test(test_virt_aplic),
		cmocka_unit_test(test_virt_imsic),
		cmocka_unit_test(test_imsic_swapped),
		cmocka_unit_test(test_imsic_groups),
		cmocka_unit_test(test_aia_odd),
		cmocka_unit_test(test_imsic_pages),
		cmocka_unit_test(test_sifive_u),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_memory_bad),
		cmocka_unit_test(test_memory_bound),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_reserved_bound),
		cmocka_unit_test(test_harts),
		cmocka_unit_test(test_harts_bad),
		cmocka_unit_test(test_timebase_per_hart),
		cmocka_unit_test(test_harts_bound),
		cmocka_unit_test(test_chosen),
		cmocka_unit_test(test_uart),
		cmocka_unit_test(test_uart_fallback),
		cmocka_unit_test(test_uart_bad),
		cmocka_unit_test(test_plic_bad),
		cmocka_unit_test(test_syscon),
		cmocka_unit_test(test_strange),
		cmocka_unit_test(test_many_properties),
		cmocka_unit_test(test_many_nodes),
		cmocka_unit_test(test_not_a_tree),
		cmocka_unit_test(test_old_versions),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_sweep_plic),
		cmocka_unit_test(test_sweep_sifive),
		cmocka_unit_test(test_boards),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
