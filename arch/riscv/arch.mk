# SPDX-License-Identifier: BSD-2-Clause
RVLIB := $(DEPS)/riscv64/usr/lib/riscv64-linux-gnu
RVINC := $(DEPS)/riscv64/usr/include

CROSS ?= riscv64-unknown-elf-
SETUP := run

ARCH_INC    := -I. -Iarch/riscv -iquote hyp/riscv -iquote guest/riscv
ARCH_CFLAGS := -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany --specs=picolibc.specs \
	-isystem $(RVINC) $(ARCH_INC)
# Linked as rv64imac: the name under which the compiler keeps its libraries without floating point.
ARCH_LD      := arch/riscv/limen.ld
ARCH_LDFLAGS := -march=rv64imac -T $(ARCH_LD) -Wl,--no-warn-mismatch -L$(RVLIB)
ARCH_LDLIBS  := -lfdt -lmd -lc -lgcc

FOLDERS := lib rcu entry arch/riscv sbi \
	$(addprefix hyp/,console irq machine mem riscv riscv/selftest sched selftest tree) \
	$(addprefix guest/,dev image mem riscv selftest vm)
CONFORMANCE_PORT := tests/conformance/hyp_port.c

PICOLIBC ?= /usr/lib/picolibc/riscv64-unknown-elf
ARCH_CLANG := --target=riscv64-unknown-elf -march=rv64imac -mabi=lp64 -mcmodel=medany \
	-isystem $(PICOLIBC)/include -isystem $(RVINC)

QEMU    := qemu-system-riscv64
MACHINE ?= virt
# sifive_u's firmware finds sstc in the CPU's list and dies of it.
CPU     ?= $(if $(filter sifive_u,$(MACHINE)),rv64$(,)sstc=off,rv64)

# sifive_u's firmware cannot power off: limen ends QEMU by the second serial port there, or by a restart.
# (Not by semihosting, which each guest could use as well.)
ifeq ($(MACHINE),sifive_u)
ENDING := -no-reboot -serial mon:stdio -chardev testdev$(,)id=end -serial chardev:end
ENDING_ARG := testdev=0x10011000
endif
