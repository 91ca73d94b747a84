# SPDX-License-Identifier: BSD-2-Clause
UNITS += list
list-srcs :=
