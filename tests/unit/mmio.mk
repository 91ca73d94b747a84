# SPDX-License-Identifier: BSD-2-Clause
UNITS += mmio
mmio-srcs := guest/mmio.c rcu/rcu.c rcu/callback.c
mmio-tsan := 1
