/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of the NS16550A, for its model and the model's tests.
 *
 * Spec: National Semiconductor PC16550D data sheet (June 1995), section 8, "Registers".
 */
#ifndef GUEST_DEV_VUART_REGS_H
#define GUEST_DEV_VUART_REGS_H

/* Registers by offset; two at one place: the second with LCR.DLAB, or on writing. */
#define UART_RBR 0
#define UART_THR 0
#define UART_DLL 0
#define UART_IER 1
#define UART_DLM 1
#define UART_IIR 2
#define UART_FCR 2
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5
#define UART_MSR 6
#define UART_SCR 7

#define UART_IER_RDI  0x01 /* received data, and its time-out */
#define UART_IER_THRI 0x02 /* transmitter holding register empty */
#define UART_IER_RLSI 0x04 /* receiver line status */
#define UART_IER_MSI  0x08 /* modem status */
#define UART_IER_ALL  0x0f

#define UART_IIR_MSI	 0x00
#define UART_IIR_NONE	 0x01
#define UART_IIR_THRI	 0x02
#define UART_IIR_RDI	 0x04
#define UART_IIR_RLSI	 0x06
#define UART_IIR_TIMEOUT 0x0c
#define UART_IIR_ID	 0x0f
#define UART_IIR_FIFO	 0xc0

#define UART_FCR_ENABLE	  0x01
#define UART_FCR_CLEAR_RX 0x02
#define UART_FCR_CLEAR_TX 0x04
#define UART_FCR_TRIGGER  0xc0

#define UART_LCR_DLAB 0x80

#define UART_MCR_DTR  0x01
#define UART_MCR_RTS  0x02
#define UART_MCR_OUT1 0x04
#define UART_MCR_OUT2 0x08
#define UART_MCR_LOOP 0x10
#define UART_MCR_ALL  0x1f

#define UART_LSR_DR	 0x01 /* data ready */
#define UART_LSR_OE	 0x02 /* overrun */
#define UART_LSR_PE	 0x04 /* parity error */
#define UART_LSR_FE	 0x08 /* framing error */
#define UART_LSR_BI	 0x10 /* break */
#define UART_LSR_THRE	 0x20
#define UART_LSR_TEMT	 0x40
#define UART_LSR_FIFOERR 0x80

#define UART_MSR_DCTS 0x01
#define UART_MSR_DDSR 0x02
#define UART_MSR_TERI 0x04
#define UART_MSR_DDCD 0x08
#define UART_MSR_CTS  0x10
#define UART_MSR_DSR  0x20
#define UART_MSR_RI   0x40
#define UART_MSR_DCD  0x80

#endif
