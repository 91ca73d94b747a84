# SPDX-License-Identifier: BSD-2-Clause
UNITS += freemem
freemem-srcs := hyp/freemem.c
