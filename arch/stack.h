/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thread stacks: STACK_SIZE usable bytes at the upper half of an aligned slot of twice that; the
 * lower half is the guard, so one bit of sp tells whether the stack has run over. For assembly as well.
 */
#ifndef ARCH_STACK_H
#define ARCH_STACK_H

#define STACK_SHIFT 14
#define STACK_SIZE  (1 << STACK_SHIFT)

#endif
