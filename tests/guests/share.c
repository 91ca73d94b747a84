// SPDX-License-Identifier: BSD-2-Clause
/*
 * All harts compute, for ten seconds of the guest's clock: tests/boot/shares.t looks at how much of the
 * machine's harts each of some VMs had meanwhile.
 */
#include "rt.h"

#define TIME ms(10000)

static u64 end;

static void compute(u64 i)
{
	(void)i;
	while (now() < end)
		;
}

void guest_main(void)
{
	end = now() + TIME;
	for (unsigned int i = 1; i < hart_count() && i < MAX_HARTS; i++)
		T_EQ(hart_start(i, compute, i), 0);
	compute(0);
	power_off(0);
}
