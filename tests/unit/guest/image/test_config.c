/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration: what is taken, each way to be wrong and the line it gives, damaged trees;
 * then payloads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "guest/image/payload.h"
#include "guest/mem/gmap.h"
#include "tests/unit/fdt_maker.h"
#include "tests/unit/patience.h"

static const char *const features[] = {"sstc", "htinst", "htval", "vmidlen", NULL};

/* A property by its bytes; without a value it is left out. */
struct prop {
	const char *name;
	const void *value;
	size_t len;
};

#define STRING(name, s)            \
	{                          \
		name, s, sizeof(s) \
	}
#define CELL(name, bytes)      \
	{                      \
		name, bytes, 4 \
	}

static const struct prop good[] = {
	STRING("compatible", "limen,vm"),    CELL("cpus", "\000\000\000\002"),
	{"memory", "\0\0\0\0\0\4\0\0", 8}, /* 256 MiB */
	STRING("kernel", "Image"),	     STRING("initrd", "cpio"),
	STRING("bootargs", "console=ttyS0"), STRING("hide", "sstc\0htval"),
};

/* A VM as good as `good`, but for one property that stands in its place, or is added. */
static void add_vm(struct maker *m, const char *name, const struct prop *other)
{
	bool placed = false;
	size_t i;

	maker_begin(m, name);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		const struct prop *p = &good[i];

		if (other && !strcmp(other->name, p->name)) {
			p = other;
			placed = true;
		}
		if (p->value)
			maker_prop(m, p->name, p->value, p->len);
	}
	if (other && !placed)
		maker_prop(m, other->name, other->value, other->len);
	maker_end(m);
}

static void open_config(struct maker *m)
{
	maker_open(m);
	maker_string(m, "compatible", "limen,config");
}

/* The tree stays: *c points into it. */
static enum err close_and_read(struct maker *m, struct config *c, struct errline *e)
{
	size_t size = maker_close(m);

	assert_int_not_equal(size, 0);
	memset(c, 0xa5, sizeof(*c));
	return config_read(m->fdt, size, features, c, e);
}

static void test_good(void **state)
{
	static struct config c;
	struct prop console = {"console", "", 0};
	struct errline e;
	struct maker m;

	(void)state;
	open_config(&m);
	add_vm(&m, "linux", NULL);
	add_vm(&m, "other", &console);
	assert_int_equal(close_and_read(&m, &c, &e), OK);
	assert_int_equal(c.count, 2);
	assert_int_equal(c.vms[0].err, OK);
	assert_string_equal(c.vms[0].name, "linux");
	assert_int_equal(c.vms[0].cpus, 2);
	assert_true(c.vms[0].memory == MIB(256));
	assert_string_equal(c.vms[0].kernel, "Image");
	assert_string_equal(c.vms[0].initrd, "cpio");
	assert_string_equal(c.vms[0].bootargs, "console=ttyS0");
	assert_true(config_hides(&c.vms[0], "sstc"));
	assert_true(config_hides(&c.vms[0], "htval"));
	assert_false(config_hides(&c.vms[0], "htinst"));
	assert_false(config_hides(&c.vms[0], "sst"));
	assert_false(c.vms[0].console);
	assert_true(c.vms[1].console);
	assert_int_equal(config_console(&c), 1);
	free(m.fdt);
}

static void test_restart(void **state)
{
	static const char *const words[] = {NULL, "never", "on-failure", "always"};
	static const enum restart_policy means[] = {RESTART_NEVER, RESTART_NEVER,
						    RESTART_ON_FAILURE, RESTART_ALWAYS};
	static struct config c;
	struct errline e;
	struct maker m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct prop p = {"restart", words[i], words[i] ? strlen(words[i]) + 1 : 0};

		open_config(&m);
		add_vm(&m, "linux", words[i] ? &p : NULL);
		assert_int_equal(close_and_read(&m, &c, &e), OK);
		assert_int_equal(c.vms[0].err, OK);
		assert_int_equal(c.vms[0].restart, means[i]);
		free(m.fdt);
	}
}

static void test_optional_properties(void **state)
{
	static const char *const optional[] = {"initrd", "bootargs", "hide"};
	static struct config c;
	struct errline e;
	struct maker m;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(optional); i++) {
		struct prop none = {optional[i], NULL, 0};

		open_config(&m);
		add_vm(&m, "linux", &none);
		assert_int_equal(close_and_read(&m, &c, &e), OK);
		assert_int_equal(c.vms[0].err, OK);
		assert_int_equal(!c.vms[0].initrd, i == 0);
		assert_int_equal(!*c.vms[0].bootargs, i == 1);
		assert_int_equal(!config_hides(&c.vms[0], "sstc"), i == 2);
		free(m.fdt);
	}
}

static char long_name[CONFIG_PAYLOAD_MAX + 2], long_args[CONFIG_BOOTARGS_MAX + 2];

/* Each wrong property, and the one line it gives. */
static const struct {
	struct prop p;
	const char *line; /* after "config: /linux: " */
} wrong[] = {
	{{"compatible", NULL, 0}, "compatible: missing; give \"limen,vm\""},
	{STRING("compatible", "limen,wm"), "compatible: \"limen,wm\"; did you mean \"limen,vm\"?"},
	{{"compatible", "limen,vm", 8}, "compatible: \"?\"; did you mean \"limen,vm\"?"},
	{{"cpus", NULL, 0}, "cpus: missing; give the number of vCPUs as one cell"},
	{CELL("cpus", "\000\000\000\000"), "cpus: 0; give 1 to 64"},
	{CELL("cpus", "\000\000\000\101"), "cpus: 65; give 1 to 64"},
	{CELL("cpus", "\377\377\377\377"), "cpus: 4294967295; give 1 to 64"},
	{STRING("cpus", "2"), "cpus: 2 bytes; give the number of vCPUs as one cell"},
	{{"cpus", "\0\0\0\0\0\0\0\2", 8}, "cpus: 8 bytes; give the number of vCPUs as one cell"},
	{{"memory", NULL, 0}, "memory: missing; give the guest's RAM in KiB as two cells"},
	{{"memory", "\0\0\0\0\0\0\0\0", 8},
	 "memory: 0 KiB; give the guest's RAM in KiB as two cells"},
	{CELL("memory", "\000\004\000\000"),
	 "memory: 4 bytes; give the guest's RAM in KiB as two cells"},
	{{"memory", "\0\0\0\0\0\0\x07\xff", 8}, "memory: 2047 KiB; give a multiple of 2048 KiB"},
	{{"memory", "\0\4\0\0\0\0\0\0", 8},
	 "memory: 1125899906842624 KiB; more than any guest can have (is it in KiB, high cell "
	 "first?)"},
	{{"memory", "\377\377\377\377\377\377\377\377", 8},
	 "memory: 18446744073709551615 KiB; more than any guest can have (is it in KiB, high cell "
	 "first?)"},
	{{"kernel", NULL, 0}, "kernel: missing; give the name of the payload to start"},
	{{"kernel", "", 0}, "kernel: give the payload's name as one string"},
	{STRING("kernel", ""), "kernel: give the payload's name as one string"},
	{STRING("kernel", "a\0b"), "kernel: give the payload's name as one string"},
	{{"kernel", "Imag", 4}, "kernel: give the payload's name as one string"},
	{STRING("kernel", "a/b"),
	 "kernel: \"a/b\" is no payload's name (at most 63 letters, no '/')"},
	{{"initrd", long_name, sizeof(long_name)},
	 "initrd: \"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\" is no payload's name (at most 63 letters, no "
	 "'/')"},
	{{"bootargs", "abc", 3}, "bootargs: give one string"},
	{STRING("bootargs", "a\0b"), "bootargs: give one string"},
	{{"bootargs", long_args, sizeof(long_args)}, "bootargs: 1024 letters; give at most 1023"},
	{{"hide", "", 0}, "hide: give feature names as a list of strings"},
	{{"hide", "sstc", 4}, "hide: give feature names as a list of strings"},
	{STRING("hide", "sstc\0"), "hide: an empty feature name"},
	{STRING("hide", "sstc\0htvel"), "hide: unknown feature \"htvel\"; did you mean \"htval\"?"},
	{STRING("hide", "x\ty"), "hide: unknown feature \"x?y\""},
	{CELL("console", "\000\000\000\001"), "console: takes no value: give `console;`"},
	{STRING("kernal", "Image"), "kernal: unknown; did you mean \"kernel\"?"},
	{STRING("bootarg", "x"), "bootarg: unknown; did you mean \"bootargs\"?"},
	{STRING("#address-cells", "x"),
	 "#address-cells: unknown; known are cpus, memory, kernel, "
	 "initrd, bootargs, hide, console, weight, cap, harts, dedicated, aia, restart"},
	{STRING("restart", "allways"),
	 "restart: give \"never\", \"on-failure\" or \"always\"; did you mean \"always\"?"},
	{STRING("restart", "x"), "restart: give \"never\", \"on-failure\" or \"always\""},
	{{"restart", "", 0}, "restart: give \"never\", \"on-failure\" or \"always\""},
	{CELL("weight", "\000\000\000\000"), "weight: 0; give 1 to 65536"},
	{CELL("weight", "\000\001\000\001"), "weight: 65537; give 1 to 65536"},
	{{"weight", "\000\001", 2},
	 "weight: 2 bytes; give the VM's share beside others' as one cell"},
	{CELL("cap", "\000\000\000\000"), "cap: 0; give 1 to 6400"},
	{CELL("cap", "\377\377\377\377"), "cap: 4294967295; give 1 to 6400"},
	{{"harts", "", 0}, "harts: 0 bytes; give hart ids as cells, one at least"},
	{{"harts", "\000\000\000\001\000", 5},
	 "harts: 5 bytes; give hart ids as cells, one at least"},
	{STRING("aia", "imsic"), "aia: give \"none\", \"aplic\" or \"aplic-imsic\""},
	{CELL("aia", "\000\000\000\001"), "aia: give \"none\", \"aplic\" or \"aplic-imsic\""},
	{CELL("dedicated", "\000\000\000\001"), "dedicated: takes no value: give `dedicated;`"},
};

static void test_wrong_properties(void **state)
{
	static struct config c;
	char line[sizeof(struct errline) + 100];
	struct errline e;
	struct maker m;
	size_t i;

	(void)state;
	memset(long_name, 'n', sizeof(long_name) - 1);
	memset(long_args, 'a', sizeof(long_args) - 1);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		open_config(&m);
		add_vm(&m, "linux", &wrong[i].p);
		add_vm(&m, "other", NULL);
		assert_int_equal(close_and_read(&m, &c, &e), OK);
		assert_int_equal(c.count, 2);
		snprintf(line, sizeof(line), "config: /linux: %s", wrong[i].line);
		assert_string_equal(c.vms[0].why.text, line);
		assert_int_equal(c.vms[0].err, ERR_FORMAT);
		assert_int_equal(c.vms[1].err, OK); /* the other VM goes on */
		assert_int_equal(config_console(&c), 1);
		free(m.fdt);
	}
}

/* The largest that is right. */
static void test_limits(void **state)
{
	static const struct prop limits[] = {
		CELL("cpus", "\000\000\000\001"),
		CELL("cpus", "\000\000\000\100"),
		{"memory", "\0\0\0\0\0\0\x08\0", 8},
		{"memory", "\0\0\1\0\0\0\0\0", 8},
		{"kernel", long_name + 1, sizeof(long_name) - 1},
		{"bootargs", long_args + 1, sizeof(long_args) - 1},
	};
	static struct config c;
	struct errline e;
	struct maker m;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		open_config(&m);
		add_vm(&m, "linux", &limits[i]);
		assert_int_equal(close_and_read(&m, &c, &e), OK);
		assert_int_equal(c.vms[0].err, OK);
		free(m.fdt);
	}
	assert_int_equal(strlen(long_args + 1), CONFIG_BOOTARGS_MAX);
}

static void test_names_and_children(void **state)
{
	static const char long_vm[] = "abcdefghijklmnopqrstuvwxyz012345";
	static struct config c;
	struct prop console = {"console", "", 0};
	struct errline e;
	struct maker m;

	(void)state;
	open_config(&m);
	add_vm(&m, "a", &console);
	add_vm(&m, "a", NULL);
	add_vm(&m, "b@1", NULL);
	add_vm(&m, long_vm, NULL);
	add_vm(&m, long_vm + 1, &console);
	maker_begin(&m, "d");
	maker_string(&m, "compatible", "limen,vm");
	maker_cell(&m, "cpus", 1);
	maker_begin(&m, "disk");
	maker_end(&m);
	maker_end(&m);
	assert_int_equal(close_and_read(&m, &c, &e), OK);
	assert_int_equal(c.count, 6);
	assert_int_equal(c.vms[0].err, OK);
	assert_int_equal(c.vms[1].err, ERR_EXIST);
	assert_string_equal(c.vms[1].why.text,
			    "config: /a: name: two VMs have it; give each its own");
	assert_string_equal(c.vms[2].why.text, "config: /b@1: name: give 1 to 31 of the letters "
					       "a-z A-Z 0-9 - _ . + ,");
	assert_int_equal(c.vms[3].err, ERR_FORMAT);
	assert_int_equal(c.vms[4].err, ERR_EXIST);
	assert_string_equal(c.vms[4].why.text,
			    "config: /bcdefghijklmnopqrstuvwxyz012345: console: /a asks for it "
			    "already");
	assert_string_equal(c.vms[5].why.text,
			    "config: /d: disk: unknown node; a VM has properties only");
	assert_int_equal(config_console(&c), 0);
	free(m.fdt);
}

static void test_console_default(void **state)
{
	static struct config c;
	struct prop zero = CELL("cpus", "\000\000\000\000");
	struct errline e;
	struct maker m;

	(void)state;
	open_config(&m);
	add_vm(&m, "bad", &zero);
	add_vm(&m, "b", NULL);
	add_vm(&m, "c", NULL);
	assert_int_equal(close_and_read(&m, &c, &e), OK);
	assert_int_equal(config_console(&c), 1);
	assert_int_equal(config_vm_error(&c.vms[1], ERR_NOMEM, "memory", "gone"), ERR_NOMEM);
	assert_int_equal(config_console(&c), 2);
	assert_int_equal(config_no_memory(&c.vms[2], MIB(64)), ERR_NOMEM);
	assert_string_equal(
		c.vms[2].why.text,
		"config: /c: memory: 262144 KiB; only 65536 KiB are free on this machine");
	assert_int_equal(config_console(&c), -1);
	/* The first mark stands. */
	assert_int_equal(config_vm_error(&c.vms[1], ERR_HASH, "kernel", "new"), ERR_NOMEM);
	assert_string_equal(c.vms[1].why.text, "config: /b: memory: gone");
	free(m.fdt);
}

static void test_whole_is_wrong(void **state)
{
	static const char source[64] __aligned(8) = "/dts-v1/;\n/ {\n};\n";
	static struct config c;
	struct errline e;
	struct maker m;
	size_t size;
	char name[16];
	int i;

	(void)state;
	open_config(&m);
	assert_int_equal(close_and_read(&m, &c, &e), ERR_NOENT);
	assert_string_equal(e.text, "config: /: no VM; give a node with \"limen,vm\"");
	size = fdt_totalsize(m.fdt);
	assert_int_equal(config_read(m.fdt + 4, size - 4, NULL, &c, &e), ERR_INVAL);
	fdt_set_version(m.fdt, 3);
	assert_int_equal(config_read(m.fdt, size, NULL, &c, &e), ERR_FORMAT);
	assert_string_equal(e.text, "config: version: 3; limen reads 17");
	assert_int_equal(config_read(source, sizeof(source), NULL, &c, &e), ERR_NOENT);
	assert_string_equal(e.text, "config: no compiled device tree");
	assert_int_equal(c.count, 0);
	free(m.fdt);

	maker_open(&m);
	add_vm(&m, "a", NULL);
	assert_int_equal(close_and_read(&m, &c, &e), ERR_FORMAT);
	assert_string_equal(e.text, "config: /: compatible: give \"limen,config\"");
	free(m.fdt);

	maker_open(&m);
	maker_string(&m, "compatible", "limen,confi");
	add_vm(&m, "a", NULL);
	assert_int_equal(close_and_read(&m, &c, &e), ERR_FORMAT);
	free(m.fdt);

	maker_open(&m);
	maker_string(&m, "compatibel", "limen,config");
	assert_int_equal(close_and_read(&m, &c, &e), ERR_FORMAT);
	assert_string_equal(e.text, "config: /: compatibel: unknown; did you mean \"compatible\"?");
	free(m.fdt);

	open_config(&m);
	maker_string(&m, "model", "x");
	assert_int_equal(close_and_read(&m, &c, &e), ERR_FORMAT);
	assert_string_equal(e.text, "config: /: model: unknown; the root has compatible only");
	free(m.fdt);

	open_config(&m);
	for (i = 0; i <= CONFIG_VMS_MAX; i++) {
		snprintf(name, sizeof(name), "vm%d", i);
		add_vm(&m, name, NULL);
	}
	assert_int_equal(close_and_read(&m, &c, &e), ERR_RANGE);
	assert_string_equal(e.text, "config: /: more than 64 VMs");
	free(m.fdt);
}

/* A full house is right. */
static void test_most_vms(void **state)
{
	static struct config c;
	struct errline e;
	struct maker m;
	char name[16];
	int i;

	(void)state;
	open_config(&m);
	for (i = 0; i < CONFIG_VMS_MAX; i++) {
		snprintf(name, sizeof(name), "vm%d", i);
		add_vm(&m, name, NULL);
	}
	assert_int_equal(close_and_read(&m, &c, &e), OK);
	for (i = 0; i < CONFIG_VMS_MAX; i++)
		assert_int_equal(c.vms[i].err, OK);
	free(m.fdt);
}

/* What is right after damage keeps all promises the structure makes. */
static void check_promises(const struct config *c)
{
	unsigned int i;

	assert_true(c->count <= CONFIG_VMS_MAX);
	for (i = 0; i < c->count; i++) {
		const struct vm_config *vm = &c->vms[i];

		if (vm->err) {
			assert_non_null(memchr(vm->why.text, '\0', sizeof(vm->why.text)));
			assert_memory_equal(vm->why.text, "config: /", 9);
			continue;
		}
		assert_in_range(strlen(vm->name), 1, CONFIG_NAME_MAX);
		assert_in_range(vm->cpus, 1, CONFIG_CPUS_MAX);
		assert_in_range(vm->memory, CONFIG_MEMORY_ALIGN, CONFIG_MEMORY_MAX);
		assert_true(IS_ALIGNED(vm->memory, CONFIG_MEMORY_ALIGN));
		assert_in_range(strlen(vm->kernel), 1, CONFIG_PAYLOAD_MAX);
		assert_true(strlen(vm->bootargs) <= CONFIG_BOOTARGS_MAX);
		config_hides(vm, "sstc");
	}
}

static void test_damaged(void **state)
{
	static struct config c;
	u64 random = 0x2545f4914f6cdd1dUL;
	struct guarded g;
	struct errline e;
	struct maker m;
	size_t i, size;

	(void)state;
	open_config(&m);
	add_vm(&m, "linux", NULL);
	add_vm(&m, "other", NULL);
	size = maker_close(&m);
	guarded_open(&g, size);
	for (i = 0; i < size; i++)
		assert_int_not_equal(config_read(guarded_copy(&g, m.fdt, i), i, features, &c, &e),
				     OK);
	for (i = 0; i < size * 8 + 30000; i++) {
		u8 *blob = guarded_copy(&g, m.fdt, size);

		if (i < size * 8)
			blob[i / 8] ^= (u8)(1U << i % 8);
		else
			maker_damage(blob, size, &random);
		if (!config_read(blob, size, features, &c, &e))
			check_promises(&c);
	}
	guarded_close(&g);
	free(m.fdt);
}

/* A length that is almost 2^32 would send libfdt 1.6 backwards, and round for ever. */
static void test_backwards(void **state)
{
	static struct config c;
	const struct fdt_property *p;
	struct errline e;
	struct maker m;
	size_t size;

	(void)state;
	open_config(&m);
	add_vm(&m, "linux", NULL);
	size = maker_close(&m);
	p = fdt_get_property(m.fdt, fdt_path_offset(m.fdt, "/linux"), "initrd", NULL);
	assert_non_null(p);
	fdt32_st(m.fdt + ((const u8 *)&p->len - m.fdt), 0xfffffff4);
	patience(60);
	assert_int_equal(config_read(m.fdt, size, features, &c, &e), ERR_FORMAT);
	patience(0);
	assert_string_equal(e.text, "config: broken tree: FDT_ERR_BADSTRUCTURE");
	free(m.fdt);
}

/* The configurations we ship are right. */
static void check_example(const char *file, unsigned int vms)
{
	static struct config c;
	static u64 tree[8192];
	struct errline e;
	char command[200];
	unsigned int i;
	size_t size;
	FILE *f;

	snprintf(command, sizeof(command), "dtc -I dts -O dtb %s", file);
	f = popen(command, "r");
	assert_non_null(f);
	size = fread(tree, 1, sizeof(tree), f);
	assert_int_equal(pclose(f), 0);
	assert_int_equal(config_read(tree, size, NULL, &c, &e), OK);
	assert_int_equal(c.count, vms);
	for (i = 0; i < vms; i++)
		assert_int_equal(c.vms[i].err, OK);
}

static void test_examples(void **state)
{
	(void)state;
	if (access("configs", R_OK) || system("dtc -v >/dev/null 2>&1"))
		skip(); /* not run from the project's folder, or no dtc */
	check_example("configs/linux.dts", 1);
	check_example("configs/two-vms.dts", 2);
}

/* Payloads: from a whole FIT image to the plan of each VM. */

static void make_fit(struct maker *m)
{
	static u8 kernel[4096], initrd[5000];
	static const struct prop props[] = {
		STRING("kernel", "missing"), STRING("initrd", "none"),
		STRING("kernel", "packed"),  {"memory", "\0\0\0\0\0\0\x08\0", 8},
		STRING("initrd", "broken"),
	};
	struct maker config;
	size_t size, i;

	open_config(&config);
	add_vm(&config, "good", NULL);
	for (i = 0; i < ARRAY_SIZE(props); i++) {
		char name[2] = {(char)('a' + i), 0};

		add_vm(&config, name, &props[i]);
	}
	size = maker_close(&config);
	maker_open(m);
	maker_begin(m, "images");
	maker_image(m, "config", config.fdt, size);
	maker_image(m, "Image", kernel, sizeof(kernel));
	maker_image(m, "cpio", initrd, sizeof(initrd));
	maker_image(m, "packed", "\x1f\x8b\x08 and so on", 14);
	maker_begin(m, "broken");
	maker_prop(m, "data", initrd, sizeof(initrd));
	maker_hash(m, kernel, sizeof(kernel));
	maker_end(m);
	maker_end(m);
	maker_begin(m, "configurations");
	maker_string(m, "default", "limen");
	maker_begin(m, "limen");
	maker_string(m, "fdt", "config");
	maker_end(m);
	maker_end(m);
	assert_int_not_equal(maker_close(m), 0);
	free(config.fdt);
}

static void test_payloads(void **state)
{
	static const struct {
		enum err err;
		const char *why;
	} want[] = {
		{OK, ""},
		{ERR_NOENT, "config: /a: kernel: fit: /images/missing: missing"},
		{ERR_NOENT, "config: /b: initrd: fit: /images/none: missing"},
		{ERR_NOTSUP,
		 "config: /c: kernel: packed: packed with gzip; give the unpacked Image "
		 "(gunzip it first)"},
		{ERR_NOMEM, "config: /d: kernel: Image: needs 4 KiB at 0x80200000, but the RAM of "
			    "2048 KiB ends before that"},
		{ERR_HASH, "config: /e: initrd: fit: /images/broken/hash-1: value: the payload is "
			   "damaged (wrong SHA-256)"},
	};
	static u64 buf[8192];
	static struct config c;
	struct vm_payload p;
	struct errline e;
	struct maker m;
	struct fit fit;
	size_t i;

	(void)state;
	make_fit(&m);
	assert_int_equal(fit_open(m.fdt, fdt_totalsize(m.fdt), &fit, &e), OK);
	assert_int_equal(payload_config(&fit, buf, 100, features, &c, &e), ERR_NOMEM);
	assert_int_equal(payload_config(&fit, buf, sizeof(buf), features, &c, &e), OK);
	assert_int_equal(c.count, ARRAY_SIZE(want));
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(vm_payload(&fit, &c.vms[i], KIB(64), &p), want[i].err);
		assert_int_equal(c.vms[i].err, want[i].err);
		if (want[i].err)
			assert_string_equal(c.vms[i].why.text, want[i].why);
	}
	assert_int_equal(vm_payload(&fit, &c.vms[0], KIB(64), &p), OK);
	assert_int_equal(p.kernel.size, 4096);
	assert_int_equal(p.initrd.size, 5000);
	assert_int_equal(p.plan.kind, LOADER_RAW);
	assert_true(p.plan.entry.a == GMAP_RAM_BASE + MIB(2));
	assert_true(p.plan.dtb.a == GMAP_RAM_BASE + MIB(256) - KIB(64));
	assert_true(p.plan.initrd.a == GMAP_RAM_BASE + MIB(256) - KIB(64) - 8192);
	assert_true(p.plan.initrd_size == 5000);
	assert_int_equal(config_console(&c), 0);
	free(m.fdt);
}

/* A damaged configuration in a FIT is found by its digest. */
static void test_config_digest(void **state)
{
	static u64 buf[8192];
	static struct config c;
	struct fit_image image;
	struct errline e;
	struct maker m;
	struct fit fit;

	(void)state;
	make_fit(&m);
	assert_int_equal(fit_open(m.fdt, fdt_totalsize(m.fdt), &fit, &e), OK);
	assert_int_equal(fit_find_config(&fit, &image, &e), OK);
	m.fdt[image.data - fit.blob + image.size / 2] ^= 1;
	assert_int_equal(payload_config(&fit, buf, sizeof(buf), features, &c, &e), ERR_HASH);
	assert_int_equal(c.count, 0);
	free(m.fdt);
}

static void test_nearest(void **state)
{
	static const char *const known[] = {"cpus", "memory", "kernel", NULL};

	(void)state;
	assert_string_equal(errline_nearest("cpu", known), "cpus");
	assert_string_equal(errline_nearest("memroy", known), "memory");
	assert_string_equal(errline_nearest("kernell", known), "kernel");
	assert_null(errline_nearest("", known));
	assert_null(errline_nearest("vcpu-affinity", known));
	assert_null(errline_nearest("kernelkernelkernelkernelkernelkernelkernel", known));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_optional_properties),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_wrong_properties),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_names_and_children),
		cmocka_unit_test(test_console_default),
		cmocka_unit_test(test_whole_is_wrong),
		cmocka_unit_test(test_most_vms),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_backwards),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_payloads),
		cmocka_unit_test(test_config_digest),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
