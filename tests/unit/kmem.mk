# SPDX-License-Identifier: BSD-2-Clause
UNITS += kmem
kmem-srcs := hyp/kmem.c hyp/page.c
kmem-tsan := 1
