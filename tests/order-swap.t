#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The order of the threshold, broken on purpose: every swap of two neighbouring steps, every step
left out, and the faults others fell into. Each must turn a unit test red.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True  # the tree stays as it is
import faults  # noqa: E402
from faults import text  # noqa: E402

RUN = ['trace_guest_entry', 'guest_timing_enter_irqoff', 'exit_to_guest_mode', 'arch_guest_run',
       'enter_from_guest_mode', 'arch_irq_take_pending', 'guest_timing_exit_irqoff',
       'trace_guest_exit']
OUT = ['trace_hardirqs_on', 'guest_context_enter_irqoff', 'lockdep_hardirqs_on']
IN = ['lockdep_hardirqs_off', 'guest_context_exit_irqoff', 'trace_hardirqs_off']
FUNCTIONS = [('entry/run.c', 'guest_run', RUN), ('entry/entry.h', 'exit_to_guest_mode', OUT),
             ('entry/entry.h', 'enter_from_guest_mode', IN)]


def swaps():
    for name, function, steps in FUNCTIONS:
        for i in range(len(steps) - 1):
            yield (f'swap {steps[i]} and {steps[i + 1]}', name,
                   lambda s, f=function, n=steps, i=i: s.swap(f, n, i))


def drops():
    for name, function, steps in FUNCTIONS:
        for i, step in enumerate(steps):
            yield (f'{function} without {step}', name,
                   lambda s, f=function, n=steps, i=i: s.drop(f, n, i))


SET_MODE = 'WRITE_ONCE(run->mode, IN_GUEST + arch_hart_index());'
OUT_OF_MODE = 'WRITE_ONCE(run->mode, OUTSIDE_GUEST);'
REQUESTS, WORK = 'READ_ONCE(run->requests)', 'READ_ONCE(this_hart(entry_work))'
NO_LOCKS = 'lockdep_assert_no_locks();'

OTHERS = [
    ('RCU is not told of the guest, nor of the way back', 'entry/context.h',
     lambda s: (s.replace('rcu_eqs_enter();', '', 'context_enter_irqoff'),
                s.replace('rcu_eqs_exit();', '', 'context_exit_irqoff'))),
    ('guest time begins with the quiescent state only', 'entry/run.c',
     text('guest_timing_enter_irqoff(); mark_end(MARK_LOOK); exit_to_guest_mode(); step(STEP_GUEST);',
          'exit_to_guest_mode(); step(STEP_GUEST); guest_timing_enter_irqoff();')),
    ('guest time ends before the tick is taken, step noted as before', 'entry/run.c',
     text('arch_irq_take_pending();', 'vtime_switch(VTIME_HOST); arch_irq_take_pending(); '
          'vtime_switch(VTIME_GUEST);')),
    ('interrupts are taken inside the state window, step noted as before', 'entry/run.c',
     text('enter_from_guest_mode(); mark_begin(MARK_LOOK); step(STEP_TAKE_PENDING); if (!trace_on(TRACE_IRQ_ENTER)) '
          'arch_kick_take(); arch_irq_take_pending();',
          'arch_irq_take_pending(); enter_from_guest_mode(); step(STEP_TAKE_PENDING);')),
    ('guest time is counted as the host\'s', 'entry/entry.h',
     text('vtime_switch_from(VTIME_HOST, VTIME_GUEST)', 'vtime_switch(VTIME_HOST)')),
    ('guest time never ends', 'entry/entry.h',
     text('vtime_switch_from(VTIME_GUEST, VTIME_HOST)', 'vtime_switch(VTIME_GUEST)')),
    ('time is charged to the kind that begins', 'entry/vtime.h',
     text('v->ticks[from] +=', 'v->ticks[to] +=', 'vtime_switch_from')),
    ('a change of kind loses the time before it', 'entry/vtime.h',
     text('v->ticks[from] += now - v->since;', '', 'vtime_switch_from')),
    ('guest time that begins twice goes unnoticed', 'entry/vtime.h',
     text('DCHECK(v->kind == from);', '')),
    ('no last look', 'entry/run.c',
     text(f'{REQUESTS} | {WORK}', '0', 'work_pending')),
    ('last look without requests', 'entry/run.c',
     text(f'{REQUESTS} | {WORK}', WORK, 'work_pending')),
    ('last look without the hart\'s work', 'entry/run.c',
     text(f'{REQUESTS} | {WORK}', REQUESTS, 'work_pending')),
    ('last preparation not heeded', 'entry/run.c',
     text('return !ready;', 'return false && ready;', 'work_pending')),
    ('the last look comes after the last preparation', 'entry/run.c',
     lambda s: (s.replace('step(STEP_LAST_LOOK);',
                          'ready = run->ops->prepare(run); step(STEP_LAST_LOOK);',
                          'work_pending'),
                s.replace('instrumentation_begin(); ready = run->ops->prepare(run);',
                          'instrumentation_begin();', 'work_pending'))),
    ('last look with interrupts still on', 'entry/run.c',
     lambda s: (s.replace('step(STEP_LAST_LOOK);', 'irq_on(); step(STEP_LAST_LOOK);',
                          'work_pending'),
                s.replace('return !ready;', 'irq_off(); return !ready;', 'work_pending'))),
    ('mode says IN_GUEST only after the last look', 'entry/run.c',
     lambda s: (s.replace(SET_MODE, '', 'work_pending'),
                s.replace('trace_guest_entry(', SET_MODE + ' trace_guest_entry(', 'guest_run'))),
    ('mode stays IN_GUEST while work is done', 'entry/run.c', text(OUT_OF_MODE, '', 'do_work')),
    ('mode stays IN_GUEST while an exit is handled', 'entry/run.c',
     text(OUT_OF_MODE, '', 'handle_exit')),
    ('interrupts stay off while work is done', 'entry/run.c', text('irq_on();', '', 'do_work')),
    ('interrupts stay on after work', 'entry/run.c', text('irq_off();', '', 'do_work')),
    ('interrupts stay on after an exit', 'entry/run.c', text('irq_off();', '', 'handle_exit')),
    ('interrupts stay off after the loop', 'entry/run.c', text('irq_on();', '', 'guest_run_loop')),
    ('work is done without a reason', 'entry/run.c',
     text('if (unlikely(work_pending(run)))',
          'static bool once; if (work_pending(run) || !__atomic_exchange_n(&once, true, 0))')),
    ('after work comes an entry without another look', 'entry/run.c',
     text('continue;', '', 'guest_run_loop')),
    ('work() cannot end the loop', 'entry/run.c',
     text('if (!do_work(run)) break;', 'do_work(run);')),
    ('an entry that was put off ends the loop', 'entry/run.c',
     text('if (!do_work(run)) break;', 'do_work(run); break;')),
    ('runs are not counted', 'entry/run.c', text('run->entries++;', '')),
    ('a request does not kick', 'entry/run.c', text('guest_kick(run);', '', 'guest_request')),
    ('a kick is sent to nobody', 'entry/run.c',
     text('arch_kick(mode - IN_GUEST);', ';', 'guest_kick')),
    ('a kick is sent to a vCPU that is outside as well', 'entry/run.c',
     text('if (mode != OUTSIDE_GUEST)', '', 'guest_kick')),
    ('work for another hart does not kick it', 'entry/run.c',
     text('arch_kick(i);', ';', 'entry_work_set')),
    ('a request is taken and stays', 'entry/run.c',
     text('return __atomic_fetch_and(&run->requests, ~bits, __ATOMIC_ACQ_REL) & bits;',
          'return READ_ONCE(run->requests) & bits;')),
    ('all requests are taken with one', 'entry/run.c',
     text('__atomic_fetch_and(&run->requests, ~bits,', '__atomic_fetch_and(&run->requests, 0UL,')),
    ('all work is taken with one bit', 'entry/run.c',
     text('__atomic_fetch_and(&this_hart(entry_work), ~bits,',
          '__atomic_fetch_and(&this_hart(entry_work), 0UL,')),
    ('exit handled with interrupts off', 'entry/run.c', text('irq_on();', '', 'handle_exit')),
    ('exits without a trace point while tracing is on', 'entry/run.c',
     text('trace_guest_exit(run->arch);',
          'if (trace_on(TRACE_GUEST_EXIT)) step(STEP_TRACE_EXIT); '
          'else trace_guest_exit(run->arch);')),
    ('an entry that is put off is traced while tracing is on', 'entry/run.c',
     text('return !ready;', 'if (!ready) trace_point(TRACE_GUEST_ENTRY, 0, 0); '
          'return !ready;', 'work_pending')),
    ('a lock may be held at the entry', 'entry/entry.h', text(NO_LOCKS, '')),
    ('a lock may be held at the idle wait', 'entry/idle.c', text(NO_LOCKS, '')),
    ('an interrupt out of a guest leaves RCU watching', 'entry/context.h',
     text('if (unlikely(was_quiet)) rcu_eqs_enter();', '(void)was_quiet;')),
    ('an interrupt out of a guest is not watched', 'entry/context.h',
     text('rcu_eqs_exit();', '', 'context_irq_enter')),
    ('entering twice goes unnoticed', 'entry/context.h',
     text('DCHECK(this_hart(context_hart).state == CONTEXT_HYPERVISOR);', '')),
]

CORE = ['entry/run.c', 'entry/vtime.c', 'rcu/rcu.c']
LAB = faults.Lab({'order': CORE, 'context': CORE + ['entry/idle.c']})
faults.main(LAB, [*swaps(), *drops(), *OTHERS])
