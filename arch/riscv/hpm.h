/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hart's programmable counters (hpmcounter3 to 18) as those of the guest that lives in it. Firmware's
 * PMU (SBI 3.0, chapter 11) gives a count of the guest's one of them, which counts in VS-mode and VU-mode
 * alone (privileged specification 20240411, "Sscofpmf"), so nothing need be done at an exit; and its
 * overflow is an interrupt, which limen takes.
 *
 * Which of them overflowed the values tell: limen looks only while they stand still, since HS-mode is
 * inhibited, and one that is less than it was has gone over the end. So none is lost whose interrupt was
 * still on its way when the vCPU left the hart; the bits of scountovf would not tell.
 *
 * Only those are used whose number is the firmware's number of them as well, as every firmware has it.
 *
 * All here: for the vCPU that lives in this hart, interrupts off.
 */
#ifndef ARCH_RISCV_HPM_H
#define ARCH_RISCV_HPM_H

#include "arch/riscv/counts.h"

/* Has the calling hart, and its firmware, such counters for cycles and instructions, and do they stand
 * still outside of guests? Their width less one bit, or 0. All harts but the first are compared with
 * that. */
u8 hpm_probe(void);

/* Each count that runs becomes a counter of the hart, if there is one; none is. What becomes none stays
 * .switched. No overflow interrupt may be pending. */
void hpm_start(struct guest_counts *c);

/* None is one any more. The values are what hpm_look() made them. */
void hpm_stop(struct guest_counts *c);

/* Has the values of those that are counters of the hart. Has one overflowed that had not? */
bool hpm_look(struct guest_counts *c);

/* hpmcounter<n>, 3 <= n < 19. */
u64 hpm_read(u64 n);

#endif
