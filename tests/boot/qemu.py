# SPDX-License-Identifier: BSD-2-Clause
"""
Drives a machine in QEMU by its console.

    machine = Qemu("boot-max", kernel="build/limen.img", cpu="max", harts=2)
    machine.expect(r"login: ")
    machine.send("root\\n")
    status = machine.wait()

The console is a pair of pipes: what is sent is not echoed by a terminal of this side. Every wait
has an end, in time that the machine could have had; what the console said is kept whole in
build/test-logs/NAME.log, beginning with the command line. A machine is ended, at the latest, when the
script ends.

Another simulator takes QEMU's place by a template of its command line in LIMEN_SIMULATOR, for example

    LIMEN_SIMULATOR='spike -p{harts} --kernel={limen} --initrd={fit} --bootargs={append} fw_jump.elf'

A word with a name in braces that has no value here is left out. {image} is limen with its FIT behind it,
{limen} and {fit} are the two apart; {harts}, {memory}, {append}. docs/testing.md has the rest.
"""
import atexit
import fcntl
import os
import re
import selectors
import shlex
import signal
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOGS = os.path.join(os.environ.get("LIMEN_TEST_OUT") or os.path.join(TOP, "build"), "test-logs")

# Seconds a machine may take for anything (Patience); a slower computer sets LIMEN_TIMEOUT.
TIMEOUT = float(os.environ.get("LIMEN_TIMEOUT", "180"))

LOG_TAIL_LINES = 40
LOOKS = 0.25    # seconds between two looks at what a machine does
PIPE = 1 << 20  # bytes the console may be ahead of who reads it, who may not get a CPU either

SIMULATOR = os.environ.get("LIMEN_SIMULATOR")
PAGE = 4096
FDT_MAGIC = b"\xd0\x0d\xfe\xed"


class Failure(Exception):
    """The machine did not do what was expected; the text says what, and how its log ends."""


def fit_of(image):
    """The path of the FIT that tools/pack put behind limen, on a page, as a file of its own; or None."""
    with open(image, "rb") as f:
        data = f.read()
    for at in range(PAGE, len(data), PAGE):
        if data[at:at + 4] == FDT_MAGIC and at + int.from_bytes(data[at + 4:at + 8], "big") > len(data) - PAGE:
            with open(image + ".itb", "wb") as f:
                f.write(data[at:])
            return image + ".itb"
    return None


def simulator(template, kernel, harts, memory, append):
    """The command line of another simulator; a word whose value is not there is left out."""
    limen = os.environ.get("LIMEN_BIN") or os.path.join(TOP, "build/riscv-release/limen.bin")
    values = {"image": kernel, "limen": limen, "fit": fit_of(kernel), "harts": str(harts), "memory": memory,
              "append": append}
    line = []
    for word in shlex.split(template):
        names = re.findall(r"{(\w+)}", word)
        if all(values.get(name) for name in names):
            line.append(re.sub(r"{(\w+)}", lambda m: values[m[1]], word))
    return line


class Patience:
    """
    A clock for waits that stands still while a process wants a CPU of this computer and others have
    them all: how busy the computer is says nothing of the machine. Linux's /proc (proc(5), stat).
    """

    def __init__(self, pid):
        self.pid = pid
        self.lost = 0.0
        self.wall, self.cpu = time.monotonic(), self.cpu_time()

    def now(self):
        return time.monotonic() - self.lost

    def look(self):
        """To be called from time to time."""
        wall = time.monotonic()
        if wall - self.wall < LOOKS:
            return
        cpu = self.cpu_time()
        if self.wants_cpu():
            self.lost += max(0.0, (wall - self.wall) - (cpu - self.cpu))
        self.wall, self.cpu = wall, cpu

    def stat(self, path):
        """The fields behind the name; none if there is no such process."""
        try:
            with open(f"/proc/{self.pid}/{path}", encoding="latin-1") as f:
                return f.read().rpartition(")")[2].split()
        except OSError:
            return []

    def cpu_time(self):
        """Seconds that all its threads had."""
        fields = self.stat("stat")
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0

    def wants_cpu(self):
        """Does a thread run, or wait for a CPU?"""
        try:
            threads = os.listdir(f"/proc/{self.pid}/task")
        except OSError:
            return False
        return any(self.stat(f"task/{t}/stat")[:1] == ["R"] for t in threads)


def widen(pipe):
    """Gives a pipe room, if the system lets us."""
    try:
        fcntl.fcntl(pipe, getattr(fcntl, "F_SETPIPE_SZ", 1031), PIPE)
    except OSError:
        pass


def command(kernel, machine="virt", cpu="rv64", harts=1, memory="1G", append=None, initrd=None,
            extra=()):
    """QEMU's command line for a machine whose console is standard input and output; or another's."""
    if SIMULATOR:
        if initrd or extra or (append and "{append}" not in SIMULATOR):
            raise Failure("this case needs QEMU: " + " ".join([initrd or "", append or "", *extra]))
        return simulator(SIMULATOR, kernel, harts, memory, append)
    line = ["qemu-system-riscv64", "-M", machine, "-cpu", cpu, "-smp", str(harts), "-m", memory,
            "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot",
            "-kernel", kernel]
    if initrd:
        line += ["-initrd", initrd]
    if append:
        line += ["-append", append]
    return line + list(extra)


def sifive_u(cpu="rv64,sstc=off", append=None, **arguments):
    """The arguments of command() for this machine, whose firmware cannot power off: limen ends it by a
    port and by a restart, as `make run` has it. Its firmware finds sstc in the CPU's list and dies of it."""
    return {"machine": "sifive_u", "cpu": cpu, "harts": 5, "memory": "1G",
            "append": " ".join(filter(None, ["testdev=0x10011000", append])),
            "extra": ["-chardev", "testdev,id=end", "-serial", "chardev:end"], **arguments}


class Qemu:
    """
    One machine. name is its log's name; the other arguments are those of command(), or line, a
    command whose standard input and output are the machine's console, with its environment.
    """

    def __init__(self, name, line=None, environment=None, **arguments):
        self.line = line or command(**arguments)
        self.output = bytearray()       # all that the console said
        self.seen = 0                   # how much of it expect() has consumed
        os.makedirs(LOGS, exist_ok=True)
        self.log_path = os.path.join(LOGS, name + ".log")
        self.log = open(self.log_path, "wb", buffering=0)
        self.log.write(("$ " + shlex.join(self.line) + "\n").encode())
        self.process = subprocess.Popen(self.line, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, bufsize=0, env=environment)
        os.set_blocking(self.process.stdin.fileno(), False)
        widen(self.process.stdout.fileno())
        self.patience = Patience(self.process.pid)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        atexit.register(self.kill)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def expect(self, pattern, timeout=None):
        """
        Waits until the console, beyond what earlier calls matched, says pattern (a regular
        expression over lines that end in \\n, ^ and $ at each line). Returns the match. Failure
        when the time (seconds) or the machine ends first.
        """
        regex = re.compile(pattern, re.MULTILINE)
        deadline = self.patience.now() + (timeout or TIMEOUT)
        while True:
            text = self.output[self.seen:].decode("latin-1").replace("\r", "")
            match = regex.search(text)
            if match:
                self._consume(match.end())
                return match
            if not self._read(deadline):
                why = "ended" if self.patience.now() < deadline else "said nothing of it in time"
                raise Failure(f"expected {pattern!r}: the machine {why}\n{self.tail()}")

    def send(self, text, timeout=None, deaf=False):
        """Types text; carries on reading while the machine is slow to take it, unless deaf."""
        data = text.encode()
        deadline = self.patience.now() + (timeout or TIMEOUT)
        self.selector.register(self.process.stdin, selectors.EVENT_WRITE)
        if deaf:
            self.selector.unregister(self.process.stdout)
        try:
            while data:
                try:
                    data = data[self.process.stdin.write(data) or 0:]
                except BrokenPipeError as e:
                    raise Failure(f"sending {text!r}: the machine has ended\n{self.tail()}") from e
                if data and not self._read(deadline):
                    raise Failure(f"sending {text!r}: not taken in time\n{self.tail()}")
        finally:
            self.selector.unregister(self.process.stdin)
            if deaf:
                self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def wait(self, timeout=None):
        """Waits for the machine's end and returns its exit status (negative: a signal)."""
        deadline = self.patience.now() + (timeout or TIMEOUT)
        while self._read(deadline):
            pass
        try:
            return self.process.wait(max(0.1, deadline - self.patience.now()))
        except subprocess.TimeoutExpired as e:
            raise Failure(f"the machine did not end in time\n{self.tail()}") from e

    def tail(self, lines=LOG_TAIL_LINES):
        """The last lines of the console, fit to be shown."""
        text = self.output.decode("latin-1").replace("\r", "")
        text = re.sub(r"[^\n\t -~]", lambda m: f"\\x{ord(m[0]):02x}", text)
        return f"--- {os.path.relpath(self.log_path, TOP)}, its end:\n" + "\n".join(
            text.splitlines()[-lines:])

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.log):
            stream.close()
        atexit.unregister(self.kill)

    def _consume(self, characters):
        """Moves seen behind so many characters, \\r not counted."""
        while characters:
            characters -= self.output[self.seen] != 0x0D
            self.seen += 1

    def _read(self, deadline):
        """Takes in what there is, waiting if there is nothing. False: the end, or no time left."""
        ready, left = [], deadline - self.patience.now()
        while left > 0 and not ready:
            ready = self.selector.select(min(left, LOOKS))
            self.patience.look()
            left = deadline - self.patience.now()
        for key, _ in ready:
            if key.fileobj is self.process.stdout:
                data = self.process.stdout.read(65536)
                if not data:
                    return False
                self.output += data
                self.log.write(data)
        return bool(ready)


class Shell:
    """The guest's shell on a machine's console."""

    def __init__(self, machine, prompt=r"^~ # "):
        self.machine = machine
        self.prompt = prompt
        self.number = 0

    def ready(self):
        self.machine.expect(self.prompt)

    def run(self, line, timeout=None):
        """Runs one command line; returns (what it printed, its exit status)."""
        self.number += 1
        begin, end = f"<{self.number}:", f":{self.number}>"
        # The marks are broken up as typed, so that the terminal's echo of them does not match.
        self.machine.send(f"echo '<''{self.number}:'; {line}; echo \":$?\"':{self.number}''>'\n")
        self.machine.expect(f"^{re.escape(begin)}\n", timeout)
        found = self.machine.expect(rf"(?s)(.*?):(\d+){re.escape(end)}\n", timeout)
        return found[1], int(found[2])
