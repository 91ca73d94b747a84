// SPDX-License-Identifier: BSD-2-Clause
/*
 * Computes for eight milliseconds and sleeps for a tenth of one, again and again, for ten seconds of the
 * guest's clock: never for as long as a slice. For tests/boot/shares.t.
 */
#include "rt.h"

static void compute_until(u64 t)
{
	while (now() < t)
		;
}

static void nap(u64 t)
{
	timer_set(t);
	while (now() < t)
		wfi();
	timer_set(~0UL);
}

void guest_main(void)
{
	u64 end = now() + ms(10000);

	csr_write(sie, 1UL << IRQ_TIMER);
	while (now() < end) {
		compute_until(now() + ms(8));
		nap(now() + us(100));
	}
	power_off(0);
}
