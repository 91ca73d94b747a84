/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/arch.h"

/* The frame switch.S restores. */
struct switch_frame {
	u64 s[11]; /* s1..s11 */
	u64 pad, s0, ra;
};

_Static_assert(sizeof(struct switch_frame) == 112, "switch.S restores another frame");

void arch_context_start(void);

void arch_context_init(struct arch_context *ctx, void *top, void (*fn)(void *), void *arg)
{
	struct switch_frame *f = (struct switch_frame *)top - 1;

	*f = (struct switch_frame){.s = {(u64)(uintptr_t)fn, (u64)(uintptr_t)arg},
				   .ra = (u64)(uintptr_t)arch_context_start};
	ctx->sp = (unsigned long)f;
}
