# SPDX-License-Identifier: BSD-2-Clause
UNITS += log
log-srcs :=
log-tsan := 1
