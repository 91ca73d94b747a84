# SPDX-License-Identifier: BSD-2-Clause
UNITS += vm_life
vm_life-srcs := guest/vm_life.c
