# SPDX-License-Identifier: BSD-2-Clause
UNITS += lockdep
lockdep-srcs :=
lockdep-tsan := 1
