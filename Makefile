# SPDX-License-Identifier: BSD-2-Clause
# limen: everything is built under build/. `make help` says what there is.

BUILD  ?= release
DEPS   := build/deps
, := ,
include arch/arch.mk
OUT    := build/$(ARCH)-$(BUILD)
# selftest is release with the self-tests linked in, and compiles nothing twice.
OBJ    := $(if $(filter selftest,$(BUILD)),$(dir $(OUT))$(ARCH)-release,$(OUT))

CC_HYP := $(CROSS)gcc
HOSTCC ?= gcc

WARN   := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef \
	  -Wpointer-arith -Wvla -Wimplicit-fallthrough -Wwrite-strings

ifeq ($(filter $(BUILD),release selftest marks debug),)
$(error BUILD=$(BUILD): say BUILD=release, BUILD=selftest, BUILD=marks or BUILD=debug)
endif
OPT-release  := -O2
OPT-selftest := $(OPT-release)
OPT-marks    := $(OPT-release) -DLIMEN_MARKS=1
# Each function of the debug build looks whether RCU is watching (hyp/selftest/instrument.c); not those that
# do the looking, nor a panic's, which comes from anywhere.
INSTRUMENT  := -finstrument-functions \
	       -finstrument-functions-exclude-file-list=hyp/selftest/instrument.c,hyp/console/panic.c,/include/
OPT-debug   := -Og -DLIMEN_DEBUG=1 -fstack-protector-strong $(INSTRUMENT)

Q := $(if $(V),,@)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  variables: BUILD=release|selftest|debug; make run takes KERNEL= INITRD= BOOTARGS= MEM= CPUS="
	@echo "  (the guest) and MACHINE= CPU= HARTS= HOST_MEM= QEMU_ARGS= APPEND= (the machine)"

# --- the hypervisor -------------------------------------------------------------------------------
SRCS := $(sort $(ARCH_SRCS) $(foreach f,$(FOLDERS),$(wildcard $(f)/*.c $(f)/*.S)))
# The hooks are called in a debug build only; the release build has no self-tests, of which
# tests/conformance/conformance.mk has more, and no high-water marks (lib/marks.h), which marks and debug have.
STUBS     := hyp/selftest/noselftest.c guest/selftest/noselftest.c
SELFTESTS := $(filter-out $(STUBS) hyp/selftest/selftest.c hyp/selftest/instrument.c,$(filter \
	hyp/selftest/% hyp/$(ARCH)/selftest/% guest/selftest/%,$(SRCS)))
LEFT-OUT-marks    := hyp/selftest/instrument.c $(STUBS)
LEFT-OUT-release  := hyp/selftest/instrument.c $(SELFTESTS) lib/marks.c
LEFT-OUT-selftest := $(LEFT-OUT-marks) lib/marks.c
LEFT-OUT-debug    := $(STUBS)
OBJS := $(patsubst %,$(OBJ)/%.o,$(filter-out $(LEFT-OUT-$(BUILD)),$(SRCS)))

CFLAGS_HYP := $(ARCH_CFLAGS) -std=gnu11 -g -ftls-model=local-exec \
	-fno-jump-tables -fno-omit-frame-pointer -fno-common -fno-strict-aliasing \
	-fno-tree-loop-distribute-patterns -fno-asynchronous-unwind-tables \
	-ffunction-sections -fdata-sections -DPICOLIBC_INTEGER_PRINTF_SCANF \
	$(OPT-$(BUILD)) $(WARN)
LDFLAGS_HYP := $(ARCH_LDFLAGS) -nostartfiles -static -Wl,--gc-sections -Wl,--build-id=none
LDLIBS_HYP := -Wl,--start-group $(ARCH_LDLIBS) -Wl,--end-group

$(OBJ)/%.c.o: %.c | setup-build
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC_HYP) $(CFLAGS_HYP) -MMD -MP -c $< -o $@
$(OBJ)/%.S.o: %.S | setup-build
	@mkdir -p $(@D)
	@echo "  AS      $<"
	$(Q)$(CC_HYP) $(CFLAGS_HYP) -D__ASSEMBLER__ -MMD -MP -c $< -o $@

# Two links: the first says where each function is, the second carries that table. Text comes before
# it, so no function moves; the comparison makes sure.
$(OUT)/limen.pass1: $(OBJS) $(ARCH_LD)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC_HYP) $(CFLAGS_HYP) $(LDFLAGS_HYP) $(OBJS) $(LDLIBS_HYP) -o $@
$(OUT)/symtab.c: $(OUT)/limen.pass1 tools/mksyms
	$(Q)$(CROSS)nm -nS $< | tools/mksyms >$@
$(OUT)/limen.elf: $(OUT)/limen.pass1 $(OUT)/symtab.c tools/check-noinstr
	@echo "  LD      $@"
	$(Q)$(CC_HYP) $(CFLAGS_HYP) -c $(OUT)/symtab.c -o $(OUT)/symtab.o
	$(Q)$(CC_HYP) $(CFLAGS_HYP) $(LDFLAGS_HYP) $(OBJS) $(OUT)/symtab.o $(LDLIBS_HYP) -o $@
	@$(CROSS)nm $< | grep ' [tT] ' >$(OUT)/text1; $(CROSS)nm $@ | grep ' [tT] ' | cmp - $(OUT)/text1
	@CROSS=$(CROSS) tools/check-noinstr $@
$(OUT)/limen.bin: $(OUT)/limen.elf
	$(Q)$(CROSS)objcopy -O binary $< $@

-include $(OBJS:.o=.d)

# For tests that build a piece of the hypervisor by themselves: compiler and flags, then the link.
.PHONY: print-flags
print-flags:
	@echo '$(CC_HYP) $(CFLAGS_HYP)'
	@echo '$(LDFLAGS_HYP)'
	@echo '$(LDLIBS_HYP)'
	@echo '$(OBJS)'

.PHONY: help limen setup-build
setup-build:
	$(Q)tools/setup $(SETUP)
limen: $(OUT)/limen.elf $(OUT)/limen.bin ## the hypervisor alone

# --- image and run --------------------------------------------------------------------------------
KERNEL    ?= $(DEPS)/linux/Image
INITRD    ?= build/rootfs.cpio.gz
BOOTARGS  ?= console=ttyS0
MEM       ?= 512M
CPUS      ?= 2
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

run: ## boot Debian's kernel as a guest of limen, here on this terminal (Ctrl-A X leaves)
	$(Q)tools/setup run
	$(Q)$(MAKE) --no-print-directory image
	$(Q)$(QEMU) -M $(MACHINE) -cpu $(CPU) -smp $(HARTS) -m $(HOST_MEM) -nographic \
		$(ENDING) $(if $(ENDING_ARG)$(APPEND),-append "$(ENDING_ARG) $$APPEND") -kernel $(OUT)/limen.img $(QEMU_ARGS)

# --- tests ----------------------------------------------------------------------------------------
include tests/guests/guests.mk
include tests/conformance/conformance.mk tests/unit/units.mk

HOST_CFLAGS := -std=gnu11 -g -O1 $(HOST_INC) -DLIMEN_DEBUG=1 -DLIMEN_STEPS=1 \
	-fno-omit-frame-pointer -fno-sanitize-recover=all $(WARN)
SAN-asan := -fsanitize=address,undefined
SAN-tsan := -fsanitize=thread
HOST_BASE := $(wildcard lib/*.c arch/host/*.c)
# arch/host/weak/weak.c answers the calls; it and the machine below it see memory as it is.
SAN-weak := -fsanitize=thread -D__no_sanitize=
LINK-weak := $(foreach f,arch_kick arch_wait host_irq_on host_irq_raise host_relax,-Wl$(,)--wrap=$(f))
SAN-fuzz := -fsanitize=fuzzer-no-link,address,undefined
TSAN_UNITS := $(foreach u,$(UNITS),$(if $($(u)-tsan),$(u)))

include tests/fuzz/fuzz.mk
CC-fuzz := $(FUZZ_CC)

# $(1): asan, tsan or fuzz
define host-rules
build/host-$(1)/%.o: %.c | setup-test
	@mkdir -p $$(@D)
	$$(Q)$$(or $$(CC-$(1)),$$(HOSTCC)) $$(HOST_CFLAGS) $$(SAN-$(1)) -MMD -MP -c $$< -o $$@
-include $$(foreach d,* */* */*/* */*/*/*,$$(wildcard build/host-$(1)/$$(d)/*.d))
endef
$(foreach s,asan tsan weak fuzz,$(eval $(call host-rules,$(s))))
build/host-weak/arch/%.o: SAN-weak :=

# $(1): asan or tsan, $(2): unit
define unit-rule
build/host-$(1)/bin/$(2): $(patsubst %.c,build/host-$(1)/%.o,$(HOST_BASE) $($(2)-srcs) \
		$($(2)-test))
	@mkdir -p $$(@D)
	@echo "  HOSTLD  $$@"
	$$(Q)$$(HOSTCC) $$(HOST_CFLAGS) $$(SAN-$(1)) $$^ -lcmocka -lfdt -lmd -pthread -o $$@
endef
$(foreach u,$(UNITS),$(eval $(call unit-rule,asan,$(u))))
$(foreach u,$(TSAN_UNITS),$(eval $(call unit-rule,tsan,$(u))))

# $(1): unit, of the weak machine
define weak-rule
build/host-weak/bin/$(1): $(patsubst %.c,build/host-weak/%.o,$(HOST_BASE) arch/host/weak/weak.c \
		$($(1)-srcs) $($(1)-test))
	@mkdir -p $$(@D)
	@echo "  HOSTLD  $$@"
	$$(Q)$$(HOSTCC) $$(HOST_CFLAGS) $$(LINK-weak) $$^ -lcmocka -pthread -o $$@
endef
$(foreach u,$(WEAK_UNITS),$(eval $(call weak-rule,$(u))))

# $(1): fuzzer
define fuzz-rule
build/host-fuzz/bin/$(1): $(patsubst %.c,build/host-fuzz/%.o,$(HOST_BASE) $($(1)-fuzz) \
		tests/fuzz/fuzz_$(1).c)
	@mkdir -p $$(@D)
	@echo "  FUZZLD  $$@"
	$$(Q)$$(FUZZ_CC) -fsanitize=fuzzer,address,undefined $$^ -lcmocka -lfdt -lmd -pthread -o $$@
endef
$(foreach f,$(FUZZERS),$(eval $(call fuzz-rule,$(f))))
FUZZ_BINS := $(FUZZERS:%=build/host-fuzz/bin/%)

.SECONDARY:

UNIT_BINS := $(UNITS:%=build/host-asan/bin/%) $(TSAN_UNITS:%=build/host-tsan/bin/%) \
	$(WEAK_UNITS:%=build/host-weak/bin/%)
HOST_TESTS := $(sort $(wildcard tests/*.t tests/tools/*.t))
BOOT_TESTS := $(sort $(wildcard tests/boot/*.t))
PROVE := CMOCKA_MESSAGE_OUTPUT=TAP LIMEN_BIN=$(OUT)/limen.bin prove --exec '' -j $(or $(JOBS),2)

.PHONY: setup-test unit guests test test-full bench mutate fuzzers fuzz
setup-test:
	$(Q)tools/setup test

guests: $(GUESTS:%=$(GUEST_OUT)/%.bin) $(GUESTS:%=$(GUEST_OUT)/%.elf)
unit: $(UNIT_BINS) ## unit tests on this machine, under sanitizers
	$(Q)$(PROVE) $(UNIT_BINS)

fuzzers: $(FUZZ_BINS)
fuzz: ## fuzzers, for FUZZ_SECONDS=60 each; FUZZ=name: that one
	$(Q)tools/setup test
	$(Q)$(MAKE) --no-print-directory fuzzers
	$(Q)FUZZ_SECONDS=$(or $(FUZZ_SECONDS),60) tests/fuzz.t $(FUZZ)

TEST_DEPS := $(UNIT_BINS) $(FUZZ_BINS) $(OUT)/limen.bin $(DEPS)/linux/Image build/rootfs.cpio.gz
test: ## every test, in some minutes
	$(Q)tools/setup test
	$(Q)$(MAKE) --no-print-directory $(TEST_DEPS) guests debug-limen selftest-limen marks-limen other-limen
	$(Q)$(PROVE) $(UNIT_BINS) $(HOST_TESTS) $(BOOT_TESTS)

test-full: ## the whole matrix of machines as well
	$(Q)tools/setup full
	$(Q)LIMEN_FULL=1 $(MAKE) --no-print-directory test

.PHONY: debug-limen selftest-limen marks-limen other-limen
marks-limen:
	$(Q)$(MAKE) --no-print-directory BUILD=marks build/$(ARCH)-marks/limen.bin
debug-limen:
	$(Q)$(MAKE) --no-print-directory BUILD=debug build/$(ARCH)-debug/limen.bin
# After the image this make builds: two at a time would compile the same objects.
selftest-limen: | $(OUT)/limen.bin
	$(Q)$(MAKE) --no-print-directory BUILD=selftest build/$(ARCH)-selftest/limen.bin

# The images with self-tests of the other architectures that run a machine.
OTHERS := $(filter-out host $(ARCH),$(patsubst arch/%/arch.mk,%,$(wildcard arch/*/arch.mk)))
other-limen:
	$(Q)set -e; for arch in $(OTHERS); do for build in release selftest debug; do \
		$(MAKE) --no-print-directory ARCH=$$arch BUILD=$$build build/$$arch-$$build/limen.bin; \
	done; done

bench: ## instructions an operation, beside their budgets; LINUX=1: and Linux to its init
	$(Q)tools/setup run
	$(Q)$(MAKE) --no-print-directory $(OUT)/limen.bin marks-limen \
		$(addprefix $(GUEST_OUT)/,bench.bin bench-pair.bin bench-idle.bin stretch.bin)
	$(Q)tools/bench --limen $(OUT)/limen.bin --guest $(GUEST_OUT)/bench.bin \
		--marks build/$(ARCH)-marks/limen.bin \
		$(if $(LINUX),--linux $(DEPS)/linux/Image)

mutate: guests build/gen/decode_table.c ## faults put in on purpose, and who catches each (some minutes)
	$(Q)tools/setup test
	$(Q)tools/mutate $(FAULTS)

# --- checks of the sources ------------------------------------------------------------------------
C_FILES := $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h' 2>/dev/null)

# The same code as clang sees it: the hypervisor, the tests of this machine, the test guests.
CLANG_ARCH := $(ARCH_CLANG) -std=gnu11 $(WARN)
CLANG_HYP := $(CLANG_ARCH) $(ARCH_INC)
CLANG_HOST := $(filter-out -g -O1 -fno-sanitize-recover=all,$(HOST_CFLAGS))
# Only what git knows or could know: no half-written files of an editor.
LINT_HYP := $(filter $(SRCS),$(filter %.c,$(C_FILES)))
LINT_HOST := $(filter lib/% arch/host/% tests/unit/% tests/fuzz/% tests/demo/% $(foreach u,$(UNITS),$($(u)-srcs)), \
	$(filter %.c,$(C_FILES)))
LINT_GUESTS := $(filter tests/guests/%,$(filter %.c,$(C_FILES)))
# $(1): a command, $(2): files; as many at a time as there are jobs, and every file is looked at.
in-parallel = printf '%s\n' $(2) | xargs -P $(or $(JOBS),2) -n 5 sh -c '$(1)' lint

.PHONY: lint lint-image format clean
# What make ARCH=... builds; OWN=1: of that only what is the architecture's.
LINT_IMAGE := $(if $(OWN),$(filter arch/$(ARCH)/% hyp/$(ARCH)/%,$(LINT_HYP)),$(LINT_HYP))
lint-image:
	$(Q)clang -fsyntax-only $(CLANG_HYP) $(LINT_HYP)
	$(Q)clang -fsyntax-only $(CLANG_HYP) -DLIMEN_DEBUG=1 $(LINT_HYP)
	$(Q)$(call in-parallel,clang-tidy --quiet "$$@" -- $(CLANG_HYP) 2>/dev/null,$(LINT_IMAGE))
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr --enable=warning,portability \
		--suppressions-list=tools/cppcheck.txt $(subst -iquote ,-I,$(ARCH_INC)) -DLIMEN_DEBUG=0 \
		$(sort $(dir $(LINT_IMAGE)))

lint: ## format, clang, clang-tidy, cppcheck, who includes whom, barriers and their partners
	$(Q)tools/setup lint
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	$(Q)tools/check-layers
	$(Q)tools/check-docs
	$(Q)tools/check-barriers
	$(Q)tools/check-csr-order
	$(Q)$(MAKE) --no-print-directory lint-image
	$(Q)set -e; for arch in $(OTHERS); do $(MAKE) --no-print-directory ARCH=$$arch OWN=1 lint-image; done
	$(Q)clang -fsyntax-only $(CLANG_HOST) $(LINT_HOST)
	$(Q)clang -fsyntax-only $(CLANG_ARCH) -Itests/guests/rt $(LINT_GUESTS)
	$(Q)$(call in-parallel,clang-tidy --quiet "$$@" -- $(CLANG_HOST) 2>/dev/null,$(wildcard arch/host/*.c))
	@echo "lint: clean"

format: ## rewrite the sources in the project's format
	clang-format -i $(C_FILES)

compile_commands.json: Makefile ## for editors and language servers
	$(Q)tools/compdb $@ "$(CC_HYP) $(CFLAGS_HYP)" $(filter %.c,$(SRCS))

clean: ## all but what was downloaded
	rm -rf $(filter-out $(DEPS) build/apt,$(wildcard build/*)) compile_commands.json

# --- demonstration --------------------------------------------------------------------------------
DEMO_SRCS := $(HOST_BASE) $(sort $(wildcard entry/*.c rcu/*.c)) hyp/console/tracedump.c tests/demo/host_demo.c
DEMO_HOST := build/host-asan/bin/demo
$(DEMO_HOST): $(DEMO_SRCS:%.c=build/host-asan/%.o)
	@mkdir -p $(@D)
	@echo "  HOSTLD  $@"
	$(Q)$(HOSTCC) $(HOST_CFLAGS) $(SAN-asan) $^ -pthread -o $@
TEST_DEPS += $(DEMO_HOST)

.PHONY: demo
demo: ## the threshold on three architectures, step by step, side by side
	$(Q)tools/setup test
	$(Q)$(MAKE) --no-print-directory $(DEMO_HOST) $(GUEST_OUT)/demo.bin $(GUEST_OUT)/demo-other.bin \
		debug-limen other-limen
	$(Q)tools/demo --limen build/$(ARCH)-debug/limen.bin --arm64 build/arm64-debug/limen.bin \
		--host $(DEMO_HOST) --guests $(GUEST_OUT)
