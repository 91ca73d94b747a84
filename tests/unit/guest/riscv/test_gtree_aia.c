/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AIA nodes of a guest's tree, held against the bindings: the properties they require with the
 * values they allow, no others; given to dtc; and built into buffers of every size.
 */
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

#include "guest/riscv/gtree_aia.h"

static const struct gtree_aia params = {
	.vcpus = 3,
	.cpu_phandle = 1,
	.imsic_phandle = 4,
	.imsic_base = {0x28000000},
	.ids = 255,
	.aplic_phandle = 5,
	.aplic_base = {0xd000000},
	.aplic_size = 0x4000,
	.sources = 96,
};

static const char imsic[] = "/soc/interrupt-controller@28000000";
static const char aplic[] = "/soc/interrupt-controller@d000000";

static u64 buf[2048];

static void string(struct fdtw *w, const char *prop, const char *value)
{
	fdtw_bytes(w, prop, value, strlen(value) + 1);
}

static void cpu(struct fdtw *w, u32 phandle, u32 i)
{
	char name[16];

	snprintf(name, sizeof(name), "cpu@%x", i);
	fdtw_begin_node(w, name);
	fdtw_u32(w, "reg", i);
	string(w, "device_type", "cpu");
	fdtw_begin_node(w, "interrupt-controller");
	string(w, "compatible", "riscv,cpu-intc");
	fdtw_u32(w, "#interrupt-cells", 1);
	fdtw_u32(w, "#address-cells", 0);
	fdtw_bytes(w, "interrupt-controller", "", 0);
	fdtw_u32(w, "phandle", phandle);
	fdtw_end_node(w);
	fdtw_end_node(w);
}

static void soc(struct fdtw *w, const struct gtree_aia *a)
{
	fdtw_begin_node(w, "soc");
	fdtw_u32(w, "#address-cells", 2);
	fdtw_u32(w, "#size-cells", 2);
	string(w, "compatible", "simple-bus");
	fdtw_bytes(w, "ranges", "", 0);
	if (a->imsic_phandle)
		gtree_imsic(w, a);
	gtree_aplic(w, a);
	fdtw_end_node(w);
}

/* A tree around the nodes: CPUs for interrupts-extended to point to. */
static enum err build(const struct gtree_aia *a, size_t size)
{
	struct fdtw w;
	size_t used;

	memset(buf, 0xa5, sizeof(buf));
	fdtw_start(&w, buf, size);
	fdtw_begin_node(&w, "");
	fdtw_u32(&w, "#address-cells", 2);
	fdtw_u32(&w, "#size-cells", 2);
	fdtw_begin_node(&w, "cpus");
	fdtw_u32(&w, "#address-cells", 1);
	fdtw_u32(&w, "#size-cells", 0);
	for (u32 i = 0; i < a->vcpus; i++)
		cpu(&w, a->cpu_phandle + i, i);
	fdtw_end_node(&w);
	soc(&w, a);
	fdtw_end_node(&w);
	return fdtw_finish(&w, &used);
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

	if (!p)
		fail_msg("%s has no %s", path, prop);
	assert_int_equal(len, size);
	assert_memory_equal(p, want, size);
}

/* n cells */
static void has_cells(const char *path, const char *prop, const u32 *want, size_t n)
{
	fdt32_t v[16];

	for (size_t i = 0; i < n; i++)
		v[i] = cpu_to_fdt32(want[i]);
	has_bytes(path, prop, v, n * sizeof(v[0]));
}

static void has_cell(const char *path, const char *prop, u32 want)
{
	has_cells(path, prop, &want, 1);
}

/* The bindings allow no property that they do not name. */
static void has_only(const char *path, const char *const *names, size_t n)
{
	int node = fdt_path_offset(buf, path), prop;

	assert_true(node >= 0);
	fdt_for_each_property_offset (prop, buf, node) {
		const char *name;
		bool is = false;

		assert_non_null(fdt_getprop_by_offset(buf, prop, &name, NULL));
		for (size_t i = 0; i < n; i++)
			is |= !strcmp(name, names[i]);
		if (!is)
			fail_msg("%s: %s is not in the binding", path, name);
	}
}

static void test_imsic(void **state)
{
	static const char *const names[] = {
		"compatible",
		"reg",
		"interrupt-controller",
		"#interrupt-cells",
		"msi-controller",
		"#msi-cells",
		"interrupts-extended",
		"riscv,num-ids",
		"riscv,guest-index-bits",
		"riscv,hart-index-bits",
		"phandle",
		"#address-cells",
	};
	static const char compatible[] = "qemu,imsics\0riscv,imsics";

	(void)state;
	assert_int_equal(build(&params, sizeof(buf)), 0);
	assert_int_equal(fdt_check_full(buf, sizeof(buf)), 0);
	has_bytes(imsic, "compatible", compatible, sizeof(compatible));
	has_cells(imsic, "reg", (u32[]){0, 0x28000000, 0, 0x3000}, 4);
	has_bytes(imsic, "interrupt-controller", "", 0);
	has_cell(imsic, "#interrupt-cells", 0);
	has_bytes(imsic, "msi-controller", "", 0);
	has_cell(imsic, "#msi-cells", 0);
	has_cells(imsic, "interrupts-extended", (u32[]){1, 9, 2, 9, 3, 9}, 6);
	has_cell(imsic, "riscv,num-ids", 255);
	has_cell(imsic, "riscv,guest-index-bits", 0);
	has_cell(imsic, "riscv,hart-index-bits", 2);
	has_cell(imsic, "#address-cells", 0);
	has_cell(imsic, "phandle", 4);
	has_only(imsic, names, ARRAY_SIZE(names));
}

static const char *const aplic_names[] = {
	"compatible",	     "reg",	   "interrupt-controller",
	"#interrupt-cells",  "msi-parent", "interrupts-extended",
	"riscv,num-sources", "phandle",	   "#address-cells",
};

static void check_aplic(const struct gtree_aia *a)
{
	static const char compatible[] = "qemu,aplic\0riscv,aplic";

	assert_int_equal(build(a, sizeof(buf)), 0);
	has_bytes(aplic, "compatible", compatible, sizeof(compatible));
	has_cells(aplic, "reg", (u32[]){0, 0xd000000, 0, (u32)a->aplic_size}, 4);
	has_bytes(aplic, "interrupt-controller", "", 0);
	has_cell(aplic, "#interrupt-cells", 2);
	has_cell(aplic, "riscv,num-sources", 96);
	has_cell(aplic, "phandle", 5);
	has_only(aplic, aplic_names, ARRAY_SIZE(aplic_names));
}

/* One of msi-parent and interrupts-extended: with both, the driver would have to choose. */
static void test_aplic(void **state)
{
	struct gtree_aia direct = params;

	(void)state;
	check_aplic(&params);
	has_cell(aplic, "msi-parent", 4);
	assert_null(get(aplic, "interrupts-extended", NULL));

	direct.imsic_phandle = 0;
	direct.aplic_size = 0x5000;
	check_aplic(&direct);
	has_cells(aplic, "interrupts-extended", (u32[]){1, 9, 2, 9, 3, 9}, 6);
	assert_null(get(aplic, "msi-parent", NULL));
	assert_true(fdt_path_offset(buf, imsic) < 0);
}

/* Linux takes hart-index-bits from the number of files if they are not told: the same. */
static void test_hart_bits(void **state)
{
	struct gtree_aia a = params;

	(void)state;
	for (u32 n = 1; n <= 64; n++) {
		u32 bits = 0;

		while (1U << bits < n)
			bits++;
		a.vcpus = n;
		a.imsic_phandle = 100;
		a.aplic_phandle = 101;
		assert_int_equal(build(&a, sizeof(buf)), 0);
		has_cell(imsic, "riscv,hart-index-bits", bits);
		assert_int_equal(gtree_imsic_align(n), 4096ULL << bits);
		/* The pages are the addresses an MSI goes to: base OR index. */
		assert_true(n * 4096ULL <= gtree_imsic_align(n));
	}
}

/* dtc reads the tree and finds nothing to warn of. */
static void test_dtc(void **state)
{
	char name[] = "/tmp/limen-gtree-aia-XXXXXX", command[200], said[200] = "";
	size_t n;
	FILE *f;
	int fd;

	(void)state;
	if (system("dtc -v >/dev/null 2>&1"))
		skip();
	assert_int_equal(build(&params, sizeof(buf)), 0);
	fd = mkstemp(name);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, buf, fdt_totalsize(buf)), fdt_totalsize(buf));
	close(fd);
	snprintf(command, sizeof(command),
		 "dtc -I dtb -O dts -W interrupt_provider -o /dev/null %s 2>&1", name);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(said, 1, sizeof(said) - 1, f);
	said[n] = '\0';
	assert_int_equal(pclose(f), 0);
	unlink(name);
	assert_string_equal(said, "");
}

static void test_flags(void **state)
{
	(void)state;
	assert_int_equal(gtree_aplic_flags(VIRQ_EDGE), 1);
	assert_int_equal(gtree_aplic_flags(VIRQ_LEVEL), 4);
}

static void test_every_size(void **state)
{
	size_t need;

	(void)state;
	assert_int_equal(build(&params, sizeof(buf)), 0);
	need = fdt_totalsize(buf);
	for (size_t size = sizeof(struct fdt_header); size < need; size++)
		assert_int_equal(build(&params, size), ERR_NOMEM);
	assert_int_equal(build(&params, need + 64), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_imsic),	  cmocka_unit_test(test_aplic),
		cmocka_unit_test(test_hart_bits), cmocka_unit_test(test_dtc),
		cmocka_unit_test(test_flags),	  cmocka_unit_test(test_every_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
