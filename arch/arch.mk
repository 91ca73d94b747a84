# SPDX-License-Identifier: BSD-2-Clause
# Which architecture is built: make ARCH=... An architecture's arch.mk says:
#
#     CROSS		what its compiler's and binutils' names begin with
#     ARCH_CFLAGS	what the code is compiled for, its C library, and where its seam headers are
#     ARCH_LDFLAGS	the link, with its script
#     ARCH_LDLIBS	libraries
#     ARCH_LD		the script, for make
#     FOLDERS		whose *.c and *.S make the image, and
#     ARCH_SRCS		single files of other folders, or none
#     CONFORMANCE_PORT	the conformance suite's hooks
#     SETUP		what tools/setup has to see to
#     ARCH_CLANG	the same for clang, which checks the code
#     QEMU, MACHINE, CPU, ENDING, ENDING_ARG	for make run
#
# arch/host/arch.mk says what tests are compiled with that run here.
ARCH ?= riscv

include arch/$(ARCH)/arch.mk arch/host/arch.mk
