#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Runs the bare-metal test guests of tests/guests as limen's guests. Arguments: names of the guests
to run (default: all), or guest/variant.

What a guest is to do stands in its first comment:

    # expect: pass			all its tests pass; the machine ends with status 0
    # expect: report REGEX		limen stops it and says why; the status is not 0
    # expect: hang REGEX		it says so, and then nothing ends it
    # harts: N				vCPUs it wants
    # aia: none			the interrupt controller it has to have; nothing: the best there is
    # also: REGEX			must be on the console, too
    # log: REGEX			limen says so
    # bare: differs|never ends		what it does on the firmware alone; nothing: the same

Environment: see images.py, and LIMEN_GUESTS (build/guests), where the guests' binaries are.
"""
import os
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import images  # noqa: E402
import qemu  # noqa: E402
from tap import Tap, bail_out  # noqa: E402

SOURCES = os.path.join(images.TOP, "tests/guests")
BINARIES = os.environ.get("LIMEN_GUESTS") or os.path.join(images.TOP, "build/guests")
MEMORY = "32M"
BARE = images.STANDIN

# Machines: cpu, physical harts (None: as many as vCPUs), vCPUs (None: what the guest wants),
# limen's arguments, kind of binary.
MACHINES = {
    "rv64": ("rv64", None, None, None, "bin"),
    "elf": ("rv64", None, None, None, "elf"),
    "max": ("max", None, None, None, "bin"),
    "no-sstc": ("rv64,sstc=off", None, None, None, "bin"),
    "hide-all": ("rv64", None, None, "hide=all", "bin"),
    "hide-all-max": ("max", None, None, "hide=all", "bin"),
    "svadu": ("rv64", None, None, "hide=svade", "bin"),
    "svade-and-svadu": ("rv64", None, None, None, "bin"),
    "one-hart": ("rv64", 1, None, None, "bin"),
    "one-hart-max": ("max", 1, None, None, "bin"),
    "one-hart-hide-all": ("rv64", 1, None, "hide=all", "bin"),
    "one-vcpu": ("rv64", 1, 1, None, "bin"),
    "three": ("rv64", 2, 3, None, "bin"),
    "aia-0": ("rv64", None, None, None, "bin"),
    "aia-1": ("rv64", None, None, None, "bin"),
    "aia-7": ("rv64", None, None, None, "bin"),
    "aia-max": ("max", None, None, None, "bin"),
    "aia-no-stateen": ("max", None, None, "hide=stateen", "bin"),
    "aia-no-sstc": ("rv64,sstc=off", None, None, None, "bin"),
    "aia-hide-all": ("rv64", None, None, "hide=all", "bin"),
    "aia-one-hart": ("rv64", 1, None, None, "bin"),
    "aia-three": ("rv64", 2, 3, None, "bin"),
    "aia-four": ("max", 2, 4, None, "bin"),
    "aplic": ("rv64", None, None, None, "bin"),
    "aplic-one-hart": ("rv64", 1, None, None, "bin"),
}

# Of those with AIA: how many files each hart has for guests.
FILES = {"aia-0": 0, "aia-7": 7, "aia-four": 3}


def qemu_machine(variant):
    """QEMU's -M."""
    return f"virt,aia=aplic-imsic,aia-guests={FILES.get(variant, 1)}" \
        if variant.startswith("aia-") else "virt"


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        bail_out(f"{command[0]}: {done.stderr.strip()}")
    return done.stdout


def tree_with_both(cpu, harts):
    """A tree that lists Svade beside Svadu, as QEMU's own never does: firmware has updating off then,
    until it is asked."""
    tree = os.path.join(images.OUT, f"svade-and-svadu-{harts}.dtb")
    output_of("qemu-system-riscv64", "-M", f"virt,dumpdtb={tree}", "-cpu", cpu, "-smp", str(harts), "-m", "256M",
               "-display", "none")
    for i in range(harts):
        for name in ("riscv,isa-extensions", "riscv,isa"):  # OpenSBI 1.5 reads the second
            value = output_of("fdtget", tree, f"/cpus/cpu@{i}", name).strip()
            value = re.sub(r"([ _])svadu(?![a-z])", r"\1svade\1svadu", value)
            output_of("fdtput", "-t", "s", tree, f"/cpus/cpu@{i}", name, *value.split(" "))
    return ["-dtb", tree]


def guest_aia(variant):
    """The configuration's property, where a guest gets something else than what the harts offer."""
    return "aplic" if variant.startswith("aplic") else None


# What a guest may leave out, by its reason, and where: a test that is skipped elsewhere has failed.
MAY_SKIP = [
    (r"D is there", lambda variant, cpu: True),
    (r"no V|no D or no V", lambda variant, cpu: not cpu.startswith("max")),
    (r"no Zicntr", lambda variant, cpu: False),
    (r"svadu is there", lambda variant, cpu: "hide-all" not in variant),
    (r"no svadu", lambda variant, cpu: "hide-all" in variant or variant == "svadu"),
    (r"svade is there", lambda variant, cpu: variant != "svadu"),
    (r"WFI ends at once", lambda variant, cpu: bool(qemu.SIMULATOR)),
    (r"no Sstc", lambda variant, cpu: "no-sstc" in variant or "hide-all" in variant),
    (r"one hart|less than three harts", lambda variant, cpu: variant == "one-vcpu"),
    (r"no AIA", lambda variant, cpu: not variant.startswith(("aia-", "aplic")) or
     variant == "aia-hide-all"),
    (r"no interrupt files", lambda variant, cpu: variant.startswith("aplic")),
    (r"with interrupt files", lambda variant, cpu: variant.startswith("aia-")),
    (r".*\b(OpenSBI|QEMU)\b.*", lambda variant, cpu: BARE),
]

# Every guest runs on rv64; these on others too.
MORE = {
    "sbi-base": ["elf", "max", "hide-all"],
    "sbi-time": ["no-sstc", "hide-all", "one-hart", "one-hart-hide-all", "one-vcpu"],
    "timer-sstc": ["max", "no-sstc", "hide-all", "one-hart"],
    "sbi-ipi": ["max", "hide-all", "one-hart", "one-vcpu"],
    "sbi-rfence": ["max", "hide-all", "one-hart", "one-vcpu"],
    "sbi-hsm": ["max", "hide-all", "one-hart", "three", "one-vcpu"],
    "sbi-pmu": ["max", "no-sstc", "hide-all", "one-hart", "one-vcpu"],
    "sbi-susp": ["max", "no-sstc", "hide-all", "one-hart", "three", "one-vcpu"],
    "sbi-sta": ["max", "hide-all", "one-hart", "one-hart-hide-all", "three", "one-vcpu"],
    "sbi-fwft": ["max", "hide-all", "svadu", "svade-and-svadu", "one-hart", "one-vcpu"],
    "mmio": ["max", "hide-all", "hide-all-max"],
    "plic": ["max", "hide-all"],
    "fp": ["max", "one-hart", "one-hart-max"],
    "wfi": ["max", "no-sstc", "hide-all", "one-hart", "one-hart-hide-all", "one-vcpu"],
    "smp": ["max", "hide-all", "one-hart", "three"],
    "bad-sbi": ["max"],
    "illegal": ["max", "hide-all", "aia-max", "no-sstc"],
    "fault-access": ["max", "hide-all", "hide-all-max", "aia-max"],
    "fault-walk": ["hide-all"],
    "fault-nested": ["hide-all"],
    "fault-race": ["hide-all"],
    "fault-table": ["hide-all"],
    "aia": ["aia-0", "aia-1", "aia-7", "aia-max", "aia-no-stateen", "aia-no-sstc", "aia-hide-all",
            "aia-one-hart", "aia-three", "aia-four", "aplic", "aplic-one-hart"],
    "aia-load": ["aia-0", "aia-1", "aia-7"],
    "aia-pingpong": ["aia-0", "aia-1"],
}


class Guest:
    """A guest's source, as far as it says what is to happen."""

    def __init__(self, path):
        self.name = os.path.basename(path)[:-2]
        with open(path, encoding="utf-8") as f:
            said = dict(re.findall(r"^ \* # (\w+): (.+)$", f.read(), re.MULTILINE))
        self.what, _, self.regex = said.get("expect", "").partition(" ")
        if self.what not in ("pass", "report", "hang"):
            bail_out(f"{path}: no line '# expect: pass', '# expect: report ...' or such")
        self.harts = int(said.get("harts", "1"))
        self.aia = said.get("aia")
        self.also = said.get("also")
        self.log = said.get("log")
        self.bare = said.get("bare")


def all_guests():
    """Those with an expect line, but for the bench, which tools/bench runs."""
    found = {}
    for name in sorted(os.listdir(SOURCES)):
        with open(os.path.join(SOURCES, name), encoding="utf-8") \
                if name.endswith(".c") else open(os.devnull, encoding="utf-8") as f:
            if name != "bench.c" and "# expect:" in f.read():
                found[name[:-2]] = Guest(os.path.join(SOURCES, name))
    return found


def image(binary, vcpus, aia):
    """An image with this one guest."""
    os.makedirs(images.OUT, exist_ok=True)
    base = os.path.join(images.OUT, f"{os.path.basename(binary)}-{vcpus}-{aia}")
    images.tool("mkconfig", "-o", base + ".dts", "--name", "guest", "--cpus", str(vcpus),
                "--memory", MEMORY, *(["--aia", aia] if aia else []))
    images.tool("pack", "-o", base + ".img", "--limen",
                images.path("LIMEN_BIN", "build/riscv-release/limen.bin"), "--config", base + ".dts",
                "--payload", "kernel=" + binary)
    return base + ".img"


def may_skip(variant, why):
    return any(re.fullmatch(reason, why) and where(variant, MACHINES[variant][0])
               for reason, where in MAY_SKIP)


def problems_of_tests(text, variant):
    """What is wrong with the TAP lines of a guest that ran on its own."""
    bad = re.findall(r"^(?:not ok|Bail out!).*", text, re.MULTILINE)
    bad += [line for line in re.findall(r"^(?:ok \d|1\.\.0).*# SKIP.*", text, re.MULTILINE)
            if not may_skip(variant, line.partition("# SKIP ")[2])]
    plan = re.search(r"^1\.\.(\d+)(?: # SKIP.*)?$", text, re.MULTILINE)
    passed = len(re.findall(r"^ok \d+ - ", text, re.MULTILINE))
    if bad:
        return "; ".join(bad)
    if not plan:
        return "it did not come to its end"
    return "" if int(plan[1]) == passed else f"{passed} tests passed of {plan[1]}"


def check_pass(machine, variant):
    status = machine.wait()
    text = machine.output.decode("latin-1").replace("\r", "")
    return problems_of_tests(text, variant) or (f"status {status}" if status else "")


def check_report(machine, regex):
    """Bare there is no report but the guest's own."""
    if not BARE:
        machine.expect(rf"VM guest stopped: .*: .*(?:{regex})")
    status = machine.wait()
    text = machine.output.decode("latin-1")
    if "survived" in text:
        return "it survived"
    return "status 0" if not status and not BARE and not qemu.SIMULATOR else ""


def check_hang(machine, regex):
    machine.expect(regex)
    return ""


def check(guest, variant, machine):
    """What is wrong, or nothing."""
    began = time.monotonic()
    if guest.what == "pass":
        wrong = check_pass(machine, variant)
    elif guest.what == "report":
        wrong = check_report(machine, guest.regex)
    else:
        wrong = check_hang(machine, guest.regex)
    text = machine.output.decode("latin-1").replace("\r", "")
    for said in filter(None, [guest.also, not BARE and guest.log]):
        if not wrong and not re.search(said, text, re.MULTILINE):
            wrong = f"the console does not say {said!r}"
    if not wrong and text.count("VM guest stopped: ") > 1:
        wrong = "more than one report"
    faults = len(re.findall(r"^limen: VM guest: .*: access fault, \d+ so far$", text, re.MULTILINE))
    if not wrong and faults > 1 + time.monotonic() - began:
        wrong = f"{faults} lines on its faults, which is more than one a second"
    return wrong


def run(tap, guest, variant):
    cpu, harts, vcpus, append, kind = MACHINES[variant]
    vcpus = vcpus or guest.harts
    what = f"{guest.name}/{variant}"
    binary = os.path.join(BINARIES, f"{guest.name}.{kind}")
    if BARE and (guest.bare or append or harts or kind != "bin"):
        tap.skip(what, "bare: " + (guest.bare or "nothing of limen's to be seen"))
        return
    if qemu.SIMULATOR and (cpu != "rv64" or qemu_machine(variant) != "virt" or variant == "svade-and-svadu" or
                           (append and "{append}" not in qemu.SIMULATOR)):
        tap.skip(what, "another machine of QEMU's")
        return
    if not os.path.isfile(binary):
        tap.ok(False, what, f"{binary}: no such file")
        return
    aia = guest.aia or guest_aia(variant)
    arguments = {"kernel": binary} if BARE else {"kernel": image(binary, vcpus, aia),
                                                 "append": append}
    extra = tree_with_both(cpu, harts or vcpus) if variant == "svade-and-svadu" else ()
    with qemu.Qemu(f"guest-{guest.name}-{variant}", cpu=cpu, harts=harts or vcpus, memory="256M",
                   machine=qemu_machine(variant), extra=extra, **arguments) as machine:
        try:
            wrong = check(guest, variant, machine)
        except qemu.Failure as failure:
            wrong = str(failure)
        tap.ok(not wrong, what, f"{wrong}\n{machine.tail()}" if wrong else "")


def selected(guests, names):
    runs = [(guest, variant) for guest in guests.values()
            for variant in ["rv64"] + MORE.get(guest.name, [])]
    for name in names:
        if not any(name in (g.name, f"{g.name}/{v}") for g, v in runs):
            bail_out(f"no guest {name}: {', '.join(guests)}")
    return [(g, v) for g, v in runs if not names or g.name in names or f"{g.name}/{v}" in names]


def main():
    tap = Tap()
    for guest, variant in selected(all_guests(), sys.argv[1:]):
        run(tap, guest, variant)
    tap.done()


if __name__ == "__main__":
    main()
