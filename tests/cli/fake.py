# SPDX-License-Identifier: MIT
"""A daemon that answers what a test tells it to, and notes what it was asked."""

import contextlib
import fcntl
import http.server
import json
import os
import socketserver
import struct
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        fake = self.server.fake
        call = f"{self.command} {self.path}"
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fake.bodies[call] = json.loads(body) if body else None
        fake.calls.append(call)
        if call in fake.gates:
            fake.gates[call].wait(60)
        if call in fake.events:
            self.send_events(fake.events[call])
            return
        status, body, news = fake.answers.get(call, (404, {"title": "Not Found", "detail": f"no answer for {call}",
                                                            "code": "not_found"}, []))
        if news and "text/event-stream" in self.headers.get("Accept", ""):
            self.stream(status, body, news)
            return
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin_stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def send_events(self, events):
        self.begin_stream()
        for event in events:
            if event["id"] > int(self.headers.get("Last-Event-ID") or 0):
                self.wfile.write(f"id: {event['id']}\nevent: {event['kind']}\ndata: {json.dumps(event)}\n\n".encode())

    def stream(self, status, body, news):
        self.begin_stream()
        for piece in news:
            self.wfile.write(f"event: progress\ndata: {json.dumps(piece)}\n\n".encode())
        whole = json.dumps({"status": status, "body": body})
        self.wfile.write(f"event: report\ndata: {whole}\n\n".encode())

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def address_string(self):
        return "-"

    def log_message(self, *words):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class Fake:
    def __init__(self):
        self.answers = {}
        self.calls = []
        self.events = {}  # what is streamed to a call, as far as it was not yet; then the stream ends
        self.gates = {}  # threading.Event: not answered before it is set
        self.bodies = {}  # what came with a call the last time

    def says(self, call, body, status=200, news=()):
        self.answers[call] = (status, body, list(news))

    def reports(self, call, *agents, **more):
        """A report of (name, action) or (name, action, error)."""
        rows = [{"name": name, "lifecycle": "hot", "action": action, "reason": "because",
                 "error": error[0] if error else None} for name, action, *error in agents]
        summary = {}
        for row in rows:
            summary[row["action"]] = summary.get(row["action"], 0) + 1
        report = {"summary": summary, "agents": rows}
        self.says(call, report, **more)
        return report


@contextlib.contextmanager
def locked(db):
    """The lock of a database, as its owner holds it."""
    with open(f"{db}.lock", "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        lock = struct.pack("hhqqixxxx", fcntl.F_WRLCK, 0, 0, 0, 0)
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, lock)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


@contextlib.contextmanager
def daemon(cli, lock=True):
    fake = Fake()
    with contextlib.ExitStack() as stack:
        if lock:
            stack.enter_context(locked(cli.db))
        server = stack.enter_context(Server(str(cli.socket), Handler))
        server.fake = fake
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()
