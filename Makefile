# SPDX-License-Identifier: BSD-2-Clause
# limen: everything is built under build/. `make help` says what there is.

BUILD  ?= release
ARCH   := riscv
OUT    := build/$(ARCH)-$(BUILD)
DEPS   := build/deps
RVLIB  := $(DEPS)/riscv64/usr/lib/riscv64-linux-gnu
RVINC  := $(DEPS)/riscv64/usr/include

CROSS  ?= riscv64-unknown-elf-
CC_RV  := $(CROSS)gcc
HOSTCC ?= gcc

WARN   := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef \
	  -Wpointer-arith -Wvla -Wimplicit-fallthrough -Wwrite-strings

ifeq ($(filter $(BUILD),release debug),)
$(error BUILD=$(BUILD): say BUILD=release or BUILD=debug)
endif
OPT-release := -O2
OPT-debug   := -Og -DLIMEN_DEBUG=1 -fstack-protector-strong

Q := $(if $(V),,@)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  variables: BUILD=release|debug; make run takes KERNEL= INITRD= BOOTARGS= MEM= CPUS="
	@echo "  (the guest) and MACHINE= CPU= HARTS= HOST_MEM= QEMU_ARGS= APPEND= (the machine)"

# --- the hypervisor -------------------------------------------------------------------------------
SRCS := $(sort $(wildcard lib/*.c rcu/*.c entry/*.c hyp/*.c guest/*.c sbi/*.c sbi/*.S \
	arch/riscv/*.c arch/riscv/*.S))
OBJS := $(patsubst %,$(OUT)/%.o,$(SRCS))

CFLAGS_RV := -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -std=gnu11 -g \
	--specs=picolibc.specs -isystem $(RVINC) -I. -Iarch/riscv -ftls-model=local-exec \
	-fno-jump-tables -fno-omit-frame-pointer -fno-common -fno-strict-aliasing \
	-fno-tree-loop-distribute-patterns -fno-asynchronous-unwind-tables \
	-ffunction-sections -fdata-sections -DPICOLIBC_INTEGER_PRINTF_SCANF \
	$(OPT-$(BUILD)) $(WARN)
LDFLAGS_RV := -nostartfiles -static -T arch/riscv/limen.ld -Wl,--no-warn-mismatch \
	-Wl,--gc-sections -Wl,--build-id=none -L$(RVLIB)
LDLIBS_RV := -Wl,--start-group -lfdt -lmd -lc -lgcc -Wl,--end-group

$(OUT)/%.c.o: %.c | setup-build
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC_RV) $(CFLAGS_RV) -MMD -MP -c $< -o $@
$(OUT)/%.S.o: %.S | setup-build
	@mkdir -p $(@D)
	@echo "  AS      $<"
	$(Q)$(CC_RV) $(CFLAGS_RV) -D__ASSEMBLER__ -MMD -MP -c $< -o $@

# Two links: the first says where each function is, the second carries that table. Text comes before
# it, so no function moves; the comparison makes sure.
$(OUT)/limen.pass1: $(OBJS) arch/riscv/limen.ld
	@echo "  LD      $@"
	$(Q)$(CC_RV) $(CFLAGS_RV) $(LDFLAGS_RV) $(OBJS) $(LDLIBS_RV) -o $@
$(OUT)/symtab.c: $(OUT)/limen.pass1 tools/mksyms
	$(Q)$(CROSS)nm -nS $< | tools/mksyms >$@
$(OUT)/limen.elf: $(OUT)/limen.pass1 $(OUT)/symtab.c
	@echo "  LD      $@"
	$(Q)$(CC_RV) $(CFLAGS_RV) -c $(OUT)/symtab.c -o $(OUT)/symtab.o
	$(Q)$(CC_RV) $(CFLAGS_RV) $(LDFLAGS_RV) $(OBJS) $(OUT)/symtab.o $(LDLIBS_RV) -o $@
	@$(CROSS)nm $< | grep ' [tT] ' >$(OUT)/text1; $(CROSS)nm $@ | grep ' [tT] ' | cmp - $(OUT)/text1
$(OUT)/limen.bin: $(OUT)/limen.elf
	$(Q)$(CROSS)objcopy -O binary $< $@

-include $(OBJS:.o=.d)

.PHONY: limen setup-build
setup-build:
limen: $(OUT)/limen.elf $(OUT)/limen.bin ## the hypervisor alone
