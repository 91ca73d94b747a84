/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of the machine. Ways are tried from the one that tells most to the one that tells least:
 * the tree's sifive,test0 device, whose exit status is the machine's under QEMU; the firmware, which ends
 * QEMU with status 0 whatever the reason; where a boot argument names one, a port with QEMU's testdev behind
 * it, for machines whose firmware has no shutdown; and a hart that waits for ever.
 *
 * Semihosting is none of them: where QEMU answers it to limen it does so to guests as well, who could end QEMU
 * with any status, and open its host's files.
 */
#ifndef HYP_MACHINE_RESET_H
#define HYP_MACHINE_RESET_H

#include "lib/compiler.h"
#include "lib/types.h"

/* The tree has a sifive,test0 (or sifive,test1), its first register mapped here. While one hart
 * runs; NULL: it has none. */
void reset_set_test_device(volatile void *regs);

/* A SiFive UART whose other end is QEMU's testdev, its registers mapped here; QEMU was started with
 * -no-reboot. While one hart runs; NULL: there is none. */
void reset_set_test_port(volatile void *regs);

/* Ends the machine, with the failing status if so. Any context. */
__noreturn void machine_power_off(bool failed);

/* Starts the machine again from its firmware. Any context. */
__noreturn void machine_reboot(void);

/* How the firmware is to end the machine; what it cannot do comes back. The architecture has it. Any
 * context. */
enum machine_end {
	MACHINE_OFF,
	MACHINE_FAILED,
	MACHINE_AGAIN,
};
void machine_firmware_end(enum machine_end how);

/* Makes the calling hart wait for ever, with interrupts off. Any context. */
__noreturn void machine_halt(void);

#endif
