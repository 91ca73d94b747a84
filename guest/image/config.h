/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration: a compiled device tree with one node a VM. docs/configuration.md has the
 * properties. Names are those of Xen's dom0less bindings where they mean the same (cpus, memory
 * in KiB as two cells, bootargs).
 *
 * A wrong VM is reported and left out; the others go on. Only a tree that cannot be read at all,
 * or that is no configuration, is an error of the whole.
 *
 * Everything in struct config points into the tree, which must stay and must not change.
 */
#ifndef GUEST_IMAGE_CONFIG_H
#define GUEST_IMAGE_CONFIG_H

#include "config_arch.h"
#include "guest/image/errline.h"
#include "guest/vm/vm_life.h"
#include "lib/types.h"

#define CONFIG_VMS_MAX	    64
#define CONFIG_CPUS_MAX	    64
#define CONFIG_NAME_MAX	    31	 /* letters in a VM's name */
#define CONFIG_PAYLOAD_MAX  63	 /* letters in a payload's name */
#define CONFIG_BOOTARGS_MAX 1023 /* letters; with its NUL what Linux keeps */
#define CONFIG_WEIGHT	    256	 /* of a VM that does not say */
#define CONFIG_WEIGHT_MAX   65536
#define CONFIG_MEMORY_ALIGN MIB(2)
#define CONFIG_MEMORY_MAX   (1UL << 50) /* bytes: what the widest usual second stage reaches */

struct vm_config {
	const char *name;
	u32 cpus;	      /* vCPUs, 1 to CONFIG_CPUS_MAX */
	u64 memory;	      /* bytes of RAM, a multiple of CONFIG_MEMORY_ALIGN */
	const char *kernel;   /* payload */
	const char *initrd;   /* payload, or NULL */
	const char *bootargs; /* never NULL */
	const char *hide;     /* features kept from the guest: hide_len bytes of strings */
	u32 hide_len;
	bool console; /* asks for the console by name */
	u32 weight;   /* its share of the harts, 1 to CONFIG_WEIGHT_MAX */
	u32 cap;      /* per cent of one hart that it may have at most; 0: no cap */
	/* The ids of the harts its vCPUs may run on, big-endian cells of 32 bits; harts_count 0: any. */
	const char *harts;
	u32 harts_count;
	enum restart_policy restart;
	bool dedicated; /* each vCPU has one of them alone */
	u32 irqchip;	/* what interrupts its vCPUs: enum config_irqchip, of the architecture */
	u32 seen;	/* which properties were there, by their number in config.c */

	enum err err;	    /* OK, or why this VM cannot be */
	struct errline why; /* then, the line that says so */
};

struct config {
	unsigned int count;
	struct vm_config vms[CONFIG_VMS_MAX];
};

/*
 * Reads the configuration at tree (8-byte aligned, of which size bytes may be read). features ends
 * with NULL and is what `hide` may name; NULL accepts any word.
 * Returns an error with a line in *e if the whole is no configuration: ERR_INVAL (not aligned),
 * ERR_FORMAT (broken, not limen's, an unknown property of the root), ERR_NOENT (no tree, or no VM in it),
 * ERR_RANGE (too many). Otherwise OK, and c->vms[i].err says for each VM whether it can be. Any
 * context.
 */
enum err config_read(const void *tree, size_t size, const char *const *features, struct config *c,
		     struct errline *e) __must_check;

/* The VM that owns the console: the one that asks for it, else the first; VMs with an error do not
 * count. Its number, or -1 if there is none. Any context. */
int config_console(const struct config *c);

/* Is the feature kept from this VM? Any context. */
bool config_hides(const struct vm_config *vm, const char *feature);

/*
 * Marks the VM as one that cannot be: `config: /<name>: <prop>: <text>` in vm->why, code in
 * vm->err. Returns code. The first mark stands. Any context.
 */
enum err config_vm_error(struct vm_config *vm, enum err code, const char *prop, const char *fmt,
			 ...) __printf(4, 5);

/* Hart number i of those that the VM names, i < harts_count. Any context. */
u32 config_hart(const struct vm_config *vm, u32 i);

/* Marks a VM that asks for more memory than the `available` bytes. ERR_NOMEM. */
enum err config_no_memory(struct vm_config *vm, u64 available);

#endif
