#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Faults in RCU, each put in on purpose. The tests run under ThreadSanitizer here, which sees a
missing release or acquire. A missing full fence, and the order of a push [P6], which only a
machine weaker than this one breaks, it cannot see: they are for the models and for reasoning.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True  # the tree stays as it is
import faults  # noqa: E402
from faults import text  # noqa: E402

C, H = 'rcu/rcu.c', 'rcu/rcu.h'
FAULTS = [
    ('a grace period waits for nobody', C, text('return left == 0;', 'return true;')),
    ('a hart that watches counts as quiescent', C,
     text('counter & 1 ? counter : 0;', 'counter & 1 ? 0 : counter;')),
    ('a hart is waited for until it is away, even if it was meanwhile', C,
     text('rcu_scan_hart(i) != gp_snapshot[i])', '!(rcu_scan_hart(i) & 1))')),
    ('the last hart is forgotten', C,
     text('gp_harts = arch_hart_count();', 'gp_harts = arch_hart_count() - 1;')),
    ('a grace period under way is taken for a new one', C,
     text('return (seq + 3) & ~1UL;', 'return (seq + 2) & ~1UL;')),
    ('two own the grace period', C,
     text('\tif ((seq & 1) || !__atomic', '\tif (!__atomic')),
    ('harts are kicked', C,
     text('\t\tu64 counter = rcu_scan_hart(i);\n',
          '\t\tu64 counter = rcu_scan_hart(i);\n\n\t\tarch_kick(i);\n')),
    ('readers are not before "quiescent" [P1]', H,
     text('arch_store_release(&r->counter, r->counter + 1);',
          'WRITE_ONCE(r->counter, r->counter + 1);')),
    ('"quiescent" is not before what the updater does [P1]', C,
     text('arch_load_acquire(&per_hart(rcu_hart, i).counter)',
          'READ_ONCE(per_hart(rcu_hart, i).counter)')),
    ('the end of a grace period is not ordered [P5]', C,
     text('arch_store_release(&gp_seq, READ_ONCE(gp_seq) + 1);',
          'WRITE_ONCE(gp_seq, READ_ONCE(gp_seq) + 1);')),
    ('callbacks do not wait', C, text('\t\treturn 0;\n\tsynchronize_rcu();\n', '\t\treturn 0;\n')),
    ('callbacks run newest first', C, text('head = rcu_reverse(head);', '')),
    ('pushing a callback is not atomic', C,
     text('while (!__atomic_compare_exchange_n(&rcu_callbacks, &old, head, true, '
          '__ATOMIC_RELEASE,\n\t\t\t\t\t    __ATOMIC_RELAXED));',
          'while (0);\n\t__atomic_store_n(&rcu_callbacks, head, __ATOMIC_RELEASE);')),
    ('nobody is woken for callbacks', C, text('\tif (!old)\n\t\trcu_wake();\n', '')),
    ('everybody is woken for callbacks', C, text('\tif (!old)\n\t\trcu_wake();\n',
                                                 '\trcu_wake();\n')),
    ('woken with interrupts on', C, text('\tflags = irq_save();\n\twake();\n',
                                         '\twake();\n\tflags = irq_save();\n')),
    ('waiting inside a reader goes unnoticed', C,
     lambda s: (s.replace('\tDCHECK(this_hart(rcu_hart).nesting == 0);\n', ''),
                s.replace('\trcu_note_quiescent();\n\twhile', '\twhile'))),
    ('a reader across a quiescent state goes unnoticed', H,
     text('\tDCHECK(r->counter & 1);\n\tDCHECK(r->nesting == 0);\n'
          '\t/* Order: every access', '\t/* Order: every access')),
    ('a reader while nobody watches goes unnoticed', H,
     text('\t\tCHECK(rcu_watching());\n', '')),
    ('pausing is no quiescent state', C,
     lambda s: (s.replace('\trcu_note_quiescent();\n\tif (pause)', '\tif (pause)'),
                s.replace('\trcu_note_quiescent();\n\twhile', '\twhile'))),
]

CORE = ['entry/run.c', 'entry/vtime.c', 'entry/idle.c', 'rcu/rcu.c']
LAB = faults.Lab({'rcu': CORE, 'context': CORE}, ['-O1', '-fsanitize=thread'])
faults.main(LAB, FAULTS)
