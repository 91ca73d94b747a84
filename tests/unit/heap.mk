# SPDX-License-Identifier: BSD-2-Clause
UNITS += heap
heap-srcs :=
