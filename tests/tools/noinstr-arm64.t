#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
tools/check-noinstr on AArch64: what noinstr.t has of it for RISC-V, with the other compiler and limen's own
image at EL2, and its table of vectors. Environment: LIMEN_ARM64_BIN, LIMEN_ARM64_DEBUG_BIN, beside which
limen.elf and its objects are.
"""
import importlib.machinery
import importlib.util
import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
os.environ["ARCH"] = "arm64"
os.environ["CROSS"] = "aarch64-linux-gnu-"
os.environ["LIMEN_BIN"] = os.environ.get("LIMEN_ARM64_BIN", "build/arm64-release/limen.bin")
os.environ["LIMEN_DEBUG_BIN"] = os.environ.get("LIMEN_ARM64_DEBUG_BIN", "build/arm64-debug/limen.bin")


def load(path):
    loader = importlib.machinery.SourceFileLoader("noinstr", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("noinstr", loader))
    loader.exec_module(module)
    return module


NOINSTR = load(os.path.join(HERE, "noinstr.t"))

# There is no exception table here, nor a C library; and # begins no comment.
NOINSTR.PRELUDE = NOINSTR.PRELUDE.replace('#include "arch/riscv/extable.h"\n', "") + """
void *memset(void *p, int c, unsigned long n);
plain void *memset(void *p, int c, unsigned long n) { flag = c + (int)n; return p; }
"""
RISCV = ("EX_TABLE", "csr", "sret", "hlv")
NOINSTR.CASES = [(case[0], case[1].replace("nop # ", "nop // "), *case[2:]) for case in NOINSTR.CASES
                 if not any(word in case[1] for word in RISCV)]

IRQS_ON = '__asm__ volatile("msr daifclr, #2\\nisb\\nmsr daifset, #2" ::: "memory");\n'

NOINSTR.CASES += [
    ("right: what stands behind an ERET", NOINSTR.noinstr(
        '__asm__ volatile("cbz %0, 1f\\n eret\\n dsb nsh\\n isb\\n1:" ::"r"(p));'), None),
    ("right: conditional branches of all kinds", NOINSTR.noinstr(
        '__asm__ volatile("1: tbz %0, #3, 2f\\n cbnz %0, 2f\\n b.eq 1b\\n2:" ::"r"(p) : "cc");'), None),
    ("a branch outside on one bit", NOINSTR.noinstr(
        '__asm__ volatile("tbnz %0, #3, outside" ::"r"(p));'), NOINSTR.OUT),
    ("right: interrupts come on and go off where RCU watches", NOINSTR.noinstr(
        IRQS_ON + "window_opens();\nflag++;\nwindow_closed();\n" + IRQS_ON), None),
    ("right: interrupts are looked at and turned off in the window", NOINSTR.noinstr(
        'window_opens();\n__asm__ volatile("mrs %0, daif\\nmsr daifset, #2\\nmsr daifclr, #1" : "=r"(p));\n'
        "window_closed();"), None),
    ("interrupts on for an instant in the window", NOINSTR.noinstr(
        "window_opens();\nflag++;\n" + IRQS_ON + "window_closed();"), NOINSTR.IRQS),
    ("interrupts as a register has them", NOINSTR.noinstr(
        'window_opens();\n__asm__ volatile("msr daif, %0" ::"r"(p));\nwindow_closed();'), NOINSTR.IRQS),
    ("a return from an exception in the window", NOINSTR.noinstr(
        'window_opens();\nif (n) __asm__ volatile("eret");\nwindow_closed();'), NOINSTR.IRQS),
    ("a return through another register", NOINSTR.noinstr(
        '__asm__ volatile("cbz %0, 1f\\n ret x9\\n1:" ::"r"(p));'), "a jump through a register"),
]

NOINSTR.PATCHES = [case for case in NOINSTR.PATCHES if "hyp/riscv" not in case[1]]
NOINSTR.PATCHES += [
    ("hyp/arm64/irq.c without noinstr", "hyp/arm64/irq.c", "noinstr void trap_irq", "void trap_irq",
     NOINSTR.WINDOW),
    ("a vector leads to ordinary code", "arch/arm64/trap.c", "noinstr void trap_handle",
     "void trap_handle", r"code outside \.noinstr\.text is reached, trap_handle.*, from trap_vectors"),
    ("an early answer that is not noinstr", "arch/arm64/vcpu.c",
     "noinstr struct arch_vcpu *guest_early_answer", "struct arch_vcpu *guest_early_answer",
     NOINSTR.WINDOW + r"|code outside \.noinstr\.text is reached, guest_early_answer"),
]


def at_run_time(work, flags):
    """As there: an ordinary function called where the guest has come out. The suite's guests run."""
    judged, text = NOINSTR.patched(work, "debug", flags, (
        "run time", "entry/run.c", "arch_guest_run(run->arch);",
        "arch_guest_run(run->arch); (void)arch_hart_count();",
        "code outside .noinstr.text is reached, arch_hart_count"))
    base = os.path.join(work, "run-time-debug")
    if not judged:
        return False, text
    names = subprocess.run(f"{NOINSTR.CROSS}nm -nS {base}.elf | tools/mksyms > {base}-names.c", shell=True,
                           cwd=NOINSTR.TOP, check=False)
    objects = [o for o in flags[3] if not o.endswith("/entry/run.c.o")]
    for command in ([*flags[0], "-c", base + "-names.c", "-o", base + "-names.o"],
                    [*flags[0], *flags[1], base + ".o", base + "-names.o", *objects, *flags[2],
                     "-o", base + ".elf"],
                    [NOINSTR.CROSS + "objcopy", "-O", "binary", base + ".elf", base + ".bin"]):
        made = NOINSTR.run(command)
        if names.returncode or made.returncode:
            return False, made.stdout
    line = ["qemu-system-aarch64", "-M", "virt,virtualization=on,gic-version=3", "-cpu", "cortex-a57", "-m",
            "256M", "-nic", "none", "-display", "none", "-monitor", "none", "-serial", "stdio",
            "-no-reboot", "-kernel", base + ".bin", "-append", "selftest=conformance"]
    with NOINSTR.qemu.Qemu("noinstr-arm64", line=line) as machine:
        try:
            machine.expect(r"panic: RCU is not watching in arch_hart_count\(\), called from "
                           r"guest_run_loop\(\)")
            machine.expect(r"the machine ends: failed")
            return True, machine.tail()
        except NOINSTR.qemu.Failure as failure:
            return False, failure


NOINSTR.at_run_time = at_run_time

if __name__ == "__main__":
    NOINSTR.main()
