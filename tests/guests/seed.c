// SPDX-License-Identifier: BSD-2-Clause
/*
 * Shows what seed its tree has, for tests/boot/seed.t. With two harts it says it and asks for a
 * reboot, for ever; with one it has it in a0 to a3 when limen stops it, for VMs that have no
 * console.
 */
#include "rt.h"

#include <string.h>

void guest_main(void)
{
	u64 w[4] = {0};

	if (machine.seed)
		memcpy(w, machine.seed,
		       machine.seed_len < sizeof(w) ? machine.seed_len : sizeof(w));
	if (hart_count() > 1) {
		print("seed of %u bytes: %016lx %016lx %016lx %016lx\n", machine.seed_len, w[0],
		      w[1], w[2], w[3]);
		sbi(SBI_EXT_SRST, 0, 1, 0); /* cold reboot, no reason */
	}
	/* A trap vector where nothing is: what stops a VM. */
	csr_write(stvec, 0x40000000UL);
	register u64 a0 __asm__("a0") = w[0];
	register u64 a1 __asm__("a1") = w[1];
	register u64 a2 __asm__("a2") = w[2];
	register u64 a3 __asm__("a3") = w[3];
	__asm__ volatile("sd zero, 0(%0)"
			 :
			 : "r"(0x40000000UL), "r"(a0), "r"(a1), "r"(a2), "r"(a3));
	power_off(0);
}
