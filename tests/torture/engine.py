# SPDX-License-Identifier: MIT
"""A small pretended Docker Engine on a UNIX socket: enough of API 1.41 for a fleet to come up, be woken and changed.

Nothing ever runs. What a client does wrong is noted in `Engine.wrong`.
"""

import contextlib
import copy
import http.server
import json
import queue
import re
import socketserver
import struct
import threading
import time
import urllib.parse


class Engine:
    def __init__(self, state=None):
        self.lock = threading.RLock()
        self.containers, self.networks, self.volumes, self.made = copy.deepcopy(state) if state else ({}, {}, {}, 0)
        self.listeners = []
        self.wrong = []
        self.changes = 0

    def state(self):
        with self.lock:
            return copy.deepcopy((self.containers, self.networks, self.volumes, self.made))

    def new_id(self):
        self.made += 1
        return f"{self.made:064x}"

    def tell(self, action, c, **more):
        now = time.time_ns()
        attributes = {**c["labels"], "name": c["name"], "image": c["image"], **more}
        line = {"status": action, "id": c["id"], "from": c["image"], "Type": "container", "Action": action,
                "Actor": {"ID": c["id"], "Attributes": attributes}, "scope": "local",
                "time": now // 10**9, "timeNano": now}
        for listener in self.listeners:
            listener.put(line)

    def by_name(self, name):
        return next((c for c in self.containers.values() if name in (c["id"], c["name"])), None)

    def running(self):
        with self.lock:
            return {c["name"]: c["status"] for c in self.containers.values()}

    def die(self, name, code=1):
        """The program in a container ends by itself."""
        with self.lock:
            c = self.by_name(name)
            if c and c["status"] == "running":
                c["status"], c["exit"] = "exited", code
                self.tell("die", c, exitCode=str(code))

    # What the calls do: (status, body).

    def create(self, name, body):
        if self.by_name(name):
            return 409, {"message": f'Conflict. The container name "/{name}" is already in use'}
        c = {"id": self.new_id(), "name": name, "image": body["Image"], "labels": body.get("Labels") or {},
             "status": "created", "exit": 0, "policy": body["HostConfig"].get("RestartPolicy", {}).get("Name", "no"),
             "mode": body["HostConfig"].get("NetworkMode", "default"), "binds": body["HostConfig"].get("Binds") or []}
        self.containers[c["id"]] = c
        self.tell("create", c)
        return 201, {"Id": c["id"], "Warnings": []}

    def start(self, c, _body, _query):
        if c["status"] == "running":
            return 304, None
        c["status"] = "running"
        self.tell("start", c)
        return 204, None

    def stop(self, c, _body, _query):
        if c["status"] != "running":
            return 304, None
        c["status"], c["exit"] = "exited", 0
        self.tell("kill", c, signal="15")
        self.tell("die", c, exitCode="0")
        self.tell("stop", c)
        return 204, None

    def rename(self, c, _body, query):
        old, c["name"] = c["name"], query["name"][0]
        self.tell("rename", c, oldName=f"/{old}")
        return 204, None

    def update(self, c, body, _query):
        c["policy"] = body["RestartPolicy"]["Name"]
        self.tell("update", c)
        return 200, {"Warnings": []}

    @staticmethod
    def stats(c):
        return {"read": "2026-01-02T03:04:05.123456789Z", "cpu_stats": {"cpu_usage": {"total_usage": 5000}},
                "memory_stats": {"usage": 4096, "limit": 8192, "stats": {}}, "id": c["id"]}

    @staticmethod
    def logs(c):
        """A line of each stream, in the engine's frames."""
        lines = [(1, f"{c['name']} has begun\n".encode()), (2, f"{c['name']} is in trouble\n".encode())]
        return b"".join(struct.pack(">BxxxI", stream, len(line)) + line for stream, line in lines)

    def inspect(self, c):
        return {"Id": c["id"], "Name": f"/{c['name']}", "Image": "sha256:" + "ab" * 32,
                "Created": "2026-01-02T03:04:05.123456789Z", "RestartCount": 0, "Mounts": self.mounts(c),
                "State": {"Status": c["status"], "ExitCode": c["exit"], "OOMKilled": False, "Error": "",
                          "StartedAt": "2026-01-02T03:04:05.123456789Z", "FinishedAt": "0001-01-01T00:00:00Z"},
                "Config": {"Image": c["image"], "Labels": c["labels"]},
                "HostConfig": {"NetworkMode": c["mode"], "RestartPolicy": {"Name": c["policy"]}},
                "NetworkSettings": self.network(c)}

    def row(self, c):
        return {"Id": c["id"], "Names": [f"/{c['name']}"], "Image": c["image"], "ImageID": "sha256:" + "ab" * 32,
                "Created": 1767323045, "State": c["status"], "Status": "Up 3 seconds", "Labels": c["labels"],
                "HostConfig": {"NetworkMode": c["mode"]}, "NetworkSettings": self.network(c),
                "Mounts": self.mounts(c)}

    @staticmethod
    def network(c):
        return {"Networks": {c["mode"]: {"IPAddress": "127.0.0.1" if c["status"] == "running" else ""}}}

    @staticmethod
    def mounts(c):
        return [{"Type": "bind" if source[0] == "/" else "volume", "Name": source, "Source": source, "Destination": at,
                 "RW": True} for source, at, *_ in (bind.split(":") for bind in c["binds"])]

    def answer(self, method, path, query, body):
        """(status, body) of a call that is not the stream of events."""
        if path in ("/_ping", "/version", "/info"):
            return 200, {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12",
                         "OperatingSystem": "none", "LiveRestoreEnabled": False, "DockerRootDir": "/nowhere"}
        if (method, path) == ("GET", "/containers/json"):
            return 200, [self.row(c) for c in self.containers.values()]
        if (method, path) == ("POST", "/containers/create"):
            return self.create(query["name"][0], body)
        if (method, path) == ("POST", "/images/create"):
            return 200, {"status": "Downloading", "id": "ab", "progressDetail": {"current": 1, "total": 2}}
        if path.startswith("/images/"):
            return 200, {"Id": "sha256:" + "ab" * 32, "RepoDigests": [], "Config": {}}
        found = re.fullmatch(r"/containers/([^/]+)(?:/([a-z]+))?", path)
        if found:
            return self.on_container(method, found.group(1), found.group(2), query, body)
        if path.startswith("/networks"):
            return self.on_thing(self.networks, method, path, query, body)
        if path.startswith("/volumes"):
            return self.on_thing(self.volumes, method, path, query, body)
        self.wrong.append(f"{method} {path}")
        return 404, {"message": "page not found"}

    def on_container(self, method, name, what, query, body):
        c = self.by_name(name)
        if not c:
            return 404, {"message": f"No such container: {name}"}
        if method == "DELETE":
            del self.containers[c["id"]]
            self.tell("destroy", c)
            return 204, None
        if what == "json":
            return 200, self.inspect(c)
        if what == "stats":
            return 200, self.stats(c)
        if what == "logs":
            return 200, self.logs(c)
        act = {"start": self.start, "stop": self.stop, "rename": self.rename, "update": self.update}.get(what)
        return act(c, body, query) if act else (404, {"message": "page not found"})

    def on_thing(self, things, method, path, query, body):
        name = path.split("/")[2] if path.count("/") > 1 else None
        if method == "POST" and name == "create":
            thing = {"Id": self.new_id(), "Name": body["Name"], "Labels": body.get("Labels") or {}}
            things[body["Name"]] = thing
            return 201, thing
        if method == "GET" and not name:
            return 200, list(things.values())
        if name not in things:
            return 404, {"message": f"no such thing: {name}"}
        if method == "DELETE":
            del things[name]
            return 204, None
        return 200, things[name]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def call(self):
        engine = self.server.engine
        url = urllib.parse.urlsplit(self.path)
        path = re.sub(r"^/v1\.\d+", "", url.path)
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length)
        if path == "/events":
            self.events(engine)
            return
        try:
            body = json.loads(text) if text else None
        except ValueError:
            engine.wrong.append(f"{self.command} {self.path}: a body that is no JSON")
            body = None
        with engine.lock:
            if self.command != "GET":
                engine.changes += 1
            status, answer = engine.answer(self.command, path, urllib.parse.parse_qs(url.query), body)
        plain = isinstance(answer, bytes)
        data = answer if plain else b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Api-Version", "1.41")
        if status not in (204, 304):
            self.send_header("Content-Type", "application/octet-stream" if plain else "application/json")
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def events(self, engine):
        news = queue.Queue()
        with engine.lock:
            engine.listeners.append(news)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while line := news.get():
            data = json.dumps(line).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.close_connection = True

    do_GET = do_POST = do_DELETE = do_HEAD = do_PUT = call

    def handle(self):
        with contextlib.suppress(ConnectionError):  # a client that was made to fail
            super().handle()

    def address_string(self):
        return "-"

    def log_message(self, *words):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


@contextlib.contextmanager
def serving(path):
    """The socket; `server.engine` is a new one whenever somebody puts it there."""
    server = Server(str(path), Handler)
    server.engine = Engine()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        for listener in server.engine.listeners:
            listener.put(None)
        server.shutdown()
        thread.join()
        server.server_close()
