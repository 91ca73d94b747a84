/* SPDX-License-Identifier: BSD-2-Clause */
/* FIT images: good ones, each way to be wrong, damaged ones, and one that mkimage made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "guest/image/fit.h"
#include "tests/unit/fdt_maker.h"

static const char config_data[] = "not a tree, but nobody looks";
static const char kernel_data[] = "\x13\x00\x00\x00 and so on, 'til the end";
static const char outer_data[] = "bytes behind the tree";

/* Where an external image's bytes are. */
struct outer {
	const char *prop;
	u32 at;
	u32 size;
};

static void outer_image(struct maker *m, const struct outer *o)
{
	maker_begin(m, "outer");
	maker_cell(m, o->prop, o->at);
	maker_cell(m, "data-size", o->size);
	maker_hash(m, outer_data, sizeof(outer_data));
	maker_end(m);
}

static void configurations(struct maker *m)
{
	maker_begin(m, "configurations");
	maker_string(m, "default", "limen");
	maker_begin(m, "limen");
	maker_string(m, "fdt", "config");
	maker_prop(m, "loadables", "kernel\0initrd", 14);
	maker_end(m);
	maker_end(m);
}

static size_t make(struct maker *m, const struct outer *o)
{
	maker_open(m);
	maker_string(m, "description", "test");
	maker_begin(m, "images");
	maker_image(m, "config", config_data, sizeof(config_data));
	maker_image(m, "kernel", kernel_data, sizeof(kernel_data));
	if (o)
		outer_image(m, o);
	maker_end(m);
	configurations(m);
	return maker_close(m);
}

/* A FIT with one image "x" that fill() writes. */
static size_t make_one(struct maker *m, void (*fill)(struct maker *m))
{
	maker_open(m);
	maker_begin(m, "images");
	maker_begin(m, "x");
	fill(m);
	maker_end(m);
	maker_end(m);
	return maker_close(m);
}

static void test_good(void **state)
{
	struct fit_image image;
	struct errline e;
	struct maker m;
	struct fit fit;
	size_t size = make(&m, NULL);

	(void)state;
	assert_int_not_equal(size, 0);
	assert_int_equal(fit_open(m.fdt, size, &fit, &e), OK);
	assert_int_equal(fit_find(&fit, "kernel", &image, &e), OK);
	assert_int_equal(image.size, sizeof(kernel_data));
	assert_memory_equal(image.data, kernel_data, sizeof(kernel_data));
	assert_string_equal(image.name, "kernel");
	assert_int_equal(fit_verify(&image, &e), OK);
	assert_int_equal(fit_find_config(&fit, &image, &e), OK);
	assert_memory_equal(image.data, config_data, sizeof(config_data));
	assert_int_equal(fit_verify(&image, &e), OK);
	assert_int_equal(fit_find(&fit, "nothing", &image, &e), ERR_NOENT);
	assert_string_equal(e.text, "fit: /images/nothing: missing");
	free(m.fdt);
}

static void test_open_errors(void **state)
{
	struct errline e;
	struct maker m;
	struct fit fit;
	size_t size = make(&m, NULL);

	(void)state;
	assert_int_equal(fit_open(m.fdt + 4, size - 4, &fit, &e), ERR_INVAL);
	assert_int_equal(fit_open(m.fdt, 0, &fit, &e), ERR_NOENT);
	assert_int_equal(fit_open(m.fdt, size - 1, &fit, &e), ERR_FORMAT);
	assert_non_null(strstr(e.text, "totalsize"));
	fdt_set_version(m.fdt, 16);
	assert_int_equal(fit_open(m.fdt, size, &fit, &e), ERR_FORMAT);
	assert_string_equal(e.text, "fit: version: 16; limen reads 17");
	m.fdt[0] = 0;
	assert_int_equal(fit_open(m.fdt, size, &fit, &e), ERR_NOENT);
	free(m.fdt);

	maker_open(&m);
	size = maker_close(&m);
	assert_int_equal(fit_open(m.fdt, size, &fit, &e), ERR_FORMAT);
	assert_string_equal(e.text, "fit: /images: missing; is this a FIT image?");
	free(m.fdt);
}

/* External data: behind the tree, named from its end or from its start. */
static void check_outer(struct outer o, enum err want, const char *why)
{
	struct fit_image image;
	struct guarded g;
	struct errline e;
	struct maker m;
	struct fit fit;
	size_t tree = make(&m, &o), end = ((tree + 3) & ~3UL) + 12, size = end + sizeof(outer_data);
	u8 *blob;

	if (o.at == 0xabcd) { /* stands for the true position, which is known only now */
		free(m.fdt);
		o.at = (u32)end;
		tree = make(&m, &o);
	}
	memcpy(m.fdt + end, outer_data, sizeof(outer_data));
	guarded_open(&g, size);
	blob = guarded_copy(&g, m.fdt, size);
	assert_int_equal(fit_open(blob, size, &fit, &e), OK);
	assert_int_equal(fit_find(&fit, "outer", &image, &e), want);
	if (want) {
		assert_non_null(strstr(e.text, why));
	} else {
		assert_ptr_equal(image.data, blob + end);
		assert_int_equal(fit_verify(&image, &e), OK);
	}
	guarded_close(&g);
	free(m.fdt);
}

static void test_external(void **state)
{
	u32 n = sizeof(outer_data);

	(void)state;
	check_outer((struct outer){"data-offset", 12, n}, OK, NULL);
	check_outer((struct outer){"data-position", 0xabcd, n}, OK, NULL);
	check_outer((struct outer){"data-offset", 13, n}, ERR_RANGE, "outer: data-offset: ends at");
	check_outer((struct outer){"data-offset", 12, n + 1}, ERR_RANGE, "data-offset");
	check_outer((struct outer){"data-offset", 0xffffffff, n}, ERR_RANGE, "data-offset");
	check_outer((struct outer){"data-offset", 12, 0xffffffff}, ERR_RANGE, "data-offset");
	check_outer((struct outer){"data-position", 0xffffffff, 0xffffffff}, ERR_RANGE,
		    "data-position");
	check_outer((struct outer){"data-position", 0, 0}, ERR_FORMAT, "empty");
}

static void no_data(struct maker *m)
{
	maker_string(m, "type", "kernel");
}

static void empty_data(struct maker *m)
{
	maker_prop(m, "data", "", 0);
}

static void gzip_data(struct maker *m)
{
	maker_prop(m, "data", "abc", 3);
	maker_string(m, "compression", "gzip");
}

static void wide_offset(struct maker *m)
{
	maker_prop(m, "data-offset", "\0\0\0\0\0\0\0", 8);
	maker_cell(m, "data-size", 4);
}

static void no_size(struct maker *m)
{
	maker_cell(m, "data-position", 0);
}

static void test_find_errors(void **state)
{
	static const struct {
		void (*fill)(struct maker *m);
		const char *line;
	} cases[] = {
		{no_data, "fit: /images/x: data: missing"},
		{empty_data, "fit: /images/x: data: empty"},
		{gzip_data, "fit: /images/x: compression: \"gzip\"; give \"none\", limen unpacks "
			    "nothing"},
		{wide_offset, "fit: /images/x: data-offset: not one cell"},
		{no_size, "fit: /images/x: data-size: not one cell"},
	};
	struct fit_image image;
	struct errline e;
	struct maker m;
	struct fit fit;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t size = make_one(&m, cases[i].fill);

		assert_int_equal(fit_open(m.fdt, size, &fit, &e), OK);
		assert_int_equal(fit_find(&fit, "x", &image, &e), ERR_FORMAT);
		assert_string_equal(e.text, cases[i].line);
		free(m.fdt);
	}
}

static void hash(struct maker *m, const char *name, const char *algo, size_t len)
{
	u8 value[64] = {0};

	maker_begin(m, name);
	if (algo)
		maker_string(m, "algo", algo);
	if (len)
		maker_prop(m, "value", value, len);
	maker_end(m);
}

static void no_hash(struct maker *m)
{
	maker_prop(m, "data", "abc", 3);
}

static void crc_hash(struct maker *m)
{
	maker_prop(m, "data", "abc", 3);
	maker_hash(m, "abc", 3);
	hash(m, "hash-2", "crc32", 4);
}

static void wrong_hash(struct maker *m)
{
	maker_prop(m, "data", "abc", 3);
	hash(m, "hash-1", "sha256", 32);
}

static void short_hash(struct maker *m)
{
	maker_prop(m, "data", "abc", 3);
	hash(m, "hash-1", "sha256", 31);
}

static void valueless_hash(struct maker *m)
{
	maker_prop(m, "data", "abc", 3);
	hash(m, "hash", "sha256", 0);
}

static void algoless_hash(struct maker *m)
{
	maker_prop(m, "data", "abc", 3);
	hash(m, "hash@1", NULL, 32);
}

static void unterminated_algo(struct maker *m)
{
	maker_prop(m, "data", "abc", 3);
	maker_begin(m, "hash-1");
	maker_prop(m, "algo", "sha256", 6);
	maker_end(m);
}

static void listed_algo(struct maker *m)
{
	maker_prop(m, "data", "abc", 3);
	maker_begin(m, "hash-1");
	maker_prop(m, "algo", "sha256\0sha256", 14);
	maker_end(m);
}

static void second_hash_wrong(struct maker *m)
{
	maker_prop(m, "data", "abc", 3);
	maker_hash(m, "abc", 3);
	hash(m, "hash-2", "sha256", 32);
}

static void test_verify_errors(void **state)
{
	static const struct {
		void (*fill)(struct maker *m);
		enum err err;
		const char *line;
	} cases[] = {
		{no_hash, ERR_NOENT, "fit: /images/x: hash-1: missing; give sha256"},
		{crc_hash, ERR_NOTSUP,
		 "fit: /images/x/hash-2: algo: \"crc32\"; limen knows sha256"},
		{wrong_hash, ERR_HASH,
		 "fit: /images/x/hash-1: value: the payload is damaged (wrong SHA-256)"},
		{short_hash, ERR_FORMAT, "fit: /images/x/hash-1: value: not 32 bytes"},
		{valueless_hash, ERR_FORMAT, "fit: /images/x/hash: value: not 32 bytes"},
		{algoless_hash, ERR_NOTSUP,
		 "fit: /images/x/hash@1: algo: \"?\"; limen knows sha256"},
		{unterminated_algo, ERR_NOTSUP,
		 "fit: /images/x/hash-1: algo: \"?\"; limen knows sha256"},
		{listed_algo, ERR_NOTSUP, "fit: /images/x/hash-1: algo: \"?\"; limen knows sha256"},
		{second_hash_wrong, ERR_HASH,
		 "fit: /images/x/hash-2: value: the payload is damaged (wrong SHA-256)"},
	};
	struct fit_image image;
	struct errline e;
	struct maker m;
	struct fit fit;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t size = make_one(&m, cases[i].fill);

		assert_int_equal(fit_open(m.fdt, size, &fit, &e), OK);
		assert_int_equal(fit_find(&fit, "x", &image, &e), OK);
		assert_int_equal(fit_verify(&image, &e), cases[i].err);
		assert_string_equal(e.text, cases[i].line);
		free(m.fdt);
	}
}

/* The known digest of "abc" (FIPS 180-4's example), so that the digest is SHA-256 indeed. */
static void test_digest_is_sha256(void **state)
{
	static const u8 abc[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
				   0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
				   0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
	struct fit_image image;
	struct errline e;
	struct maker m;
	struct fit fit;
	size_t size;

	(void)state;
	maker_open(&m);
	maker_begin(&m, "images");
	maker_begin(&m, "x");
	maker_prop(&m, "data", "abc", 3);
	maker_begin(&m, "hash-1");
	maker_string(&m, "algo", "sha256");
	maker_prop(&m, "value", abc, sizeof(abc));
	maker_end(&m);
	maker_end(&m);
	maker_end(&m);
	size = maker_close(&m);
	assert_int_equal(fit_open(m.fdt, size, &fit, &e), OK);
	assert_int_equal(fit_find(&fit, "x", &image, &e), OK);
	assert_int_equal(fit_verify(&image, &e), OK);
	free(m.fdt);
}

static void test_config_errors(void **state)
{
	static const struct {
		const char *which, *node, *fdt;
		enum err err;
		const char *line;
	} cases[] = {
		{NULL, "limen", "config", ERR_FORMAT,
		 "fit: /configurations: default: missing, or not one string"},
		{"other", "limen", "config", ERR_NOENT, "fit: /configurations/other: missing"},
		{"limen", "limen", NULL, ERR_FORMAT,
		 "fit: /configurations/limen: fdt: missing, or not one string"},
		{"limen", "limen", "c\nfig", ERR_NOENT, "fit: /images/c?fig: missing"},
	};
	struct fit_image image;
	struct errline e;
	struct maker m;
	struct fit fit;
	size_t i, size;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		maker_open(&m);
		maker_begin(&m, "images");
		maker_end(&m);
		maker_begin(&m, "configurations");
		if (cases[i].which)
			maker_string(&m, "default", cases[i].which);
		maker_begin(&m, cases[i].node);
		if (cases[i].fdt)
			maker_string(&m, "fdt", cases[i].fdt);
		maker_end(&m);
		maker_end(&m);
		size = maker_close(&m);
		assert_int_equal(fit_open(m.fdt, size, &fit, &e), OK);
		assert_int_equal(fit_find_config(&fit, &image, &e), cases[i].err);
		assert_string_equal(e.text, cases[i].line);
		free(m.fdt);
	}
}

/* Reads all there is; returns whether everything was right. */
static bool read_all(const u8 *blob, size_t size)
{
	static const char *const names[] = {"config", "kernel", "outer"};
	struct fit_image image;
	struct errline e;
	struct fit fit;
	bool good = true;
	size_t i;

	if (fit_open(blob, size, &fit, &e))
		return false;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		good = !fit_find(&fit, names[i], &image, &e) && !fit_verify(&image, &e) && good;
	return !fit_find_config(&fit, &image, &e) && !fit_verify(&image, &e) && good;
}

static size_t make_full(struct maker *m)
{
	struct outer o = {"data-offset", 0, sizeof(outer_data)};
	size_t end = (make(m, &o) + 3) & ~3UL;

	memcpy(m->fdt + end, outer_data, sizeof(outer_data));
	return end + sizeof(outer_data);
}

static void test_cut_off(void **state)
{
	struct guarded g;
	struct maker m;
	size_t n, size = make_full(&m);

	(void)state;
	guarded_open(&g, size);
	assert_true(read_all(guarded_copy(&g, m.fdt, size), size));
	for (n = 0; n < size; n++)
		assert_false(read_all(guarded_copy(&g, m.fdt, n), n));
	guarded_close(&g);
	free(m.fdt);
}

/* Every byte of a payload and of its digest counts. */
static void test_payload_bytes_count(void **state)
{
	struct fit_image image;
	struct errline e;
	struct maker m;
	struct fit fit;
	size_t i, size = make(&m, NULL);

	(void)state;
	assert_int_equal(fit_open(m.fdt, size, &fit, &e), OK);
	assert_int_equal(fit_find(&fit, "kernel", &image, &e), OK);
	for (i = 0; i < image.size; i++) {
		u8 *at = m.fdt + (image.data - fit.blob) + i;

		*at ^= 0x10;
		assert_int_equal(fit_verify(&image, &e), ERR_HASH);
		*at ^= 0x10;
	}
	assert_int_equal(fit_verify(&image, &e), OK);
	free(m.fdt);
}

static void test_damaged(void **state)
{
	u64 random = 0x9e3779b97f4a7c15UL;
	struct guarded g;
	struct maker m;
	size_t i, size = make_full(&m);

	(void)state;
	guarded_open(&g, size);
	for (i = 0; i < size * 8; i++) { /* each bit once */
		u8 *blob = guarded_copy(&g, m.fdt, size);

		blob[i / 8] ^= (u8)(1U << i % 8);
		read_all(blob, size);
	}
	for (i = 0; i < 30000; i++) {
		u8 *blob = guarded_copy(&g, m.fdt, size);

		maker_damage(blob, size, &random);
		read_all(blob, size);
	}
	guarded_close(&g);
	free(m.fdt);
}

/* What mkimage makes of our layout, with the data inside and behind the tree. */

static const char its[] =
	"/dts-v1/;\n"
	"/ {\n"
	"description = \"test\";\n"
	"images {\n"
	"config { description = \"c\"; type = \"flat_dt\"; arch = \"riscv\";\n"
	"compression = \"none\"; data = /incbin/(\"config\");\n"
	"hash-1 { algo = \"sha256\"; }; };\n"
	"kernel { description = \"k\"; type = \"firmware\"; arch = \"riscv\";\n"
	"compression = \"none\"; data = /incbin/(\"kernel\");\n"
	"hash-1 { algo = \"sha256\"; }; };\n"
	"outer { description = \"o\"; type = \"firmware\"; arch = \"riscv\";\n"
	"compression = \"none\"; data = /incbin/(\"outer\");\n"
	"hash-1 { algo = \"sha256\"; }; };\n"
	"};\n"
	"configurations { default = \"limen\";\n"
	"limen { description = \"l\"; fdt = \"config\"; loadables = \"kernel\"; };\n"
	"};\n"
	"};\n";

static void write_file(const char *name, const void *data, size_t size)
{
	FILE *f = fopen(name, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static void check_mkimage(const char *options)
{
	u8 *blob = calloc(1, MAKER_ROOM);
	char command[200];
	size_t size;
	FILE *f;

	snprintf(command, sizeof(command), "mkimage %s -f x.its x.itb >mkimage.log 2>&1", options);
	assert_int_equal(system(command), 0);
	f = fopen("x.itb", "rb");
	assert_non_null(f);
	size = fread(blob, 1, MAKER_ROOM, f);
	fclose(f);
	assert_true(read_all(blob, size));
	blob[size / 2] ^= 1; /* mkimage without -E: somewhere in the tree */
	read_all(blob, size);
	free(blob);
}

static void test_mkimage(void **state)
{
	char dir[] = "/tmp/limen-fit-XXXXXX";
	char *back = getcwd(NULL, 0);

	(void)state;
	if (system("mkimage -V >/dev/null 2>&1")) {
		free(back);
		skip();
	}
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	write_file("x.its", its, sizeof(its) - 1);
	write_file("config", config_data, sizeof(config_data));
	write_file("kernel", kernel_data, sizeof(kernel_data));
	write_file("outer", outer_data, sizeof(outer_data));
	check_mkimage("");
	check_mkimage("-E");
	check_mkimage("-E -B 0x1000");
	check_mkimage("-E -p 0x2000");
	unlink("x.its");
	unlink("x.itb");
	unlink("config");
	unlink("kernel");
	unlink("outer");
	unlink("mkimage.log");
	assert_int_equal(chdir(back), 0);
	assert_int_equal(rmdir(dir), 0);
	free(back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_open_errors),
		cmocka_unit_test(test_external),
		cmocka_unit_test(test_find_errors),
		cmocka_unit_test(test_verify_errors),
		cmocka_unit_test(test_digest_is_sha256),
		cmocka_unit_test(test_config_errors),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_payload_bytes_count),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_mkimage),
	};

	return cmocka_run_group_tests_name("fit", tests, NULL, NULL);
}
