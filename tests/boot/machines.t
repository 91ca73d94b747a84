#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Boots limen on machines of other kinds and from other places than linux.t and guests.t do: by a boot
loader, elsewhere in memory, on another hart, with AIA, on sifive_u, and where it cannot run at all.
The guest is a bare-metal one where that shows it, and Linux where it does not. Arguments: names of
the cases to run (default: those that are not marked full; with LIMEN_FULL=1 in the environment
all).
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
from tap import Tap, bail_out, chosen  # noqa: E402

GUEST = "smp"               # the bare-metal guest, two vCPUs
MOVED_TO = 0x82000000       # where the stub finds limen
LIMEN_AT = 0x80200000       # where QEMU puts it
FIRMWARE_AT = 0x80100000    # where OpenSBI is, if something comes before it
NONE = 0xffff               # no hart's id
ROM_AT = 0x2000             # in QEMU's ROM, behind its own
FIRMWARE_ROOM = 5 << 20     # for "roomy", of memory; limen is at the next 2 MiB
FIRMWARE = "opensbi-riscv64-generic-fw_dynamic.bin"

NO_SEED = "warning: the firmware gives no entropy: guests get no rng-seed"
NO_TRIGGERS = "rv64,debug=off"      # see the limits in docs/architecture.md


class Case:
    """
    guest: "bare", "linux" or "rootless" (Linux without initrd, which cannot do much). load: how
    limen gets there (the functions below). at: where the initrd is. says: what must be on the console too, regular
    expressions. The other arguments are qemu.command()'s. fails: limen does not run here; says is
    then one line, and nothing follows it.
    """

    def __init__(self, guest="bare", load="image", full=False, vcpus=2, guest_mib=None, says=(),
                 fails=False, at=None, **machine):
        self.guest, self.load, self.full, self.vcpus, self.at = guest, load, full, vcpus, at
        self.says, self.fails = [says] if isinstance(says, str) else says, fails
        self.mib = guest_mib or (32 if guest == "bare" else 512)
        self.machine = {"harts": 2, "memory": "256M" if guest == "bare" else "1G", **machine}

    def config(self):
        bootargs = '"console=ttyS0"'
        properties = {"cpus": f"<{self.vcpus}>", "memory": fits.megabytes(self.mib)}
        if self.guest != "bare":
            properties["bootargs"] = bootargs
        if self.guest == "linux":
            properties["initrd"] = '"initrd"'
        return fits.config(fits.vm("guest", **properties))

    def payloads(self):
        if self.guest == "bare":
            return {"kernel": fits.guest(GUEST)}
        payloads = {"kernel": images.kernel()}
        if self.guest == "linux":
            payloads["initrd"] = images.initrd()
        return payloads


CASES = {
    # Where limen comes from.
    "initrd": Case(load="initrd", says="image at 0x80200000"),
    "initrd-4": Case(load="initrd_at", at=0x88000004, says="image at 0x80200000"),
    "initrd-odd": Case(load="initrd_at", at=0x88000ffd, says="image at 0x80200000"),
    "elf": Case(load="elf", says="image at 0x80200000"),
    "moved": Case(load="moved", says=f"image at {MOVED_TO:#x}"),
    "boot-hart": Case(load="boot_hart", harts=3, says=["limen on hart 2,", "3 harts up"]),
    "absent-hart": Case(load="absent", harts=3, says=[
        "warning: hart 0 left out: the firmware says it starts, but it does not come",
        "2 harts up"]),
    "linux-initrd": Case("linux", "initrd", full=True),
    "linux-elf": Case("linux", "elf", full=True),
    "linux-moved": Case("linux", "moved", full=True),
    "linux-boot-hart": Case("linux", "boot_hart", harts=3, full=True, says="limen on hart 2,"),
    # Where it cannot run. Its own file is enough.
    "no-h": Case(cpu="rv64,h=off", fails=True, says="error: this hart has no H extension .*"),
    "no-h-max": Case(cpu="max,h=off", fails=True, says="error: this hart has no H extension .*"),
    "u54": Case(**qemu.sifive_u("sifive-u54"), fails=True,
                says="error: this hart has no H extension .*"),
    # Machines. QEMU's sifive_u names Sstc in its tree and traps on stimecmp in M-mode too, which
    # OpenSBI does not survive: Sstc is switched off. Its hart 0 has no S-mode, its tree no rng-seed.
    "aplic": Case(machine="virt,aia=aplic", says="input by interrupt"),
    "aplic-imsic": Case(machine="virt,aia=aplic-imsic,aia-guests=3",
                        says=["input by interrupt", "^3 interrupt files for guests"]),
    "sifive-u": Case(**qemu.sifive_u(), says=["limen on hart [1-4],", "4 harts up", NO_SEED]),
    "linux-aplic": Case("linux", machine="virt,aia=aplic", full=True, says="input by interrupt"),
    "linux-aplic-imsic": Case("linux", machine="virt,aia=aplic-imsic", says="input by interrupt"),
    "linux-sifive-u": Case("linux", **qemu.sifive_u(), says=["limen on hart [1-4],", "4 harts up", NO_SEED]),
    "linux-max-aplic-imsic": Case("linux", machine="virt,aia=aplic-imsic,aia-guests=3", cpu="max",
                                  full=True, says="input by interrupt"),
    "linux-smp-4": Case("linux", harts=4, full=True, says="4 harts up"),
    # Many harts.
    "harts-32": Case(harts=32, says="32 harts up"),
    "harts-128": Case(load="roomy", harts=128, cpu=NO_TRIGGERS,
                      says=["image at 0x80600000", "128 harts up"]),
    "harts-128-imsic": Case(load="roomy", harts=128, cpu=NO_TRIGGERS,
                            machine="virt,aia=aplic-imsic,aia-guests=1",
                            says=["128 harts up", "input by interrupt"]),
    "linux-harts-128": Case("linux", load="roomy", harts=128, vcpus=8, cpu=NO_TRIGGERS, memory="2G",
                            full=True, says="128 harts up"),
    # Paging and memory.
    "sv48": Case(append="satp=sv48", says="Sv48, "),
    "sv57": Case(append="satp=sv57", says="Sv57, "),
    "sv39-only": Case(cpu="rv64,sv48=off", append="satp=sv57", says="Sv39, "),
    "small-pages": Case(append="hide=1g,2m"),
    "linux-sv48": Case("linux", append="satp=sv48", full=True, says="Sv48, "),
    "linux-sv57": Case("linux", append="satp=sv57", full=True, says="Sv57, "),
    "linux-small-pages": Case("linux", append="hide=1g,2m", full=True),
    "linux-4g": Case("linux", memory="8G", guest_mib=4096, full=True),
    # A guest that needs its initrd, without one: it is the guest that says so.
    "linux-rootless": Case("rootless", full=True),
}


# How limen gets there: name and Case to arguments of qemu.command().

def load_image(name, case):
    return {"kernel": fits.image("machine-" + name, case.config(), case.payloads())}


def fit_file(name, case):
    return fits.write(f"machine-{name}.itb", fits.fit(case.config(), case.payloads()))


def load_initrd(name, case):
    return {"kernel": fits.limen(), "initrd": fit_file(name, case)}


def load_initrd_at(name, case):
    """A boot loader may put it at any address; QEMU's own are multiples of 4 KiB."""
    fit, tree = fit_file(name, case), fits.write(f"machine-{name}.dtb", b"")
    end = case.at + os.path.getsize(fit)
    line = qemu.command(fits.limen(), **{**case.machine, "machine": "virt,dumpdtb=" + tree})
    commands = [line] + [["fdtput", "-t", "x", tree, "/chosen", "linux,initrd-" + which,
                          f"{address >> 32:x}", f"{address & 0xffffffff:x}"]
                         for which, address in (("start", case.at), ("end", end))]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            bail_out(f"{command[0]}: {done.stderr.strip().splitlines()[-1]}")
    return {"kernel": fits.limen(), "extra": ["-dtb", tree] + put(fit, case.at)}


def load_elf(name, case):
    elf = os.path.splitext(fits.limen())[0] + ".elf"
    if not os.path.isfile(elf):
        bail_out(f"{elf}: no such file")
    return {"kernel": elf, "initrd": fit_file(name, case)}


def stub(name, **numbers):
    """The path of a stub's binary, assembled with these numbers in it."""
    cross = os.environ.get("CROSS", "riscv64-unknown-elf-")
    source = os.path.join(images.TOP, "tests/boot/stubs", name + ".S")
    binary = fits.write("-".join(["stub", name, *(f"{n:x}" for n in numbers.values())]), b"")
    run = [[cross + "gcc", "-nostdlib", "-static", "-march=rv64imac_zicsr", "-mabi=lp64",
            "-mcmodel=medany", "-Wl,-Ttext=0x80000000", source, "-o", binary + ".elf"] +
           [f"-D{key}={value:#x}" for key, value in numbers.items()],
           [cross + "objcopy", "-O", "binary", binary + ".elf", binary]]
    for command in run:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            bail_out(f"{source}: {done.stderr.strip().splitlines()[-1]}")
    return binary


def put(path, address):
    """QEMU's arguments for a file that stands in memory from the beginning."""
    return ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]


def load_moved(name, case):
    return {"kernel": stub("move", TARGET=MOVED_TO),
            "extra": put(load_image(name, case)["kernel"], MOVED_TO)}


def firmware():
    """The path of QEMU's own OpenSBI."""
    folders = subprocess.run(["qemu-system-riscv64", "-L", "help"], capture_output=True, text=True,
                             check=False).stdout.splitlines()
    found = [f for f in (os.path.join(d, FIRMWARE) for d in folders) if os.path.isfile(f)]
    if not found:
        bail_out(f"{FIRMWARE}: not among QEMU's files")
    return found[0]


def load_roomy(name, case):
    """OpenSBI with room behind it, which QEMU counts to the file: with more than about 115 harts its
    memory is more than the 2 MiB before limen, and it stops without a word."""
    with open(firmware(), "rb") as file:
        padded = file.read().ljust(FIRMWARE_ROOM, b"\0")
    return {**load_image(name, case), "extra": ["-bios", fits.write("firmware-roomy", padded)]}


def load_boot_hart(name, case, absent=NONE):
    choose = stub("boothart", FIRMWARE=FIRMWARE_AT, NEXT=LIMEN_AT, HART=case.machine["harts"] - 1,
                  ABSENT=absent)
    return {**load_image(name, case),
            "extra": ["-bios", stub("move", TARGET=ROM_AT)] + put(choose, ROM_AT) +
                     put(firmware(), FIRMWARE_AT)}


def load_absent(name, case):
    return load_boot_hart(name, case, absent=0)


def load_none(_name, _case):
    return {"kernel": fits.limen()}


LOADS = {"image": load_image, "initrd": load_initrd, "initrd_at": load_initrd_at, "elf": load_elf, "moved": load_moved,
         "roomy": load_roomy, "boot_hart": load_boot_hart, "absent": load_absent}


def limen_lines(machine):
    text = machine.output.decode("latin-1").replace("\r", "")
    return re.findall(r"^limen: (.*)$", text, re.MULTILINE)


def complaints(machine, expected):
    """limen's lines that a boot should not have."""
    return [line for line in limen_lines(machine)
            if re.match(r"warning: |error: |panic|VM \S+ (stopped|has failed)|config: ", line)
            and not any(line == want for want in expected)]


def check_bare(machine):
    """What is wrong, or nothing."""
    status = machine.wait()
    wrong = fits.guest_problem(machine.output.decode("latin-1"))
    return wrong or (f"status {status}" if status else "")


def check_linux(machine, case):
    shell = qemu.Shell(machine)
    shell.ready()
    out, status = shell.run("nproc; awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo")
    cpus, mib = (int(n) for n in out.split())
    if status or cpus != case.vcpus:
        return f"{cpus} CPUs, not {case.vcpus}"
    if not case.mib * 0.85 < mib <= case.mib:
        return f"{mib} MiB of memory, not near {case.mib}"
    machine.send("poweroff -f\n")
    status = machine.wait()
    broken = images.BROKEN.search(machine.output.decode("latin-1"))
    return f"it says {broken[0]!r}" if broken else f"status {status}" if status else ""


def check_rootless(machine):
    machine.expect(r"Kernel panic - not syncing: VFS: Unable to mount root fs")
    return ""


def check_fails(machine, case):
    status = machine.wait()
    lines = limen_lines(machine)
    told = [line for line in lines if re.fullmatch(case.says[0], line)]
    if len(told) != 1 or lines[-1] != told[0]:
        return "no such line, or not as the last one"
    return "" if status > 0 else f"status {status}"


def check(machine, case):
    if case.fails:
        return check_fails(machine, case)
    if case.guest == "linux":
        wrong = check_linux(machine, case)
    else:
        wrong = check_bare(machine) if case.guest == "bare" else check_rootless(machine)
    missing = [want for want in case.says
               if not any(re.search(want, line) for line in limen_lines(machine))]
    if not wrong and missing:
        wrong = f"limen does not say {missing}"
    return wrong or "; ".join(complaints(machine, case.says))


def run(tap, name, case):
    load = load_none if case.fails else LOADS[case.load]
    with qemu.Qemu("machine-" + name, **{**case.machine, **load(name, case)}) as machine:
        try:
            wrong = check(machine, case)
        except qemu.Failure as failure:
            wrong = str(failure)
        tap.ok(not wrong, name, f"{wrong}\n{machine.tail()}" if wrong else "")


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
