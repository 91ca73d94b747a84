# SPDX-License-Identifier: BSD-2-Clause
CROSS ?= aarch64-linux-gnu-
SETUP := arm

# The compiler's own headers and arch/arm64/libc/ are all there is: no C library is linked, since it may use
# SIMD registers. Atomics are exclusive loads and stores in place, which every processor has: what libgcc
# would put behind a call may not be called where RCU does not watch. The first stage is off in
# boot_tables(), where an access has to be aligned.
ARCH_INC    := -I. -Iarch/arm64 -iquote hyp/arm64
ARCH_CFLAGS := -march=armv8-a -mgeneral-regs-only -mstrict-align -mno-outline-atomics -mcmodel=small \
	-fno-pic -fno-pie -ffreestanding -nostdinc \
	-isystem $(shell $(CROSS)gcc -print-file-name=include) -isystem arch/arm64/libc $(ARCH_INC)
ARCH_LD      := arch/arm64/limen.ld
ARCH_LDFLAGS := -T $(ARCH_LD) -no-pie -nostdlib -Wl,-z,max-page-size=4096
ARCH_LDLIBS  := -lgcc

FOLDERS := lib rcu entry arch/arm64 hyp/sched hyp/arm64 hyp/arm64/selftest
ARCH_SRCS := $(addprefix hyp/,console/panic.c console/panic_trace.c console/tracedump.c mem/kmem.c \
	mem/page.c mem/stack.c selftest/instrument.c selftest/noselftest.c \
	selftest/selftest.c selftest/torture.c tree/bootargs.c)

CONFORMANCE_PORT := tests/conformance/arm64_port.c

ARCH_CLANG := --target=aarch64-linux-gnu -march=armv8-a -ffreestanding -isystem arch/arm64/libc

QEMU    := qemu-system-aarch64
MACHINE ?= virt,virtualization=on,gic-version=3
CPU     ?= cortex-a57
