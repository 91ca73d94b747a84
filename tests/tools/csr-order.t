#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tools/check-csr-order: clean on a clean tree, red on each planted fault. That the whole tree is clean is
# a matter of `make lint`.
. "$(dirname "$0")/../planted.sh" check-csr-order

fresh() {	# a small tree with nothing wrong in it
	tree hyp arch/riscv
	cat >hyp/a.c <<'END'
void take(void)
{
	csr_clear(sip, SIP_SSIP);
	/* Order: the kick is taken, in sip, before the state is read.
	 * Pairs with: kick() [A1] */
	csr_mb();
	look();
}

/* Unordered hvip, sip: the guest's own. */
void inject(void)
{
	csr_set(hvip, 1);
	csr_set(sip, 1);
}

static u32 claim(void)
{
	/* Order: the claim, of stopei, before what it is for, by the fence in done().
	 * Pairs with: done() [A2] */
	return imsic_claim();
}

void done(void)
{
	/* Order: stopei, before the rest. Pairs with: claim() [A2] */
	__asm__ volatile("fence o, w" ::: "memory");
}

u64 plain(void)
{
	return csr_read(time) + csr_read(sstatus) + csr_read(vsiselect);
}
END
	cat >arch/riscv/imsic.h <<'END'
static inline u32 imsic_claim(void)
{
	return csr_swap(stopei, 0);
}
END
	cat >arch/riscv/a.S <<'END'
	/* Unordered hgatp: it was 0. */
leave:
	csrw	CSR_hgatp, zero
END
}

red() {		# WHAT EXPECTED SED-SCRIPT [FILE]: the changed tree is reported in these words
	local f=${4:-hyp/a.c} before
	fresh
	before=$(cat "$f")
	sed -i -e "$3" "$f"
	[ "$before" != "$(cat "$f")" ] || { result 1 "$1: nothing was changed"; return; }
	says "red: $1" "^$f:[0-9]+: .*$2"
}

fresh
says_nothing "a clean tree"
red "a fence that is gone" 'an access to sip' '/csr_mb/d'
red "a fence that a CSR does not count for" 'an access to sip' 's/csr_mb()/arch_mb()/'
red "a comment that does not name the register" 'an access to sip' 's/, in sip,//'
red "a read without a word" 'an access to hgeip' '$a u64 f(void)\n{\n\treturn csr_read(hgeip);\n}'
red "a probe without a word" 'an access to vstimecmp' \
	'$a u64 f(void)\n{\n\treturn csr_try_write(vstimecmp, 0);\n}'
red "a swap over two lines" 'an access to vsatp' '$a u64 f(void)\n{\n\treturn csr_swap(\n\t\tvsatp, 0);\n}'
red "a reason for another register" 'an access to hvip' 's/Unordered hvip, sip/Unordered sip/'
red "no reason" 'an access to hvip' 's/: the guest.s own//'
red "a reason for nothing" '"Unordered stimecmp" where' 's/Unordered hvip/Unordered stimecmp, hvip/'
red "a reason in another function" 'an access to stimecmp' \
	'$a /* Unordered stimecmp: x. */\nvoid f(void)\n{\n\tcsr_write(stimecmp, 0);\n}\n\nvoid g(void)\n{\n\tcsr_write(stimecmp, 0);\n}'
red "an accessor's caller" 'an access to stopei' '/Order: the claim/,+1d'
red "a fence elsewhere that is none for CSRs" 'an access to stopei' 's/fence o, w/fence rw, w/'
red "a fence elsewhere that is not there" 'an access to stopei' 's/fence in done/fence in gone/'
red "a comment that is far" 'an access to sip' '/csr_clear(sip/a \\tx();\n\tx();\n\tx();\n\tx();\n\tx();\n\tx();\n\tx();\n\tx();\n\tx();'
red "a row of the table" 'an access to hgeie' \
	'$a #define T(ROW) \\\n\tROW(CONSTANT, hgeie, hgeie, H, maybe, 0)'
red "assembly" 'an access to hgatp' '/Unordered/d' arch/riscv/a.S
finish "an empty tree is no success"
