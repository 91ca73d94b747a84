# SPDX-License-Identifier: BSD-2-Clause
# Fuzzers: tests/fuzz/fuzz_<name>.c, and the sources that each is about, on top of lib/ and arch/host/.
# tests/fuzz.t runs them.
FUZZERS := bootargs config decode decode_csr fences fit gtree isa loader platform pmu sbi vaplic vimsic \
	vplic vsfile vswalk vuart
FUZZ_CC ?= clang

CONFIG-fuzz := guest/image/config.c guest/image/config_property.c guest/image/tree.c guest/image/errline.c
bootargs-fuzz := hyp/tree/bootargs.c hyp/riscv/bootargs_arch.c arch/riscv/isa.c $(EXT_SRCS)
config-fuzz := $(CONFIG-fuzz)
decode-fuzz := arch/riscv/decode.c
decode_csr-fuzz := arch/riscv/decode_csr.c
fences-fuzz = $(fences-srcs)
fit-fuzz := guest/image/fit.c guest/image/payload.c guest/image/loader.c guest/image/filekind.c $(CONFIG-fuzz)
gtree-fuzz = $(sort $(gtree-srcs) $(CONFIG-fuzz)) arch/riscv/isa.c $(EXT_SRCS)
isa-fuzz := arch/riscv/isa.c $(EXT_SRCS)
loader-fuzz := guest/image/loader.c guest/image/filekind.c guest/image/errline.c
platform-fuzz = $(platform-srcs) guest/image/tree.c guest/image/errline.c
pmu-fuzz =
sbi-fuzz := arch/riscv/vmid.c $(EXT_SRCS) arch/riscv/isa.c
vaplic-fuzz := guest/riscv/vaplic.c guest/riscv/vaplic_regs.c guest/dev/virq.c
vimsic-fuzz := guest/riscv/vimsic.c arch/riscv/decode_csr.c
vplic-fuzz := guest/riscv/vplic.c guest/dev/virq.c
vsfile-fuzz = $(vcpu_vsfile-srcs)
vswalk-fuzz := arch/riscv/vswalk.c
vuart-fuzz := guest/dev/vuart.c guest/dev/virq.c
