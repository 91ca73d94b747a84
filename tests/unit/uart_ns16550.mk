# SPDX-License-Identifier: BSD-2-Clause
UNITS += uart_ns16550
uart_ns16550-srcs :=
