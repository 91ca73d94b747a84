# SPDX-License-Identifier: BSD-2-Clause
UNITS += hartcall
hartcall-srcs :=
hartcall-tsan := 1
