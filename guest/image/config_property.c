/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The properties of a VM, read one by one through a table, which is also the list of known ones.
 */
#include "guest/image/config_property.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"

/* A known property of a VM. read() marks the VM if the value is wrong. */
struct property {
	const char *name;
	enum err (*read)(struct vm_config *vm, const struct config_value *v);
	const char *required; /* what to say when it is missing; NULL: it may be */
};

/* The value as one string, or NULL. */
static const char *one_string(const struct config_value *v)
{
	if (v->len == 0 || strnlen(v->bytes, v->len) != v->len - 1)
		return NULL;
	return v->bytes;
}

static enum err read_compatible(struct vm_config *vm, const struct config_value *v)
{
	bool strings = v->len > 0 && v->bytes[v->len - 1] == '\0';

	if (strings && fdt_stringlist_contains(v->bytes, (int)v->len, CONFIG_VM_COMPATIBLE))
		return OK;
	return config_vm_error(vm, ERR_FORMAT, v->name, "\"%.*s\"; did you mean \"%s\"?",
			       W(strings ? v->bytes : "?"), CONFIG_VM_COMPATIBLE);
}

static enum err read_cpus(struct vm_config *vm, const struct config_value *v)
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
static enum err read_number(struct vm_config *vm, const struct config_value *v, const char *what,
			    u32 max, u32 *out)
{
	if (v->len != 4)
		return config_vm_error(vm, ERR_FORMAT, v->name, "%zu bytes; give %s as one cell",
				       v->len, what);
	*out = fdt32_ld((const fdt32_t *)(const void *)v->bytes);
	if (*out == 0 || *out > max)
		return config_vm_error(vm, ERR_FORMAT, v->name, "%u; give 1 to %u", *out, max);
	return OK;
}

static enum err read_weight(struct vm_config *vm, const struct config_value *v)
{
	return read_number(vm, v, "the VM's share beside others'", CONFIG_WEIGHT_MAX, &vm->weight);
}

static enum err read_cap(struct vm_config *vm, const struct config_value *v)
{
	return read_number(vm, v, "per cent of one hart", CONFIG_CPUS_MAX * 100, &vm->cap);
}

static enum err read_harts(struct vm_config *vm, const struct config_value *v)
{
	if (v->len == 0 || v->len % 4 || v->len / 4 > HARTS_MAX)
		return config_vm_error(vm, ERR_FORMAT, v->name,
				       "%zu bytes; give hart ids as cells, one at least", v->len);
	vm->harts = v->bytes;
	vm->harts_count = (u32)(v->len / 4);
	return OK;
}

static enum err read_memory(struct vm_config *vm, const struct config_value *v)
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
static enum err read_payload(struct vm_config *vm, const struct config_value *v, const char **name)
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

static enum err read_kernel(struct vm_config *vm, const struct config_value *v)
{
	return read_payload(vm, v, &vm->kernel);
}

static enum err read_initrd(struct vm_config *vm, const struct config_value *v)
{
	return read_payload(vm, v, &vm->initrd);
}

static enum err read_bootargs(struct vm_config *vm, const struct config_value *v)
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
static enum err check_feature(struct vm_config *vm, const struct config_value *v, const char *word)
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

static enum err read_hide(struct vm_config *vm, const struct config_value *v)
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

static enum err read_console(struct vm_config *vm, const struct config_value *v)
{
	if (v->len != 0)
		return config_vm_error(vm, ERR_FORMAT, v->name, "takes no value: give `console;`");
	vm->console = true;
	return OK;
}

static enum err read_dedicated(struct vm_config *vm, const struct config_value *v)
{
	if (v->len != 0)
		return config_vm_error(vm, ERR_FORMAT, v->name,
				       "takes no value: give `dedicated;`");
	vm->dedicated = true;
	return OK;
}

static enum err read_irqchip(struct vm_config *vm, const struct config_value *v)
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

static enum err read_restart(struct vm_config *vm, const struct config_value *v)
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

enum err config_read_property(struct vm_config *vm, const struct config_value *v)
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

enum err config_check_required(struct vm_config *vm)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(properties); i++) {
		if (properties[i].required && !(vm->seen & (1U << i)))
			return config_vm_error(vm, ERR_FORMAT, properties[i].name, "missing; %s",
					       properties[i].required);
	}
	return OK;
}
