// SPDX-License-Identifier: BSD-2-Clause
/*
 * A VM beside the one that is measured: it waits, with a timer set, for longer than any measurement
 * takes.
 */
#include "rt.h"

#define LONG ms(60000)

void guest_main(void)
{
	u64 end = now() + LONG;

	csr_write(sie, 1UL << IRQ_TIMER);
	while (now() < end) {
		timer_set(end);
		wfi();
	}
	power_off(0);
}
