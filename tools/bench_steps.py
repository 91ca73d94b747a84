# SPDX-License-Identifier: BSD-2-Clause
"""
The CSR accesses of a turn of each of the bench guest's loops: QEMU's gdb stub stops the machine
where a turn begins, and goes on instruction by instruction until the next begins. What the machine
runs meanwhile is the same as without, its interrupts and its clock included.

The protocol: GDB's manual, "Remote Serial Protocol"; Qqemu.sstep is QEMU's own ("GDB usage").
"""
import os
import re
import socket
import subprocess
import time

from bench_elf import csr_access, reads_time

REG_PC = 32
SSTEP_ENABLE = 1    # and no more: interrupts and timers go on
TURN_MAX = 20000    # steps


class Broken(Exception):
    """The stub, or the machine behind it, did not do what was asked."""


class Stub:
    """A connection to a gdb stub."""

    def __init__(self, path, timeout):
        end = time.monotonic() + timeout
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError as e:
                if time.monotonic() > end:
                    raise Broken(f"no gdb stub: {e}") from e
                time.sleep(0.02)
        self.buffer = b""
        self.ask("QStartNoAckMode")
        self.socket.sendall(b"+")
        if self.ask(f"Qqemu.sstep={SSTEP_ENABLE:x}") != "OK":
            raise Broken("this QEMU cannot step with its interrupts on")

    def _receive(self):
        while True:
            match = re.search(rb"\$([^#]*)#..", self.buffer, re.DOTALL)
            if match:
                self.buffer = self.buffer[match.end():]
                return match[1].decode("latin-1")
            try:
                more = self.socket.recv(65536)
            except OSError as e:
                raise Broken(f"the gdb stub is silent: {e}") from e
            if not more:
                raise Broken("the machine ended")
            self.buffer += more

    def ask(self, packet):
        """Sends a packet; its answer."""
        data = packet.encode()
        self.socket.sendall(b"$%s#%02x" % (data, sum(data) & 0xFF))
        return self._receive()

    def _stopped(self, packet):
        answer = self.ask(packet)
        while answer[:1] == "O" and answer != "OK":
            answer = self._receive()
        if answer[:1] not in ("T", "S"):
            raise Broken(f"the machine ended: {answer}")

    def pc(self):
        return int.from_bytes(bytes.fromhex(self.ask(f"p{REG_PC:x}")), "little")

    def step(self):
        self._stopped("s")

    def run_to(self, address):
        """Goes on to the next time this address is reached."""
        if self.pc() == address:
            self.step()
        self.ask(f"Z0,{address:x},4")
        self._stopped("c")
        self.ask(f"z0,{address:x},4")


class Counter:
    """Counts what limen does in some turns."""

    def __init__(self, limen):
        self.limen = limen
        self.low, self.high = limen.symbols["__image_start"], limen.symbols["__image_end"]
        self.of = {}    # pc: access

    def turn(self, stub, label):
        """{"read": n, "write": n, "time": reads of time, "all": instructions of limen} from label to
        label."""
        count = {"read": 0, "write": 0, "time": 0, "all": 0}
        for _ in range(TURN_MAX):
            stub.step()
            pc = stub.pc()
            if pc == label:
                return count
            if not self.low <= pc < self.high:
                continue
            if pc not in self.of:
                word = self.limen.word(pc)
                self.of[pc] = (csr_access(word), reads_time(word))
            count["all"] += 1
            access, time_read = self.of[pc]
            if access:
                count[access] += 1
            count["time"] += time_read
        raise Broken(f"a turn of more than {TURN_MAX} steps")


def fewest(turns):
    """The turn in which nothing else happened, such as a timer of limen's own."""
    return min(turns, key=lambda turn: turn["all"])


def count_turns(qemu, limen, guest, labels, work, skip=8, turns=4, timeout=60):
    """What limen does in a turn, for each label of the guest, in the order in which it comes to
    them. limen, guest: Elf; qemu: the command line."""
    path = os.path.join(work, "gdb")
    command = qemu + ["-S", "-chardev", f"socket,id=gdb,path={path},server=on,wait=off",
                      "-gdb", "chardev:gdb"]
    counter, found = Counter(limen), {}
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as machine:
        try:
            stub = Stub(path, timeout)
            for label in labels:
                address = guest.symbols[label]
                for _ in range(skip):
                    stub.run_to(address)
                found[label] = fewest([counter.turn(stub, address) for _ in range(turns)])
        finally:
            machine.kill()
    return found
