/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the configuration. See config.h.
 *
 * tree_check() has walked the tree first, so names are strings and lengths are within it.
 * A VM's properties are read one by one through a table, which is also the list of known ones.
 */
#include "guest/image/config.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "guest/image/tree.h"

/* Quotes a word of the tree in a line. */
#define W(s) ERRLINE_WORD, (s)

static const char root_compatible[] = "limen,config";
static const char vm_compatible[] = "limen,vm";

/* A property's value as the tree has it. */
struct value {
	const char *name; /* the property */
	const char *bytes;
	size_t len;
	const char *const *features;
};

/* A known property of a VM. read() marks the VM if the value is wrong. */
struct property {
	const char *name;
	enum err (*read)(struct vm_config *vm, const struct value *v);
	const char *required; /* what to say when it is missing; NULL: it may be */
};

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

/* The value as one string, or NULL. */
static const char *one_string(const struct value *v)
{
	if (v->len == 0 || strnlen(v->bytes, v->len) != v->len - 1)
		return NULL;
	return v->bytes;
}

static enum err read_compatible(struct vm_config *vm, const struct value *v)
{
	bool strings = v->len > 0 && v->bytes[v->len - 1] == '\0';

	if (strings && fdt_stringlist_contains(v->bytes, (int)v->len, vm_compatible))
		return OK;
	return config_vm_error(vm, ERR_FORMAT, v->name, "\"%.*s\"; did you mean \"%s\"?",
			       W(strings ? v->bytes : "?"), vm_compatible);
}

static enum err read_cpus(struct vm_config *vm, const struct value *v)
{
	if (v->len != 4)
		return config_vm_error(vm, ERR_FORMAT, v->name,
				       "%zu bytes; give the number of vCPUs as one cell", v->len);
	vm->cpus = fdt32_ld((const fdt32_t *)(const void *)v->bytes);
	if (vm->cpus == 0 || vm->cpus > CONFIG_CPUS_MAX)
		return config_vm_error(vm, ERR_FORMAT, v->name, "%u; give 1 to %d", vm->cpus,
				       CONFIG_CPUS_MAX);
	return OK;
}

/* A number in one cell. */
static enum err read_number(struct vm_config *vm, const struct value *v, const char *what, u32 max,
			    u32 *out)
{
	if (v->len != 4)
		return config_vm_error(vm, ERR_FORMAT, v->name, "%zu bytes; give %s as one cell",
				       v->len, what);
	*out = fdt32_ld((const fdt32_t *)(const void *)v->bytes);
	if (*out == 0 || *out > max)
		return config_vm_error(vm, ERR_FORMAT, v->name, "%u; give 1 to %u", *out, max);
	return OK;
}

static enum err read_weight(struct vm_config *vm, const struct value *v)
{
	return read_number(vm, v, "the VM's share beside others'", CONFIG_WEIGHT_MAX, &vm->weight);
}

static enum err read_cap(struct vm_config *vm, const struct value *v)
{
	return read_number(vm, v, "per cent of one hart", CONFIG_CPUS_MAX * 100, &vm->cap);
}

u32 config_hart(const struct vm_config *vm, u32 i)
{
	return fdt32_ld((const fdt32_t *)(const void *)(vm->harts + 4UL * i));
}

static enum err read_harts(struct vm_config *vm, const struct value *v)
{
	if (v->len == 0 || v->len % 4 || v->len / 4 > HARTS_MAX)
		return config_vm_error(vm, ERR_FORMAT, v->name,
				       "%zu bytes; give hart ids as cells, one at least", v->len);
	vm->harts = v->bytes;
	vm->harts_count = (u32)(v->len / 4);
	return OK;
}

static enum err read_memory(struct vm_config *vm, const struct value *v)
{
	u64 kib;

	if (v->len != 8)
		return config_vm_error(vm, ERR_FORMAT, v->name,
				       "%zu bytes; give the guest's RAM in KiB as two cells",
				       v->len);
	kib = fdt64_ld((const fdt64_t *)(const void *)v->bytes);
	if (kib == 0)
		return config_vm_error(vm, ERR_FORMAT, v->name,
				       "0 KiB; give the guest's RAM in KiB as two cells");
	if (kib > CONFIG_MEMORY_MAX >> 10)
		return config_vm_error(vm, ERR_FORMAT, v->name,
				       "%lu KiB; more than any guest can have (is it in KiB, high "
				       "cell first?)",
				       kib);
	if (kib % (CONFIG_MEMORY_ALIGN >> 10))
		return config_vm_error(vm, ERR_FORMAT, v->name,
				       "%lu KiB; give a multiple of 2048 KiB", kib);
	vm->memory = kib << 10;
	return OK;
}

/* The name of a payload. */
static enum err read_payload(struct vm_config *vm, const struct value *v, const char **name)
{
	const char *s = one_string(v);

	if (!s || !*s)
		return config_vm_error(vm, ERR_FORMAT, v->name,
				       "give the payload's name as one string");
	if (strlen(s) > CONFIG_PAYLOAD_MAX || strchr(s, '/'))
		return config_vm_error(vm, ERR_FORMAT, v->name,
				       "\"%.*s\" is no payload's name (at most %d letters, no '/')",
				       W(s), CONFIG_PAYLOAD_MAX);
	*name = s;
	return OK;
}

static enum err read_kernel(struct vm_config *vm, const struct value *v)
{
	return read_payload(vm, v, &vm->kernel);
}

static enum err read_initrd(struct vm_config *vm, const struct value *v)
{
	return read_payload(vm, v, &vm->initrd);
}

static enum err read_bootargs(struct vm_config *vm, const struct value *v)
{
	const char *s = one_string(v);

	if (!s)
		return config_vm_error(vm, ERR_FORMAT, v->name, "give one string");
	if (strlen(s) > CONFIG_BOOTARGS_MAX)
		return config_vm_error(vm, ERR_FORMAT, v->name, "%zu letters; give at most %d",
				       strlen(s), CONFIG_BOOTARGS_MAX);
	vm->bootargs = s;
	return OK;
}

/* One word of `hide`. */
static enum err check_feature(struct vm_config *vm, const struct value *v, const char *word)
{
	const char *const *f = v->features;
	const char *near;

	if (!*word)
		return config_vm_error(vm, ERR_FORMAT, v->name, "an empty feature name");
	if (!f)
		return OK;
	for (; *f; f++) {
		if (!strcmp(*f, word))
			return OK;
	}
	near = errline_nearest(word, v->features);
	return config_vm_error(vm, ERR_FORMAT, v->name, "unknown feature \"%.*s\"%s%s%s", W(word),
			       near ? "; did you mean \"" : "", near ? near : "",
			       near ? "\"?" : "");
}

static enum err read_hide(struct vm_config *vm, const struct value *v)
{
	size_t at;
	enum err err;

	if (v->len == 0 || v->bytes[v->len - 1] != '\0')
		return config_vm_error(vm, ERR_FORMAT, v->name,
				       "give feature names as a list of strings");
	for (at = 0; at < v->len; at += strlen(v->bytes + at) + 1) {
		err = check_feature(vm, v, v->bytes + at);
		if (err)
			return err;
	}
	vm->hide = v->bytes;
	vm->hide_len = (u32)v->len;
	return OK;
}

static enum err read_console(struct vm_config *vm, const struct value *v)
{
	if (v->len != 0)
		return config_vm_error(vm, ERR_FORMAT, v->name, "takes no value: give `console;`");
	vm->console = true;
	return OK;
}

static enum err read_dedicated(struct vm_config *vm, const struct value *v)
{
	if (v->len != 0)
		return config_vm_error(vm, ERR_FORMAT, v->name,
				       "takes no value: give `dedicated;`");
	vm->dedicated = true;
	return OK;
}

static enum err read_irqchip(struct vm_config *vm, const struct value *v)
{
	static const char *const words[] = {CONFIG_IRQCHIP_WORDS};
	const char *s = one_string(v);

	for (u32 i = 0; s && i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i], s))
			continue;
		vm->irqchip = 1 + i; /* 0: it does not say */
		return OK;
	}
	return config_vm_error(vm, ERR_FORMAT, v->name, CONFIG_IRQCHIP_GIVE);
}

static enum err read_restart(struct vm_config *vm, const struct value *v)
{
	static const char *const words[RESTART_POLICIES + 1] = {
		[RESTART_NEVER] = "never",
		[RESTART_ON_FAILURE] = "on-failure",
		[RESTART_ALWAYS] = "always",
	};
	const char *s = one_string(v), *near;

	for (u32 i = 0; s && words[i]; i++) {
		vm->restart = i;
		if (!strcmp(s, words[i]))
			return OK;
	}
	near = s ? errline_nearest(s, words) : NULL;
	return config_vm_error(
		vm, ERR_FORMAT, v->name, "give \"never\", \"on-failure\" or \"always\"%s%s%s",
		near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static const struct property properties[] = {
	{"compatible", read_compatible, "give \"limen,vm\""},
	{"cpus", read_cpus, "give the number of vCPUs as one cell"},
	{"memory", read_memory, "give the guest's RAM in KiB as two cells"},
	{"kernel", read_kernel, "give the name of the payload to start"},
	{"initrd", read_initrd, NULL},
	{"bootargs", read_bootargs, NULL},
	{"hide", read_hide, NULL},
	{"console", read_console, NULL},
	{"weight", read_weight, NULL},
	{"cap", read_cap, NULL},
	{"harts", read_harts, NULL},
	{"dedicated", read_dedicated, NULL},
	{CONFIG_IRQCHIP, read_irqchip, NULL},
	{"restart", read_restart, NULL},
};

/* Marks the VM for a property nobody knows, with the one that was perhaps meant. */
static enum err unknown_property(struct vm_config *vm, const char *name)
{
	const char *known[ARRAY_SIZE(properties) + 1];
	const char *near;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(properties); i++)
		known[i] = properties[i].name;
	known[i] = NULL;
	near = errline_nearest(name, known);
	if (near)
		return config_vm_error(vm, ERR_FORMAT, name, "unknown; did you mean \"%s\"?", near);
	return config_vm_error(vm, ERR_FORMAT, name,
			       "unknown; known are cpus, memory, kernel, initrd, bootargs, hide, "
			       "console, weight, cap, harts, dedicated, " CONFIG_IRQCHIP
			       ", restart");
}

static enum err read_property(struct vm_config *vm, const struct value *v)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(properties); i++) {
		if (strcmp(properties[i].name, v->name))
			continue;
		vm->seen |= 1U << i;
		return properties[i].read(vm, v);
	}
	return unknown_property(vm, v->name);
}

static enum err check_required(struct vm_config *vm)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(properties); i++) {
		if (properties[i].required && !(vm->seen & (1U << i)))
			return config_vm_error(vm, ERR_FORMAT, properties[i].name, "missing; %s",
					       properties[i].required);
	}
	return OK;
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
	struct value v = {.features = features};
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
		if (!v.bytes || read_property(vm, &v))
			break;
	}
	child = fdt_first_subnode(tree, node);
	if (child >= 0)
		config_vm_error(vm, ERR_FORMAT, fdt_get_name(tree, child, NULL),
				"unknown node; a VM has properties only");
	if (check_required(vm))
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
				   vm_compatible);
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
