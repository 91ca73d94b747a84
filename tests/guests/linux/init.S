/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /init of the Linux that tools/bench times: says when it began, by the time CSR, and powers off.
 * System calls as in Linux's include/uapi/asm-generic/unistd.h.
 */
#define SYS_WRITE	64
#define SYS_REBOOT	142
#define REBOOT_MAGIC1	0xfee1dead
#define REBOOT_MAGIC2	672274793
#define POWER_OFF	0x4321fedc

	.text
	.globl	_start
_start:
	rdtime	s0
	la	a1, text
	la	a2, text_end
	sub	a2, a2, a1
	call	put
#include "decimal.S"
	call	put
	li	a0, REBOOT_MAGIC1
	li	a1, REBOOT_MAGIC2
	li	a2, POWER_OFF
	li	a7, SYS_REBOOT
	ecall
	j	.

/* a2 bytes from a1 on, to the console. */
put:	li	a0, 1
	li	a7, SYS_WRITE
	ecall
	ret

	.section .rodata
text:	.ascii	"\nbench: init "
text_end:
	.bss
	.skip	64
end:
