#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tools/check-barriers: clean on a clean tree, red on each planted fault. That the whole tree is
# clean is a matter of `make lint`.
. "$(dirname "$0")/../planted.sh" check-barriers

fresh() {	# a small tree with nothing wrong in it
	tree lib arch/riscv
	cat >lib/a.c <<'END'
/* Tags: [A1] the note against the flag. [A3] what all wrote. */
#include "lib/a.h"

void raise_flag(struct a *a)
{
	WRITE_ONCE(a->flag, 1);
	/* Order: the flag is set, before the note is read.
	 * Pairs with: take_flag() [A1] */
	arch_mb();
	if (READ_ONCE(a->note))
		kick(a);
	/* Order: what the flag stands for, before the owner.
	 * Pairs with: take_flag(), take_owner() [A2], take_flag() [A1] */
	arch_store_release(&a->owner, 1);
}

static bool take_flag(struct a *a)
{
	/* Order: the note, before the flag is read, by the full barrier in raise_flag();
	 * and more. Pairs with: raise_flag() [A1] [A2] */
	return READ_ONCE(a->flag);
}

/* [A2] */
static u64 take_owner(struct a *a)
{
	__atomic_store_n(&a->count, 1, __ATOMIC_RELAXED);
	return READ_ONCE(a->owner);
}

static void put(struct a *a)
{
	/* Order: ours, before the last one's. Pairs with: itself, in others [A3] */
	if (__atomic_fetch_sub(&a->count, 1,
			       __ATOMIC_ACQ_REL) == 1)
		done(a);
}

void walked(u64 *e)
{
	/* Order: the table, before its entry. Pairs with: the walk by hardware [A4] */
	__asm__ volatile("fence w, w" ::: "memory");
}

void start(void)
{
	/* Order: what it reads, before it runs. Pairs with: secondary [A5] */
	arch_wmb();
}
END
	cat >arch/riscv/head.S <<'END'
secondary:
	/* Pairs with: start() [A5] */
	li a0, 0
END
	echo '#define arch_mb() __atomic_fetch_add(&word, 1, __ATOMIC_SEQ_CST)' \
		>arch/riscv/arch_inline.h
}

red() {		# WHAT EXPECTED SED-SCRIPT [FILE]: the changed tree is reported in these words
	local before
	fresh
	before=$(cat "${4:-lib/a.c}")
	sed -i -e "$3" "${4:-lib/a.c}"
	[ "$before" != "$(cat "${4:-lib/a.c}")" ] || { result 1 "$1: nothing was changed"; return; }
	says "red: $1" "^(${4:-lib/a.c}|lib/a.c):[0-9]+: .*$2"
}

fresh
says_nothing "a clean tree"
red "a lone tag" '\[A7\] pairs nothing' '$a /* [A7] */'
red "a tag that names itself alone" '\[A7\] stands alone' \
	'/^void walked/i /* Order: x, before y. Pairs with: walked() [A7] */'
red "a missing partner" 'pairs with gone\(\), which does not exist' \
	'0,/Pairs with: take_flag() \[A1\]/s//Pairs with: gone() [A1]/'
red "a partner without the tag" 'pairs with take_owner\(\), which does not carry' 's/^\/\* \[A2\] \*\///'
red "an assembly partner without the tag" 'pairs with secondary, which does not carry' \
	'/Pairs/d' arch/riscv/head.S
red "a pair without a tag" 'no tag after' 's/the walk by hardware \[A4\]/start()/'
red "an uncommented barrier" 'a barrier or ordered access without' \
	'/Order: what it reads/d'
red "an uncommented acquire" 'a barrier or ordered access without' \
	'/^\/\* \[A2\]/i int f(int *p)\n{\n\treturn arch_load_acquire(p);\n}\n'
red "an uncommented release over lines" 'a barrier or ordered access without' \
	's/Order: ours/Ours/'
red "an uncommented fence" 'a barrier or ordered access without' '/Order: the table/d'
red "a barrier that is gone" 'an order without a barrier' '/^\tarch_mb();/d'
red "an acquire and release that is gone" 'an order without a barrier' 's/__ATOMIC_ACQ_REL/__ATOMIC_RELAXED/'
red "a barrier that should be in a function that is gone" 'which does not exist' \
	's/full barrier in raise_flag/full barrier in lower_flag/'
red "a tag with two meanings" '\[A4\] has more than one meaning' 's/\[A5\]/[A4]/'
finish "an empty tree is no success"
