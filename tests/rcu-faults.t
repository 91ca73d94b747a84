#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Faults in RCU, each put in on purpose. The tests run under ThreadSanitizer here, which sees a
missing release or acquire. A missing full fence, and the order of a push [P6], which only a
machine weaker than this one breaks, it cannot see: they are for the models and the weak machine
(arch/host/weak; tools/mutate has the faults).
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True  # the tree stays as it is
import faults  # noqa: E402
from faults import text  # noqa: E402

C, H, CB, T = 'rcu/rcu.c', 'rcu/rcu.h', 'rcu/callback.c', 'rcu/tree.h'
FAULTS = [
    ('a grace period waits for nobody', T, text('return t->waiting == 0;', 'return true;')),
    ('a hart that watches counts as quiescent', T,
     text('if (!(counter & 1))', 'if (counter & 1)')),
    ('a hart is waited for until it is away, even if it was meanwhile', T,
     text('if (look(first + i) != leaf->snapshot[i])', 'if (!(look(first + i) & 1))')),
    ('the last hart is forgotten', C,
     text('arch_hart_count(), rcu_scan_hart', 'arch_hart_count() - 1, rcu_scan_hart')),
    ('the first hart of a leaf is forgotten', T,
     text('leaf->waiting |= BIT(i % RCU_LEAF_HARTS);',
          'leaf->waiting |= BIT(i % RCU_LEAF_HARTS) & ~1UL;')),
    ('a leaf is not told to its parent', T,
     text('t->waiting |= BIT(i / RCU_LEAF_HARTS);', 't->waiting |= 1;')),
    ('a leaf is done when one of its harts is', T,
     text('if (rcu_leaf_pass(&t->leaf[l], l * RCU_LEAF_HARTS, look))',
          'rcu_leaf_pass(&t->leaf[l], l * RCU_LEAF_HARTS, look);\n'
          'if (__builtin_popcountll(t->leaf[l].waiting) != RCU_LEAF_HARTS)')),
    ('a pass looks at every hart of a leaf', T,
     text('u64 left = leaf->waiting; left;', 'u64 left = ~0UL; left;')),
    ('what the last grace period left is waited for', T,
     text('t->leaf[l].waiting = 0;', '(void)t;')),
    ('the walk over who is waited for skips leaves', T,
     text('ALIGN_DOWN(hart, RCU_LEAF_HARTS) + RCU_LEAF_HARTS',
          'ALIGN_DOWN(hart, RCU_LEAF_HARTS) + 2 * RCU_LEAF_HARTS')),
    ('a grace period under way is taken for a new one', C,
     text('return (seq + 3) & ~1UL;', 'return (seq + 2) & ~1UL;')),
    ('two own the grace period', C, text('if ((seq & 1) || !__atomic', 'if (!__atomic')),
    ('harts are kicked', C,
     text('static u64 rcu_scan_hart(unsigned int i) {',
          'static u64 rcu_scan_hart(unsigned int i) { arch_kick(i);')),
    ('who is away is hurried', C,
     text('rcu_tree_for_each(i, &gp->tree) hurry(i);',
          'for (i = 1; i < arch_hart_count(); i++) hurry(i);')),
    ('nobody is hurried', C, text('rcu_tree_for_each(i, &gp->tree) hurry(i);', '(void)i;')),
    ('hurried at every look', C, text('gp->looks == RCU_POLLS || ++gp->looks < RCU_POLLS ||', '')),
    ('an expedited grace period sleeps', C,
     text('if (gp == &gp_expedited) rcu_poll(); else rcu_pause();', 'rcu_pause(); (void)gp;')),
    ('an expedited grace period waits for a patient one', C,
     text('gp_wait(&gp_expedited);', 'gp_wait(&gp_patient);')),
    ('a stall is never told', C, text('stall(i, waited);', '(void)stall;')),
    ('a stall is told again and again', C, text('gp->reported = true;', '')),
    ('a stall is told too soon', C, text('bound : RCU_STALL_S *', 'bound : (RCU_STALL_S - 1) *')),
    ('the bound of a stall cannot be set', C, text('bound ? bound : RCU', 'false ? bound : RCU')),
    ('readers are not before "quiescent" [P1]', H,
     text('arch_store_release(&r->counter, r->counter + 1);',
          'WRITE_ONCE(r->counter, r->counter + 1);')),
    ('"quiescent" is not before what the updater does [P1]', C,
     text('arch_load_acquire(&per_hart(rcu_hart, i).counter)',
          'READ_ONCE(per_hart(rcu_hart, i).counter)')),
    ('the end of a grace period is not ordered [P5]', C,
     text('arch_store_release(&gp->seq, READ_ONCE(gp->seq) + 1);',
          'WRITE_ONCE(gp->seq, READ_ONCE(gp->seq) + 1);')),
    ('callbacks do not wait', CB, text('synchronize_rcu();', '')),
    ('callbacks run newest first', CB,
     text('newest->next = done; done = newest;', 'struct rcu_head **end = &done;\n'
          'while (*end) end = &(*end)->next;\n*end = newest; newest->next = NULL;')),
    ('pushing a callback is not atomic', CB,
     text('while (!__atomic_compare_exchange_n(&q->newest, &old, head, true, __ATOMIC_ACQ_REL, '
          '__ATOMIC_RELAXED));', 'while (0); arch_relax(); arch_store_release(&q->newest, head);')),
    ('a hart that has callbacks is not marked', CB, text('mark(arch_hart_index());', '')),
    ('the mark is set on another hart', CB,
     text('mark(arch_hart_index());', 'mark(arch_hart_index() + 1);')),
    ('nobody is woken for callbacks', CB, text('mark(arch_hart_index()); rcu_wake();',
                                               'mark(arch_hart_index());')),
    ('everybody is woken for callbacks', CB, text('if (old) return;', '')),
    ('woken with interrupts on', CB, text('flags = irq_save(); wake();',
                                          'wake(); flags = irq_save();')),
    ('no rest between batches', CB, text('if (yield) yield();', '(void)yield;')),
    ('no quiescent state between batches', CB, text('rcu_note_quiescent();', '')),
    ('a barrier does not wait', CB, text('+ 3) & ~1UL;', '+ 0) & ~1UL;')),
    ('a barrier joins the pass under way', CB,
     text('+ 3) & ~1UL;', '+ 2) & ~1UL;')),
    ('a barrier asks nobody', CB, text('arch_store_release(&barrier_wanted, 1);', '')),
    ('the end of a pass is not ordered [P8]', CB,
     text('arch_store_release(&barrier_seq, READ_ONCE(barrier_seq) + change);',
          'WRITE_ONCE(barrier_seq, READ_ONCE(barrier_seq) + change);')),
    ('a queue that grows goes unreported', CB, text('queue_check(q, fn);', '(void)queue_check;')),
    ('a queue that was emptied is reported', CB,
     text('__atomic_store_n(&q->length, 0, __ATOMIC_RELAXED);', '(void)q;')),
    ('waiting inside a reader goes unnoticed', C,
     lambda s: (s.replace('rcu_assert_no_reader();', '', 'gp_wait'),
                s.replace('rcu_note_quiescent();', '', 'gp_run'))),
    ('a reader across a quiescent state goes unnoticed', H,
     text('rcu_assert_no_reader(); /* Order: every access', '/* Order: every access')),
    ('a reader across a switch goes unnoticed', H,
     text('rcu_assert_no_reader(); /* Order: earlier readers', '/* Order: earlier readers')),
    ('a reader while nobody watches goes unnoticed', C,
     text('CHECK(rcu_watching()); if (r->nesting++ == 0)', 'if (r->nesting++ == 0)')),
    ('an end without a reader goes unnoticed', C, text('CHECK(r->nesting > 0);', '')),
    ('the inner reader is named', C, text('if (r->nesting++ == 0)', 'r->nesting++;')),
    ('the report does not say where the reader began', C,
     text('(unsigned long long)at, s.name', '0ULL, s.name', 'rcu_reader_stays')),
    ('a quiescent state is noted with interrupts on', C,
     text('unsigned long flags = irq_save();', 'unsigned long flags = 0;', 'rcu_note_quiescent')),
    ('pausing is no quiescent state', C,
     lambda s: (s.replace('rcu_note_quiescent();', '', 'rcu_pause'),
                s.replace('rcu_note_quiescent();', '', 'gp_run'))),
]

LAB = faults.Lab(['rcu_tree', 'rcu', 'rcu_callbacks', 'rcu_torture', 'context'], ['-O1', '-fsanitize=thread'])
faults.main(LAB, FAULTS)
