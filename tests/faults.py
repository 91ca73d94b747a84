# SPDX-License-Identifier: BSD-2-Clause
"""Puts one fault at a time into a copy of some folders, builds unit tests against the copy, and
says which test saw it. A fault that cannot be put in any more, or that does not compile, fails:
so does a fault that no test sees. Output is TAP, with the table as comments.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CC = os.environ.get('HOSTCC', 'gcc')
FLAGS = ['-std=gnu11', '-g', '-Wall', '-DLIMEN_DEBUG=1', '-DLIMEN_STEPS=1']
TIMEOUT = 10  # seconds; a fault may hang a test, and none needs one when nothing is wrong


class Broken(Exception):
    pass


class Source:
    """The text of one file, and ways to spoil it."""

    def __init__(self, text):
        self.text = text

    def replace(self, old, new):
        if self.text.count(old) != 1:
            raise Broken(f'{self.text.count(old)} places instead of one: {old!r}')
        self.text = self.text.replace(old, new)

    def units(self, function, names):
        """The statements of a function that call names, each with the step() before it."""
        body = re.search(r'^[^\n]*\b' + function + r'\([^)]*\)\n\{\n(.*?)^\}', self.text,
                         re.M | re.S)
        if not body:
            raise Broken(f'no function {function}')
        found = []
        for name in names:
            hit = re.findall(r'^(?:\tstep\(\w+\);\n)?\t' + name + r'\([^;]*\);\n', body.group(1),
                             re.M)
            if len(hit) != 1:
                raise Broken(f'{len(hit)} calls of {name} in {function}')
            found.append(hit[0])
        if ''.join(found) not in body.group(1):
            raise Broken(f'{function} does not call {", ".join(names)} one after the other')
        return body.group(0), found

    def swap(self, function, names, i):
        body, units = self.units(function, names)
        other = units[:i] + [units[i + 1], units[i]] + units[i + 2:]
        self.replace(body, body.replace(''.join(units), ''.join(other)))

    def drop(self, function, names, i):
        body, units = self.units(function, names)
        self.replace(body, body.replace(''.join(units), ''.join(units[:i] + units[i + 1:])))


class Lab:
    """A scratch folder: a copy of the folders to spoil, and the objects that stay the same."""

    def __init__(self, folders, tests, extra=()):
        self.dir = tempfile.mkdtemp(prefix='limen-faults-')
        self.folders, self.tests, self.extra = folders, tests, list(extra)
        self.sources = sorted({s for t in tests.values() for s in t})
        self.base = []
        keep = ['lib/lockdep.c', 'lib/trace.c'] + sorted(
            'arch/host/' + f for f in os.listdir(os.path.join(ROOT, 'arch/host'))
            if f.endswith('.c'))
        for source in keep:
            self.base.append(self.compile(source))

    def close(self):
        shutil.rmtree(self.dir)

    def path(self, source):
        copy = os.path.join(self.dir, 'tree', source)
        return copy if os.path.exists(copy) else os.path.join(ROOT, source)

    def compile(self, source):
        out = os.path.join(self.dir, source.replace('/', '_') + '.o')
        tree = os.path.join(self.dir, 'tree')
        run = subprocess.run([CC, *FLAGS, *self.extra, '-I' + tree, '-I' + ROOT,
                              '-I' + os.path.join(ROOT, 'arch/host'), '-c', self.path(source),
                              '-o', out], stderr=subprocess.PIPE, text=True)
        if run.returncode:
            raise Broken('does not compile: ' + run.stderr.strip().split('\n')[0])
        return out

    def build(self, test):
        objects = [self.compile(s) for s in self.tests[test] + [f'tests/unit/test_{test}.c']]
        out = os.path.join(self.dir, test)
        subprocess.run([CC, *self.extra, '-o', out, *objects, *self.base, '-lcmocka', '-pthread'],
                       check=True)
        return out

    def seen_by(self, spoil):
        """Spoils a fresh copy and returns how the first test that sees it ends, or None."""
        tree = os.path.join(self.dir, 'tree')
        shutil.rmtree(tree, ignore_errors=True)
        for folder in self.folders:
            shutil.copytree(os.path.join(ROOT, folder), os.path.join(tree, folder))
        if spoil:
            name, act = spoil
            path = os.path.join(tree, name)
            with open(path) as f:
                source = Source(f.read())
            act(source)
            with open(path, 'w') as f:
                f.write(source.text)
        for test in self.tests:
            how = self.run(test)
            if how:
                return f'{test}: {how}'
        return None

    def run(self, test):
        binary = self.build(test)
        env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT='TAP', TSAN_OPTIONS='halt_on_error=1')
        try:
            run = subprocess.run([binary], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 text=True, errors='replace', env=env, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return 'hangs'
        if run.returncode == 0:
            return None
        for pattern in (r'data race', r'check failed: .*', r'^ERROR: (.*)', r'^not ok \d+ - (.*)'):
            hit = re.search(pattern, run.stdout, re.M)
            if hit:
                return hit.group(hit.lastindex or 0)
        return f'exit status {run.returncode}'


def judge(lab, what, name, act):
    try:
        how = lab.seen_by((name, act))
    except Broken as e:
        return False, f'{what}: no longer applies: {e}'
    return (True, f'{what:<66} -> {how}') if how else (False, f'{what}: nobody saw it')


def main(lab, faults):
    """faults: (what it is, file, function that takes a Source and spoils it)."""
    bad = 0
    print(f'1..{len(faults) + 1}')
    try:
        how = lab.seen_by(None)
        bad += bool(how)
        print(f'{"not ok" if how else "ok"} 1 - as it stands' + (f': {how}' if how else ''))
        for n, (what, name, act) in enumerate(faults, 2):
            ok, line = judge(lab, what, name, act)
            bad += not ok
            print(f'{"ok" if ok else "not ok"} {n} - {line}', flush=True)
    finally:
        lab.close()
    sys.exit(1 if bad else 0)


def text(old, new):
    """A fault that is another text in one place."""
    return lambda source: source.replace(old, new)
