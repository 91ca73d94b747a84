#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Stolen time as Linux accounts it in /proc/stat, in an overcommitted machine, against what limen says of
the VM at its end: within 1 %, and what Linux rounds. The Linux is one with PARAVIRT, which Debian's
kernel has not; `tools/setup full` builds it.

Only with LIMEN_FULL=1, or with the names of cases.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fits  # noqa: E402
import images  # noqa: E402
import qemu  # noqa: E402
from tap import Tap, bail_out  # noqa: E402

SECONDS = 20
LEAST = 4000    # ms of stolen time, or the case shows nothing
SAME = 0.01
# Milliseconds a CPU: /proc/stat has steps of 10, a CPU looks at each tick, 4 ms, and the time from the
# reading to the end of the VM is limen's alone.
ROUNDED = 10

# burn SECONDS: on each CPU a process that computes; nap: one that sleeps most of the time, so that its CPU
# goes idle, and is woken while others have the hart.
LOAD = """#!/bin/busybox sh
for cpu in $(seq 0 $(($(nproc) - 1))); do
	case $1 in
	burn) taskset -c "$cpu" timeout "$2" sh -c 'while :; do :; done' & ;;
	nap) taskset -c "$cpu" timeout "$2" sh -c 'while :; do
		usleep 3000; i=0; while [ $i -lt 300 ]; do i=$((i + 1)); done; done' & ;;
	esac
done
wait
"""

# Of the other VM, which computes until the one that is looked at has ended, and then some.
OTHER_INIT = f"""#!/bin/busybox sh
/bin/busybox --install -s
mount -t devtmpfs dev /dev
mount -t proc proc /proc
/etc/load burn {2 * SECONDS}
poweroff -f
"""

TIMES = r"limen: VM linux: guest .* steal (\d+) ms, \d+ entries, \d+ ms elsewhere$"


class Case:
    """load: one of those above. cpus: of the VM with Linux. other: vCPUs of the one that
    computes. machine, aia: the machine's, and the VMs' property."""

    def __init__(self, load, cpus, harts, other=0, machine="virt", aia="none"):
        self.load, self.cpus, self.harts, self.other = load, cpus, harts, other
        self.machine, self.aia = machine, aia


CASES = {
    "burn-4-on-2": Case("burn", 4, 2),
    "burn-beside": Case("burn", 2, 2, other=2),
    "nap-beside": Case("nap", 2, 1, other=1),
    "burn-files": Case("burn", 4, 2, other=1, machine="virt,aia=aplic-imsic,aia-guests=2",
                       aia="aplic-imsic"),
}


def kernel():
    file = os.path.join(images.TOP, "build/deps/linux-steal/Image")
    if not os.path.isfile(file):
        bail_out(f"{file}: no such file (tools/setup full)")
    return file


def rootfs(name, *arguments):
    script = fits.write("steal-load", LOAD.encode())
    os.chmod(script, 0o755)
    path = fits.write(f"steal-{name}.cpio.gz", b"")
    images.tool("mkrootfs", "-o", path, "--file", script + ":etc/load", *arguments)
    return path


def vm(name, case, cpus, **properties):
    return fits.vm(name, cpus=f"<{cpus}>", memory=fits.megabytes(128), aia=f'"{case.aia}"',
                   bootargs='"console=ttyS0 loglevel=7"', **properties)


def image(name, case):
    nodes = [vm("linux", case, case.cpus, console="", initrd='"initrd"')]
    payloads = {"kernel": kernel(), "initrd": rootfs("linux")}
    if case.other:
        nodes.append(vm("other", case, case.other, initrd='"other"'))
        init = fits.write("steal-init", OTHER_INIT.encode())
        payloads["other"] = rootfs("other", "--init", init)
    return fits.image("steal-" + name, fits.config(*nodes), payloads)


def compare(tap, name, case, machine):
    shell = qemu.Shell(machine)
    shell.ready()
    tap.ok("paravirt steal-time" in machine.output.decode("latin-1"), f"{name}: Linux asks for it")
    shell.run(f"/etc/load {case.load} {SECONDS}", SECONDS * 10)
    # By the shell itself, and one line: what is stolen from here on only limen sees.
    machine.send("read -r line </proc/stat; echo \"$line\"; exec poweroff -f\n")
    stat = machine.expect(r"^cpu +(?:\d+ ){7}(\d+) ")
    times = machine.expect(TIMES)
    linux, limen = int(stat[1]) * 10, int(times[1])
    print(f"# {name}: Linux says {linux} ms, limen {limen} ms: {times[0]}")
    tap.ok(limen >= LEAST, f"{name}: time is stolen", times[0])
    tap.ok(abs(linux - limen) <= limen * SAME + case.cpus * ROUNDED, f"{name}: Linux has the same",
           f"Linux {linux} ms, limen {limen} ms")


def run(tap, name):
    case = CASES[name]
    with qemu.Qemu("steal-" + name, kernel=image(name, case), harts=case.harts,
                   machine=case.machine, memory="512M", append="trace=call") as machine:
        images.use_machine(tap, name, machine, lambda: compare(tap, name, case, machine))


def main():
    tap = Tap()
    names = images.full_cases(tap, "steal", CASES)
    for name in names:
        run(tap, name)
    tap.done()


if __name__ == "__main__":
    main()
