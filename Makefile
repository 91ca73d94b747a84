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
, := ,

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
# Linked as rv64imac: the name under which the compiler keeps its libraries without floating point.
LDFLAGS_RV := -march=rv64imac -nostartfiles -static -T arch/riscv/limen.ld -Wl,--no-warn-mismatch \
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

.PHONY: help limen setup-build
setup-build:
	$(Q)tools/setup run
limen: $(OUT)/limen.elf $(OUT)/limen.bin ## the hypervisor alone

# --- image and run --------------------------------------------------------------------------------
KERNEL    ?= $(DEPS)/linux/Image
INITRD    ?= build/rootfs.cpio.gz
BOOTARGS  ?= console=ttyS0
MEM       ?= 512M
CPUS      ?= 2
MACHINE   ?= virt
# sifive_u's firmware finds sstc in the CPU's list and dies of it.
CPU       ?= $(if $(filter sifive_u,$(MACHINE)),rv64$(,)sstc=off,rv64)
HARTS     ?= 2
HOST_MEM  ?= 1G
QEMU_ARGS ?=
APPEND    ?=
export BOOTARGS APPEND

$(DEPS)/linux/Image $(DEPS)/busybox: | setup-build

build/rootfs.cpio.gz: tools/mkrootfs $(DEPS)/busybox
	@echo "  ROOTFS  $@"
	$(Q)tools/mkrootfs -o $@

# What goes into the image depends on the command line, so it is packed each time.
.PHONY: image run
image: $(OUT)/limen.bin $(KERNEL) $(INITRD) ## limen.elf and limen.img, with the guest packed in
	@echo "  PACK    $(OUT)/limen.img"
	$(Q)tools/mkconfig -o $(OUT)/limen.dts --cpus "$(CPUS)" --memory "$(MEM)" \
		--bootargs="$$BOOTARGS" $(if $(INITRD),--initrd)
	$(Q)tools/pack -o $(OUT)/limen.img --limen $(OUT)/limen.bin --config $(OUT)/limen.dts \
		--payload kernel=$(KERNEL) $(if $(INITRD),--payload initrd=$(INITRD))

# sifive_u's firmware cannot end the machine; limen does it by semihosting there.
SEMIHOSTING := $(if $(filter sifive_u,$(MACHINE)),-semihosting-config enable=on$(,)target=native)

run: ## boot Debian's kernel as a guest of limen, here on this terminal (Ctrl-A X leaves)
	$(Q)tools/setup run
	$(Q)$(MAKE) --no-print-directory image
	$(Q)qemu-system-riscv64 -M $(MACHINE) -cpu $(CPU) -smp $(HARTS) -m $(HOST_MEM) -nographic \
		$(SEMIHOSTING) $${APPEND:+-append "$$APPEND"} -kernel $(OUT)/limen.img $(QEMU_ARGS)

# --- tests ----------------------------------------------------------------------------------------
include tests/guests/guests.mk
include $(wildcard tests/unit/*.mk)

HOST_CFLAGS := -std=gnu11 -g -O1 -I. -Iarch/host -DLIMEN_DEBUG=1 -DLIMEN_STEPS=1 \
	-fno-omit-frame-pointer -fno-sanitize-recover=all $(WARN)
SAN-asan := -fsanitize=address,undefined
SAN-tsan := -fsanitize=thread
HOST_BASE := $(wildcard lib/*.c arch/host/*.c)
TSAN_UNITS := $(foreach u,$(UNITS),$(if $($(u)-tsan),$(u)))

# $(1): asan or tsan
define host-rules
build/host-$(1)/%.o: %.c | setup-test
	@mkdir -p $$(@D)
	$$(Q)$$(HOSTCC) $$(HOST_CFLAGS) $$(SAN-$(1)) -MMD -MP -c $$< -o $$@
-include $$(wildcard build/host-$(1)/*/*.d build/host-$(1)/*/*/*.d)
endef
$(foreach s,asan tsan,$(eval $(call host-rules,$(s))))

# $(1): asan or tsan, $(2): unit
define unit-rule
build/host-$(1)/bin/$(2): $(patsubst %.c,build/host-$(1)/%.o,$(HOST_BASE) $($(2)-srcs) \
		tests/unit/test_$(2).c)
	@mkdir -p $$(@D)
	@echo "  HOSTLD  $$@"
	$$(Q)$$(HOSTCC) $$(HOST_CFLAGS) $$(SAN-$(1)) $$^ -lcmocka -lfdt -lmd -pthread -o $$@
endef
$(foreach u,$(UNITS),$(eval $(call unit-rule,asan,$(u))))
$(foreach u,$(TSAN_UNITS),$(eval $(call unit-rule,tsan,$(u))))
.SECONDARY:

UNIT_BINS := $(UNITS:%=build/host-asan/bin/%) $(TSAN_UNITS:%=build/host-tsan/bin/%)
HOST_TESTS := $(sort $(wildcard tests/*.t tests/tools/*.t))
BOOT_TESTS := $(sort $(wildcard tests/boot/*.t))
PROVE := CMOCKA_MESSAGE_OUTPUT=TAP LIMEN_BIN=$(OUT)/limen.bin prove --exec '' -j $(or $(JOBS),2)

.PHONY: setup-test unit guests test test-full bench
setup-test:
	$(Q)tools/setup test

guests: $(GUESTS:%=$(GUEST_OUT)/%.bin) $(GUESTS:%=$(GUEST_OUT)/%.elf)
unit: $(UNIT_BINS) ## unit tests on this machine, under sanitizers
	$(Q)$(PROVE) $(UNIT_BINS)

TEST_DEPS := $(UNIT_BINS) $(OUT)/limen.bin $(DEPS)/linux/Image build/rootfs.cpio.gz
test: ## every test, in some minutes
	$(Q)tools/setup test
	$(Q)$(MAKE) --no-print-directory $(TEST_DEPS) guests debug-limen
	$(Q)$(PROVE) $(UNIT_BINS) $(HOST_TESTS) $(BOOT_TESTS)

test-full: ## the whole matrix of machines as well
	$(Q)LIMEN_FULL=1 $(MAKE) --no-print-directory test

.PHONY: debug-limen
debug-limen:
	$(Q)$(MAKE) --no-print-directory BUILD=debug build/$(ARCH)-debug/limen.bin

bench: ## instructions an operation, beside their budgets; LINUX=1: and Linux to its init
	$(Q)tools/setup run
	$(Q)$(MAKE) --no-print-directory $(OUT)/limen.bin $(GUEST_OUT)/bench.bin
	$(Q)tools/bench --limen $(OUT)/limen.bin --guest $(GUEST_OUT)/bench.bin \
		$(if $(LINUX),--linux $(DEPS)/linux/Image)

# --- checks of the sources ------------------------------------------------------------------------
C_FILES := $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h' 2>/dev/null)

.PHONY: lint format clean
lint: ## format, cppcheck, who includes whom
	$(Q)tools/setup lint
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	$(Q)tools/check-layers
	$(Q)tools/check-docs
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr --enable=warning,portability \
		--suppressions-list=tools/cppcheck.txt -I. -Iarch/riscv -DLIMEN_DEBUG=0 \
		lib rcu entry hyp guest sbi arch/riscv
	@echo "lint: clean"

format: ## rewrite the sources in the project's format
	clang-format -i $(C_FILES)

compile_commands.json: Makefile ## for editors and language servers
	$(Q)tools/compdb $@ "$(CC_RV) $(CFLAGS_RV)" $(filter %.c,$(SRCS))

clean: ## all but what was downloaded
	rm -rf $(filter-out $(DEPS) build/apt,$(wildcard build/*)) compile_commands.json
