# SPDX-License-Identifier: BSD-2-Clause
UNITS += vsfile
vsfile-srcs :=
