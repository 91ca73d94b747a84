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
OUT = ['trace_hardirqs_on', 'guest_context_enter_irqoff', 'lockdep_hardirqs_on_prepare']
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


LOOK = ('\treturn READ_ONCE(run->requests) || READ_ONCE(this_hart(entry_work)) ||\n'
        '\t       !run->ops->prepare(run);\n')

OTHERS = [
    ('RCU is not told of the guest, nor of the way back', 'entry/context.h',
     lambda s: (s.replace('\trcu_eqs_enter();\n}\n\n/* Comes back', '}\n\n/* Comes back'),
                s.replace('\trcu_eqs_exit();\n\tDCHECK', '\tDCHECK'))),
    ('guest time begins with the quiescent state only', 'entry/run.c',
     text('\tguest_timing_enter_irqoff();\n\texit_to_guest_mode();\n\tstep(STEP_GUEST);\n',
          '\texit_to_guest_mode();\n\tstep(STEP_GUEST);\n\tguest_timing_enter_irqoff();\n')),
    ('guest time ends before the tick is taken, step noted as before', 'entry/run.c',
     text('\tarch_irq_take_pending();\n', '\tvtime_switch(VTIME_HOST);\n'
          '\tarch_irq_take_pending();\n')),
    ('interrupts are taken inside the state window, step noted as before', 'entry/run.c',
     text('\tenter_from_guest_mode();\n\tstep(STEP_TAKE_PENDING);\n\tarch_irq_take_pending();\n',
          '\tarch_irq_take_pending();\n\tenter_from_guest_mode();\n\tstep(STEP_TAKE_PENDING);\n')),
    ('guest time is counted as the host\'s', 'entry/entry.h',
     text('vtime_switch(VTIME_GUEST)', 'vtime_switch(VTIME_HOST)')),
    ('guest time never ends', 'entry/entry.h',
     text('vtime_switch(VTIME_HOST)', 'vtime_switch(VTIME_GUEST)')),
    ('no last look', 'entry/run.c', text(LOOK, '\treturn !run->ops->prepare(run);\n')),
    ('last look without requests', 'entry/run.c', text('READ_ONCE(run->requests) || ', '')),
    ('last look without the hart\'s work', 'entry/run.c',
     text('READ_ONCE(this_hart(entry_work)) ||\n\t       ', '')),
    ('last preparation not heeded', 'entry/run.c',
     text('!run->ops->prepare(run);', '(run->ops->prepare(run), false);')),
    ('last look with interrupts still on', 'entry/run.c',
     text('\t\tirq_off();\n\t\tif (work_pending(run)) {\n',
          '\t\tbool pending = work_pending(run);\n\t\tirq_off();\n\t\tif (pending) {\n')),
    ('mode says IN_GUEST only after the last look', 'entry/run.c',
     lambda s: (s.replace('\tWRITE_ONCE(run->mode, IN_GUEST);\n', ''),
                s.replace('\ttrace_guest_entry((u64)',
                          '\tWRITE_ONCE(run->mode, IN_GUEST);\n\ttrace_guest_entry((u64)'))),
    ('mode stays IN_GUEST after an entry that was put off', 'entry/run.c',
     text('\t\t\tWRITE_ONCE(run->mode, OUTSIDE_GUEST);\n\t\t\tirq_on();\n', '\t\t\tirq_on();\n')),
    ('interrupts stay off after an entry that was put off', 'entry/run.c',
     text('\t\t\tirq_on();\n\t\t\tcontinue;\n', '\t\t\tcontinue;\n')),
    ('a request does not kick', 'entry/run.c',
     text('\tguest_kick(run);\n}', '}')),
    ('work for another hart does not kick it', 'entry/run.c',
     text('\tif (i != arch_hart_index())\n\t\tarch_kick(i);\n', '')),
    ('a request is taken and stays', 'entry/run.c',
     text('\t__atomic_fetch_and(&run->requests, ~bit, __ATOMIC_ACQ_REL);\n', '')),
    ('exit handled with interrupts off', 'entry/run.c',
     text('\t\tirq_on();\n\t\tstep(STEP_HANDLE_EXIT);\n', '\t\tstep(STEP_HANDLE_EXIT);\n')),
    ('a lock may be held at the entry', 'entry/entry.h',
     text('\tlockdep_assert_no_locks();\n', '')),
    ('a lock may be held at the idle wait', 'entry/idle.c',
     text('\tlockdep_assert_no_locks();\n', '')),
    ('an interrupt out of a guest leaves RCU watching', 'entry/context.h',
     text('\tif (unlikely(was_quiet))\n\t\trcu_eqs_enter();\n', '\t(void)was_quiet;\n')),
    ('an interrupt out of a guest is not watched', 'entry/context.h',
     text('\trcu_eqs_exit();\n\treturn true;\n', '\treturn true;\n')),
    ('entering twice goes unnoticed', 'entry/context.h',
     text('\tDCHECK(this_hart(context_hart).state == CONTEXT_HYPERVISOR);\n', '')),
]

CORE = ['entry/run.c', 'entry/vtime.c', 'rcu/rcu.c']
LAB = faults.Lab(['entry'], {'order': CORE, 'context': CORE + ['entry/idle.c']})
faults.main(LAB, [*swaps(), *drops(), *OTHERS])
