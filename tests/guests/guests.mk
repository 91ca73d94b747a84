# SPDX-License-Identifier: BSD-2-Clause
# The bare-metal test guests: what each is made of, and how. To be included by the Makefile.
# Gives GUESTS (their names) and rules for $(GUEST_OUT)/<name>.bin and .elf.

GUEST_OUT   ?= build/guests
GUEST_CROSS ?= riscv64-unknown-elf-

GUEST_CFLAGS := --specs=picolibc.specs -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany \
	-std=gnu11 -O2 -g -ffreestanding -fno-common -fno-omit-frame-pointer -ftls-model=local-exec \
	-msmall-data-limit=0 -Itests/guests/rt \
	-Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef \
	-Wpointer-arith -Wvla -Wimplicit-fallthrough -Wwrite-strings
GUEST_LDFLAGS := -nostartfiles -static -T tests/guests/rt/guest.ld -Wl,--no-relax \
	-Wl,--no-warn-rwx-segments -Wl,--build-id=none

guest-rt-srcs := $(addprefix tests/guests/rt/,start.S rt.c trap.c print.c page.c fdt.c)

# A guest of one C file needs no more than its name here.
GUESTS := sbi-base sbi-time timer-sstc sbi-ipi sbi-rfence sbi-hsm sbi-srst sbi-srst-wide sbi-dbcn sbi-pmu \
	pmu-sample sbi-susp sbi-sta sbi-fwft mmio plic fp wfi smp bad-sbi ebreak illegal fault-access \
	fault-nested fault-race fault-both fault-table fault-walk fault-straddle fault-own hang hang-trap \
	bench demo demo-other share share-naps seed input life \
	regs bench-pair bench-idle scrub-fill scrub-look \
	aia aia-load aia-pingpong csrs neighbour hostile

guest-sbi-time-srcs   := tests/guests/sbi-time.c tests/guests/timer-tests.c
guest-timer-sstc-srcs := tests/guests/timer-sstc.c tests/guests/timer-tests.c
guest-aia-srcs        := $(addprefix tests/guests/,aia.c imsic.c)
guest-aia-load-srcs   := $(addprefix tests/guests/,aia-load.c imsic.c)
guest-aia-pingpong-srcs := $(addprefix tests/guests/,aia-pingpong.c imsic.c)
guest-csrs-srcs       := tests/guests/csrs.c tests/guests/csrwalk.S
guest-fp-srcs         := tests/guests/fp.c tests/guests/fpregs.S
guest-regs-srcs       := tests/guests/regs.c tests/guests/fpregs.S
guest-scrub-fill-srcs := tests/guests/scrub-fill.c tests/guests/scrubregs.S tests/guests/fpregs.S
guest-scrub-look-srcs := tests/guests/scrub-look.c tests/guests/scrubregs.S tests/guests/fpregs.S
guest-hostile-srcs    := tests/guests/hostile.c tests/guests/hostile-entry.S
guest-bench-srcs      := tests/guests/bench.c tests/guests/bench-loops.S
guest-bench-pair-srcs := tests/guests/bench-pair.c tests/guests/bench-loops.S

# Parts of scenes of tests/boot/console.t and input.t.
GUESTS += console paste

GUESTS += stretch

guest-srcs = $(guest-rt-srcs) $(or $(guest-$(1)-srcs),tests/guests/$(1).c)
guest-objs = $(patsubst tests/guests/%,$(GUEST_OUT)/obj/%.o,$(call guest-srcs,$(1)))

$(GUEST_OUT)/obj/%.c.o: tests/guests/%.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(GUEST_CROSS)gcc $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(GUEST_OUT)/obj/%.S.o: tests/guests/%.S
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(GUEST_CROSS)gcc $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

# At the link -march is plainer: gcc 12 finds no library for rv64imac_zicsr_zifencei and takes the
# one with hardware floating point.
define guest-rule
$(GUEST_OUT)/$(1).elf: $(call guest-objs,$(1)) tests/guests/rt/guest.ld
	@echo "  LD      $$@"
	$(Q)$(GUEST_CROSS)gcc $(GUEST_CFLAGS) -march=rv64imac $(GUEST_LDFLAGS) -o $$@ $$(filter %.o,$$^)
endef
$(foreach g,$(GUESTS),$(eval $(call guest-rule,$(g))))

$(GUEST_OUT)/%.bin: $(GUEST_OUT)/%.elf
	$(Q)$(GUEST_CROSS)objcopy -O binary --set-section-flags .bss=alloc,load,contents $< $@

.SECONDARY: $(foreach g,$(GUESTS),$(call guest-objs,$(g)) $(GUEST_OUT)/$(g).elf)

-include $(wildcard $(GUEST_OUT)/obj/*.d $(GUEST_OUT)/obj/rt/*.d)
