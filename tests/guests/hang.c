// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that does nothing for ever with interrupts off, on all its harts: for tests that pause,
 * stop or kill one, and to see that others get their share.
 *
 * # expect: hang # all harts hang
 * # harts: 2
 * # bare: never ends
 */
#include "rt.h"

static void spin(u64 arg)
{
	(void)arg;
	for (;;)
		;
}

void guest_main(void)
{
	irq_off();
	csr_write(sie, 0);
	for (unsigned int i = 1; i < hart_count() && i < MAX_HARTS; i++) {
		hart_start(i, spin, 0);
		wait_for(sbi_hart_status(harts[i].id).value == HSM_STARTED, 20000);
	}
	if (!machine_bootarg("quiet"))
		print("# all harts hang\n");
	spin(0);
}
