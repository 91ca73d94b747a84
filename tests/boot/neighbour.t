#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
What a VM has of its hart beside another one that does what it can to take it: the table of promises in
docs/architecture.md ("Neighbours"). A case is a hostile VM (tests/guests/hostile.c) and what the VM beside
it (tests/guests/neighbour.c) is promised; that one measures, in one of these roles, each a boot of its own:

    compute	the work it gets done, against what it gets done alone, and how long its turn may fail to come
    sleep	how late its timer wakes it
    first	how late its first instruction is after its start

One hart, and an instruction takes a nanosecond (8 where only shares count, and the simulator would
take long): the figures are exact, whatever the computer's speed.
With the debug build the figures are told and not judged: there, nothing may go wrong. Arguments: names of
cases, or case/role. With LIMEN_FULL=1 all cases run.
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
from tap import Tap, bail_out  # noqa: E402

SHIFT, SHIFT_FAST = 0, 3

SLICE = 10000           # us
SWITCH = 20             # us: how late a slice may end
LATE = 60               # us, of one that sleeps more than it runs
OVER_SECOND = 3         # per cent of all time that a share may be off, over a second
OVER_10_SECONDS = 2
CAP_OVER_SECOND = 2
ACCOUNT = 5             # per cent that an account may be off
WINDOW = 100            # ms
STORM_SLEEP = 10        # ms: how long each storm rages beside a sleeper
FROM, SETTLED = 50, 30  # ms: when a measurement begins
LENGTH = {"compute": 1000, "sleep": 200, "first": 30, "account": 500}   # ms
NAP, RUN = 1250, 20     # us: how often a sleeper wakes, and works for how long
STARTS = 3              # of a VM whose first instruction is timed
HOSTILE_ENDS = 200      # ms after the measurement, if nothing stops it before

ROLES = ("compute", "sleep", "first", "account")
FIGURES = re.compile(r"^figures: (role=.*)\n", re.MULTILINE)
TIMES = re.compile(r"limen: VM (\w+): guest (\d+) ms, host (\d+) ms, interrupts (\d+) ms, "
                   r"idle (\d+) ms, steal (\d+) ms, \d+ entries, (\d+) ms elsewhere$", re.MULTILINE)
# At its end a hostile VM fails, so that it is said.
WRONG = re.compile(r"limen: (warning|error|panic|VM hostile\w+ stopped).*|^Bail out.*", re.MULTILINE)

TIME, IPI, RFENCE, HSM, SRST = 0x54494d45, 0x735049, 0x52464e43, 0x48534d, 0x53525354
PMU, DBCN, SUSP, STA, FWFT, BASE = 0x504d55, 0x4442434e, 0x53555350, 0x535441, 0x46574654, 0x10
ALL = (1 << 64) - 1


def act(name, *numbers):
    """As hostile.c reads it; a number may be text, "@0"."""
    return ":".join([name, *(n if isinstance(n, str) else f"{n:x}" for n in numbers)])


def sbi(eid, fid, *args):
    return act("sbi", eid, fid, *args)


JUDGED = "debug" not in fits.limen()


class Hostile:
    """
    VMs that do as they are told. wants: whether each wants its hart all the time; vms: how many there are.
    properties are those of the configuration, arguments those of hostile.c.
    """

    def __init__(self, do, cpus=1, wants=False, vms=1, properties=None, **arguments):
        self.do, self.cpus, self.wants, self.vms = do, cpus, wants, vms
        self.properties = properties or {}
        self.arguments = arguments

    def weight(self):
        return int(self.properties.get("weight", "<256>").strip("<>"))

    def cap(self):
        return int(self.properties.get("cap", "<100>").strip("<>"))

    def nodes(self, group, until, each):
        """Lasts until then, and each of its acts so long; milliseconds."""
        arguments = {"do": self.do, "harts": self.cpus, "for": until, "from": FROM, "each": each,
                     **self.arguments}
        said = " ".join(f"{key}={value}" for key, value in arguments.items())
        return [fits.vm(f"hostile{group}{i}", kernel='"hostile"', cpus=f"<{self.cpus}>",
                        memory=fits.megabytes(4), bootargs=f'"{said}"', **self.properties)
                for i in range(self.vms)]


class Case:
    """
    hostile: the VMs beside. roles: what is measured, more: if all is. weight: the neighbour's. usual: runs by
    default. fast: is measured where an instruction takes 8 ns, if the role is to compute; only shares count.
    storms: the names of what is done in each window, one after the other. machine, cpu: QEMU's.
    ends: whether the hostile VM may end before the neighbour does. quiet: the console is the hostile VM's.
    seconds: how long it is measured, if not as usual.
    """

    def __init__(self, *hostile, roles=("compute", "sleep"), weight=256, usual=True, storms=(),
                 machine="virt", cpu="rv64", ends=False, quiet=False, seconds=None, more=(), fast=False):
        self.hostile, self.roles, self.weight, self.usual = hostile, roles, weight, usual
        self.storms, self.machine, self.cpu, self.ends, self.quiet = storms, machine, cpu, ends, quiet
        self.seconds, self.more, self.fast = seconds, more, fast or storms or quiet

    def window(self, role):
        return STORM_SLEEP if self.storms and role == "sleep" else WINDOW

    def length(self, role):
        if self.storms:
            return len(self.storms) * self.window(role)
        if self.seconds:
            return self.seconds * 1000
        return WINDOW if self.quiet else LENGTH[role]

    def shift(self, role):
        return SHIFT_FAST if self.fast and role == "compute" else SHIFT

    def delay(self, role):
        """How long a turn may take to come, in us: a slice for each other VM, more for one that weighs more."""
        slices = 1 + sum(-(-h.weight() // self.weight) * h.vms for h in self.hostile)
        return slices * (SLICE + (SWITCH << self.shift(role)))

    def share(self):
        """The neighbour's share of the hart in per cent: (at least, at most)."""
        total = self.weight + sum(h.weight() * h.vms for h in self.hostile)
        others = sum(min(h.cap(), 100 * h.weight() / total) * h.vms for h in self.hostile)
        return 100 - others, 100 - others if all(h.wants for h in self.hostile) else 100

    def tolerance(self):
        return CAP_OVER_SECOND if any(h.cap() < 100 for h in self.hostile) else OVER_SECOND


def storms(acts, cpus=1, properties=None, **more):
    """A case in which each of acts, {name: act}, has one window."""
    arguments = {key: more.pop(key) for key in ("other", "fill") if key in more}
    hostile = Hostile(";".join(acts.values()), cpus=cpus, wants=True, properties=properties, **arguments)
    return Case(hostile, storms=tuple(acts), **more)


COMPUTE, FIRST, SLEEP = ("compute",), ("first",), ("sleep",)
MEASURED = ("compute", "sleep", "first")
LIGHT = {"properties": {"weight": "<1>"}}
CAPPED = {"properties": {"cap": "<10>"}}

WFI, SUSPEND, SUSPEND_WHOLE, SUSPEND_SYSTEM, WRS = range(5)     # ways to sleep, in hostile.c
IRQ_SOFT, IRQ_EXT = 1, 9

CASES = {
    "alone": Case(roles=MEASURED),
    "one-computes": Case(Hostile("compute", wants=True), roles=ROLES),
    # Seen: a wait whose condition holds already.
    "wfi-pending": Case(Hostile(act("pending", WFI), wants=True), roles=ROLES, fast=True),
    "wfi-pending-light": Case(Hostile(act("pending", WFI), wants=True, **LIGHT), weight=65536, roles=COMPUTE),
    "wfi-pending-capped": Case(Hostile(act("pending", WFI), wants=True, **CAPPED), roles=COMPUTE, more=FIRST),
    "suspend-pending": Case(Hostile(act("pending", SUSPEND), wants=True), roles=COMPUTE, more=SLEEP, fast=True),
    "suspend-pending-light": Case(Hostile(act("pending", SUSPEND), wants=True, **LIGHT), weight=65536,
                                  roles=COMPUTE, usual=False),
    "suspend-pending-capped": Case(Hostile(act("pending", SUSPEND), wants=True, **CAPPED), roles=COMPUTE),
    "pending-no-sstc": Case(Hostile(act("pending", WFI), wants=True), cpu="rv64,sstc=off", roles=COMPUTE,
                            more=SLEEP, fast=True),
    "wfi-pending-soft": Case(Hostile(act("pending", WFI, IRQ_SOFT), wants=True), roles=COMPUTE, fast=True),
    "wfi-pending-device": Case(Hostile(act("pending", WFI, IRQ_EXT), wants=True, properties={"aia": '"none"'}),
                               roles=COMPUTE, fast=True),
    "suspend-pending-soft": Case(Hostile(act("pending", SUSPEND, IRQ_SOFT), wants=True), roles=COMPUTE,
                                 usual=False),
    # Two that have to do with each other, beside which a third one computes.
    "ping-pong": Case(Hostile("ping-pong", cpus=2), roles=("compute", "account"), more=SLEEP, fast=True),
    "ipi-to-deaf": Case(Hostile(sbi(IPI, 0, 2, 0), cpus=2, other="deaf", wants=True), roles=COMPUTE, fast=True),
    # Seen: three that nap.
    "nap-wfi": Case(Hostile(act("nap", WFI, 20, 0), cpus=3), roles=("compute", "account")),
    "nap-suspend": Case(Hostile(act("nap", SUSPEND, 20, 0), cpus=3), roles=("compute", "account")),
    "nap-wfi-no-sstc": Case(Hostile(act("nap", WFI, 20, 0), cpus=3), roles=COMPUTE, cpu="rv64,sstc=off",
                            usual=False),
    "nap-wfi-8": Case(Hostile(act("nap", WFI, 20, 0), cpus=8), roles=("compute", "sleep", "account"),
                      usual=False),
    "nap-capped": Case(Hostile(act("nap", WFI, 20, 0), cpus=3, **CAPPED), roles=COMPUTE),
    "nap-long": Case(Hostile(act("nap", WFI, 10000, 9000), wants=True), usual=False),
    "nap-one": Case(Hostile(act("nap", WFI, 10, 0)), roles=("compute", "account"), usual=False),
    # Seen: many that compute.
    "16-compute": Case(Hostile("compute", cpus=16, wants=True), roles=COMPUTE),
    "64-compute": Case(Hostile("compute", cpus=64, wants=True), roles=MEASURED),
    "64-compute-capped": Case(Hostile("compute", cpus=64, wants=True, properties={"cap": "<30>"}),
                              roles=COMPUTE),
    "compute-capped": Case(Hostile("compute", wants=True, **CAPPED), roles=COMPUTE),
    "three-vms-compute": Case(Hostile("compute", cpus=4, wants=True, vms=3), roles=MEASURED, usual=False),
    "eight-vms-compute": Case(Hostile("compute", wants=True, vms=8), roles=MEASURED, usual=False),
    "heavy-computes": Case(Hostile("compute", cpus=4, wants=True, properties={"weight": "<768>"}),
                           usual=False),
    # Seen: many that sleep and wake together.
    "16-wake-together": Case(Hostile(act("nap", WFI, 200000, 9000), cpus=16)),
    "64-wake-together": Case(Hostile(act("nap", WFI, 20000, 200), cpus=64)),
    "64-wake-often": Case(Hostile(act("nap", WFI, 5000, 20), cpus=64), usual=False),
    # Seen: long calls.
    "pmu-info-4096": Case(Hostile(sbi(PMU, 8, "@0", 0, 4096, 0), wants=True, fill=0)),
    "reboot-64": Case(Hostile(act("end", 20000, 1, 0), other="wait", cpus=64)),
    "reboot-64-computing": Case(Hostile(act("end", 20000, 1, 0), other="compute", cpus=64), usual=False),
    "ipi-64": Case(Hostile(sbi(IPI, 0, ALL, 0), cpus=64, other="wait", wants=True),
                   roles=("compute", "sleep", "account")),
    "ipi-64-computing": Case(Hostile(sbi(IPI, 0, ALL, 0), cpus=64, other="compute", wants=True), usual=False),
    # What a VM writes, and who has the console.
    "writes-own-console": Case(Hostile(sbi(DBCN, 0, 256, "@0", 0), wants=True, fill=46,
                                       properties={"console": ""}), roles=COMPUTE, more=SLEEP, quiet=True),
    "uart-own-console": Case(Hostile(act("store-byte", 0x10000000, 0x2e), wants=True, fill=46,
                                     properties={"console": ""}), roles=COMPUTE, more=SLEEP, quiet=True),
    # For longer.
    "one-computes-10s": Case(Hostile("compute", wants=True), roles=COMPUTE, seconds=10, usual=False),
    "64-compute-10s": Case(Hostile("compute", cpus=64, wants=True), roles=COMPUTE, seconds=10, usual=False),
    "weights-10s": Case(Hostile("compute", wants=True), Hostile("compute", wants=True, cpus=8,
                                                               properties={"weight": "<512>"}),
                        roles=COMPUTE, seconds=10, usual=False),
    "nap-wfi-10s": Case(Hostile(act("nap", WFI, 20, 0), cpus=3), roles=COMPUTE, seconds=10, usual=False),
    "wake-together-10s": Case(Hostile(act("nap", WFI, 200000, 9000), cpus=16), roles=COMPUTE, seconds=10,
                              usual=False),
    # VMs that end and come again.
    "restart-off": Case(Hostile(act("end", 100, 0, 0), properties={"restart": '"always"'}), ends=True),
    "restart-off-64": Case(Hostile(act("end", 100, 0, 0), other="wait", cpus=64,
                                   properties={"restart": '"always"'}), ends=True, usual=False),
    "restart-failed": Case(Hostile(act("end", 100, 0, 1), properties={"restart": '"on-failure"'}), ends=True),
    "restart-failed-16-vms": Case(Hostile(act("end", 100, 0, 1), vms=16,
                                          properties={"restart": '"on-failure"'}), ends=True, usual=False),
    "reboot-16-vms": Case(Hostile(act("end", 100, 1, 0), vms=16), ends=True, usual=False),
}

# Each function of each extension, with what is plausible and what is not.
CASES["storms-base"] = storms({
    "base-version": sbi(BASE, 0), "base-probe": sbi(BASE, 3, PMU), "base-mvendorid": sbi(BASE, 4),
    "base-unknown": sbi(BASE, 99), "no-extension": sbi(0x8000000, 0), "legacy-putchar": sbi(1, 0, 0x2e),
    "time-past": sbi(TIME, 0, 0), "time-far": sbi(TIME, 0, ALL), "time-unknown": sbi(TIME, 1),
    "timers-0": act("timers", 0), "timers-1": act("timers", 1), "timers-30": act("timers", 30)})
CASES["storms-console"] = storms({
    "dbcn-write": sbi(DBCN, 0, 4096, "@0", 0), "dbcn-write-16": sbi(DBCN, 0, 16, "@0", 0),
    "dbcn-write-0": sbi(DBCN, 0, 0, "@0", 0), "dbcn-write-nowhere": sbi(DBCN, 0, 16, 0, 0),
    "dbcn-read": sbi(DBCN, 1, 4096, "@0", 0), "dbcn-byte": sbi(DBCN, 2, 0x2e),
    "dbcn-unknown": sbi(DBCN, 3)}, fill=46)
CASES["storms-hsm"] = storms({
    "hsm-status": sbi(HSM, 2, 0), "hsm-status-none": sbi(HSM, 2, 64),
    "hsm-start-started": sbi(HSM, 0, 0, "@0", 0), "hsm-start-nowhere": sbi(HSM, 0, 0, 0, 0),
    "hsm-suspend-no-type": sbi(HSM, 3, 5),
    "suspend-whole-pending": act("pending", SUSPEND_WHOLE), "wrs-pending": act("pending", WRS),
    "suspend-system-pending": act("pending", SUSPEND_SYSTEM), "susp-no-type": sbi(SUSP, 0, 1, "@0", 0),
    "susp-unknown": sbi(SUSP, 1), "srst-no-type": sbi(SRST, 0, 3, 0), "srst-unknown": sbi(SRST, 1)})
CASES["storms-pmu"] = storms({
    "pmu-number": sbi(PMU, 0), "pmu-info": sbi(PMU, 1, 3),
    "pmu-config-hw": sbi(PMU, 2, 0, 5, 6, 1, 0), "pmu-config-fw": sbi(PMU, 2, 0, 0x3fff8, 6, 0xf0005, 0),
    "pmu-config-bad": sbi(PMU, 2, 0, 5, ALL, 1, 0), "pmu-start": sbi(PMU, 3, 0, 5, 1, 0),
    "pmu-stop": sbi(PMU, 4, 0, 5, 0), "pmu-fw-read": sbi(PMU, 5, 3), "pmu-snapshot": sbi(PMU, 7, "@0", 0, 0),
    "pmu-snapshot-off": sbi(PMU, 7, ALL, ALL, 0), "pmu-event-info": sbi(PMU, 8, "@0", 0, 16, 0),
    "pmu-event-info-4096": sbi(PMU, 8, "@0", 0, 4096, 0)}, fill=0)
CASES["storms-sta-fwft"] = storms({
    "sta-on": sbi(STA, 0, "@0", 0, 0), "sta-off": sbi(STA, 0, ALL, ALL, 0),
    "sta-nowhere": sbi(STA, 0, 64, 0, 0), "fwft-get": sbi(FWFT, 1, 0),
    "fwft-get-adue": sbi(FWFT, 1, 4), "fwft-on": sbi(FWFT, 0, 4, 1, 0),
    "fwft-off": sbi(FWFT, 0, 4, 0, 0), "fwft-none": sbi(FWFT, 0, 0x3fffffff, 1, 0)})
CASES["storms-ipi"] = storms({
    "ipi-self": sbi(IPI, 0, 1, 0), "ipi-nobody": sbi(IPI, 0, 0, 0), "ipi-absent": sbi(IPI, 0, 2, 63),
    "ipi-all": sbi(IPI, 0, ALL, 0), "ipi-base-all": sbi(IPI, 0, 0, ALL), "rfence-i-self": sbi(RFENCE, 0, 1, 0),
    "rfence-i-all": sbi(RFENCE, 0, 0, ALL), "sfence-page": sbi(RFENCE, 1, 0, ALL, 0, 4096),
    "sfence-64-pages": sbi(RFENCE, 1, 0, ALL, 0, 64 * 4096), "sfence-all": sbi(RFENCE, 1, 0, ALL, 0, ALL),
    "sfence-asid": sbi(RFENCE, 2, 0, ALL, 0, 64 * 4096, 1), "hfence": sbi(RFENCE, 5, 0, ALL, 0, ALL)},
    cpus=64, other="wait")
CASES["storms-rfence-computing"] = storms({
    "rfence-i-all": sbi(RFENCE, 0, 0, ALL), "sfence-64-pages": sbi(RFENCE, 1, 0, ALL, 0, 64 * 4096),
    "sfence-asid": sbi(RFENCE, 2, 0, ALL, 0, 64 * 4096, 1), "sfence-all": sbi(RFENCE, 1, 0, ALL, 0, ALL),
    "ipi-all": sbi(IPI, 0, 0, ALL)}, cpus=64, other="compute", usual=False)
CASES["storms-harts"] = storms({
    "start-stop": "start-stop", "start-stop-again": "start-stop"}, cpus=64, other="stop")
CASES["storms-harts-few"] = storms({
    "start-stop": "start-stop", "start-stop-again": "start-stop"}, cpus=4, other="stop", usual=False)

UART, PLIC, APLIC, IMSIC = 0x10000000, 0xc000000, 0xd000000, 0x28000000

CASES["storms-uart"] = storms({
    **{f"uart-load-{r}": act("load-byte", UART + r) for r in range(8)},
    **{f"uart-store-{r}": act("store-byte", UART + r, 0x2e if r == 0 else 0x03) for r in range(8)},
    "uart-ier": act("store-byte", UART + 1, 0xf), "uart-thr-ier": act("store-byte", UART, 0x2e)})
PLIC_REGISTERS = {"priority": 40, "pending": 0x1000, "enable": 0x2000, "threshold": 0x200000,
                  "claim": 0x200004, "nothing": 0x300000}
CASES["storms-plic"] = storms({
    **{f"plic-load-{name}": act("load", PLIC + at) for name, at in PLIC_REGISTERS.items()},
    **{f"plic-store-{name}": act("store", PLIC + at, 10) for name, at in PLIC_REGISTERS.items()}},
    properties={"aia": '"none"'})
APLIC_REGISTERS = {"domaincfg": 0, "sourcecfg": 0x28, "mmsicfg": 0x1bc0, "setip": 0x1c00, "setipnum": 0x1cdc,
                   "clrip": 0x1d00, "setie": 0x1e00, "setienum": 0x1edc, "clrie": 0x1f00,
                   "setipnum_le": 0x2000, "genmsi": 0x3000, "target": 0x3028}
IDC_REGISTERS = {"idelivery": 0x4000, "iforce": 0x4004, "ithreshold": 0x4008, "topi": 0x4018, "claimi": 0x401c}
for kind, registers in (("aplic", {**APLIC_REGISTERS, **IDC_REGISTERS}), ("aplic-imsic", APLIC_REGISTERS)):
    for how, value in (("load", ()), ("store", (10,))):
        CASES[f"storms-{kind}-{how}"] = storms(
            {f"{kind}-{how}-{name}": act(how, APLIC + at, *value) for name, at in registers.items()},
            properties={"aia": f'"{kind}"'}, machine="virt,aia=aplic-imsic,aia-guests=1",
            usual=kind == "aplic")


def csr(number, how=2):
    """CSRR a1, or with how=1 CSRW a0."""
    return number << 20 | how << 12 | (0x5f3 if how == 2 else 0x50073)


SISELECT, SIREG, STOPEI, STOPI = 0x150, 0x151, 0x15c, 0xdb0
for files, kind in ((0, "memory"), (1, "hart")):
    CASES[f"storms-imsic-{kind}"] = storms({
        "file-load": act("load", IMSIC), "file-store": act("store", IMSIC, 1),
        "file-store-other": act("store", IMSIC + 4096, 1), "file-store-be": act("store", IMSIC + 4, 1),
        "siselect": act("insn", csr(SISELECT)), "siselect-eie": act("insn", csr(SISELECT, 1), 0xc0),
        "sireg": act("insn", csr(SIREG)), "sireg-write": act("insn", csr(SIREG, 1), ALL),
        "stopei": act("insn", csr(STOPEI)), "stopei-claim": act("insn", csr(STOPEI, 1), 0),
        "stopi": act("insn", csr(STOPI))}, cpus=2, other="wait", properties={"aia": '"aplic-imsic"'},
        machine=f"virt,aia=aplic-imsic,aia-guests={files}", usual=files == 0)

CASES["storms-traps"] = storms({
    "illegal": act("insn", 0x0000000b), "ebreak": act("insn", 0x00100073),
    "misaligned": act("insn", 0x100535af, "@1"), "virtual-csr": act("insn", csr(0x600)),
    "hfence": act("insn", 0x62000073), "hlv": act("insn", 0x6c0545f3, "@0"), "cycle": act("insn", csr(0xc00)),
    "satp": act("insn", csr(0x180, 1), 0), "page-fault": act("insn-paged", 0x00053583, ALL - 4095),
    "page-fault-fetch": act("fetch-paged", ALL - 4095),
    "wrs-nto": act("insn", 0x00d00073)})
CASES["storms-nothing"] = storms({
    "load": act("insn", 0x00053583, 0x1000), "store": act("insn", 0x00b53023, 0x1000),
    "amo": act("insn", 0x00b535af, 0x1000), "fetch": act("fetch", 0x1000),
    "beyond-ram": act("insn", 0x00053583, 0x100000000)})


# What is not as it should be: why, and by how a point's text begins. A row goes when it holds.
KNOWN = {}


def known(what):
    """Why this point is known to fail, or None."""
    return next((why for why, names in KNOWN.items() for name in names
                 if what.startswith((name + ":", name + "/", name + " of ", name + " for "))), None)


def images_of(case):
    return {guest: fits.guest(guest) for guest in ["neighbour"] + ["hostile"] * bool(case.hostile)}


def boot(name, case, role):
    length = case.length(role)
    said = {"role": "compute" if role == "account" else role, "ms": length,
            "window": case.window(role),
            "from": {"first": SETTLED, "account": 1}.get(role, FROM)}
    if role == "sleep":
        said.update(nap=NAP, run=RUN)
    if case.quiet:
        said.update(quiet=1)
    until = FROM + (STARTS * 200 if role == "first" else length) + HOSTILE_ENDS
    if role == "account":
        until = length + 1
    elif case.quiet:
        until = FROM + length + SLICE // 1000
    me = fits.vm("neighbour", kernel='"neighbour"', memory=fits.megabytes(4), weight=f"<{case.weight}>",
                 **({} if case.quiet else {"console": ""}),
                 bootargs='"' + " ".join(f"{k}={v}" for k, v in said.items()) + '"')
    nodes = [n for i, h in enumerate(case.hostile) for n in h.nodes("abc"[i], until, case.window(role))]
    image = fits.image(f"neighbour-{name}-{role}", fits.config(*nodes, me), images_of(case))
    return qemu.Qemu(f"neighbour-{name}-{role}", kernel=image, memory="512M", cpu=case.cpu,
                     extra=("-icount", f"shift={case.shift(role)},sleep=off"),
                     machine=case.machine, append="trace=gp-begin" if role == "account" else None)


def listen_to_report(machine):
    """Of a neighbour that has no console; the other one has written a lot of it."""
    machine.wait()
    report = re.search(r"limen: VM neighbour stopped: .*system failure(?s:.*?) hvip ",
                       machine.output.decode("latin-1"))
    if not report:
        raise qemu.Failure("the neighbour has reported nothing")
    us, done, worst, stolen, skipped = (int(re.search(rf" s{n} ([0-9a-f]{{16}})", report[0])[1], 16)
                                        for n in range(2, 7))
    return [{"us": us, "units": done, "naps": done, "worst_us": str(worst), "stolen_us": stolen,
             "skipped": skipped, "mean_10ns": 0}]


def listen(machine, role):
    """The neighbour's figures, a dictionary for each time that it says them."""
    said = []
    while len(said) < (STARTS + 1 if role == "first" else 1):
        line = machine.expect(FIGURES.pattern)[1]
        said.append(dict(part.split("=", 1) for part in line.split()))
    if role == "account":
        machine.wait()
        text = machine.output.decode("latin-1").replace("\r", "")
        # What it had the hart for, of whatever kind, and what limen did for it meanwhile.
        said[0]["had"] = {m[1]: sum(map(int, m.groups()[1:4])) + int(m[7]) for m in TIMES.finditer(text)}
    return said


def numbers(text):
    return [int(n) for n in text.split(",")]


class Judge:
    def __init__(self, tap):
        self.tap = tap
        self.alone = None       # units of work that one alone does in a second, without a shift

    def point(self, what, got, least, most, unit):
        """One figure and its bounds, least None if there is none."""
        right = (least is None or got >= least - 1e-6) and got <= most + 1e-6
        bounds = f"at most {most:.0f}" if least is None else f"{least:.0f} to {most:.0f}"
        if JUDGED:
            self.judge(right, f"{what}: {got:.1f} {unit} ({bounds})")
        else:
            self.tap.diag(f"{what}: {got:.1f} {unit}")

    def judge(self, right, what, detail=""):
        if known(what):
            self.tap.todo(right, what, known(what))
        else:
            self.tap.ok(right, what, detail)

    def compute(self, name, case, said):
        alone = self.alone >> case.shift("compute")
        if case.quiet:
            said[0]["work"] = str(said[0]["units"])
        work = [n / alone * 1000 for n in numbers(said[0]["work"])]    # ms
        worst = numbers(said[0]["worst_us"])
        least, most = case.share()
        delay = case.delay("compute")
        if case.storms:
            for storm, had, gap in zip(case.storms, work, worst):
                self.point(f"{name}: {storm}: work in {WINDOW} ms", had, least - SLICE / 1000, 100, "ms")
                self.point(f"{name}: {storm}: delay of its turn", gap, None, delay, "us")
            return
        seconds = [sum(work[i:i + 10]) / 10 for i in range(len(work) - 9)]
        off = case.tolerance()
        if len(work) >= 100:
            off = OVER_10_SECONDS
            self.point(f"{name}: share over ten seconds", sum(work[:100]) / 100, least - off,
                       min(most + off, 100), "%")
            off = case.tolerance()
        if seconds:
            self.point(f"{name}: share over a second", min(seconds), least - off, min(most + off, 100), "%")
        self.point(f"{name}: work in {WINDOW} ms, at worst", min(work), least - SLICE / 1000, 100, "ms")
        self.point(f"{name}: delay of its turn", max(worst), None, delay, "us")

    def sleep(self, name, case, said):
        worst = numbers(said[0]["worst_us"])
        for storm, late in zip(case.storms, worst):
            self.point(f"{name}: {storm}: late by", late, None, LATE, "us")
        if not case.storms:
            self.point(f"{name}: late by", max(worst), None, LATE, "us")
            self.tap.diag(f"{name}: late by {int(said[0]['mean_10ns']) / 100} us on average")
        self.point(f"{name}: timers skipped", int(said[0]["skipped"]), None, 0, "in all")

    def first(self, name, case, said):
        worst = max(int(s["first_us"]) for s in said)
        self.point(f"{name}: first instruction", worst, None, case.delay("first"), "us")

    def account(self, name, case, said):
        """What it did not have the others had, is told as stolen, and is charged to them."""
        del case
        elapsed = int(said[0]["us"]) / 1000
        work = int(said[0]["units"]) / self.alone * 1000
        lost, stolen = elapsed - work, int(said[0]["stolen_us"]) / 1000
        off = lost * ACCOUNT / 100 + 1
        had = said[0]["had"]
        self.tap.ok(all(n <= 2 * elapsed for n in had.values()), f"{name}: nobody had more time than there was",
                    had)
        self.point(f"{name}: told as stolen of {lost:.1f} ms", stolen, lost - off, lost + off, "ms")
        self.point(f"{name}: charged to the other of {lost:.1f} ms",
                   sum(n for vm, n in had.items() if vm != "neighbour"), lost - off, lost + off, "ms")
        off = work * ACCOUNT / 100 + 1
        self.point(f"{name}: charged to itself for {work:.1f} ms of work", had.get("neighbour", 0), work - off,
                   work + off, "ms")

    def measure(self, name, role):
        """What the neighbour says of itself, or None."""
        case = CASES[name]
        with boot(name, case, role) as machine:
            try:
                said = listen_to_report(machine) if case.quiet else listen(machine, role)
            except qemu.Failure as failure:
                self.judge(False, f"{name}/{role}: the neighbour comes to its end", failure)
                return None
            # The others fail once all is measured; a slow reader finds that behind the figures.
            bad = not (case.quiet or case.ends or role == "account") and \
                WRONG.search(machine.output[:machine.seen].decode("latin-1"))
            self.judge(not bad, f"{name}/{role}: measured in time, and nothing went wrong",
                       bad and machine.tail(5))
            if bad and "panic" in bad[0]:
                self.tap.ok(False, f"{name}/{role}: limen goes on", machine.tail())
        return said

    def calibrate(self):
        said = self.measure("alone", "compute")
        if not said:
            bail_out("nothing can be measured")
        self.alone = int(said[0]["units"]) * 1000000 // int(said[0]["us"])
        self.tap.diag(f"alone: {self.alone} units of work a second")


def chosen_points():
    """(case, role) of what is to run: named on the command line, or by default."""
    if not sys.argv[1:]:
        full = os.environ.get("LIMEN_FULL")
        return [(name, role) for name, case in CASES.items() if full or case.usual
                for role in (*case.roles, *(case.more if full else ()))]
    points = []
    for name in sys.argv[1:]:
        case, _, role = name.partition("/")
        if case not in CASES or (role and role not in ROLES):
            bail_out(f"no {name}; there are {', '.join(CASES)}; roles are {', '.join(ROLES)}")
        points += [(case, r) for r in ([role] if role else [*CASES[case].roles, *CASES[case].more])]
    return points


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("neighbours", "limen's, which is not there")
        tap.done()
    judge = Judge(tap)
    points = chosen_points()
    judge.calibrate()
    for case, role in points:
        said = judge.measure(case, role)
        if said:
            getattr(judge, role)(case, CASES[case], said)
    tap.done()


if __name__ == "__main__":
    main()
