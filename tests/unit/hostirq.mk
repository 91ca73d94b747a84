# SPDX-License-Identifier: BSD-2-Clause
UNITS += hostirq
hostirq-srcs = $(platform-srcs)
