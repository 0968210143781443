# SPDX-License-Identifier: MIT
"""A terminal for a test: a program on a pseudo-terminal, under a shell that does job control, and what it shows.

The screen knows the few sequences that roost may send; any other control character is a failure.
"""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

SEQUENCE = re.compile(rb"\x1b\[(\??)([0-9;]*)([A-Za-z])")


class Screen:
    """What would be seen."""

    def __init__(self, lines, columns):
        self.size = (lines, columns)
        self.lines = {}
        self.at = 1
        self.rest = b""
        self.other = False  # the alternate screen
        self.cursor = True
        self.colored = False

    def feed(self, data):
        data = self.rest + data
        self.rest = b""
        while data:
            if data[:1] == b"\x1b":
                found = SEQUENCE.match(data)
                if not found:
                    assert len(data) < 16, f"no sequence of a terminal: {data[:40]!r}"
                    self.rest = data
                    return
                self._sequence(*found.groups())
                data = data[found.end():]
                continue
            text, sep, data = data.partition(b"\x1b")
            data = sep + data
            self._text(text)

    def _sequence(self, private, numbers, final):
        if private:
            assert (numbers, final) in [(n, f) for n in (b"1049", b"25", b"7") for f in (b"h", b"l")]
            if numbers == b"1049":
                self.other = final == b"h"
            if numbers == b"25":
                self.cursor = final == b"h"
        elif final == b"H":
            self.at = int(numbers.split(b";")[0])
            assert 1 <= self.at <= self.size[0]
        elif final == b"K":
            self.lines[self.at] = ""
        elif final == b"J":
            self.lines = {}
        else:
            assert final == b"m"
            self.colored |= numbers != b"0"

    def _text(self, text):
        if self.other:
            text = text.decode()
            assert all(char.isprintable() for char in text), repr(text)
            self.lines[self.at] = self.lines.get(self.at, "") + text
            assert len(self.lines[self.at]) <= self.size[1], self.lines

    @property
    def text(self):
        return "\n".join(line.rstrip() for _, line in sorted(self.lines.items()))


def _job(command, env, report, orders):
    """In the child: the shell. Tells on `report` when the job stops or ends, with whether the terminal is as it was."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    before = termios.tcgetattr(0)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpgrp())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execve(command[0], command, env)
    with contextlib.suppress(OSError):
        os.setpgid(child, child)
    os.write(report, f"pid {child}\n".encode())
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        os.tcsetpgrp(0, os.getpgrp())
        same = "same" if termios.tcgetattr(0) == before else "changed"
        if not os.WIFSTOPPED(status):
            os.write(report, f"ended {os.waitstatus_to_exitcode(status)} {same}\n".encode())
            return
        os.write(report, f"stopped {os.WSTOPSIG(status)} {same}\n".encode())
        if os.read(orders, 1) == b"!":
            os.tcsetpgrp(0, child)
        os.killpg(child, signal.SIGCONT)


class Terminal:
    def __init__(self, command, env, lines=24, columns=100):
        report_out, report_in = os.pipe()
        orders_out, self.orders = os.pipe()
        self.shell, self.fd = pty.fork()
        if self.shell == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
                _job(command, env, report_in, orders_out)
            finally:
                os._exit(0)
        os.close(report_in)
        os.close(orders_out)
        self.report = report_out
        self.reports = b""
        self.screen = Screen(lines, columns)
        self.raw = b""
        self.pid = int(self.wait_report("pid")[1])

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.shell, signal.SIGKILL)
        os.waitpid(self.shell, 0)
        for fd in (self.fd, self.report, self.orders):
            os.close(fd)

    def read(self, seconds=0.1):
        """Takes in what there is."""
        ready, _, _ = select.select([self.fd, self.report], [], [], seconds)
        if self.fd in ready:
            with contextlib.suppress(OSError):
                data = os.read(self.fd, 65536)
                self.raw += data
                self.screen.feed(data)
        if self.report in ready:
            self.reports += os.read(self.report, 4096)

    def wait(self, holds, what, seconds=60):
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"{what}: not within {seconds} s:\n{self.screen.text}\n{self.raw[-500:]!r}"
            self.read()

    def shows(self, *parts):
        self.wait(lambda: all(part in self.screen.text for part in parts), f"{parts} on the screen")

    def type(self, text):
        os.write(self.fd, text.encode())

    def resize(self, lines, columns):
        """The kernel tells those in front."""
        self.screen.size = (max(lines, self.screen.size[0]), max(columns, self.screen.size[1]))
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def wait_report(self, word):
        """The words of the shell's next report, which has to begin with this one."""
        self.reports = getattr(self, "reports", b"")
        deadline = time.monotonic() + 60
        while b"\n" not in self.reports:
            assert time.monotonic() < deadline, f"{word}: not within 60 s: {self.reports!r}"
            if hasattr(self, "raw"):
                self.read()
        line, _, self.reports = self.reports.partition(b"\n")
        words = line.decode().split()
        assert words[0] == word, words
        return words

    def go_on(self):
        """`fg`"""
        os.write(self.orders, b"!")

    def put_behind(self):
        """`bg`"""
        os.write(self.orders, b"&")
