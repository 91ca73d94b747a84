// SPDX-License-Identifier: BSD-2-Clause
/*
 * Harts that come to the end of all they can do at the same time, all of them: it is one guest that is stopped,
 * and it is told once why.
 *
 * # expect: report fetch at 0x18000000( \(0x18000000\))?, where it has nothing, by its own trap vector
 * # harts: 4
 * # bare: never ends
 */
#include "rt.h"

static u32 ready;

static void fall(u64 arg)
{
	(void)arg;
	csr_write(stvec, 0x18000000UL);
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	while (READ_ONCE(ready) != hart_count())
		;
	__asm__ volatile("ebreak");
}

void guest_main(void)
{
	for (unsigned int i = 1; i < hart_count(); i++)
		hart_start(i, fall, 0);
	print("# about to trap to nowhere on %u harts\n", hart_count());
	fall(0);
	print("not ok 1 - survived\n");
	power_off(0);
}
