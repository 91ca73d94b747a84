/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a FIT image and its configuration to what a VM is loaded with: each name looked up, each
 * digest checked, each place in the guest's RAM settled.
 */
#ifndef GUEST_IMAGE_PAYLOAD_H
#define GUEST_IMAGE_PAYLOAD_H

#include "guest/image/config.h"
#include "guest/image/fit.h"
#include "guest/image/loader.h"

/* A configuration larger than this is refused: enough for CONFIG_VMS_MAX VMs. */
#define PAYLOAD_CONFIG_MAX KIB(256)

struct vm_payload {
	struct fit_image kernel;
	struct fit_image initrd; /* if plan.initrd_size */
	struct loader_plan plan;
};

/*
 * Reads the FIT's configuration, its digest checked, into *c. The tree is copied to buf (8-byte
 * aligned, room bytes), where *c points into. Any context; takes time in proportion to the size.
 * Errors with a line in *e: as fit_find_config(), fit_verify() and config_read() give, and ERR_NOMEM if
 * it does not fit into buf.
 */
enum err payload_config(const struct fit *fit, void *buf, size_t room, const char *const *features,
			struct config *c, struct errline *e) __must_check;

/*
 * Finds and checks the VM's kernel and initrd, and plans where they go in RAM at GMAP_RAM_BASE
 * with dtb_room bytes for the guest's tree. On an error the VM is marked (vm->err, vm->why), and the
 * code returned; a VM marked before is returned as it is. Any context; takes time in proportion to
 * the payloads' size.
 */
enum err vm_payload(const struct fit *fit, struct vm_config *vm, u64 dtb_room,
		    struct vm_payload *p) __must_check;

#endif
