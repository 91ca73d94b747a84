# SPDX-License-Identifier: BSD-2-Clause
"""Test Anything Protocol, version 12, as prove reads it: what a test script in Python prints."""
import os
import sys


class Tap:
    """Numbers the points of one script. done() prints the plan, so a script that dies fails."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def ok(self, passed, what, detail=""):
        """One point; when it failed, detail (text of any length) follows as diagnostics."""
        self.count += 1
        what = what.replace("#", "no. ")
        print(f"{'ok' if passed else 'not ok'} {self.count} - {what}")
        if not passed:
            self.failed += 1
            self.diag(detail)
        sys.stdout.flush()
        return bool(passed)

    def equal(self, got, want, what):
        return self.ok(got == want, what, f"got:  {got!r}\nwant: {want!r}")

    def skip(self, what, why):
        self.count += 1
        print(f"ok {self.count} - {what} # SKIP {why}", flush=True)

    def todo(self, passed, what, why):
        """A point that is known to fail. prove tells of one that passes all the same."""
        self.count += 1
        print(f"{'ok' if passed else 'not ok'} {self.count} - {what} # TODO {why}", flush=True)

    def diag(self, text):
        for line in str(text).splitlines():
            print("# " + line)

    def done(self):
        """Prints the plan and ends the script, with status 0 if every point passed."""
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed or not self.count else 0)


def chosen(known, usual=None):
    """
    The names of what a script is to run, of known: those on its command line; without any, all with
    LIMEN_FULL=1 in the environment, and usual (all, if None) otherwise. A name that is not known
    ends the script.
    """
    full = usual is None or os.environ.get("LIMEN_FULL")
    names = sys.argv[1:] or list(known if full else usual)
    for name in names:
        if name not in known:
            bail_out(f"no {name}; there are {', '.join(known)}")
    return names


def bail_out(why):
    """Nothing can be tested at all."""
    print("Bail out! " + why, flush=True)
    sys.exit(1)
