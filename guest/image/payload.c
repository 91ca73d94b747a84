/* SPDX-License-Identifier: BSD-2-Clause */
/* The payloads a configuration names. See payload.h. */
#include "guest/image/payload.h"

#include <string.h>

#include "guest/mem/gmap.h"

enum err payload_config(const struct fit *fit, void *buf, size_t room, const char *const *features,
			struct config *c, struct errline *e)
{
	struct fit_image image;
	enum err err;

	c->count = 0;
	err = fit_find_config(fit, &image, e);
	if (!err)
		err = fit_verify(&image, e);
	if (err)
		return err;
	if (image.size > room)
		return errline_set(e, ERR_NOMEM, "config: %zu bytes; limen takes %zu", image.size,
				   room);
	memcpy(buf, image.data, image.size);
	return config_read(buf, image.size, features, c, e);
}

/* A payload that a property names. */
static enum err get(const struct fit *fit, struct vm_config *vm, const char *prop, const char *name,
		    struct fit_image *image)
{
	struct errline e = {""};
	enum err err = fit_find(fit, name, image, &e);

	if (!err)
		err = fit_verify(image, &e);
	return err ? config_vm_error(vm, err, prop, "%s", e.text) : OK;
}

enum err vm_payload(const struct fit *fit, struct vm_config *vm, u64 dtb_room, struct vm_payload *p)
{
	struct loader_env env = {
		.ram_base = GPA(GMAP_RAM_BASE),
		.ram_size = vm->memory,
		.dtb_room = dtb_room,
	};
	struct errline e = {""};
	enum err err = vm->err;

	memset(p, 0, sizeof(*p));
	if (!err)
		err = get(fit, vm, "kernel", vm->kernel, &p->kernel);
	if (!err && vm->initrd)
		err = get(fit, vm, "initrd", vm->initrd, &p->initrd);
	if (err)
		return err;
	env.initrd_size = p->initrd.size;
	err = loader_plan(p->kernel.data, p->kernel.size, &env, &p->plan, &e);
	return err ? config_vm_error(vm, err, "kernel", "%.*s: %s", ERRLINE_WORD, vm->kernel,
				     e.text)
		   : OK;
}
