/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/vm/vclock.h"

void vclock_init(struct vclock *c)
{
	*c = (struct vclock){0};
}

void vclock_start(struct vclock *c, u64 now)
{
	if (c->running)
		return;
	c->base += now - c->stopped;
	c->running = true;
}

void vclock_stop(struct vclock *c, u64 now)
{
	if (!c->running)
		return;
	c->stopped = now;
	c->running = false;
}
