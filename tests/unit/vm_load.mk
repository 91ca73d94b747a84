# SPDX-License-Identifier: BSD-2-Clause
UNITS += vm_load
vm_load-srcs := guest/gmem.c hyp/bulk.c hyp/kmem.c hyp/page.c rcu/rcu.c rcu/callback.c
