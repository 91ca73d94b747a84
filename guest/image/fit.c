/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FIT images. See fit.h for the format.
 *
 * tree_check() has walked the whole tree before anything else looks at it, so names are
 * strings and lengths are within the tree; what a property holds is checked where it is used.
 */
#include "guest/image/fit.h"

#include <libfdt.h>
#include <sha2.h>
#include <string.h>

#include "guest/image/tree.h"

/* Quotes a name of the tree in a line. */
#define W(s) ERRLINE_WORD, (s)

enum err fit_open(const void *blob, size_t max, struct fit *fit, struct errline *e)
{
	enum err err = tree_check(blob, max, "fit", e);

	if (err)
		return err;
	fit->blob = blob;
	fit->max = max;
	fit->tree = fdt_totalsize(blob);
	if (fdt_path_offset(blob, "/images") < 0)
		return errline_set(e, ERR_FORMAT, "fit: /images: missing; is this a FIT image?");
	return OK;
}

/* A property that is exactly one string, or NULL. */
static const char *one_string(const struct fit *fit, int node, const char *prop)
{
	int len;
	const char *s = fdt_getprop(fit->blob, node, prop, &len);

	return s && len > 0 && strnlen(s, (size_t)len) == (size_t)len - 1 ? s : NULL;
}

/* A property that is one cell. */
static bool one_cell(const struct fit *fit, int node, const char *prop, u64 *value)
{
	int len;
	const void *p = fdt_getprop(fit->blob, node, prop, &len);

	if (!p || len != 4)
		return false;
	*value = fdt32_ld(p);
	return true;
}

static bool has(const struct fit *fit, int node, const char *prop)
{
	return fdt_getprop(fit->blob, node, prop, NULL) != NULL;
}

/* Bytes behind the tree: `prop` says where, counted from base. */
static enum err find_external(struct fit_image *image, const char *prop, u64 base,
			      struct errline *e)
{
	const struct fit *fit = image->fit;
	u64 at, size;

	if (!one_cell(fit, image->node, prop, &at))
		return errline_set(e, ERR_FORMAT, "fit: /images/%.*s: %s: not one cell",
				   W(image->name), prop);
	if (!one_cell(fit, image->node, "data-size", &size))
		return errline_set(e, ERR_FORMAT, "fit: /images/%.*s: data-size: not one cell",
				   W(image->name));
	at += base; /* two numbers of 32 bits and an object's size: no overflow */
	if (at > fit->max || size > fit->max - at)
		return errline_set(e, ERR_RANGE,
				   "fit: /images/%.*s: %s: ends at byte %lu, the image at %zu",
				   W(image->name), prop, (at + size), fit->max);
	image->data = fit->blob + at;
	image->size = (size_t)size;
	return OK;
}

static enum err find_data(struct fit_image *image, struct errline *e)
{
	const struct fit *fit = image->fit;
	int len;

	if (has(fit, image->node, "data-position"))
		return find_external(image, "data-position", 0, e);
	if (has(fit, image->node, "data-offset"))
		return find_external(image, "data-offset", ALIGN_UP((u64)fit->tree, 4), e);
	image->data = fdt_getprop(fit->blob, image->node, "data", &len);
	if (!image->data)
		return errline_set(e, ERR_FORMAT, "fit: /images/%.*s: data: missing",
				   W(image->name));
	image->size = (size_t)len;
	return OK;
}

/* limen unpacks nothing: what must be compressed (an initrd) is so within `none`. */
static enum err check_compression(const struct fit_image *image, struct errline *e)
{
	const char *how = one_string(image->fit, image->node, "compression");

	if (!has(image->fit, image->node, "compression") || (how && !strcmp(how, "none")))
		return OK;
	return errline_set(e, ERR_FORMAT,
			   "fit: /images/%.*s: compression: \"%.*s\"; give \"none\", limen unpacks "
			   "nothing",
			   W(image->name), W(how ? how : "?"));
}

enum err fit_find(const struct fit *fit, const char *name, struct fit_image *image,
		  struct errline *e)
{
	int images = fdt_path_offset(fit->blob, "/images");
	int node = fdt_subnode_offset(fit->blob, images, name);
	enum err err;

	if (node < 0)
		return errline_set(e, ERR_NOENT, "fit: /images/%.*s: missing", W(name));
	image->fit = fit;
	image->node = node;
	image->name = fdt_get_name(fit->blob, node, NULL);
	err = find_data(image, e);
	if (!err)
		err = check_compression(image, e);
	if (!err && image->size == 0)
		err = errline_set(e, ERR_FORMAT, "fit: /images/%.*s: data: empty", W(name));
	return err;
}

enum err fit_find_config(const struct fit *fit, struct fit_image *image, struct errline *e)
{
	int all = fdt_path_offset(fit->blob, "/configurations");
	const char *which, *tree;
	int node;

	which = all < 0 ? NULL : one_string(fit, all, "default");
	if (!which)
		return errline_set(e, ERR_FORMAT,
				   "fit: /configurations: default: missing, or not one string");
	node = fdt_subnode_offset(fit->blob, all, which);
	if (node < 0)
		return errline_set(e, ERR_NOENT, "fit: /configurations/%.*s: missing", W(which));
	tree = one_string(fit, node, "fdt");
	if (!tree)
		return errline_set(e, ERR_FORMAT,
				   "fit: /configurations/%.*s: fdt: missing, or not one string",
				   W(which));
	return fit_find(fit, tree, image, e);
}

/* One hash node against the digest of the bytes. */
static enum err check_hash(const struct fit_image *image, int node,
			   const u8 digest[SHA256_DIGEST_LENGTH], struct errline *e)
{
	const struct fit *fit = image->fit;
	const char *name = fdt_get_name(fit->blob, node, NULL);
	const char *algo = one_string(fit, node, "algo");
	const void *value;
	int len;

	if (!algo || strcmp(algo, "sha256"))
		return errline_set(e, ERR_NOTSUP,
				   "fit: /images/%.*s/%.*s: algo: \"%.*s\"; limen knows sha256",
				   W(image->name), W(name), W(algo ? algo : "?"));
	value = fdt_getprop(fit->blob, node, "value", &len);
	if (!value || len != SHA256_DIGEST_LENGTH)
		return errline_set(e, ERR_FORMAT, "fit: /images/%.*s/%.*s: value: not %d bytes",
				   W(image->name), W(name), SHA256_DIGEST_LENGTH);
	if (memcmp(value, digest, SHA256_DIGEST_LENGTH))
		return errline_set(e, ERR_HASH,
				   "fit: /images/%.*s/%.*s: value: the payload is damaged (wrong "
				   "SHA-256)",
				   W(image->name), W(name));
	return OK;
}

enum err fit_verify(const struct fit_image *image, struct errline *e)
{
	const void *blob = image->fit->blob;
	u8 digest[SHA256_DIGEST_LENGTH];
	unsigned int hashes = 0;
	enum err err;
	SHA2_CTX ctx;
	int node;

	SHA256Init(&ctx);
	SHA256Update(&ctx, image->data, image->size);
	SHA256Final(digest, &ctx);
	fdt_for_each_subnode (node, blob, image->node) {
		if (strncmp(fdt_get_name(blob, node, NULL), "hash", 4))
			continue;
		err = check_hash(image, node, digest, e);
		if (err)
			return err;
		hashes++;
	}
	if (hashes == 0)
		return errline_set(e, ERR_NOENT, "fit: /images/%.*s: hash-1: missing; give sha256",
				   W(image->name));
	return OK;
}
