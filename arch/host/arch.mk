# SPDX-License-Identifier: BSD-2-Clause
# What runs in a process is tested with the seam headers of the product's architecture, but for the
# contract's own, arch_inline.h.
HOST_INC := -I. -Iarch/host -iquote hyp/riscv -iquote guest/riscv
