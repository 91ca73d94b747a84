/* SPDX-License-Identifier: BSD-2-Clause */
#include "entry/vtime.h"

DEFINE_PER_HART(struct vtime_hart, vtime_hart);

void vtime_hart_init(void)
{
	u64 now = arch_clock();

	this_hart(vtime_hart) = (struct vtime_hart){.since = now, .start = now, .kind = VTIME_HOST};
}

u64 vtime_read(u64 ticks[VTIME_KINDS])
{
	unsigned long flags = arch_irq_save();
	struct vtime_hart *v = &this_hart(vtime_hart);
	u64 elapsed;

	vtime_switch(v->kind);
	for (unsigned int k = 0; k < VTIME_KINDS; k++)
		ticks[k] = v->ticks[k];
	elapsed = v->since - v->start;
	arch_irq_restore(flags);
	return elapsed;
}
