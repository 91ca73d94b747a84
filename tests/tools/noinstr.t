#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
tools/check-noinstr: green on limen.elf as it was linked, red on each kind of violation. Most are
planted in a small program, built as release and as debug build; some in limen's own sources, linked
with the objects that are there. And what the tool cannot see stops the debug build at run time: an
instrumented function looks whether RCU is watching. Environment: LIMEN_BIN, LIMEN_DEBUG_BIN, beside which these are.
"""
import concurrent.futures
import os
import re
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests"))
sys.path.insert(0, os.path.join(TOP, "tests/boot"))
import fits  # noqa: E402
import qemu  # noqa: E402
from tap import Tap  # noqa: E402

CROSS = os.environ.get("CROSS", "riscv64-unknown-elf-")

PRELUDE = """
#include "arch/riscv/extable.h"
#include "lib/compiler.h"
#define plain __attribute__((noinline))
extern int flag;
extern char bytes[];
extern const unsigned long __stack_chk_guard;
void __cyg_profile_func_enter(void *fn, void *site);
void __cyg_profile_func_exit(void *fn, void *site);
void __stack_chk_fail(void);
void arch_panic(int why);
void outside(void);
void good(void);
void f(int n, char *p, void (*fn)(void));
void _start(void);
int flag;
char bytes[4096];
const unsigned long __stack_chk_guard = 1;
noinstr void __cyg_profile_func_enter(void *fn, void *site) { (void)fn; (void)site; barrier(); }
noinstr void __cyg_profile_func_exit(void *fn, void *site) { (void)fn; (void)site; barrier(); }
plain void __stack_chk_fail(void) { for (;;) barrier(); }
plain void arch_panic(int why) { flag = why; for (;;) barrier(); }
plain void outside(void) { barrier(); flag++; }
noinstr void good(void)
{
	window_opens();
	flag++;
	window_closed();
	instrumentation_begin();
	outside();
	instrumentation_end();
	barrier();
}
"""
START = """
void _start(void)
{
	good();
	f(flag, bytes, outside);
	for (;;)
		barrier();
}
"""

# f(int n, char *p, void (*fn)(void)) in braces; what stands before it comes first.
def noinstr(body, before=""):
    return before + "\nnoinstr void f(int n, char *p, void (*fn)(void))\n{\n" \
        "\t(void)n; (void)p; (void)fn;\n" + body + "\n\tbarrier();\n}\n"


def ordinary(body, before=""):
    return noinstr(body, before).replace("\nnoinstr void f", "\nplain void f")


OUT = r"code outside \.noinstr\.text is reached, outside"
WINDOW = r"outside \.noinstr\.text while RCU is not watching"
EARLY = r"instrumentation_begin\(\) where RCU may not be watching"
IRQS = "interrupts may come on while RCU is not watching"
IRQS_ON = '__asm__ volatile("csrsi sstatus, 2\\ncsrci sstatus, 2" ::: "memory");\n'
POINTER = "a pointer of RCU's is read while RCU is not watching"
REGISTER = r"a call through a register"
INNER = "__window void inner(int n)\n{\n\tif (!n)\n\t\treturn;\n\tinstrumentation_begin();\n" \
    "\toutside();\n\tinstrumentation_end();\n}\n"
SWITCH = "\tswitch (n) {\n" + "".join(
    f'\tcase {i}: __asm__ volatile("nop # {i}"); flag += {i * i + 3}; break;\n'
    for i in range(12)) + "\t}\n"

# What, source, what the checker says (None: nothing), flags besides.
CASES = [
    ("right: a call between the marks", noinstr(
        "instrumentation_begin();\nif (n) outside();\nfn();\ninstrumentation_end();"), None),
    ("right: marks within marks, on one path", noinstr(
        "instrumentation_begin();\ninner(n);\noutside();\ninner(flag);\ninstrumentation_end();\n"
        "inner(n);", INNER), None),
    ("right: a loop with marks inside", noinstr(
        "while (flag) {\nif (flag & n) { inner(n); continue; }\ninstrumentation_begin();\nfn();\n"
        "instrumentation_end();\n}", INNER), None),
    ("right: a check that fails in the window", noinstr(
        "window_opens();\nif (flag) arch_panic(1);\nwindow_closed();"), None),
    ("right: a window in two functions", ordinary(
        "opens();\nbarrier();\nflag++;", "noinstr static void both(void) { flag++; }\n"
        "noinstr static void opens(void)\n"
        "{\nwindow_opens();\nboth();\nwindow_closed();\nbarrier();\n}\n"), None),
    ("call outside", noinstr("outside();"), OUT),
    ("tail call outside", noinstr("outside();").replace("\n\tbarrier();\n}", "\n}"), OUT),
    ("call outside on one path", noinstr("if (n == 7) outside();"), OUT),
    ("call outside after the end", noinstr(
        "instrumentation_begin();\noutside();\ninstrumentation_end();\noutside();"), OUT),
    ("call outside out of a noinstr function that was called", noinstr(
        "inside();", "noinstr static void inside(void) { outside(); barrier(); }"), OUT),
    ("library call: memset", noinstr("__builtin_memset(p, n, 4000);"),
     "a library function is reached, memset"),
    ("library call: arithmetic", noinstr("*(__int128 *)p /= n;"),
     r"a library function is reached, __divti3"),
    ("hook of an inlined callee", noinstr(
        "inlined();", "static __always_inline void inlined(void) { flag++; }"),
     "a compiler's hook is reached, __cyg_profile_func_enter", "-finstrument-functions"),
    ("hook: stack protector", noinstr(
        'char b[64];\n__asm__ volatile("" ::"r"(b) : "memory");').replace(
            "noinstr void", '__attribute__((noinline, section(".noinstr.text"), '
            'no_instrument_function)) void'),
     "a compiler's hook is reached, __stack_chk_fail", "-fstack-protector-all"),
    ("switch table", noinstr(SWITCH), r"a jump through a register", "-fjump-tables"),
    ("switch table between the marks", noinstr(
        "instrumentation_begin();\n" + SWITCH + "instrumentation_end();"),
     r"a jump through a register", "-fjump-tables"),
    ("indirect call", noinstr("fn();"), REGISTER),
    ("indirect tail call", noinstr("fn();").replace("\n\tbarrier();\n}", "\n}"),
     "a (jump|call) through a register"),
    ("instrumentation_end() missing", noinstr("instrumentation_begin();\noutside();"),
     r"returns before instrumentation_end\(\)"),
    ("instrumentation_end() missing on one path", noinstr(
        "instrumentation_begin();\noutside();\nif (n) { flag = n; return; }\n"
        "instrumentation_end();\nflag = 0;"),
     r"returns before instrumentation_end\(\)|one path to here"),
    ("instrumentation_begin() on one path", noinstr(
        "if (n) { instrumentation_begin(); flag++; }\noutside();\n"
        "if (n) { flag--; instrumentation_end(); }"), OUT + "|one path to here"),
    ("window in ordinary code", ordinary("window_opens();\nflag++;\nwindow_closed();"), WINDOW),
    ("window left open for ordinary code", ordinary(
        "opens();", "noinstr static void opens(void) { window_opens(); flag++; }"), WINDOW),
    ("ordinary code in a window", noinstr("window_opens();\noutside();\nwindow_closed();"), OUT),
    ("marks in a window", noinstr("window_opens();\ninstrumentation_begin();\noutside();\n"
                                  "instrumentation_end();\nwindow_closed();"), EARLY),
    ("marks in a function called in a window", noinstr(
        "window_opens();\ninner(n);\nwindow_closed();", INNER.replace("__window", "noinstr static")),
     EARLY + r".*, from f\+"),
    ("window between the marks", noinstr("instrumentation_begin();\nwindow_opens();\nflag++;\n"
                                         "window_closed();\ninstrumentation_end();"),
     "RCU stops watching where instrumentation is allowed"),
    ("a place that is patched", noinstr("flag++;").replace(
        "noinstr void f", "__attribute__((patchable_function_entry(4))) noinstr void f"),
     "a place that is patched, in __patchable_function_entries"),
    ("an instruction that may fault", noinstr(
        '__asm__ volatile("1: ld %0, 0(%1)\\n2:" EX_TABLE(1b, 2b) : "=r"(n) : "r"(p));'),
     "may fault: it is in the exception table"),
    ("right: interrupts come on and go off where RCU watches", noinstr(
        IRQS_ON + "window_opens();\nflag++;\nwindow_closed();\n" + IRQS_ON), None),
    ("right: interrupts are looked at and turned off in the window", noinstr(
        'window_opens();\n__asm__ volatile("csrr %0, sstatus\\ncsrci sstatus, 2\\ncsrc sstatus, %0\\n'
        'csrsi sstatus, 1\\ncsrw sstatus, zero" : "=r"(n));\nwindow_closed();'), None),
    ("right: a pointer is read where RCU watches", noinstr(
        "rcu_pointer_read();\nflag++;\nwindow_opens();\nflag++;\nwindow_closed();\nrcu_pointer_read();"), None),
    ("interrupts on for an instant in the window", noinstr(
        "window_opens();\nflag++;\n" + IRQS_ON + "window_closed();"), IRQS),
    ("interrupts on in a function called in the window", noinstr(
        "window_opens();\nopen();\nwindow_closed();", "noinstr static void open(void) { " + IRQS_ON +
        "barrier(); }\n"), IRQS + r".*, from f\+"),
    ("interrupts on for an instant on one path", noinstr(
        "window_opens();\nif (n) {" + IRQS_ON + "}\nwindow_closed();"), IRQS),
    ("interrupts as a register has them", noinstr(
        'window_opens();\n__asm__ volatile("csrs sstatus, %0" ::"r"(n));\nwindow_closed();'), IRQS),
    ("all of sstatus from a register", noinstr(
        'window_opens();\n__asm__ volatile("csrrw %0, sstatus, %0" : "+r"(n));\nwindow_closed();'), IRQS),
    ("a return from a trap in the window", noinstr(
        'window_opens();\nif (n) __asm__ volatile("sret");\nwindow_closed();'), IRQS),
    ("a load of the guest's in the window", noinstr(
        'window_opens();\n__asm__ volatile(".option push\\n.option arch, +h\\nhlv.w %0, (%1)\\n.option pop" '
        ': "=r"(n) : "r"(p));\nwindow_closed();'), "may fault by a guest's doing"),
    ("a pointer of RCU's in the window", noinstr(
        "window_opens();\nrcu_pointer_read();\nflag++;\nwindow_closed();"), POINTER),
    ("a pointer of RCU's on one path in the window", noinstr(
        "window_opens();\nif (n) { flag++;\nrcu_pointer_read();\nflag += n; }\nflag++;\nwindow_closed();"),
     POINTER),
]

# Name, file, text in it, what stands there instead, what the checker says.
PATCHES = [
    ("entry/idle.c without noinstr", "entry/idle.c", "noinstr void idle_wait_irqoff",
     "void idle_wait_irqoff", WINDOW),
    ("hyp/riscv/irq.c without noinstr", "hyp/riscv/irq.c", "noinstr void trap_irq", "void trap_irq", WINDOW),
    ("entry/run.c: guest_run() without its last instrumentation_end()", "entry/run.c",
     "trace_guest_exit(run->arch);\n\tinstrumentation_end();", "trace_guest_exit(run->arch);",
     r"guest_run_loop\+.*: (RCU stops watching where|instrumentation)"),
    ("entry/run.c: a helper called in the window", "entry/run.c",
     "arch_guest_run(run->arch);", "arch_guest_run(run->arch); vtime_hart_init();",
     r"guest_run_loop\+.*code outside \.noinstr\.text is reached, vtime_hart_init"),
    ("entry/run.c: interrupts taken before RCU watches", "entry/run.c", "run->entries++;",
     "run->entries++;\n\tarch_irq_take_pending();", r"guest_run_loop\+.*" + IRQS),
    ("entry/idle.c: interrupts on for the wait", "entry/idle.c", "arch_wait();",
     "arch_irq_on(); arch_wait(); arch_irq_off();", r"idle_wait_irqoff\+.*" + IRQS),
]


def place_of(build):
    """The folder in which limen was built."""
    variable = "LIMEN_BIN" if build == "release" else "LIMEN_DEBUG_BIN"
    return os.path.dirname(os.environ.get(variable, f"build/riscv-{build}/limen.bin"))


def flags_of(build):
    """Compiler with flags, flags of the link, libraries, objects: as make has them."""
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    out = subprocess.run(["make", "-s", "--no-print-directory", f"BUILD={build}",
                          f"OUT={place_of(build)}", "print-flags"],
                         cwd=TOP, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return [shlex.split(line) for line in out.stdout.splitlines()]


def run(command):
    return subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)


def check(elf):
    return run([os.path.join(TOP, "tools/check-noinstr"), elf])


def judge(elf, expected):
    """Is what the checker says what was expected? And the words to show if not."""
    got = check(elf)
    if expected is None:
        return got.returncode == 0 and not got.stdout, got.stdout
    lines = got.stdout.splitlines()
    good = got.returncode == 1 and any(re.search(expected, line) for line in lines)
    form = all(re.match(r"check-noinstr: [\w.]+(\+0x[0-9a-f]+)? \([0-9a-f]+\): .*: .+", line)
               for line in lines)
    return good and form, got.stdout or "the checker says nothing"


def build_and_judge(work, name, source, compiler, link, objects, expected):
    """Compiles a source, links it with objects, and has it checked."""
    base = os.path.join(work, re.sub(r"\W+", "-", name))
    with open(base + ".c", "w", encoding="utf-8") as f:
        f.write(source)
    elf = base + ".elf"
    for command in ([*compiler, "-c", base + ".c", "-o", base + ".o"],
                    [*compiler, *link[0], base + ".o", *objects, *link[1], "-o", elf]):
        made = run(command)
        if made.returncode:
            return False, " ".join(command[-4:]) + "\n" + made.stdout
    return judge(elf, expected)


def small(work, build, flags, case):
    name, body, expected, *more = case
    compiler = [*flags[0], "-Wno-missing-prototypes", *more]
    if build == "debug" and "inlined callee" not in name:
        compiler.append("-fno-instrument-functions")
    return build_and_judge(work, f"{name} {build}", PRELUDE + body + START, compiler, flags[1:3],
                           [], expected)


def patched(work, build, flags, case):
    name, path, old, new, expected = case
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        text = f.read()
    if text.count(old) != 1:
        return False, f"{path}: {text.count(old)} places instead of one: {old}"
    objects = [o for o in flags[3] if not o.endswith(f"/{path}.o")]
    return build_and_judge(work, f"{name} {build}", text.replace(old, new), flags[0], flags[1:3],
                           objects, expected)


def at_run_time(work, flags):
    """An ordinary function called where the guest has come out, linked all the same: what does the
    debug build say?"""
    judged, text = patched(work, "debug", flags, (
        "run time", "entry/run.c", "arch_guest_run(run->arch);",
        "arch_guest_run(run->arch); (void)arch_hart_count();",
        "code outside .noinstr.text is reached, arch_hart_count"))
    base = os.path.join(work, "run-time-debug")
    if not judged:
        return False, text
    names = subprocess.run(f"{CROSS}nm -nS {base}.elf | tools/mksyms > {base}-names.c", shell=True,
                           cwd=TOP, check=False)
    objects = [o for o in flags[3] if not o.endswith("/entry/run.c.o")]
    for command in ([*flags[0], "-c", base + "-names.c", "-o", base + "-names.o"],
                    [*flags[0], *flags[1], base + ".o", base + "-names.o", *objects, *flags[2],
                     "-o", base + ".elf"],
                    [CROSS + "objcopy", "-O", "binary", base + ".elf", base + ".bin"]):
        made = run(command)
        if names.returncode or made.returncode:
            return False, made.stdout
    payload = fits.fit(fits.config(fits.vm()), {"kernel": fits.guest("sbi-base")})
    with open(base + ".bin", "rb") as f, open(base + ".img", "wb") as image:
        image.write(fits.PACK.join(f.read(), payload))
    with qemu.Qemu("noinstr", kernel=base + ".img", memory="256M") as machine:
        try:
            machine.expect(r"panic: RCU is not watching in arch_hart_count\(\), called from "
                           r"guest_run_loop\(\)")
            return machine.wait() > 0, machine.tail()
        except qemu.Failure as failure:
            return False, failure


def blind(work):
    """A file in which nothing could be found is not a good one."""
    elf = os.path.join(work, "right-a-call-between-the-marks-release.elf")
    bare = os.path.join(work, "bare.elf")
    run([CROSS + "objcopy", "-R", ".limen.marks", elf, bare])
    got = check(bare)
    return got.returncode == 1 and "nothing could be found" in got.stdout, got.stdout


def main():
    tap = Tap()
    flags = {build: flags_of(build) for build in ("release", "debug")}
    jobs = []
    with tempfile.TemporaryDirectory() as work, \
            concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for build in flags:
            jobs += [(f"{build}: {case[0]}", pool.submit(small, work, build, flags[build], case))
                     for case in CASES]
            elf = os.path.join(TOP, place_of(build), "limen.elf")
            if not os.path.exists(elf):
                tap.skip(f"{build}: limen.elf", "not built")
                continue
            jobs.append((f"{build}: limen.elf is right", pool.submit(judge, elf, None)))
            jobs += [(f"{build}: {case[0]}", pool.submit(patched, work, build, flags[build], case))
                     for case in PATCHES]
        for name, job in jobs:
            good, text = job.result()
            tap.ok(good, name, text)
        if os.path.exists(os.path.join(TOP, place_of("debug"), "limen.elf")):
            good, text = at_run_time(work, flags["debug"])
            tap.ok(good, "debug: a violation at run time is a panic with both names", text)
        good, text = blind(work)
        tap.ok(good, "a file without marks is refused", text)
    tap.done()


if __name__ == "__main__":
    main()
