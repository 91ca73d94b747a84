# SPDX-License-Identifier: BSD-2-Clause
UNITS += console
console-srcs := hyp/console.c hyp/outmix.c hyp/outring.c hyp/uart_ns16550.c hyp/uart_sbi.c sbi/fw.c rcu/rcu.c rcu/callback.c
console-tsan := 1
