#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Runs the fuzzers (tests/fuzz/): each reads its seeds, which have to reach as many edges as EDGES says, so
that one that looks at nothing any more is red, and then goes on by itself for some seconds. Arguments:
names of fuzzers (default: all).

FUZZ_SECONDS: for how long each (default: 3; `make fuzz`: 60). What it finds that is new stays in
build/fuzz/<name>/, and is where the next run goes on; an input that fails is left in build/fuzz/ and
`build/host-fuzz/bin/<name> FILE` runs it again.
"""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests"))
sys.path.insert(0, os.path.join(TOP, "tests/fuzz"))
import seeds  # noqa: E402
from tap import Tap, chosen  # noqa: E402

SECONDS = int(os.environ.get("FUZZ_SECONDS") or 3)
OUT = os.path.join(os.environ.get("LIMEN_TEST_OUT") or os.path.join(TOP, "build"), "fuzz")
BINS = os.path.join(TOP, "build/host-fuzz/bin")
ONE = 120  # seconds that one input may take

# Edges that the seeds alone have to reach: somewhat less than they do, as compilers differ.
EDGES = {
    "bootargs": 120, "config": 100, "decode": 40, "decode_csr": 18, "fences": 500, "fit": 140,
    "gtree": 230, "isa": 85, "loader": 48, "platform": 330, "pmu": 95, "sbi": 290, "vaplic": 170,
    "vimsic": 65, "vplic": 130, "vsfile": 330, "vswalk": 20, "vuart": 200,
}


def run(name, *arguments):
    """Status and what it said."""
    command = [os.path.join(BINS, name), f"-timeout={ONE}", "-print_final_stats=1",
               f"-artifact_prefix={OUT}/{name}-", *arguments]
    try:
        done = subprocess.run(command, cwd=TOP, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace",
                              env=dict(os.environ, CMOCKA_TEST_ABORT="1"),
                              timeout=10 * SECONDS + 3 * ONE)
    except subprocess.TimeoutExpired as e:
        return None, (e.stdout or b"").decode("utf-8", "replace") + f"\n{name}: no end"
    return done.returncode, done.stdout


def edges(said):
    """How many it had reached in the end."""
    had = re.findall(r"\bcov: (\d+)", said)
    return int(had[-1]) if had else 0


def tail(said):
    return "\n".join(said.splitlines()[-40:])


def play(tap, name):
    begun, own = os.path.join(OUT, "seeds", name), os.path.join(OUT, name)
    os.makedirs(own, exist_ok=True)
    count = seeds.write(name, begun)
    status, said = run(name, "-runs=0", begun)
    first = edges(said)
    tap.ok(status == 0 and first >= EDGES[name],
           f"{name}: {count} seeds reach {EDGES[name]} edges", f"{first} edges\n{tail(said)}")
    status, said = run(name, f"-max_total_time={SECONDS}", own, begun)
    runs = re.search(r"number_of_executed_units: (\d+)", said)
    tap.diag(f"{name}: {first} edges by its seeds, {edges(said)} in the end, "
             f"{runs[1] if runs else '?'} runs")
    tap.ok(status == 0, f"{name}: nothing is found in {SECONDS} seconds", tail(said))


def main():
    tap = Tap()
    for name in chosen(EDGES):
        if os.path.exists(os.path.join(BINS, name)):
            play(tap, name)
        else:
            tap.skip(name, f"build/host-fuzz/bin/{name} is not there: make fuzzers")
    tap.done()


if __name__ == "__main__":
    main()
