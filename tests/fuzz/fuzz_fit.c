/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: any bytes as a FIT image, down to the plan of each VM.
 * Sources: guest/{fit,config,payload,loader,tree,errline}.c with libfdt and libmd.
 */
#include <stdlib.h>
#include <string.h>

#include "guest/payload.h"

static u64 config_buf[PAYLOAD_CONFIG_MAX / 8];
static struct config config;

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *blob = malloc(size); /* aligned, and watched at its end */
	struct vm_payload p;
	struct errline e;
	struct fit fit;
	unsigned int i;

	if (size)
		memcpy(blob, data, size);
	if (!fit_open(blob, size, &fit, &e) &&
	    !payload_config(&fit, config_buf, sizeof(config_buf), NULL, &config, &e)) {
		for (i = 0; i < config.count; i++) {
			if (vm_payload(&fit, &config.vms[i], KIB(256), &p) != config.vms[i].err)
				abort();
		}
	}
	free(blob);
	return 0;
}
