/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the configuration. See config.h.
 *
 * tree_check() has walked the tree first, so names are strings and lengths are within it.
 * A VM's properties are read one by one: guest/image/config_property.c.
 */
#include "guest/image/config_property.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "guest/image/tree.h"

static const char root_compatible[] = "limen,config";

enum err config_vm_error(struct vm_config *vm, enum err code, const char *prop, const char *fmt,
			 ...)
{
	struct errline text = {""};
	va_list ap;

	if (vm->err)
		return vm->err;
	va_start(ap, fmt);
	errline_vset(&text, code, fmt, ap);
	va_end(ap);
	vm->err = code;
	return errline_set(&vm->why, code, "config: /%.*s: %.*s: %s", W(vm->name), W(prop),
			   text.text);
}

enum err config_no_memory(struct vm_config *vm, u64 available)
{
	return config_vm_error(vm, ERR_NOMEM, "memory",
			       "%lu KiB; only %lu KiB are free on this machine", (vm->memory >> 10),
			       (available >> 10));
}

/* A VM's name goes into messages and commands, so it is a plain word. */
static enum err check_name(const struct config *c, struct vm_config *vm)
{
	const char *p;

	for (p = vm->name; *p; p++) {
		bool plain = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
			     (*p >= 'A' && *p <= 'Z') || strchr("-_.+,", *p);

		if (!plain || p - vm->name >= CONFIG_NAME_MAX)
			break;
	}
	if (*p || p == vm->name)
		return config_vm_error(vm, ERR_FORMAT, "name",
				       "give 1 to %d of the letters a-z A-Z 0-9 - _ . + ,",
				       CONFIG_NAME_MAX);
	for (const struct vm_config *other = c->vms; other < vm; other++) {
		if (!strcmp(other->name, vm->name))
			return config_vm_error(vm, ERR_EXIST, "name",
					       "two VMs have it; give each its own");
	}
	return OK;
}

static void check_console(const struct config *c, struct vm_config *vm)
{
	const struct vm_config *other;

	for (other = c->vms; other < vm && vm->console; other++) {
		if (other->console)
			config_vm_error(vm, ERR_EXIST, "console", "/%.*s asks for it already",
					W(other->name));
	}
}

/* Reads the node of one VM; the first thing wrong with it is the one reported. */
static void read_vm(const void *tree, int node, const char *const *features, struct config *c)
{
	struct vm_config *vm = &c->vms[c->count++];
	struct config_value v = {.features = features};
	int prop, child, len;

	memset(vm, 0, sizeof(*vm));
	vm->bootargs = "";
	vm->hide = "";
	vm->weight = CONFIG_WEIGHT;
	vm->name = fdt_get_name(tree, node, NULL);
	if (check_name(c, vm))
		return;
	for (prop = fdt_first_property_offset(tree, node); prop >= 0;
	     prop = fdt_next_property_offset(tree, prop)) {
		v.bytes = fdt_getprop_by_offset(tree, prop, &v.name, &len);
		v.len = (size_t)len;
		if (!v.bytes || config_read_property(vm, &v))
			break;
	}
	child = fdt_first_subnode(tree, node);
	if (child >= 0)
		config_vm_error(vm, ERR_FORMAT, fdt_get_name(tree, child, NULL),
				"unknown node; a VM has properties only");
	if (config_check_required(vm))
		return;
	check_console(c, vm);
}

/* The root has `compatible` and nothing else. */
static enum err check_root(const void *tree, struct errline *e)
{
	static const char *const known[] = {"compatible", NULL};
	bool ours = false;
	const char *name, *near;
	int prop, len;

	for (prop = fdt_first_property_offset(tree, 0); prop >= 0;
	     prop = fdt_next_property_offset(tree, prop)) {
		const char *s = fdt_getprop_by_offset(tree, prop, &name, &len);

		if (!s)
			break;
		if (!strcmp(name, "compatible")) {
			ours = fdt_stringlist_contains(s, len, root_compatible);
			continue;
		}
		near = errline_nearest(name, known);
		return errline_set(e, ERR_FORMAT, "config: /: %.*s: unknown; %s%s%s", W(name),
				   near ? "did you mean \"" : "the root has compatible only",
				   near ? near : "", near ? "\"?" : "");
	}
	if (ours)
		return OK;
	return errline_set(e, ERR_FORMAT, "config: /: compatible: give \"%s\"", root_compatible);
}

enum err config_read(const void *tree, size_t size, const char *const *features, struct config *c,
		     struct errline *e)
{
	enum err err;
	int node;

	c->count = 0;
	err = tree_check(tree, size, "config", e);
	if (!err)
		err = check_root(tree, e);
	if (err)
		return err;
	fdt_for_each_subnode (node, tree, 0) {
		if (c->count == CONFIG_VMS_MAX)
			return errline_set(e, ERR_RANGE, "config: /: more than %d VMs",
					   CONFIG_VMS_MAX);
		read_vm(tree, node, features, c);
	}
	if (c->count == 0)
		return errline_set(e, ERR_NOENT, "config: /: no VM; give a node with \"%s\"",
				   CONFIG_VM_COMPATIBLE);
	return OK;
}

int config_console(const struct config *c)
{
	int first = -1;
	unsigned int i;

	for (i = 0; i < c->count; i++) {
		if (c->vms[i].err)
			continue;
		if (c->vms[i].console)
			return (int)i;
		if (first < 0)
			first = (int)i;
	}
	return first;
}

bool config_hides(const struct vm_config *vm, const char *feature)
{
	u32 at;

	for (at = 0; at < vm->hide_len; at += (u32)strlen(vm->hide + at) + 1) {
		if (!strcmp(vm->hide + at, feature))
			return true;
	}
	return false;
}

u32 config_hart(const struct vm_config *vm, u32 i)
{
	return fdt32_ld((const fdt32_t *)(const void *)(vm->harts + 4UL * i));
}
