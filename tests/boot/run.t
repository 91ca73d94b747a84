#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
`make run` as somebody types it: what it starts, and its exit status, which is the guest's fate.
"""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fits  # noqa: E402
import images  # noqa: E402
import qemu  # noqa: E402
from tap import Tap  # noqa: E402

# What `make test` hands down, and what would be taken for a variable of `make run`.
NOT_OURS = ("MAKE", "MFLAGS", "KERNEL", "INITRD", "BOOTARGS", "MEM", "CPU", "MACHINE", "HARTS",
            "HOST_MEM", "QEMU_ARGS", "APPEND", "BUILD", "GNUMAKEFLAGS")


class Make(qemu.Qemu):
    """A machine that make starts: its console is make's standard input and output."""

    def __init__(self, name, *variables):
        self.variables = variables
        super().__init__(name, kernel="")

    def start(self):
        self.line = ["make", "-C", images.TOP, "run", *self.variables]
        self.environment = {key: value for key, value in os.environ.items()
                            if not key.startswith(NOT_OURS)}
