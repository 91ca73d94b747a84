# SPDX-License-Identifier: BSD-2-Clause
"""
Images that tools/pack would refuse, or with more VMs than tools/mkconfig writes: built with the
packer's own parts, but without its checks. Whatever bytes come out of damage() are booted.
"""
import importlib.machinery
import importlib.util
import os
import re
import subprocess
import sys

import images
from tap import bail_out

sys.dont_write_bytecode = True


def load_pack():
    loader = importlib.machinery.SourceFileLoader("pack", os.path.join(images.TOP, "tools/pack"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("pack", loader))
    loader.exec_module(module)
    return module


PACK = load_pack()

GUESTS = os.environ.get("LIMEN_GUESTS") or os.path.join(images.TOP, "build/guests")


def limen():
    return images.path("LIMEN_BIN", "build/riscv-release/limen.bin")


def selftest():
    """The image with the self-tests in it: release but for them. With LIMEN_BIN the debug build's,
    which has them too, that one."""
    return limen() if "debug" in limen() else \
        images.path("LIMEN_SELFTEST_BIN", "build/riscv-selftest/limen.bin")


def guest(name, kind="bin"):
    """The path of a bare-metal test guest."""
    file = os.path.join(GUESTS, f"{name}.{kind}")
    if not os.path.isfile(file):
        bail_out(f"{file}: no such file (make guests)")
    return file


def megabytes(n):
    """The value of a VM's memory property, for so many MiB."""
    kib = int(n * 1024)
    return f"<{kib >> 32:#x} {kib & 0xffffffff:#x}>"


def vm(name="guest", without=(), inside="", **properties):
    """
    A VM's node in device-tree source: one vCPU, 32 MiB and the payload "kernel", but for what is
    given, and without what is in without. A value is source text; "" is a property without one.
    inside: child nodes.
    """
    said = {"compatible": '"limen,vm"', "cpus": "<1>", "memory": megabytes(32),
            "kernel": '"kernel"', **properties}
    body = "".join(f"\t\t{key}{' = ' if value else ''}{value};\n"
                   for key, value in said.items() if key not in without)
    return f"\t{name} {{\n{body}{inside}\t}};\n"


def config(*nodes, compatible="limen,config"):
    """A whole configuration's source."""
    return f'/dts-v1/;\n\n/ {{\n\tcompatible = "{compatible}";\n\n{"".join(nodes)}}};\n'


def compile_config(source):
    done = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb"], input=source.encode(),
                          capture_output=True, check=False)
    if done.returncode:
        bail_out("dtc: " + done.stderr.decode().strip().replace("\n", "; "))
    return done.stdout


def fit(source, payloads):
    """A FIT's bytes. source: a configuration as text, or bytes to be taken for a compiled one."""
    blob = compile_config(source) if isinstance(source, str) else source
    return PACK.build_fit(blob, payloads, {})


def guest_problem(text):
    """What is wrong with a test guest that ran, as the console told it; or nothing."""
    text = text.replace("\r", "")
    bad = re.findall(r"^(?:not ok|Bail out!).*", text, re.MULTILINE)
    plan = re.search(r"^1\.\.(\d+)", text, re.MULTILINE)
    # Of VMs whose lines come once the console is theirs the machine's status tells.
    passed = len(re.findall(r"^ok \d+ - ", text[:plan.start()] if plan else "", re.MULTILINE))
    if bad:
        return "; ".join(bad)
    if not plan:
        return "the guest did not come to its end"
    return "" if int(plan[1]) == passed else f"{passed} tests passed of {plan[1]}"


def write(name, data):
    os.makedirs(images.OUT, exist_ok=True)
    path = os.path.join(images.OUT, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def image(name, source, payloads, damage=lambda fit: fit, code=None):
    """The path of a bootable image; damage gets the FIT's bytes and returns those to pack. code:
    another hypervisor than limen()."""
    with open(code or limen(), "rb") as f:
        head = f.read()
    return write(name + ".img", PACK.join(head, damage(fit(source, payloads))))
