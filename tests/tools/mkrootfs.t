#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/mkrootfs: the archive it writes. (That it boots is shown by tests/boot.)"""
import gzip
import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tests"))
from tap import Tap  # noqa: E402

tap = Tap()
work = tempfile.TemporaryDirectory()
os.chdir(work.name)


def run(*args):
    return subprocess.run([os.path.join(TOP, "tools/mkrootfs"), *args], capture_output=True,
                          text=True, check=False)


def unpack(path):
    """name -> (mode, data, rdev) of a gzipped cpio archive, in its order."""
    with gzip.open(path) as f:
        data = f.read()
    entries, at = {}, 0
    while True:
        assert data[at:at + 6] == b"070701", at
        field = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        name = data[at + 110:at + 110 + field[11] - 1].decode()
        at = (at + 110 + field[11] + 3) // 4 * 4
        if name == "TRAILER!!!":
            return entries
        assert name not in entries, name
        entries[name] = (field[1], data[at:at + field[6]], (field[9], field[10]))
        at = (at + field[6] + 3) // 4 * 4


for name, text in (("bb", b"\x7fELF busybox"), ("a file", b"abcde"), ("init", b"#!/bin/sh\n")):
    with open(name, "wb") as f:
        f.write(text)
os.chmod("init", 0o755)

r = run("-o", "a.gz", "--busybox", "bb", "--file", "a file:/opt/x/file", "--file", "init:bin/tool")
tap.ok(r.returncode == 0, "an archive is made", r.stderr)
entries = unpack("a.gz")
tap.equal(entries.get("bin/busybox"), (0o100755, b"\x7fELF busybox", (0, 0)), "busybox is in it")
tap.equal(entries.get("bin/sh"), (0o120777, b"busybox", (0, 0)), "sh is busybox")
tap.equal(entries.get("dev/console"), (0o020600, b"", (5, 1)), "the console's node is in it")
tap.ok(entries["init"][0] == 0o100755 and b"busybox init" in entries["init"][1],
       "init starts busybox")
tap.equal(entries.get("opt/x/file"), (0o100644, b"abcde", (0, 0)), "--file puts a file there")
tap.equal(entries.get("opt/x", (0,))[0], 0o040755, "in a folder")
tap.equal(entries.get("bin/tool"), (0o100755, b"#!/bin/sh\n", (0, 0)), "and keeps it executable")
names = list(entries)
tap.ok(all(os.path.dirname(n) in ["", *names[:i]] for i, n in enumerate(names)),
       "each folder comes before what is in it", names)

os.utime("bb", (0, 0))
run("-o", "b.gz", "--busybox", "bb", "--file", "a file:/opt/x/file", "--file", "init:bin/tool")
with open("a.gz", "rb") as a, open("b.gz", "rb") as b:
    tap.ok(a.read() == b.read(), "the same input gives the same bytes")
run("-o", "c.gz", "--busybox", "bb", "--init", "init")
tap.equal(unpack("c.gz")["init"][1], b"#!/bin/sh\n", "--init replaces init")

os.makedirs("tree/usr/lib")
os.symlink("libx.so.1.2", "tree/usr/lib/libx.so.1")
with open("tree/usr/lib/libx.so.1.2", "wb") as f:
    f.write(b"library")
run("-o", "d.gz", "--busybox", "bb", "--tree", "tree")
entries = unpack("d.gz")
tap.equal([entries.get("usr/lib" + n) for n in ("", "/libx.so.1", "/libx.so.1.2")],
          [(0o040755, b"", (0, 0)), (0o120777, b"libx.so.1.2", (0, 0)),
           (0o100644, b"library", (0, 0))], "--tree adds what is in a folder, links as links")

for what, args in (("no busybox", ["--busybox", "none"]),
                   ("--file without a place", ["--file", "bb"]),
                   ("--file out of the tree", ["--file", "bb:../x"]),
                   ("--file of nothing", ["--file", "none:x"]),
                   ("--tree of nothing", ["--tree", "none"])):
    r = run("-o", "no.gz", "--busybox", "bb", *args)
    tap.ok(r.returncode and r.stderr.count("\n") == 1 and r.stderr.startswith("mkrootfs: ")
           and not os.path.exists("no.gz"), f"refused in one line: {what}", r.stderr)
tap.done()
