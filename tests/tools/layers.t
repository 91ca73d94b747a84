#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tools/check-layers: clean on a clean tree, red on each planted violation.
. "$(dirname "$0")/../planted.sh" check-layers

fresh() {	# a small tree with nothing wrong in it
	tree lib rcu entry hyp guest sbi arch/riscv arch/host
	echo '#include "arch/arch.h"' >lib/a.h
	printf '%s\n' '#include <string.h>' '#include "lib/a.h"' >rcu/rcu.h
	printf '%s\n' '#include "rcu/rcu.h"' '/* the alarm disarms */' >entry/run.c
	echo '#include "arch_inline.h"' >arch/arch.h
	printf '%s\n' '#include "entry/run.h"' '#include "arch/riscv/csr.h"' '#include "sbi/fw.h"' >hyp/h.c
	printf '%s\n' '#include "hyp/h.h"' '#include "sbi/server.h"' >guest/g.c
	printf '%s\n' '#include "guest/g.h"' '#include "sbi/fw.h"' >sbi/time.c
	echo '#include "lib/a.h"' >sbi/fw.c
	printf '%s\n' '#include "arch/riscv/csr.h"' '#include "sbi/fw.h"' >arch/riscv/kick.c
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
red rcu/rcu.h '#include "entry/run.h"'
red entry/run.c '#include "hyp/h.h"'
red arch/host/h.c '  #  include "arch/riscv/csr.h"'
red entry/run.c '#include "run.h"'
red entry/run.c '#include "lib/../hyp/h.h"'
red entry/run.c '#include <hyp/h.h>'
red hyp/h.c '#include "guest/g.h"'
red hyp/h.c '#include "sbi/server.h"'
red guest/g.c '#include "sbi/fw.h"'
red guest/g.c '#include "sbi/time.h"'
red sbi/fw.c '#include "hyp/h.h"'
red sbi/fw.c '#include "sbi/server.h"'
red sbi/time.c '#include "arch/host/h.h"'
red arch/riscv/kick.c '#include "hyp/h.h"'
red arch/riscv/kick.c '#include "sbi/server.h"'
red arch/host/h.c '#include "arch/riscv/csr.h"'
red arch/arch.h '#include "arch/riscv/csr.h"'
red entry/run.c '/* as on RISC-V */'
red rcu/rcu.h 'int riscv_thing;'
red rcu/rcu.h 'sbi_send_ipi();'
red entry/run.c '/* Arm does it too */'
red entry/run.c '/* x86 */'
finish "an empty tree is no success"
