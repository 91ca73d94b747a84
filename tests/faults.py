# SPDX-License-Identifier: BSD-2-Clause
"""Puts one fault at a time into a copy of a file, builds unit tests with the copy in its place, and
says which test saw it. A fault that cannot be put in any more, or that does not compile, fails:
so does a fault that no test sees. Output is TAP, with the table as comments.

All objects are built once as they stand. A fault builds again only what the compiler said depends
on the file that it spoils, in a folder of its own, so that some faults are tried at a time.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CC = os.environ.get('HOSTCC', 'gcc')
FLAGS = ['-std=gnu11', '-O0', '-Wall', '-DLIMEN_DEBUG=1', '-DLIMEN_STEPS=1']
JOBS = 2
# A fault may hang a test: it has some times what the test takes as it stands, and at least this.
PATIENCE = 10
LEAST = 5  # seconds


class Broken(Exception):
    pass


class Source:
    """The text of one file, and ways to spoil it. White space is all the same here, so a fault
    does not depend on how the file is laid out."""

    def __init__(self, text):
        self.text = text

    def body(self, function):
        """Where the body of a function begins and ends."""
        hit = re.search(r'^[^\s#/][^\n;]*\b' + function + r'\([^{};]*\)\n\{\n(.*?)^\}', self.text,
                        re.M | re.S)
        if not hit:
            raise Broken(f'no function {function}')
        return hit.span(1)

    def replace(self, old, new, within=None):
        """Another text in one place, of the whole file or of one function."""
        start, end = self.body(within) if within else (0, len(self.text))
        old = r'\s+'.join(re.escape(word) for word in old.split())
        hits = list(re.finditer(old, self.text[start:end]))
        if len(hits) != 1:
            raise Broken(f'{len(hits)} places instead of one: {old!r}')
        self.put([(start + hits[0].start(), start + hits[0].end(), new)])

    def put(self, changes):
        for start, end, new in sorted(changes, reverse=True):
            self.text = self.text[:start] + new + self.text[end:]

    def units(self, function, names):
        """Where the statements of a function are that call names, in this order; each with the
        step() before it, and with the marks around it that let it be instrumented."""
        start, end = self.body(function)
        found = []
        for name in names:
            hits = list(re.finditer(r'^(?:\tinstrumentation_begin\(\);\n)?(?:\tstep\(\w+\);\n)?\t'
                                    + name + r'\([^;]*\);\n(?:\tinstrumentation_end\(\);\n)?',
                                    self.text[start:end], re.M))
            if len(hits) != 1:
                raise Broken(f'{len(hits)} calls of {name} in {function}')
            found.append((start + hits[0].start(), start + hits[0].end()))
        if found != sorted(found):
            raise Broken(f'{function} does not call {", ".join(names)} in this order')
        return found

    def swap(self, function, names, i):
        a, b = self.units(function, names)[i:i + 2]
        self.put([(*a, self.text[slice(*b)]), (*b, self.text[slice(*a)])])

    def drop(self, function, names, i):
        self.put([(*self.units(function, names)[i], '')])


def unit_sources(tests):
    """What unit tests are made of besides lib/, arch/host/ and their own files: make knows."""
    lines = ' '.join(f'echo {test} $({test}-srcs);' for test in tests)
    env = {k: v for k, v in os.environ.items() if k not in ('MAKEFLAGS', 'MAKELEVEL', 'MFLAGS')}
    out = subprocess.run(['make', '-s', '--no-print-directory', '-C', ROOT,
                          f'--eval=.PHONY: unit-sources\nunit-sources:;@{lines}', 'unit-sources'],
                         stdout=subprocess.PIPE, text=True, check=True, env=env).stdout
    return {line.split()[0]: line.split()[1:] for line in out.splitlines()}


class Lab:
    """A scratch folder with the objects as they stand. tests: names of unit tests; a fault is
    shown to each in turn, of those that the spoilt file is part of, until one sees it."""

    def __init__(self, tests, extra=()):
        self.dir = tempfile.mkdtemp(prefix='limen-faults-')
        self.extra = list(extra)
        base = [f'{folder}/{f}' for folder in ('lib', 'arch/host')
                for f in os.listdir(os.path.join(ROOT, folder)) if f.endswith('.c')]
        self.tests = {t: sorted({*sources, f'tests/unit/test_{t}.c', *base})
                      for t, sources in unit_sources(tests).items()}
        self.needs = {}  # source -> the files it is made of
        self.takes = {}  # test -> seconds
        self.pool = concurrent.futures.ThreadPoolExecutor(JOBS)

    def close(self):
        self.pool.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(self.dir)

    def compile(self, source, where):
        """Builds source into the folder where, files that lie in its tree before all others."""
        tree = os.path.join(where, 'tree')
        path = os.path.join(tree, source)
        out = os.path.join(where, source.replace('/', '_') + '.o')
        run = subprocess.run([CC, *FLAGS, *self.extra, '-I' + tree, '-I' + ROOT,
                              '-I' + os.path.join(ROOT, 'arch/host'), '-MMD', '-c',
                              path if os.path.exists(path) else os.path.join(ROOT, source),
                              '-o', out], stderr=subprocess.PIPE, text=True)
        if run.returncode:
            raise Broken('does not compile: ' + run.stderr.strip().split('\n')[0])
        return out

    def compile_all(self):
        sources = sorted({s for sources in self.tests.values() for s in sources})
        list(self.pool.map(lambda s: self.compile(s, self.dir), sources))
        for source in sources:
            with open(os.path.join(self.dir, source.replace('/', '_') + '.d')) as f:
                files = f.read().replace('\\\n', ' ').split()[1:]
            self.needs[source] = {os.path.relpath(os.path.realpath(n), ROOT) for n in files}

    def link(self, test, where, spoilt):
        objects = [os.path.join(where if spoilt in self.needs[s] else self.dir,
                                s.replace('/', '_') + '.o') for s in self.tests[test]]
        out = os.path.join(where, test)
        subprocess.run([CC, *self.extra, '-o', out, *objects, '-lcmocka', '-lfdt',
                        '-lmd', '-pthread'], check=True)
        return out

    def as_it_stands(self):
        """Builds all, and returns how tests fail without any fault, or None. Those that do are
        asked no more."""
        self.compile_all()
        red = []
        for test in list(self.tests):
            binary = self.link(test, self.dir, None)
            start = time.monotonic()
            how = self.run(binary, None)
            if how:
                red.append(f'{test}: {how}')
                del self.tests[test]
            self.takes[test] = time.monotonic() - start
        return '; '.join(red) or None

    def seen_by(self, name, act):
        """Spoils the file name and returns how the first test that sees it ends, or None."""
        where = tempfile.mkdtemp(dir=self.dir)
        with open(os.path.join(ROOT, name)) as f:
            source = Source(f.read())
        act(source)
        os.makedirs(os.path.join(where, 'tree', os.path.dirname(name)))
        with open(os.path.join(where, 'tree', name), 'w') as f:
            f.write(source.text)
        built = set()
        for test, sources in self.tests.items():
            if not any(name in self.needs[s] for s in sources):
                continue
            for s in sources:
                if name in self.needs[s] and s not in built:
                    self.compile(s, where)
                    built.add(s)
            how = self.run(self.link(test, where, name), max(LEAST, PATIENCE * self.takes[test]))
            if how:
                return f'{test}: {how}'
        return None

    def run(self, binary, timeout):
        env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT='TAP', TSAN_OPTIONS='halt_on_error=1')
        try:
            run = subprocess.run([binary], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 text=True, errors='replace', env=env, timeout=timeout)
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
        how = lab.seen_by(name, act)
    except Broken as e:
        return False, f'{what}: no longer applies: {e}'
    return (True, f'{what:<66} -> {how}') if how else (False, f'{what}: nobody saw it')


def main(lab, faults):
    """faults: (what it is, file, function that takes a Source and spoils it)."""
    print(f'1..{len(faults) + 1}', flush=True)
    try:
        how = lab.as_it_stands()
        if how:
            print(f'not ok 1 - as it stands: {how}\nBail out! nothing to compare faults with')
            sys.exit(1)
        print('ok 1 - as it stands')
        bad = 0
        for n, (ok, line) in enumerate(lab.pool.map(lambda f: judge(lab, *f), faults), 2):
            bad += not ok
            print(f'{"ok" if ok else "not ok"} {n} - {line}', flush=True)
    finally:
        lab.close()
    sys.exit(1 if bad else 0)


def text(old, new, within=None):
    """A fault that is another text in one place."""
    return lambda source: source.replace(old, new, within)
