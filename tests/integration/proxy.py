# SPDX-License-Identifier: MIT
"""A proxy between roost and the engine that writes down each request, and can kill roost at one.

It speaks just enough HTTP/1.1 to know where a request and its answer end. Changing requests (anything
but GET and HEAD) are numbered from 1 in the order in which they come.
"""

import itertools
import os
import random
import socket
import threading
import time
from dataclasses import dataclass


LATE_S = 1.5  # at the most


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes

    @property
    def changes(self):
        return self.method not in ("GET", "HEAD")

    def __str__(self):
        return f"{self.method} {self.path}"


def _read_head(stream):
    head = b""
    while True:
        line = stream.readline()
        head += line
        if not line or line == b"\r\n":
            return head


def _headers(head):
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {key.strip().lower(): value.strip() for key, value in pairs}


def _read_all(stream, n):
    data = stream.read(n)
    if len(data) < n:
        raise ConnectionResetError("it ended in the middle")
    return data


def _body_pieces(stream, headers, until_end):
    """The body as it came, framing included, piece by piece."""
    if "chunked" in headers.get("transfer-encoding", ""):
        while True:
            size = stream.readline()
            if not size:
                raise ConnectionResetError("it ended in the middle")
            n = int(size.split(b";")[0], 16)
            if n == 0:
                yield size + _read_head(stream)
                return
            yield size + _read_all(stream, n + 2)
    elif "content-length" in headers:
        yield _read_all(stream, int(headers["content-length"]))
    elif until_end:
        while piece := stream.read1(65536):
            yield piece


class Proxy:
    def __init__(self, upstream, path):
        self.upstream = upstream
        self.path = path
        self.url = "unix://" + path
        self.requests = []
        self._kill = None
        self._killed = threading.Event()
        self._cut = None
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        # shutdown, not close alone: the accepting thread would sit in accept() for good.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        os.unlink(self.path)

    def changing(self):
        with self._lock:
            return [request for request in self.requests if request.changes]

    def kill_at(self, number, when, victim):
        """Call `victim` at the changing request with this number: "before" the engine sees it, when it was "sent" on
        and nothing has come back, "after" the engine has done it but before its answer is passed on, or when
        that was "answered". A "late" one the engine gets a while after roost is dead."""
        self._kill = (number, when, victim)
        self._killed.clear()

    def killed(self):
        return self._killed.is_set()

    def cut_events(self, after):
        """End the event stream when so many more bytes of it have been passed on."""
        with self._lock:
            self._cut = after

    def has_cut(self):
        with self._lock:
            return self._cut is None

    def forget(self):
        """Count from 1 again, and strike at nothing."""
        self._kill = None
        with self._lock:
            self.requests.clear()

    def hears(self, _client):
        """Does the engine hear of a request? If not, it was answered here."""
        return True

    def told(self, pieces):
        """The pieces of an answer as roost gets them."""
        return pieces

    def _note(self, request):
        with self._lock:
            self.requests.append(request)
            return sum(1 for r in self.requests if r.changes)

    def _strike(self, request, number, when):
        if self._kill is None or not request.changes or self._kill[:2] != (number, when):
            return False
        self._kill[2]()
        self._killed.set()
        return True

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        engine = socket.socket(socket.AF_UNIX)
        try:
            engine.connect(self.upstream)
            with client.makefile("rb") as asking, engine.makefile("rb") as answering:
                while self._exchange(client, engine, asking, answering):
                    pass
        except OSError:
            pass
        finally:
            client.close()
            engine.close()

    def _exchange(self, client, engine, asking, answering):
        head = _read_head(asking)
        if not head.endswith(b"\r\n\r\n"):
            return False
        body = b"".join(_body_pieces(asking, _headers(head), until_end=False))
        method, path, _ = head.decode("latin-1").split(" ", 2)
        request = Request(method, path, body)
        number = self._note(request)
        if self._strike(request, number, "before"):
            return False
        if not self.hears(client):
            return True
        if self._strike(request, number, "late"):
            time.sleep(random.uniform(0, LATE_S))
            engine.sendall(head + body)
            _read_head(answering)
            return False
        engine.sendall(head + body)
        if self._strike(request, number, "sent"):
            return False
        return self._answer(client, answering, request, number)

    def _cut_piece(self, piece):
        with self._lock:
            if self._cut is None:
                return piece
            left, self._cut = self._cut, self._cut - len(piece)
            if self._cut >= 0:
                return piece
            self._cut = None
            return piece[:left]

    def _answer(self, client, answering, request, number):
        head = _read_head(answering)
        if not head:
            return False
        status = int(head.split(b" ", 2)[1])
        bare = request.method == "HEAD" or status in (204, 304) or status < 200
        headers = _headers(head)
        pieces = iter(()) if bare else _body_pieces(answering, headers, until_end=True)
        told = self.told(itertools.chain([head], pieces))
        if request.changes:
            whole = b"".join(told)
            if self._strike(request, number, "after"):
                return False
            client.sendall(whole)
            self._strike(request, number, "answered")
        else:
            for piece in told:
                whole, piece = piece, self._cut_piece(piece) if "/events" in request.path else piece
                client.sendall(piece)
                if piece != whole:
                    return False
        return headers.get("connection", "").lower() != "close"
