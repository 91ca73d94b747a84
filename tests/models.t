#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the Spin models: each must hold as it stands, and fail with each fault it names. They
are small enough for a search of all states, so "holds" is no matter of luck.
"""
import os
import shutil
import subprocess
import sys
import tempfile

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'models')
RUNS = [
    ('kick', None),
    ('kick', 'NO_ENTRY_FENCE'),
    ('kick', 'NO_KICK_FENCE'),
    ('kick', 'LOOK_FIRST'),
    ('kick', 'KICK_IS_LOST'),
    ('loaded', None),
    ('loaded', 'NO_LOAD_FENCE'),
    ('loaded', 'NO_SEQ_FENCE'),
    ('loaded', 'NO_PUT_FENCE'),
    ('loaded', 'FORGET_LATE'),
    ('loaded', 'NO_CALL'),
    ('wait', None),
    ('wait', 'NO_HERE_FENCE'),
    ('wait', 'NO_BLOCKED_FENCE'),
    ('wait', 'NO_WAKE_FENCE'),
    ('wait', 'STILL_HERE'),
    ('wait', 'NO_SECOND_LOOK'),
    ('wait', 'NO_KICK'),
    ('rcu', None),
    ('rcu', 'NO_EXIT_FENCE'),
    ('rcu', 'NO_SCAN_FENCE'),
    ('rcu', 'NO_ENTER_RELEASE'),
    ('rcu', 'NO_NOTE_RELEASE'),
    ('rcu', 'NO_NOTE_FENCE'),
    ('rcu', 'IRQ_IN_NOTE'),
    ('rcu', 'IRQ_IN_EXIT'),
    ('rcu', 'NO_JOIN_FENCE'),
    ('rcu', 'JOIN_UNDER_WAY'),
    ('rcu-queue', None),
    ('rcu-queue', 'TAKE_FIRST'),
    ('rcu-queue', 'MARK_FIRST'),
    ('rcu-queue', 'BARRIER_BY_MARK'),
    ('rcu-queue', 'BARRIER_JOINS'),
    ('rcu-queue', 'TAKE_NO_RELEASE'),
    ('rcu-queue', 'STALE_MARKS'),
]


def errors(model, fault, where):
    """How many errors the search of all states finds: 0, or 1 as it stops at the first."""
    define = ['-D' + fault] if fault else []
    subprocess.run(['spin', *define, '-a', os.path.join(MODELS, model + '.pml')], cwd=where,
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run(['cc', '-O1', '-w', '-DSAFETY', '-DMEMLIM=2000', '-o', 'pan', 'pan.c'],
                   cwd=where, check=True)
    out = subprocess.run(['./pan', '-m1000000'], cwd=where, check=True, stdout=subprocess.PIPE,
                         text=True).stdout
    found = int(out.split('errors: ')[1].split()[0])
    if not found and ('search was not completed' in out or 'depth too small' in out):
        raise RuntimeError('the search was not completed')
    return found


if not shutil.which('spin'):
    print('1..0 # SKIP spin is not installed')
    sys.exit(0)
bad = 0
print(f'1..{len(RUNS)}')
for n, (model, fault) in enumerate(RUNS, 1):
    with tempfile.TemporaryDirectory(prefix='limen-model-') as where:
        found = errors(model, fault, where)
    ok = bool(found) == bool(fault)
    bad += not ok
    print(f'{"ok" if ok else "not ok"} {n} - {model}: '
          + (f'{fault}: {"found" if found else "NOT found"}' if fault
             else 'holds' if ok else 'does not hold'), flush=True)
sys.exit(1 if bad else 0)
