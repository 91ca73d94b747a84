# SPDX-License-Identifier: BSD-2-Clause
UNITS += spinlock
spinlock-srcs :=
spinlock-tsan := 1
