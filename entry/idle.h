/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The idle wait: a quiescent state through the same code as a guest's run (E9).
 */
#ifndef ENTRY_IDLE_H
#define ENTRY_IDLE_H

/*
 * Waits for an interrupt and takes it. Called after the last look for work with interrupts off,
 * returns so; what became pending after that look ends the wait (E16). No lock held, no reader.
 */
void idle_wait_irqoff(void);

#endif
