# SPDX-License-Identifier: BSD-2-Clause
UNITS += gmem
gmem-srcs := guest/gmem.c hyp/bulk.c hyp/kmem.c hyp/page.c rcu/rcu.c rcu/callback.c
gmem-tsan := 1
