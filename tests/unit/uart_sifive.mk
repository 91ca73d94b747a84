# SPDX-License-Identifier: BSD-2-Clause
UNITS += uart_sifive
uart_sifive-srcs :=
