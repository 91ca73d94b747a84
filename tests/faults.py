# SPDX-License-Identifier: BSD-2-Clause
"""Puts one fault at a time into a copy of a file, builds unit tests with the copy in its place, and
says which test saw it. A fault that cannot be put in any more, or that does not compile, fails:
so does a fault that no test sees. Output is TAP, with the table as comments.

Objects are built once as they stand, when a test is first asked. A fault builds again only what the
preprocessor said depends on the file that it spoils, in a folder of its own, so that some faults are
tried at a time. Who saw a fault is remembered under build/, and asked first the next time.
"""
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CC = os.environ.get('HOSTCC', 'gcc')
FLAGS = ['-std=gnu11', '-O0', '-Wall', '-DLIMEN_DEBUG=1', '-DLIMEN_STEPS=1']
JOBS = 2
# A fault may hang a test: it has some times what the test takes as it stands, and at least LEAST, in
# seconds that it had a CPU; and ASLEEP times as much in all.
PATIENCE = 4
LEAST = 5
ASLEEP = 10


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
    """What unit tests are made of besides lib/ and arch/host/: make knows."""
    lines = ' '.join(f'echo {test} $({test}-test) $({test}-srcs);' for test in tests)
    env = {k: v for k, v in os.environ.items() if k not in ('MAKEFLAGS', 'MAKELEVEL', 'MFLAGS')}
    out = subprocess.run(['make', '-s', '--no-print-directory', '-C', ROOT,
                          f'--eval=.PHONY: unit-sources\nunit-sources:;@{lines}', 'unit-sources'],
                         stdout=subprocess.PIPE, text=True, check=True, env=env).stdout
    sources = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
    made = sorted({s for some in sources.values() for s in some if s.startswith('build/')})
    if made:
        subprocess.run(['make', '-s', '--no-print-directory', '-C', ROOT, *made], check=True, env=env,
                       stdout=subprocess.DEVNULL)
    return sources


MEMORY = os.path.join(ROOT, 'build', 'faults-seen.json')


def remembered():
    """Who saw each fault the last time."""
    try:
        with open(MEMORY, encoding='utf-8') as f:
            return json.load(f)
    except (OSError, ValueError):
        return {}


class Lab:
    """A scratch folder with the objects as they stand. tests: names of unit tests; a fault is
    shown to each in turn, of those that the spoilt file is part of, until one sees it: first who saw
    it the last time, then those whose own source the file is, then the quick ones."""

    def __init__(self, tests, extra=()):
        self.dir = tempfile.mkdtemp(prefix='limen-faults-')
        self.extra = list(extra)
        base = self.base()
        self.own = {t: set(sources) for t, sources in unit_sources(tests).items()}
        self.tests = {t: sorted({*own, *base}) for t, own in self.own.items()}
        self.locks = {t: threading.Lock() for t in tests}
        self.takes = {}  # test -> seconds, once it was run as it stands
        self.red = {}    # test -> how it fails as it stands
        self.built, self.building = {}, threading.Lock()  # source -> its object's future
        self.pool = concurrent.futures.ThreadPoolExecutor(JOBS)
        sources = sorted({s for sources in self.tests.values() for s in sources})
        self.needs = dict(zip(sources, self.pool.map(self.scan, sources)))
        self.seen = remembered()

    def base(self):
        """What every test is made of."""
        return [f'{folder}/{f}' for folder in ('lib', 'arch/host')
                for f in os.listdir(os.path.join(ROOT, folder)) if f.endswith('.c')]

    def link_flags(self):
        return self.extra

    def close(self):
        self.pool.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(self.dir)
        if os.path.isdir(os.path.dirname(MEMORY)):
            new = f'{MEMORY}.{os.getpid()}'
            with open(new, 'w', encoding='utf-8') as f:
                json.dump({**remembered(), **self.seen}, f, indent=0, sort_keys=True)
            os.replace(new, MEMORY)

    def command(self, path, tree):
        flags = [option + os.path.join(top, folder) for top in (tree, ROOT) for option, folder in (
                 ('-I', ''), ('-I', 'arch/host'), ('-iquote', 'hyp/riscv'), ('-iquote', 'guest/riscv'))]
        return [CC, *FLAGS, *self.extra, *flags, path]

    def scan(self, source):
        """The files that it is made of."""
        run = subprocess.run([*self.command(os.path.join(ROOT, source), self.dir), '-MM'],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if run.returncode:
            raise Broken('does not compile: ' + run.stderr.strip().split('\n')[0])
        files = run.stdout.replace('\\\n', ' ').split()[1:]
        return {os.path.relpath(os.path.realpath(n), ROOT) for n in files}

    def compile(self, source, where):
        """Builds source into the folder where, files that lie in its tree before all others."""
        tree = os.path.join(where, 'tree')
        path = os.path.join(tree, source)
        out = os.path.join(where, source.replace('/', '_') + '.o')
        run = subprocess.run([*self.command(path if os.path.exists(path)
                                            else os.path.join(ROOT, source), tree),
                              '-c', '-o', out], stderr=subprocess.PIPE, text=True)
        if run.returncode:
            raise Broken('does not compile: ' + run.stderr.strip().split('\n')[0])
        return out

    def compile_once(self, source):
        """As it stands; who comes later waits for who came first."""
        with self.building:
            future = self.built.get(source)
            mine = future is None
            if mine:
                future = self.built[source] = concurrent.futures.Future()
        if mine:
            try:
                future.set_result(self.compile(source, self.dir))
            except Broken as e:
                future.set_exception(e)
        return future.result()

    def link(self, test, where, spoilt):
        objects = [os.path.join(where if spoilt in self.needs[s] else self.dir,
                                s.replace('/', '_') + '.o') for s in self.tests[test]]
        out = os.path.join(where, test)
        subprocess.run([CC, *self.link_flags(), '-o', out, *objects, '-lcmocka', '-lfdt',
                        '-lmd', '-pthread'], check=True)
        return out

    def stands(self, test):
        """Builds and runs a test as it stands, once. Is it green? Only such a one is asked."""
        with self.locks[test]:
            if test not in self.takes:
                for s in self.tests[test]:
                    self.compile_once(s)
                binary = self.link(test, self.dir, None)
                start = time.monotonic()
                how = self.run(binary, None)
                if how:
                    self.red[test] = how
                self.takes[test] = time.monotonic() - start
        return test not in self.red

    def as_it_stands(self):
        """Builds all, and returns how tests fail without any fault, or None. Those that do are
        asked no more."""
        list(self.pool.map(self.stands, list(self.tests)))
        return self.fails()

    def fails(self):
        """How those that were asked so far fail as they stand, or None."""
        return '; '.join(f'{t}: {how}' for t, how in self.red.items()) or None

    def candidates(self, what, name):
        """Who can see a fault in the file, the likely ones first."""
        def rank(test):
            direct = any(name in self.needs[s] for s in self.own[test] if s == name or
                         s.startswith('tests/'))
            return (self.seen.get(what) != test, not direct, self.takes.get(test, 0))
        return sorted((t for t, sources in self.tests.items()
                       if any(name in self.needs[s] for s in sources)), key=rank)

    def seen_by(self, what, name, act):
        """Spoils the file name and returns how the first test that sees it ends, or None. what it is
        called is how it is remembered."""
        where = tempfile.mkdtemp(dir=self.dir)
        with open(os.path.join(ROOT, name)) as f:
            source = Source(f.read())
        act(source)
        os.makedirs(os.path.join(where, 'tree', os.path.dirname(name)))
        with open(os.path.join(where, 'tree', name), 'w') as f:
            f.write(source.text)
        built = set()
        for test in self.candidates(what, name):
            if not self.stands(test):
                continue
            for s in self.tests[test]:
                if name in self.needs[s] and s not in built:
                    self.compile(s, where)
                    built.add(s)
            how = self.run(self.link(test, where, name), max(LEAST, PATIENCE * self.takes[test]))
            if how:
                self.seen[what] = test
                shutil.rmtree(where)
                return f'{test}: {how}'
        shutil.rmtree(where)
        return None

    def run(self, binary, timeout):
        env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT='TAP', TSAN_OPTIONS='halt_on_error=1')
        command, asleep = [binary], None
        if timeout:
            command = ['sh', '-c', f'ulimit -t {int(timeout) + 1}; exec "$0"', binary]
            asleep = ASLEEP * timeout
        try:
            run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 text=True, errors='replace', env=env, timeout=asleep)
        except subprocess.TimeoutExpired:
            return 'hangs'
        if run.returncode in (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGPROF, -signal.SIGALRM):
            return 'hangs'
        if run.returncode == 0:
            return None
        for pattern in (r'data race', r'check failed: .*', r'weak: .*', r'^ERROR: (.*)', r'^not ok \d+ - (.*)'):
            hit = re.search(pattern, run.stdout, re.M)
            if hit:
                return hit.group(hit.lastindex or 0)
        return f'exit status {run.returncode}'


class WeakLab(Lab):
    """The same for unit tests of the weak machine (arch/host/weak), which is what the sanitizer's calls of
    the code under test lead to; it and the machine below are built without."""

    WRAPPED = ('arch_kick', 'arch_wait', 'host_irq_on', 'host_irq_raise', 'host_relax')

    def base(self):
        return [*super().base(), 'arch/host/weak/weak.c']

    def command(self, path, tree):
        machine = '/arch/host/' in path
        return [*super().command(path, tree),
                *([] if machine else ['-fsanitize=thread', '-D__no_sanitize='])]

    def link_flags(self):
        return [f'-Wl,--wrap={name}' for name in self.WRAPPED]


def judge(lab, what, name, act):
    try:
        how = lab.seen_by(what, name, act)
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
