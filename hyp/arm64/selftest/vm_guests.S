/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests for hyp/arm64/vm.h. All are one piece of code that is copied to the beginning of a VM's memory; x0
 * says what is wanted of one. Each begins at EL1, without translation, all interrupts masked.
 */
#include "arch/arm64/sysreg.h"
#include "hyp/arm64/selftest/vm_guests.h"

#define TICKS_AT (GUEST_DATA)
#define DELAY_AT (GUEST_DATA + 8)
#define DATA_AT  (GUEST_DATA + 0x1000)
#define STACK_AT (GUEST_DATA + 0x4000)

	.arch	armv8-a
	.section .rodata.vm_guests, "a"
	.balign	2048
	.globl	vm_guests_start
vm_guests_start:

	/* Its vectors: an interrupt at EL1 with its own sp, and nothing else. */
	.macro	entry to
	.balign	128
	b	\to
	.endm
vectors:
	.rept	5
	entry	unexpected
	.endr
	entry	interrupt
	.rept	10
	entry	unexpected
	.endr
	.balign	128

/* Counts the timer's interrupts, and turns it off; takes its time first, if it is to. */
interrupt:
	stp	x0, x1, [sp, #-32]!
	stp	x2, x3, [sp, #16]
	mrs	x0, icc_iar1_el1
	cmp	x0, #27
	b.ne	unexpected
	adr	x1, vm_guests_start
	add	x1, x1, #TICKS_AT
	ldr	x3, [x1, #(DELAY_AT - TICKS_AT)]
	mrs	x2, cntvct_el0
	add	x3, x3, x2
1:	isb
	mrs	x2, cntvct_el0
	cmp	x2, x3
	b.lo	1b
	msr	cntv_ctl_el0, xzr
	isb
	ldr	x2, [x1]
	add	x2, x2, #1
	str	x2, [x1]
	msr	icc_eoir1_el1, x0
	isb
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp], #32
	eret

/* Ends its VM as one that has come to nothing. */
unexpected:
	mov	x1, #0
	mov	x2, #0
	mov	x3, #0
	mov	x4, #0
	b	end
end:
	movz	x0, #(VM_CALL_END >> 16), lsl #16
	movk	x0, #(VM_CALL_END & 0xffff)
	hvc	#0
	b	end

	.macro	set_up
	adr	x9, vectors
	msr	vbar_el1, x9
	adr	x9, vm_guests_start
	add	x10, x9, #STACK_AT
	mov	sp, x10
	mov	x9, #1
	msr	icc_igrpen1_el1, x9
	mov	x9, #0xf0
	msr	icc_pmr_el1, x9
	isb
	.endm

/*
 * Computes, waits for its timer, asks, touches its device: GUEST_ROUNDS times. Ends with what it has
 * computed, how many interrupts came, how often its device said what it has to, and a sum of floating point.
 * x0: where its numbers begin.
 */
	.globl	vm_guest_works
vm_guest_works:
	mov	x9, #0
	b	works
	/* The same, in whose handler a slice ends. */
	.globl	vm_guest_works_slowly
vm_guest_works_slowly:
	mrs	x9, cntfrq_el0
	lsr	x9, x9, #6
works:
	adr	x10, vm_guests_start
	add	x10, x10, #TICKS_AT
	str	x9, [x10, #(DELAY_AT - TICKS_AT)]
	set_up
	mov	x19, x0			/* the number */
	mov	x20, #GUEST_ROUNDS
	mov	x21, #0			/* devices that were right */
	fmov	d8, xzr
	fmov	d9, #1.0
	adr	x22, vm_guests_start
	add	x23, x22, #DATA_AT
	add	x22, x22, #TICKS_AT
	ldr	x24, =GUEST_FACTOR
	ldr	x25, =GUEST_ADDEND
	mov	x26, #VM_DEVICE_GPA
	mov	x27, #0			/* interrupts wanted */
round:
	mov	x9, #GUEST_STEPS
1:	madd	x19, x19, x24, x25
	and	x10, x9, #1023
	str	x19, [x23, x10, lsl #3]
	ldr	x11, [x23, x10, lsl #3]
	cmp	x11, x19
	b.ne	unexpected
	subs	x9, x9, #1
	b.ne	1b
	fadd	d8, d8, d9

	add	x27, x27, #1		/* the timer, in a quarter of a millisecond */
	mrs	x9, cntfrq_el0
	lsr	x9, x9, #12
	msr	cntv_tval_el0, x9
	mov	x9, #1
	msr	cntv_ctl_el0, x9
	isb
2:	msr	daifset, #2
	ldr	x9, [x22]
	cmp	x9, x27
	b.eq	3f
	wfi
	msr	daifclr, #2
	isb
	b	2b
3:	msr	daifclr, #2

	movz	x0, #0x8000, lsl #16	/* SMCCC_VERSION: answered at once */
	hvc	#0
	cmp	x0, #0x10, lsl #12
	b.ls	unexpected
	movz	x0, #(VM_CALL_PRINT >> 16), lsl #16
	movk	x0, #(VM_CALL_PRINT & 0xffff)
	hvc	#0
	cbnz	x0, unexpected

	str	w19, [x26]
	ldr	w9, [x26]
	mvn	w10, w19
	cmp	w9, w10
	cinc	x21, x21, eq
	subs	x20, x20, #1
	b.ne	round
	mov	x1, x19
	ldr	x2, [x22]
	mov	x3, x21
	fmov	x4, d8
	b	end

/* Reads where nothing is. */
	.globl	vm_guest_faults
vm_guest_faults:
	mov	x9, #0x40000000
	ldr	x10, [x9]
	b	unexpected

/* Never ends; its timer is on, and due in some milliseconds. */
	.globl	vm_guest_spins
vm_guest_spins:
	mrs	x9, cntfrq_el0
	lsr	x9, x9, #6
	msr	cntv_tval_el0, x9
	mov	x9, #1
	msr	cntv_ctl_el0, x9
	isb
	b	.

/* What no guest may: SVE's control register, EL2's vectors. */
	.globl	vm_guest_reaches
vm_guest_reaches:
	smc	#0
	b	unexpected

	.macro	mark n
	movz	x0, #(VM_CALL_MARK >> 16), lsl #16
	mov	x1, #\n
	hvc	#0
	.endm

	/* VM_IRQ_TIMER in so many microseconds; masked, it can be seen, and ends a WFI. */
	.macro	timer_in us
	mrs	x9, cntfrq_el0
	mov	x10, #\us
	mul	x9, x9, x10
	ldr	x10, =1000000
	udiv	x9, x9, x10
	mrs	x1, cntvct_el0
	add	x1, x1, x9
	movz	x0, #(VM_CALL_TIMER >> 16), lsl #16
	movk	x0, #(VM_CALL_TIMER & 0xffff)
	hvc	#0
	.endm

	.macro	until ms
	mrs	x9, cntfrq_el0
	mov	x10, #\ms
	mul	x9, x9, x10
	mov	x10, #1000
	udiv	x9, x9, x10
	add	x9, x9, x19
9:	isb
	mrs	x10, cntvct_el0
	cmp	x10, x9
	b.lo	9b
	.endm

/* `make demo` (tools/demo): one small thing after the other, as tests/guests/demo.c does them. */
	.globl	vm_guest_demo
vm_guest_demo:
	set_up
	mrs	x19, cntvct_el0
	mov	x26, #VM_DEVICE_GPA
	until	GUEST_DEMO_BEGINS_MS
	mark	0			/* enter */
	mark	1			/* tick */
	timer_in 2000
1:	mrs	x9, icc_hppir1_el1
	cmp	x9, #VM_IRQ_TIMER
	b.ne	1b
	mark	2			/* call */
	movz	x0, #0x8000, lsl #16	/* answered inside the run */
	hvc	#0
	movz	x0, #(VM_CALL_PRINT >> 16), lsl #16
	movk	x0, #(VM_CALL_PRINT & 0xffff)
	hvc	#0
	mark	3			/* fault */
	ldr	w9, [x26]
	str	w9, [x26]
	mark	4			/* idle */
	timer_in 2000
2:	mrs	x9, icc_hppir1_el1
	cmp	x9, #VM_IRQ_TIMER
	b.eq	3f
	wfi
	b	2b
3:	mark	5			/* grace period: the other VM ends meanwhile */
	until	GUEST_DEMO_ENDS_MS
	mark	6
	b	end

/* The other VM of it: is gone after a while. */
	.globl	vm_guest_demo_other
vm_guest_demo_other:
	set_up
	mrs	x19, cntvct_el0
	timer_in (GUEST_DEMO_OTHER_MS * 1000)
1:	mrs	x9, icc_hppir1_el1
	cmp	x9, #VM_IRQ_TIMER
	b.eq	end
	wfi
	b	1b

	.ltorg
	.globl	vm_guests_end
vm_guests_end:
