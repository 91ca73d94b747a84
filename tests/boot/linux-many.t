#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Debian's Linux on many harts and with more CPUs than harts: boots to its shell, has a load on every
CPU, takes CPUs off and on again, powers off; and two such VMs side by side. Limen says at the end
where each VM's time went; that is printed. Arguments: names of the cases to run (default: those that
are not marked full; with LIMEN_FULL=1 in the environment all).

The matrix: each shape of machine and VMs, with each interrupt controller, with and without Sstc. Named
here, or in what is not full, a case of it has a load on each CPU. With LIMEN_FULL=1 it has Debian's
stress-ng for a minute of the guest's time, which `tools/setup full` unpacks, and CPUs that go and come
back meanwhile.
"""
import os
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fits  # noqa: E402
import images  # noqa: E402
import qemu  # noqa: E402
from tap import Tap, chosen  # noqa: E402

FULL = bool(os.environ.get("LIMEN_FULL"))

# The other VM's /init: a load on both its CPUs, then the end. Without the load it starts again for
# ever, and so does not end in time.
OTHER_INIT = """#!/bin/busybox sh
/bin/busybox --install -s
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
[ "$(nproc)" = 2 ] && [ "$(/etc/load 150 | wc -l)" = 2 ] && poweroff -f
reboot -f
"""

# load N: on each CPU a process that stays there forks and waits N times, and counts ten times as far
# meanwhile; after each hundred it sleeps, so that its CPU goes idle and its timer has to come.
# Says how many came to their end.
LOAD = """#!/bin/busybox sh
worker() {
	i=0
	while [ $i -lt "$2" ]; do
		i=$((i + 1)) j=0
		while [ $j -lt 10 ]; do j=$((j + 1)); done
		(:)
		[ $((i % 100)) != 0 ] || sleep 0.01
	done
	echo "cpu $1"
}
if [ -n "$2" ]; then
	worker "$2" "$1"
	exit
fi
for cpu in $(seq 0 $(($(grep -c ^processor /proc/cpuinfo) - 1))); do
	taskset -c "$cpu" "$0" "$1" "$cpu" &
done
wait
"""

ONLINE = "cat /sys/devices/system/cpu/online"
TIMES = re.compile(r"limen: VM (\w+): guest (\d+) ms, host (\d+) ms, interrupts (\d+) ms, "
                   r"idle (\d+) ms, steal (\d+) ms, (\d+) entries, \d+ ms elsewhere$", re.MULTILINE)


class Case:
    """
    cpus: of the VM at whose shell things are done. does: the functions below that do them, with the
    machine's shell. other: is there another VM? stress: seconds of stress-ng. aia: the VMs' property.
    The other arguments are qemu.command()'s.
    """

    def __init__(self, cpus, harts, does=(), other=False, stress=0, full=False, aia=None, **machine):
        self.cpus, self.does, self.other, self.stress = cpus, does, other, stress
        self.full, self.aia = full, aia
        self.machine = {"harts": harts, "memory": "1G", "append": "trace=call", **machine}


# ---- what is done at the shell ---------------------------------------------------------------------

def load(tap, name, shell, case):
    out, status = shell.run("/etc/load 150")
    tap.equal((sorted(re.findall(r"^cpu (\d+)$", out, re.MULTILINE)), status),
              (sorted(str(n) for n in range(case.cpus)), 0), f"{name}: a load on each CPU ends")


def stress(tap, name, shell, case):
    out, status = shell.run(f"stress-ng --cpu {case.cpus} --vm 2 --vm-bytes 32M --switch 2 --fork 2 "
                            f"--timeout {case.stress}s --metrics-brief 2>&1", case.stress * 10)
    tap.ok(status == 0 and "successful run completed" in out, f"{name}: stress-ng", out)


HOTPLUG = """\
/etc/load 100000 >/dev/null & \
n=0; while [ $n -lt 20 ]; do n=$((n + 1)); \
c=/sys/devices/system/cpu/cpu$((n % %d + 1))/online; \
echo 0 >$c && [ $(cat $c) = 0 ] && echo 1 >$c && [ $(cat $c) = 1 ] || break; echo round $n; done; \
killall load; wait"""


def hotplug(tap, name, shell, case):
    """Each CPU but the first goes and comes back, in turn; who is on it has to leave."""
    out, _ = shell.run(HOTPLUG.replace("%d", str(case.cpus - 1)))
    tap.equal(len(re.findall(r"^round ", out, re.MULTILINE)), 20,
              f"{name}: a CPU goes and comes back, 20 times")
    out, _ = shell.run(ONLINE)
    tap.equal(out, f"0-{case.cpus - 1}\n", f"{name}: all CPUs are back")


CASES = {
    "8-on-2": Case(8, 2, [load]),
    "4-on-4": Case(4, 4, [load]),
    "hotplug": Case(4, 2, [hotplug, load]),
    "two": Case(2, 2, [load], other=True),
}

# The matrix: vCPUs, harts, is there another VM?
SHAPES = {"8-on-2": (8, 2, False), "4-on-4": (4, 4, False), "two": (2, 2, True)}
# The machine, and the VM's `aia`.
AIA = {
    "none": ("virt", "none"),
    "aplic": ("virt,aia=aplic", "aplic"),
    **{f"imsic-{n}": (f"virt,aia=aplic-imsic,aia-guests={n}", "aplic-imsic") for n in (0, 1, 7)},
}
CPUS = {"": "rv64", "-no-sstc": "rv64,sstc=off"}
# What of it is run every time: each value of each once, and files that are too few for all vCPUs.
ALWAYS = ["8-on-2-imsic-1", "4-on-4-imsic-7", "two-imsic-0-no-sstc", "8-on-2-aplic"]


def matrix():
    does, stress_for = ([stress, hotplug], 60) if FULL else ([load], 0)
    for shape, (cpus, harts, other) in SHAPES.items():
        for name, (machine, aia) in AIA.items():
            for suffix, cpu in CPUS.items():
                case = f"{shape}-{name}{suffix}"
                yield case, Case(cpus, harts, does, other=other, stress=stress_for, aia=aia,
                                 full=case not in ALWAYS, machine=machine, cpu=cpu)


CASES.update(matrix())


# ---- the machine -----------------------------------------------------------------------------------

def rootfs(name, *arguments):
    path = fits.write(f"many-{name}.cpio.gz", b"")
    load_script = fits.write("load", LOAD.encode())
    os.chmod(load_script, 0o755)
    images.tool("mkrootfs", "-o", path, "--file", load_script + ":etc/load", *arguments)
    return path


def stress_files():
    return ["--tree", os.path.join(images.TOP, "build/deps/stress")]


def vm(name, initrd, cpus, case, **properties):
    if case.aia:
        properties["aia"] = f'"{case.aia}"'
    return fits.vm(name, cpus=f"<{cpus}>", memory=fits.megabytes(256 if cpus < 8 else 512),
                   initrd=f'"{initrd}"', bootargs='"console=ttyS0 loglevel=4"', **properties)


def image(name, case):
    nodes = [vm("linux", "initrd", case.cpus, case, console="")]
    payloads = {"kernel": images.kernel(),
                "initrd": rootfs(name, *(stress_files() if case.stress else ()))}
    if case.other:
        nodes.append(vm("other", "other", 2, case))
        init = fits.write("other-init", OTHER_INIT.encode())
        payloads["other"] = rootfs("other", "--init", init)
    return fits.image("many-" + name, fits.config(*nodes), payloads)


def says(tap, name, case, machine):
    """What the console has to say of it in the end, and what it may not."""
    text = machine.output.decode("latin-1").replace("\r", "")
    wrong = images.BROKEN.search(text) or re.search(r"^limen: (warning|error|panic|VM \S+ stopped).*",
                                                    text, re.MULTILINE)
    tap.ok(not wrong, f"{name}: nothing went wrong meanwhile",
           f"the console says {wrong and wrong[0]!r}\n{machine.tail()}")
    times = sorted(set(TIMES.findall(text)))
    tap.equal(sorted(t[0] for t in times), ["linux", "other"] if case.other else ["linux"],
              f"{name}: where each VM's time went")
    for vm_name, guest, host, irq, idle, steal, entries in times:
        print(f"# {name}: {vm_name}: guest {guest} ms, host {host}, interrupts {irq}, idle {idle}, "
              f"steal {steal}; {entries} entries")


def use(tap, name, case, machine):
    begun = time.monotonic()
    shell = qemu.Shell(machine)
    shell.ready()
    print(f"# {name}: shell after {time.monotonic() - begun:.1f} s")
    out, _ = shell.run(ONLINE)
    tap.equal(out, f"0-{case.cpus - 1}\n", f"{name}: {case.cpus} CPUs online")
    for does in case.does:
        does(tap, name, shell, case)
    machine.send("poweroff -f\n")
    status = machine.wait()
    print(f"# {name}: {time.monotonic() - begun:.1f} s in all")
    tap.ok(status == 0, f"{name}: status 0", f"status {status}\n{machine.tail()}")
    says(tap, name, case, machine)


def run(tap, name, case):
    with qemu.Qemu("many-" + name, kernel=image(name, case), **case.machine) as machine:
        try:
            use(tap, name, case, machine)
        except qemu.Failure as failure:
            tap.ok(False, f"{name}: the machine does what is expected of it", failure)


def main():
    tap = Tap()
    for name in chosen(CASES, usual=[n for n, case in CASES.items() if not case.full]):
        if images.STANDIN:
            tap.skip(name, "limen's, which is not there")
        else:
            run(tap, name, CASES[name])
    tap.done()


if __name__ == "__main__":
    main()
