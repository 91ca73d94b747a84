#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
perf of Debian's Linux on limen's PMU: cycles and instructions of a program whose instructions are known,
alone, beside a VM that never stops, and on more vCPUs than harts; firmware events; and that what cannot
be counted is told so. Where counters overflow, samples by them: how many, and where. Instructions take a
fixed time here, since QEMU counts none otherwise; and there is one hart, since it has one count for all
harts then. But where vCPUs move between harts time is the computer's, and nothing exact.

Only with LIMEN_FULL=1, or with the names of cases: `tools/setup full` unpacks perf.
"""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fits  # noqa: E402
import images  # noqa: E402
import qemu  # noqa: E402
from tap import Tap, bail_out  # noqa: E402

EXACT = ("-icount", "shift=0,sleep=off")

COUNT = 200_000_000     # instructions of /etc/count
A_TICK = 4_000_000      # instructions that take as long as a tick of the kernel
OWN = 0.02              # of them, at most, are the kernel's: to start and end it, and ticks
A_SAMPLE = 1_000_000    # of an event
SAME = 0.01             # what others do may change a count by

# Events of firmware (SBI 3.0, 11.2) as Linux has them counted: the uppermost bit says firmware.
SET_TIMER, IPI_SENT, IPI_RECEIVED = (f"r80000000000000{n:02x}" for n in (5, 6, 7))


class Case:
    """cpus: of the VM with Linux. other: vCPUs of one that never stops. cpu, harts: the machine's."""

    def __init__(self, does, cpus=1, other=0, cpu="rv64,sstc=off", harts=1):
        self.does, self.cpus, self.other, self.cpu, self.harts = does, cpus, other, cpu, harts


def counts(out):
    """perf stat's table (-x,): [(CPU or "", count or None, event)]."""
    rows = re.findall(r"^(?:(CPU\d+),)?([^,\n]+),[^,\n]*,([^,\n]+),\d+,[\d.]+,", out, re.MULTILINE)
    return [(cpu, int(n) if n.isdigit() else None, event) for cpu, n, event in rows]


def stat(shell, events, command, options=""):
    out, _ = shell.run(f"perf stat -x, {options} -e {events} {command} 2>&1")
    return counts(out), out


# ---- what is done at the shell ---------------------------------------------------------------------

def program(tap, name, shell):
    """Both of the hardware's events, of a program that is known."""
    found, out = stat(shell, "cycles,instructions", "/etc/count")
    number = {event: n for _, n, event in found}
    cycles, instructions = number.get("cycles") or 0, number.get("instructions") or 0
    tap.ok(COUNT <= instructions <= COUNT * (1 + OWN), f"{name}: a program's instructions", out)
    tap.ok(cycles and abs(cycles - instructions) <= instructions * SAME,
           f"{name}: and its cycles", out)
    seen[name] = instructions
    if name != "alone" and "alone" in seen:
        tap.ok(abs(instructions - seen["alone"]) <= seen["alone"] * SAME,
               f"{name}: as many as alone", seen)


def events(tap, name, shell):
    out, _ = shell.run("dmesg | grep riscv-pmu-sbi:")
    tap.ok("16 firmware and 2 hardware counters" in out, f"{name}: Linux finds the counters", out)
    found, out = stat(shell, SET_TIMER, "/etc/count")
    ticks = COUNT // A_TICK
    tap.ok(found and ticks <= (found[0][1] or 0) <= 3 * ticks,
           f"{name}: a firmware event is counted, set_timer at each tick", out)
    found, out = stat(shell, "cache-misses,branches,cycles:u", "true")
    tap.equal([n for _, n, _ in found], [None] * 3, f"{name}: what is not counted is told so")
    tap.equal(out.count("<not supported>"), 3, f"{name}: and why")
    out, status = shell.run("perf record -o /tmp/samples -e cpu-clock /etc/count 2>&1 && "
                            "perf script -i /tmp/samples -F comm 2>&1 | grep -c '^ *count'")
    samples = re.search(r"^(\d+)$", out, re.MULTILINE)
    tap.ok(samples and int(samples[1]) > 50 and status == 0, f"{name}: samples by the clock", out)


def samples(shell, options, command="/etc/count", file="/tmp/samples"):
    """perf record and perf script: how many samples there are, and how many of them in the program's loop."""
    out, _ = shell.run(f"perf record -o {file} {options} {command} 2>&1 && "
                       f"perf script -i {file} -F comm,ip,sym 2>/dev/null | "
                       "awk '{n++} /turns/ {t++} END {print \"samples\", n + 0, t + 0}'")
    found = re.search(r"^samples (\d+) (\d+)", out, re.MULTILINE)
    return (int(found[1]), int(found[2]), out) if found else (0, 0, out)


def sampling(tap, name, shell):
    """By the events of the hardware: as many samples as a program is long, and in its loop."""
    found, out = stat(shell, "cycles:u,instructions:u", "/etc/count")
    user = [n or 0 for _, n, _ in found]
    tap.ok(len(user) == 2 and all(COUNT <= n <= COUNT * (1 + SAME) for n in user),
           f"{name}: what user mode does, alone", out)
    found, out = stat(shell, "instructions:k", "/etc/count")
    tap.ok(found and 0 < (found[0][1] or 0) <= COUNT * OWN, f"{name}: and the kernel", out)
    for event in ("cycles", "instructions", "cycles:u"):
        n, inside, out = samples(shell, f"-c {A_SAMPLE} -e {event}")
        wanted = COUNT // A_SAMPLE
        tap.ok(wanted <= n <= wanted * (1 + OWN) + 1 and inside >= wanted * (1 - OWN),
               f"{name}: samples by {event} are where the program is", f"{n}, {inside}: {out}")
    # Where they are, nobody says: the kernel takes no interrupt at a tick before it goes back.
    n, inside, out = samples(shell, f"-c {A_SAMPLE // 100} -e cycles:k")
    tap.ok(10 <= n <= COUNT * OWN / (A_SAMPLE // 100), f"{name}: a few by the kernel's cycles", out)
    n, inside, out = samples(shell, "-e cycles")
    tap.ok(n > 50 and inside >= n * 0.8, f"{name}: samples at a frequency", f"{n}, {inside}: {out}")
    out, _ = shell.run("perf report -i /tmp/samples --stdio --percent-limit 50 2>&1")
    tap.ok(re.search(r"count +.*\bturns\b", out), f"{name}: perf report names the loop", out)


def sampling_each(tap, name, shell):
    """Two CPUs at once: each has its own."""
    shell.run("for c in 0 1; do "
              f"perf record -o /tmp/samples$c -c {A_SAMPLE} -e cycles taskset -c $c /etc/count & done; wait")
    out, _ = shell.run("for c in 0 1; do perf script -i /tmp/samples$c -F comm,ip,sym 2>/dev/null | "
                       "grep -c turns; done")
    found = [int(n) for n in re.findall(r"^(\d+)$", out, re.MULTILINE)]
    wanted = COUNT // A_SAMPLE
    tap.ok(len(found) == 2 and all(wanted * (1 - OWN) <= n <= wanted * (1 + OWN) for n in found),
           f"{name}: samples of two programs at once", out)


def sampling_moving(tap, name, shell):
    """More vCPUs than harts, all sampled: each CPU has samples of what it runs, and no counter is lost."""
    shell.run("perf record -a -F 200 -e cycles -o /tmp/all sh -c "
              "'for c in 0 1 2 3 0 1 2 3; do taskset -c $c /etc/count & done; wait'")
    out, _ = shell.run("perf script -i /tmp/all -F comm,cpu,ip,sym 2>/dev/null | grep turns | "
                       "sed 's/.*\\[\\(...\\)\\].*/\\1/' | sort | uniq -c")
    found = {int(cpu): int(n) for n, cpu in re.findall(r"^ *(\d+) (\d+)$", out, re.MULTILINE)}
    tap.ok(sorted(found) == [0, 1, 2, 3] and all(n > 10 for n in found.values()),
           f"{name}: samples of each CPU", out)
    found, out = stat(shell, "cycles:u,instructions:u", "/etc/count")
    tap.ok(len(found) == 2 and all(n for _, n, _ in found), f"{name}: and they count afterwards", out)


def each_cpu(tap, name, shell):
    """A program on each CPU at the same time; and which CPU a count is of."""
    out, _ = shell.run("for c in 0 1 2 3; do "
                       "perf stat -x, -o /tmp/stat$c -e instructions taskset -c $c /etc/count & "
                       "done; wait; cat /tmp/stat?")
    found = [n or 0 for _, n, _ in counts(out)]
    tap.ok(len(found) == 4 and all(COUNT <= n <= COUNT * (1 + OWN) for n in found),
           f"{name}: instructions of four programs at once", out)
    found, out = stat(shell, "instructions", "taskset -c 2 /etc/count", "-a -A")
    of = {cpu: n or 0 for cpu, n, _ in found}
    there = of.pop("CPU2", 0)
    tap.ok(COUNT <= there and len(of) == 3 and all(n < COUNT / 4 for n in of.values()),
           f"{name}: a CPU's instructions are counted on that CPU", out)
    found, out = stat(shell, f"{IPI_SENT},{IPI_RECEIVED}",
                      "sh -c 'taskset -c 0 yes | taskset -c 1 head -n 200000 >/dev/null'", "-a")
    sent, received = (n or 0 for _, n, _ in (found + [("", 0, "")] * 2)[:2])
    tap.ok(sent >= 5 and abs(sent - received) <= 0.1 * sent + 4, f"{name}: IPIs, sent and received",
           out)


CASES = {
    "alone": Case([events, program]),
    "beside": Case([program], other=1),
    "sampling": Case([sampling], cpu="max"),
    "sampling-2-on-1": Case([sampling_each], cpus=2, other=1, cpu="max"),
    "sampling-moves": Case([sampling_moving], cpus=4, other=1, cpu="max", harts=2),
    "4-on-1": Case([program, each_cpu], cpus=4, other=1),
}
seen = {}


# ---- the machine -----------------------------------------------------------------------------------

def rootfs():
    source = os.path.join(images.TOP, "tests/guests/linux/count.S")
    program_file = fits.write("count", b"")
    done = subprocess.run([os.environ.get("CROSS", "riscv64-unknown-elf-") + "gcc", "-nostdlib",
                           "-static", "-march=rv64imac", "-mabi=lp64", f"-DCOUNT={COUNT}",
                           "-Wl,--build-id=none", "-o", program_file, source],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        bail_out("count.S: " + done.stderr.strip().replace("\n", "; "))
    path = fits.write("perf.cpio.gz", b"")
    images.tool("mkrootfs", "-o", path, "--file", program_file + ":etc/count",
                "--tree", os.path.join(images.TOP, "build/deps/perf"))
    return path


def image(name, case, initrd):
    nodes = [fits.vm("linux", cpus=f"<{case.cpus}>", memory=fits.megabytes(384), console="",
                     initrd='"initrd"', bootargs='"console=ttyS0 loglevel=4"')]
    payloads = {"kernel": images.kernel(), "initrd": initrd}
    if case.other:
        nodes.append(fits.vm("other", kernel='"other"', cpus=f"<{case.other}>"))
        payloads["other"] = fits.guest("hang")
    return fits.image("perf-" + name, fits.config(*nodes), payloads)


def use(tap, name, case, machine):
    shell = qemu.Shell(machine)
    shell.ready()
    for does in case.does:
        does(tap, name, shell)
    machine.send("poweroff -f\n")
    machine.expect(r"reboot: Power down")


def run(tap, name, initrd):
    case = CASES[name]
    with qemu.Qemu("perf-" + name, kernel=image(name, case, initrd), harts=case.harts,
                   cpu=case.cpu, memory="1G",
                   extra=EXACT if case.harts == 1 else ()) as machine:
        images.use_machine(tap, name, machine, lambda: use(tap, name, case, machine))


def main():
    tap = Tap()
    names = images.full_cases(tap, "perf", CASES)
    initrd = rootfs()
    for name in names:
        run(tap, name, initrd)
    tap.done()


if __name__ == "__main__":
    main()
