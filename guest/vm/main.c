/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the configuration to running VMs, and from the end of the last one to the end of the
 * machine.
 */
#include <string.h>

#include "guest/image/filekind.h"
#include "guest/image/payload.h"
#include "guest/selftest/lifecycle.h"
#include "guest/vm/vm_control.h"
#include "guest/vm/vm_seam.h"
#include "hyp/console/console.h"
#include "hyp/console/input.h"
#include "hyp/console/tracedump.h"
#include "hyp/machine/boot.h"
#include "hyp/machine/reset.h"
#include "hyp/mem/kmem.h"
#include "hyp/mem/memmap.h"
#include "hyp/selftest/selftest.h"
#include "hyp/selftest/torture.h"
#include "lib/log.h"
#include "lib/marks.h"
#include "lib/trace.h"

static struct config config;

static bool has_fit(const struct platform_range *place)
{
	static const u8 magic[] = {0xd0, 0x0d, 0xfe, 0xed};

	return place->size >= sizeof(magic) &&
	       !memcmp(hpa_to_va(place->base), magic, sizeof(magic));
}

/* A boot loader may put an initrd at any address, U-Boot at multiples of 4; libfdt wants a multiple of 8.
 * What is copied stays. */
static const void *aligned(const struct platform_range *place)
{
	const void *at = hpa_to_va(place->base);
	void *copy;

	if (IS_ALIGNED(place->base.a, 8))
		return at;
	copy = kmem_alloc(place->size);
	if (copy)
		memcpy(copy, at, place->size);
	return copy;
}

static enum err open_fit_at(const struct platform_range *place, struct fit *fit, struct errline *e)
{
	const void *at = aligned(place);

	if (!at)
		return errline_set(
			e, ERR_NOMEM,
			"fit: at 0x%lx, no multiple of 8, and no memory to copy its %lu KiB",
			place->base.a, place->size >> 10);
	return fit_open(at, place->size, fit, e);
}

/* Nothing is there, or something else. */
static enum err no_fit(const struct platform_range *place, const char *what, struct errline *e)
{
	const struct filekind *kind;

	if (!place->size)
		return errline_set(
			e, ERR_NOENT,
			"no configuration: neither an initrd nor the image carries a FIT; "
			"make one with tools/pack");
	kind = filekind_of(hpa_to_va(place->base), place->size);
	return errline_set(
		e, ERR_NOENT,
		"no configuration: %s (%lu bytes at 0x%lx) is %s, and no FIT; make one with "
		"tools/pack",
		what, place->size, place->base.a, kind ? kind->what : "something else");
}

/* The FIT at an initrd's place first, then behind limen's own image. */
static enum err open_fit(struct fit *fit, struct errline *e)
{
	const struct platform_range *initrd = &boot_info.platform->initrd, *own = &boot_info.fit;

	if (has_fit(initrd))
		return open_fit_at(initrd, fit, e);
	if (has_fit(own))
		return open_fit_at(own, fit, e);
	return initrd->size ? no_fit(initrd, "the initrd", e)
			    : no_fit(own, "what follows limen in its image", e);
}

static enum err read_config(struct fit *fit, struct errline *e)
{
	void *buf = kmem_alloc(PAYLOAD_CONFIG_MAX); /* strings point into it: stays */
	enum err err = open_fit(fit, e);

	if (err)
		return err;
	if (!buf)
		return errline_set(e, ERR_NOMEM, "no memory to read the configuration");
	return payload_config(fit, buf, PAYLOAD_CONFIG_MAX, vm_arch_hide_words(), &config, e);
}

static unsigned long long in_us(u64 ticks)
{
	return ticks * 1000000 / arch_clock_hz();
}

/* tools/bench reads it. */
static void tell_times(u64 checking, u64 filling)
{
	u64 all = arch_clock() - boot_info.began;

	log_info("up in %llu us: %llu us boot, %llu us payloads checked, "
		 "%llu us RAM cleared and filled",
		 in_us(all), in_us(all - checking - filling), in_us(checking), in_us(filling));
}

static void make_vms(const struct fit *fit)
{
	u64 checking, filling;
	int owner;

	vm_control_make_all(fit, &config, &checking, &filling);
	tell_times(checking, filling);
	owner = config_console(&config);
	if (owner >= 0)
		(void)vm_control_give_console((u32)owner);
}

/* For who asked for traces: where time went, and what the harts remember. */
static void tell_traces(void)
{
	vm_control_log_times();
	tracedump_all();
}

void limen_main(void)
{
	struct errline e;
	struct fit fit;
	bool well;

	vm_arch_init();
	if (boot_info.args->console_all)
		console_show_names();
	input_init(boot_info.platform);
	if (read_config(&fit, &e)) {
		log_report("%s", e.text);
		machine_power_off(true);
	}
	make_vms(&fit);
	if (LIMEN_MARKS)
		marks_start();
	vm_control_start_all();
	torture_start();
	selftest_start();
	lifecycle_start();
	well = vm_control_run();
	console_drain();
	log_set_quiet(false);
	if (trace_any())
		tell_traces();
	if (!well)
		log_report("no VM is left, and not all ended well: the machine stops");
	machine_power_off(!well);
}
