# SPDX-License-Identifier: BSD-2-Clause
UNITS += trace
trace-srcs := hyp/tracedump.c
trace-tsan := 1
