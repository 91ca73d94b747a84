/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest of hyp/arm64/vm.h finds. For assembly as well.
 */
#ifndef HYP_ARM64_VM_ABI_H
#define HYP_ARM64_VM_ABI_H

#define VM_RAM_GPA  0x80000000
#define VM_RAM_SIZE 0x10000
#define VM_DEVICE_GPA \
	0x0c000000 /* one register of 32 bits: what is read is what was written, inverted */

/* Hypervisor calls: the function is x0, arguments from x1 on, the answer is x0. */
#define VM_CALL_MARK 0xc6000000 /* x1: a number, for the trace alone */
#define VM_CALL_TIMER \
	0xc6000001 /* VM_IRQ_TIMER becomes pending when the counter reaches x1, and is not now */
#define VM_CALL_PRINT	 0xc6000002 /* nothing */
#define VM_CALL_END	 0xc6000003 /* with the results x1 to x4 */
#define VM_NOT_SUPPORTED (~0UL)	    /* no such call */

#define VM_IRQ_TIMER \
	30 /* of VM_CALL_TIMER: where EL1's physical timer would be, which is limen's */

#endif
