# SPDX-License-Identifier: BSD-2-Clause
UNITS += arch
arch-srcs :=
arch-tsan := 1
