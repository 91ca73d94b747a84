// SPDX-License-Identifier: BSD-2-Clause
/*
 * The other VM of `make demo`: ends while the first one is in its guest and stays there. What is left
 * of its thread is freed a grace period later.
 */
#include "demo-times.h"
#include "rt.h"

void guest_main(void)
{
	u64 end = now() + ms(DEMO_OTHER_MS);

	csr_write(sie, 1UL << IRQ_TIMER);
	timer_set(end);
	while (now() < end)
		wfi();
	power_off(0);
}
