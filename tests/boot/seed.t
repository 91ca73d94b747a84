#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
/chosen/rng-seed of guests: another one for each VM, at each of its starts, and at each start of the
machine; none, and one line that says so, on a machine that gives limen nothing to make it of; and
Zkr alone is enough where the firmware lets limen poll it.
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
from tap import Tap, bail_out  # noqa: E402

SAID = r"^seed of (\d+) bytes: ([0-9a-f]{16} [0-9a-f]{16}) [0-9a-f]{16} [0-9a-f]{16}$"
# Of a report: two reports may be mixed, but their lines are whole.
REGISTERS = re.compile(r"^limen: .* a0 ([0-9a-f]{16}) +a1 ([0-9a-f]{16})$", re.MULTILINE)
SIZE = "32"
STARTS = 3
PATIENCE = 100      # more starts of VM again, until the others have been stopped
NOTHING = "limen: warning: the firmware gives no entropy: guests get no rng-seed"


def image():
    """VM "again" says its seed and reboots, for ever; "one" and "two" are stopped with theirs."""
    again = fits.vm("again", cpus="<2>", console="")
    return fits.image("seed", fits.config(again, fits.vm("one"), fits.vm("two")),
                      {"kernel": fits.guest("seed")})


def boot(name, **more):
    """
    Sizes that VM again said, all seeds (as far as a report shows them: their first half), and the
    console.
    """
    with qemu.Qemu("seed-" + name, kernel=image(), harts=2, memory="256M", **more) as machine:
        said = [machine.expect(SAID).groups() for _ in range(STARTS)]
        reports = []
        for _ in range(PATIENCE):
            text = machine.output.decode("latin-1").replace("\r", "")
            reports = [" ".join(words) for words in REGISTERS.findall(text)]
            if len(reports) == 2:
                break
            machine.expect(SAID)    # it goes on with that for ever
        return {size for size, _ in said}, [seed for _, seed in said] + reports, text


def tree_without(name):
    """The machine's own tree without rng-seed; QEMU uses it as it is."""
    os.makedirs(images.OUT, exist_ok=True)
    blob = os.path.join(images.OUT, f"seed-{name}.dtb")
    line = qemu.command(image(), machine="virt,dumpdtb=" + blob, cpu=name, harts=2, memory="256M")
    subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    done = subprocess.run(["fdtput", "-d", blob, "/chosen", "rng-seed"], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        bail_out("fdtput: " + done.stderr.strip())
    return ["-dtb", blob]


def test_each(tap):
    seeds = []
    for name in ("first", "second"):
        sizes, found, text = boot(name)
        tap.equal(sizes, {SIZE}, f"{name}: of 32 bytes")
        seeds += found
        tap.ok(NOTHING not in text, f"{name}: no warning")
    tap.equal(len(seeds), 2 * (STARTS + 2), "each start of each VM has one")
    tap.equal(len(set(seeds)), len(seeds), "and no two are the same")


def test_none(tap):
    sizes, seeds, text = boot("none", extra=tree_without("rv64"))
    tap.equal(sizes, {"0"}, "none: no property")
    tap.equal(seeds, [" ".join(["0" * 16] * 2)] * (STARTS + 2), "none: nothing made up")
    tap.equal(text.count(NOTHING), 1, "none: said once")


def test_zkr(tap):
    """QEMU's source; whether its firmware lets S-mode have it is not for limen to say."""
    extra = tree_without("max")
    sizes, seeds, text = boot("zkr", cpu="max", extra=extra)
    if NOTHING in text:
        tap.skip("zkr", "this firmware keeps the seed CSR from S-mode")
        return
    tap.equal(sizes, {SIZE}, "zkr: seeds without the tree's")
    tap.equal(len(set(seeds)), len(seeds), "zkr: no two are the same")
    _, _, text = boot("zkr-hidden", cpu="max", extra=extra, append="hide=zkr")
    tap.equal(text.count(NOTHING), 1, "zkr: hidden, it is not polled")


def main():
    tap = Tap()
    if images.STANDIN:
        tap.skip("seeds", "limen's, which is not there")
        tap.done()
    for test in (test_each, test_none, test_zkr):
        test(tap)
    tap.done()


if __name__ == "__main__":
    main()
