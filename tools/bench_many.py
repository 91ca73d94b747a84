# SPDX-License-Identifier: BSD-2-Clause
"""
What tools/bench runs on machines with several harts, and with several VMs: the pair of harts of
tests/guests/bench-pair.c, and whether any row grows with what else is there.

QEMU runs the harts of a machine whose clock counts instructions in turn, so a row of two harts counts
what both execute; a hart that waits executes nothing. See the guest for what is taken off.
"""
import os
import subprocess

from bench_linux import with_value

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOFT = "virt,aia=aplic-imsic"  # no files for guests
AIA, PLAIN = "virt,aia=aplic-imsic,aia-guests=3", "virt"

# The guest's name for a row, run, ours, instructions under KVM (Linux 6.12), limen's budget.
ROWS = [
    ("wake", "aia", "two harts wake each other out of WFI, there and back", "27700", 1900),
    ("wake", "plain", "the same, without AIA", "-", None),
    ("wake-own", "own", "the same, harts of their own, where WFI does not trap", "-", None),
    ("wake-own-msi", "own", "the same, by stores to guest interrupt files", "-", 600),
    ("wake-msi", "aia", "by stores to guest interrupt files, WFI traps", "-", None),
    ("wake-msi", "soft", "by stores to interrupt files in memory, WFI traps", "-", None),
    ("ipi-runs", "own", "SBI IPI to a vCPU that runs, and one back", "-", None),
    ("switch", "one", "two vCPUs of one hart wake each other, there and back", "-", 3800),
    ("switch-fp", "one", "the same, FP registers changed by both", "-", None),
    ("switch-vector", "one", "the same, vector registers changed by both", "-", None),
    ("fence-waits", "one", "SBI RFENCE sfence.vma to a vCPU in its WFI", "2046", 300),
    ("fence-stopped", "one", "SBI RFENCE sfence.vma to a vCPU that is stopped", "-", 300),
    ("fence-runs", "own", "SBI RFENCE sfence.vma to a vCPU that runs, waiting included", "-", 1100),
]
# The firmware waits for longer than QEMU goes from hart to hart in: no figure of an operation.
NOT_BARE = ("fence-runs",)
# Runs of the pair: machine, harts, rows= of the guest, where its VM is; and the harts of a bare machine
# that can play it as well.
RUNS = {
    "aia": (AIA, 2, "wake", "", 2),
    "plain": (PLAIN, 2, "wake", "", 2),
    "soft": (SOFT, 2, "wake", "", 2),
    "own": (AIA, 3, "own", "\t\tharts = <1 2>;\n\t\tdedicated;\n", 2),
    "one": (AIA, 1, "switch", "", 0),
}
# Crowds: what it is called, VMs in all, harts; the first is what rows are without.
CROWDS = [("1 VM", 1, 1), ("4 VMs", 4, 1), ("16 VMs", 16, 1), ("4 harts", 1, 4), ("16 harts", 1, 16)]
CROWDS_OF = {
    "aia": [("1 VM", 1, 2), ("4 VMs", 4, 2), ("16 VMs", 16, 2), ("4 harts", 1, 4),
            ("16 harts", 1, 16)],
    "one": [("1 VM", 1, 1), ("4 VMs", 4, 1), ("16 VMs", 16, 1)],
}
IDLE_KIB, PAIR_KIB = 4096, 32768
# A row is flat within what the clock can tell, and what a timer of somebody else's takes.
SLACK, SLACK_SHARE = 1.0, 0.01


def vm(name, kernel, kib, cpus=1, bootargs="", more=""):
    return (f'\t{name} {{\n\t\tcompatible = "limen,vm";\n\t\tcpus = <{cpus}>;\n'
            f'\t\tmemory = <0 {kib}>;\n\t\tkernel = "{kernel}";\n'
            f'\t\tbootargs = "{bootargs}";\n{more}\t}};\n')


def config(first, vms):
    """Source of a configuration: the VM that is measured, and others that wait."""
    nodes = first + "".join(vm(f"idle{i}", "idle", IDLE_KIB) for i in range(1, vms))
    return f'/dts-v1/;\n\n/ {{\n\tcompatible = "limen,config";\n\n{nodes}}};\n'


def growth(values):
    """What a row does as the crowd grows: values of the crowds, the first without."""
    alone, most = values[0], max(v for v in values if v is not None)
    if most <= alone + max(SLACK, alone * SLACK_SHARE):
        return "flat"
    return f"grows (+{most - alone:.1f})"


class Many:
    """Runs the machines. qemu: the command line of the one for single rows; run(what, command, rows):
    boots one, and gives {row: value} with all of these rows in it; guests: where they are."""

    def __init__(self, qemu, run, limen, guests, work):
        self.qemu, self.run, self.limen, self.guests, self.work = qemu, run, limen, guests, work

    def _command(self, machine, harts, kernel, *more):
        line = with_value(with_value(self.qemu, "-M", machine), "-smp", str(harts))
        return line + ["-kernel", kernel, *more]

    def _guest(self, name):
        return os.path.join(self.guests, name + ".bin")

    def _pack(self, first, kernel, vms):
        source, image = (os.path.join(self.work, name) for name in ("many.dts", "many.img"))
        with open(source, "w", encoding="ascii") as f:
            f.write(config(first, vms))
        idle = ["--payload", "idle=" + self._guest("bench-idle")] if vms > 1 else []
        subprocess.run([os.path.join(TOP, "tools/pack"), "-o", image, "--limen", self.limen,
                        "--config", source, "--payload", "kernel=" + self._guest(kernel), *idle],
                       check=True)
        return image

    def single(self, vms, harts, kib, rows):
        """The bench guest's rows in a crowd."""
        image = self._pack(vm("bench", "kernel", kib), "bench", vms)
        return self.run(f"{vms} VMs, {harts} harts", self._command(AIA, harts, image), rows)

    def pair(self, run, vms=1, harts=None):
        """The pair's rows, in the crowd that is given or none."""
        machine, own_harts, which, place, _ = RUNS[run]
        first = vm("pair", "kernel", PAIR_KIB, 2, "rows=" + which, place)
        return self.run(f"pair, {run}", self._command(
            machine, harts or own_harts, self._pack(first, "bench-pair", vms)),
            [row for row, of, *_ in ROWS if of == run])

    def pair_bare(self, run):
        machine, _, which, _, harts = RUNS[run]
        if not harts:
            return {}
        found = self.run(f"pair, {run}, bare", self._command(
            machine, harts, self._guest("bench-pair"), "-append", "rows=" + which),
            [row for row, of, *_ in ROWS if of == run])
        return {row: value for row, value in found.items() if row not in NOT_BARE}

    def grown(self, found, pairs, rows, kib):
        """Lines of (title, values) of all that is looked at in crowds. found, pairs: what the rows are
        without; rows: (row, title) of the bench guest; kib: its RAM."""
        single = [found] + [self.single(vms, harts, kib, [row for row, _ in rows])
                            for _, vms, harts in CROWDS[1:]]
        lines = [(title, [one[row] for one in single]) for row, title in rows]
        for run, crowds in CROWDS_OF.items():
            seen = [pairs[run]] + [self.pair(run, vms, harts) for _, vms, harts in crowds[1:]]
            empty = [None] * (len(CROWDS) - len(crowds))
            lines += [(title, [one[row] for one in seen] + empty)
                      for row, of, title, *_ in ROWS if of == run]
        return lines
