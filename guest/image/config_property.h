/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What guest/image/config.c and guest/image/config_property.c have of each other.
 */
#ifndef GUEST_IMAGE_CONFIG_PROPERTY_H
#define GUEST_IMAGE_CONFIG_PROPERTY_H

#include "guest/image/config.h"
#include "guest/image/tree.h"

/* Quotes a word of the tree in a line. */
#define W(s) ERRLINE_WORD, (s)

#define CONFIG_VM_COMPATIBLE "limen,vm"

/* A property's value as the tree has it. */
struct config_value {
	const char *name; /* the property */
	const char *bytes;
	size_t len;
	const char *const *features;
};

/* Reads one into the VM, or marks it: unknown, or a value that is wrong. */
enum err config_read_property(struct vm_config *vm, const struct config_value *v);

/* Once all are read: marks the VM where one is missing. */
enum err config_check_required(struct vm_config *vm);

#endif
