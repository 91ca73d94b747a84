/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/arch.h"

/* The frame switch.S restores. */
struct switch_frame {
	u64 fp, lr;
	u64 x[10]; /* x19..x28 */
};

_Static_assert(sizeof(struct switch_frame) == 96, "switch.S restores another frame");

void arch_context_start(void);

void arch_context_init(struct arch_context *ctx, void *top, void (*fn)(void *), void *arg)
{
	struct switch_frame *f = (struct switch_frame *)top - 1;

	*f = (struct switch_frame){.x = {(u64)(uintptr_t)fn, (u64)(uintptr_t)arg},
				   .lr = (u64)(uintptr_t)arch_context_start};
	ctx->sp = (unsigned long)f;
}
