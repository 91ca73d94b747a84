# SPDX-License-Identifier: BSD-2-Clause
UNITS += console
console-srcs := hyp/console.c hyp/uart_ns16550.c hyp/uart_sifive.c hyp/uart_sbi.c sbi/fw.c
console-tsan := 1
