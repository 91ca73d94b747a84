#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tools/check-layers: clean on a clean tree, red on each planted violation.
. "$(dirname "$0")/../planted.sh" check-layers

fresh() {	# a small tree with nothing wrong in it
	tree lib rcu entry hyp/sched hyp/riscv hyp/arm64 guest/vm guest/riscv guest/image sbi arch/riscv \
		arch/arm64 arch/host
	echo '#include "arch/arch.h"' >lib/a.h
	printf '%s\n' '#include <string.h>' '#include "lib/a.h"' >rcu/rcu.h
	printf '%s\n' '#include "rcu/rcu.h"' '/* the alarm disarms */' >entry/run.c
	printf '%s\n' '#include "arch_inline.h"' '#include "arch/stack.h"' >arch/arch.h
	printf '%s\n' '#include "entry/run.h"' '#include "irq_inline.h"' 'timer_arm(t);' >hyp/sched/h.c
	printf '%s\n' '#include "hyp/sched/h.h"' '#include "arch/riscv/csr.h"' '#include "sbi/fw.h"' >hyp/riscv/r.c
	printf '%s\n' '#include "hyp/sched/h.h"' '#include "arch/arm64/gic.h"' '/* Arm */' >hyp/arm64/a.c
	printf '%s\n' '#include "hyp/sched/h.h"' '#include "vm_arch.h"' >guest/vm/g.c
	printf '%s\n' '#include "guest/vm/g.h"' '#include "hyp/riscv/r.h"' '#include "sbi/server.h"' >guest/riscv/e.c
	echo '"a Linux Image for arm64"' >guest/image/filekind.c
	printf '%s\n' '#include "guest/riscv/e.h"' '#include "sbi/fw.h"' >sbi/time.c
	echo '#include "lib/a.h"' >sbi/fw.c
	printf '%s\n' '#include "arch/riscv/csr.h"' '#include "sbi/fw.h"' >arch/riscv/kick.c
	printf '%s\n' '#include "arch/arm64/gic.h"' '#include "lib/a.h"' >arch/arm64/kick.c
	echo '#include "lib/a.h"' >arch/host/h.c
}

red() {		# FILE LINE: appended to FILE it is reported, at its place
	fresh
	echo "$2" >>"$1"
	says_one "red: $1: $2" "$1:$(wc -l <"$1")"
}

fresh
says_nothing "a clean tree"
red lib/a.h '#include "rcu/rcu.h"'
red lib/a.h '#include "arch/riscv/csr.h"'
red lib/a.h '#include "irq_inline.h"'
red rcu/rcu.h '#include "entry/run.h"'
red entry/run.c '#include "hyp/sched/h.h"'
red arch/host/h.c '  #  include "arch/riscv/csr.h"'
red entry/run.c '#include "run.h"'
red entry/run.c '#include "lib/../hyp/sched/h.h"'
red entry/run.c '#include <hyp/sched/h.h>'
red hyp/sched/h.c '#include "guest/vm/g.h"'
red hyp/sched/h.c '#include "vm_arch.h"'
red hyp/sched/h.c '#include "sbi/server.h"'
red hyp/riscv/r.c '#include "sbi/server.h"'
red hyp/riscv/r.c '#include "guest/riscv/e.h"'
red guest/vm/g.c '#include "sbi/fw.h"'
red guest/riscv/e.c '#include "sbi/fw.h"'
red guest/riscv/e.c '#include "sbi/time.h"'
red sbi/fw.c '#include "hyp/sched/h.h"'
red sbi/fw.c '#include "sbi/server.h"'
red sbi/time.c '#include "arch/host/h.h"'
red arch/riscv/kick.c '#include "hyp/sched/h.h"'
red arch/riscv/kick.c '#include "hyp/riscv/r.h"'
red arch/riscv/kick.c '#include "sbi/server.h"'
red arch/host/h.c '#include "arch/riscv/csr.h"'

# What knows an architecture stays among its own.
red arch/arch.h '#include "arch/riscv/csr.h"'
red hyp/sched/h.c '#include "arch/riscv/csr.h"'
red hyp/sched/h.c '#include "hyp/riscv/r.h"'
red hyp/sched/h.c '#include "hyp/sched/../riscv/r.h"'
red hyp/sched/h.c '#include "sbi/fw.h"'
red guest/vm/g.c '#include "arch/riscv/csr.h"'
red guest/vm/g.c '#include "hyp/riscv/r.h"'
red guest/vm/g.c '#include "guest/riscv/e.h"'
red guest/vm/g.c '#include "sbi/server.h"'
red hyp/arm64/a.c '#include "arch/riscv/csr.h"'
red hyp/arm64/a.c '#include "hyp/riscv/r.h"'
red hyp/arm64/a.c '#include "sbi/fw.h"'
red hyp/riscv/r.c '#include "arch/arm64/gic.h"'
red arch/arm64/kick.c '#include "arch/riscv/csr.h"'
red arch/arm64/kick.c '#include "sbi/fw.h"'
red entry/run.c '/* as on RISC-V */'
red rcu/rcu.h 'int riscv_thing;'
red rcu/rcu.h 'sbi_send_ipi();'
red entry/run.c '/* Arm does it too */'
red entry/run.c '/* x86 */'
red arch/arch.h '/* arch/riscv has it */'
for word in 'csr_read(x);' '/* CSRs */' 'u64 hstatus;' '/* S-mode */' 'vplic_reset();' '/* an APLIC */' 'imsic.x = 1;' \
	'/* by HFENCE.GVMA */' 'wfi();' '/* Sstc */' 'u64 htimedelta;' '/* the G-stage */' 'x = sepc;' 'fw_sbi_call();' \
	'if (mmu == SV48)' '/* Zicbom */' '"riscv,isa"' '/* aarch64 */' '/* on ARM */'; do
	red hyp/sched/h.c "$word"
	red guest/vm/g.c "$word"
done
red guest/image/filekind.c '"an Image for RISC-V"'
finish "an empty tree is no success"
