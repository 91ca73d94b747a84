#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The driver of the boot tests: what it notices. A script plays QEMU."""
import os
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/boot")]
import qemu  # noqa: E402
from tap import Tap  # noqa: E402

tap = Tap()
work = tempfile.TemporaryDirectory()
qemu.LOGS = work.name
os.environ["PATH"] = work.name + ":" + os.environ["PATH"]


def play(script):
    fake = os.path.join(work.name, "qemu-system-riscv64")
    with open(fake, "w", encoding="ascii") as f:
        f.write("#!/bin/bash\n" + script)
    os.chmod(fake, 0o755)
    return qemu.Qemu("fake", kernel="k")


def fails(what, want, action):
    try:
        action()
    except qemu.Failure as failure:
        tap.ok(want in str(failure), what, f"want: {want}\ngot: {failure}")
    else:
        tap.ok(False, what, "it passed")


with play(r"printf 'one\r\ntwo\r\nthr'; read x; printf 'ee\r\n%s\r\n' $x; exit 3") as m:
    tap.equal(m.expect(r"^(o.*)$")[1], "one", "a line is found, without its carriage return")
    tap.equal(m.expect(r"^thr").group(), "thr", "and a line that has no end yet")
    m.send("hallo\n")
    tap.equal(m.expect(r"ee\n(.*)\n")[1], "hallo", "what is sent arrives; matching goes on behind")
    fails("the machine's end is noticed", "the machine ended", lambda: m.expect("two"))
    tap.equal(m.wait(), 3, "the exit status is QEMU's")
    fails("sending to a machine that has ended", "has ended", lambda: m.send("x"))
log = open(os.path.join(work.name, "fake.log"), "rb").read()
tap.ok(log.startswith(b"$ qemu-system-riscv64 -M virt") and log.endswith(b"three\r\nhallo\r\n"),
       "the log is whole, after the command line", log)

with play("echo hi; exec sleep 1000") as m:
    m.expect("hi")
    fails("silence is a failure", "said nothing of it in time", lambda: m.expect("there", 0.3))
    fails("so is one that does not end", "did not end in time", lambda: m.wait(0.3))
    fails("and one that takes no input", "not taken in time", lambda: m.send("x" * 1000000, 0.3))
tap.ok(m.process.poll() is not None, "the machine does not outlive its test")

with play("while :; do echo noise; done") as m:
    fails("noise is no answer", "in time", lambda: m.expect("signal", 0.5))

# Another simulator, by a template of its command line.
LIMEN = bytes(4096) + b"\xd0\x0d\xfe\xed" + bytes(4092)
FIT = b"\xd0\x0d\xfe\xed" + (8000).to_bytes(4, "big") + bytes(8184)
image = os.path.join(work.name, "x.img")
with open(image, "wb") as f:
    f.write(LIMEN + FIT)
os.environ["LIMEN_BIN"] = "/limen.bin"
qemu.SIMULATOR = "sim -p{harts} --kernel={limen} --initrd={fit} --bootargs={append} '-m {memory}' fw"
tap.equal(qemu.command(image, harts=2, memory="1G", append="a b"),
          ["sim", "-p2", "--kernel=/limen.bin", f"--initrd={image}.itb", "--bootargs=a b", "-m 1G", "fw"],
          "another simulator's command line")
tap.equal(open(image + ".itb", "rb").read(), FIT, "the FIT is cut off whole, with no limen in it")
with open(image, "wb") as f:
    f.write(LIMEN)
tap.equal(qemu.command(image, harts=1), ["sim", "-p1", "--kernel=/limen.bin", "-m 1G", "fw"],
          "words without a value are left out")
fails("what only QEMU has", "needs QEMU", lambda: qemu.command(image, extra=["-dtb", "x"]))
qemu.SIMULATOR = None


def lost(wants_cpu, had):
    """Of 0.3 seconds, for one that had so many of them on a CPU."""
    patience = qemu.Patience(os.getpid())
    patience.wants_cpu, patience.cpu_time = (lambda: wants_cpu), (lambda: patience.cpu + had)
    time.sleep(0.3)
    patience.look()
    return patience.lost


tap.ok(lost(True, 0.0) >= 0.29, "a wait stands still while the machine gets no CPU")
tap.equal(lost(False, 0.0), 0.0, "but goes on while it sleeps")
tap.equal(lost(True, 1e9), 0.0, "and while it runs")
tap.ok(qemu.Patience(os.getpid()).wants_cpu(), "who runs wants a CPU")
with play("exec sleep 1000") as m:
    while m.patience.wants_cpu():   # until it is asleep
        time.sleep(0.02)
    tap.ok(m.patience.stat("stat"), "who sleeps does not")

with play("kill -SEGV $$") as m:
    tap.ok(m.wait() < 0, "a QEMU that crashed shows")

with play("exec cat") as m:
    text = "0123456789" * 30000
    m.send(text + "\n")
    tap.equal(len(m.expect(r"\d{300000}\n").group()), 300001, "long input is not cut")

with play(r"""printf '~ # '
while read -r line; do printf '%s\n' "$line"; eval "$line"; printf '~ # '; done""") as m:
    shell = qemu.Shell(m)
    shell.ready()
    tap.equal(shell.run("echo a; echo b"), ("a\nb\n", 0), "a shell's answer, without the echo")
    tap.equal(shell.run("printf x; false"), ("x", 1), "and its status")
    tap.equal(shell.run("true"), ("", 0), "nothing said, nothing heard")
tap.done()
