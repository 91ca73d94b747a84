#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
What a VM leaves in a hart's CSRs another one does not find: two VMs on a hart, each of which walks all
CSRs and what siselect selects (tests/guests/csrs.c), on each kind of CPU and with each extension that has
state of its own. What they can reach has its row in the table of CSRs (arch/riscv/csr_table.h).
Arguments: CPUs by name (default: all but those marked full; LIMEN_FULL=1 for those as well).
"""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fits  # noqa: E402
import images  # noqa: E402
import qemu  # noqa: E402
from tap import Tap, chosen  # noqa: E402

# The order of things is the same each time.
FIXED = ("-icount", "shift=1,sleep=off")
ROUNDS = 5

# Control transfer records, and what they need.
CTR = "smctr=on,ssctr=on,smcsrind=on,sscsrind=on"

# name: (cpu, boot arguments, machine)
CPUS = {
    "rv64": ("rv64", "", "virt"),
    "max": ("max", "", "virt"),
    "max-imsic": ("max", "", "virt,aia=aplic-imsic,aia-guests=1"),
    "ctr": ("rv64," + CTR, "", "virt"),
    "zcmt": ("rv64,zcmt=on,d=off", "", "virt"),
    "zfinx": ("rv64,f=off,d=off,zfa=off,zfinx=on", "", "virt"),
    "no-enables": ("max,smstateen=off", "", "virt"),
    "enables": ("rv64,smstateen=on,zcmt=on,d=off," + CTR, "", "virt"),
    "enables-hidden": ("rv64,smstateen=on,zcmt=on,d=off," + CTR, "hide=stateen", "virt"),
    "henvcfg-hidden": ("max,smstateen=off", "hide=henvcfg", "virt"),
}

# Each alone, with what it needs. QEMU's firmware does not come up with smdbltrp, and not with smrnmi; rv64
# has debug and its triggers, and no QEMU has Ssqosid yet.
ALONE = ("debug=off", "smaia=on,ssaia=on", "smcdeleg=on,ssccfg=on,smcsrind=on,sscsrind=on", "smcntrpmf=on",
         "smcsrind=on", "sscsrind=on", "ssccfg=on", "smctr=on", "ssctr=on", "smepmp=on", "smmpm=on",
         "smnpm=on", "ssnpm=on", "sspm=on", "supm=on", "smstateen=on", "sscofpmf=on", "ssdbltrp=on",
         "svade=on", "x-svukte=on", "zicfilp=on", "zicfiss=on,zimop=on,zcmop=on", "zkr=on", "v=on", "zve32x=on",
         "d=off", "f=off,d=off,zfa=off", "f=off,d=off,zfa=off,zdinx=on,zhinx=on", "zce=on,zcb=on,d=off",
         "zcmp=on,d=off", "sstc=off", "xtheadba=on,xtheadcmo=on,xtheadfmv=on,xtheadmac=on,xtheadsync=on",
         "xventanacondops=on")
CPUS_FULL = {
    **{model: (model, "", "virt") for model in ("rva23s64", "tt-ascalon", "veyron-v1")},
    **{"rv64," + what: ("rv64," + what, "", "virt") for what in ALONE},
    **{"max," + what: ("max,smstateen=off," + what, "", "virt") for what in ("ssctr=off,smctr=off",
                                                                           "ssaia=off,smaia=off")},
    "max-hide-all": ("max", "hide=all", "virt"),
    "max-hide-aia": ("max,smstateen=off", "hide=aia", "virt"),
    "imsic-no-enables": ("max,smstateen=off", "", "virt,aia=aplic-imsic,aia-guests=1"),
    "imsic-in-software": ("max,smstateen=off", "", "virt,aia=aplic-imsic"),
}

# What siselect may select: Ssaia's priorities and files; and records, of which no word is left.
SELECTED = (range(0x30, 0x40), range(0x70, 0x100), range(0x200, 0x300))

REACH = re.compile(r"^# reach:((?: [0-9a-f]+)*)$", re.MULTILINE)
CHOICE = re.compile(r"^# selected:((?: [0-9a-f.]+)*)$", re.MULTILINE)


def boot(tap, name, cpu, append, machine):
    nodes = [fits.vm(f"vm{i}", memory=fits.megabytes(8), bootargs=f'"id={i} rounds={ROUNDS}"',
                     **({"console": ""} if i == 2 else {})) for i in (1, 2)]
    image = fits.image("csrs", fits.config(*nodes), {"kernel": fits.guest("csrs")})
    with qemu.Qemu("csrs-" + name.replace("/", "-"), kernel=image, memory="256M", cpu=cpu, machine=machine,
                   append=append, extra=FIXED) as vm:
        try:
            status, tail = vm.wait(), vm.tail()
        except qemu.Failure as failure:
            status, tail = None, str(failure)
        text = vm.output.decode("latin-1").replace("\r", "")
        tap.ok(not fits.guest_problem(text), f"{name}: the second VM's CSRs are its own",
               fits.guest_problem(text))
        tap.ok(status == 0, f"{name}: and the first one's: status 0",
               tail if status is None else f"status {status}")
        return text


def read_table():
    """Of each number what the table says becomes of it: names of the kinds."""
    with open(os.path.join(images.TOP, "arch/riscv/csr.h"), encoding="ascii") as f:
        numbers = dict(re.findall(r"^#define CSR_(\w+)\s+(0x[0-9a-f]+)$", f.read(), re.MULTILINE))
    with open(os.path.join(images.TOP, "arch/riscv/csr_table.h"), encoding="ascii") as f:
        rows = re.findall(r"ROW\(([A-Z_]+),\s+(\w+),", f.read())
    table = {}
    for how, name in rows:
        table.setdefault(int(numbers[name], 16), set()).add(how)
    return table


def hold_against(tap, name, table, text):
    """What the second VM reached has a row, and none that says that no guest does."""
    reach = [int(n, 16) for n in (REACH.search(text) or ["", ""])[1].split()]
    choice = {int(n.split(".")[0], 16) for n in (CHOICE.search(text) or ["", ""])[1].split()}
    wrong = [f"{n:#x}" for n in reach if not table.get(n, set()) - {"HIDDEN", "INWARD", "CONSTANT"}]
    wrong += [f"siselect {n:#x}" for n in choice if not any(n in some for some in SELECTED)]
    tap.ok(reach and not wrong, f"{name}: the table has all that it reaches", " ".join(wrong))


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("CSRs", "limen's, which is not there")
        tap.done()
    known, table = {**CPUS, **CPUS_FULL}, read_table()
    for name in chosen(known, usual=CPUS):
        hold_against(tap, name, table, boot(tap, name, *known[name]))
    tap.done()


if __name__ == "__main__":
    main()
