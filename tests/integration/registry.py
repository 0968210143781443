# SPDX-License-Identifier: MIT
"""A registry on loopback: Debian's docker-registry, with a user, behind a relay that can die in the middle."""

import base64
import contextlib
import io
import json
import secrets
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
from pathlib import Path

from engine import wait_until

CONFIG = """
version: 0.1
storage:
  filesystem: {{rootdirectory: {dir}/data}}
  maintenance: {{uploadpurging: {{enabled: false}}}}
http:
  addr: 127.0.0.1:{port}
  secret: {secret}
auth:
  htpasswd: {{realm: test, path: {dir}/htpasswd}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def bcrypt(password):
    """By Debian's own Python, whose crypt knows bcrypt; a newer one has none."""
    program = "import crypt, sys; print(crypt.crypt(sys.argv[1], crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))"
    python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
    return subprocess.run([python, "-W", "ignore", "-c", program, password], capture_output=True, text=True,
                          check=True).stdout.strip()


class Relay:
    """Passes bytes on to the registry; after so many bytes of answers every connection breaks, or stands still, until
    mended."""

    def __init__(self, target):
        self.target = target
        self.left = None
        self.held_after = None
        self.mended = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def die_after(self, n_bytes):
        self.left = n_bytes

    def hold_after(self, n_bytes):
        self.mended.clear()
        self.held_after = n_bytes

    @property
    def holds(self):
        return self.held_after is not None and self.held_after <= 0

    def mend(self):
        self.left = self.held_after = None
        self.mended.set()

    def close(self):
        self.listener.close()
        for one in list(self.open):
            with contextlib.suppress(OSError):
                one.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self.target))
                except OSError:
                    client.close()
                    continue
                self.open |= {client, server}
                for source, sink, counted in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pass, args=(source, sink, counted), daemon=True).start()

    def _pass(self, source, sink, counted):
        with contextlib.suppress(OSError):
            while data := source.recv(16384):
                if counted and self.left is not None:
                    self.left -= len(data)
                    if self.left <= 0:
                        break
                if counted and self.held_after is not None:
                    self.held_after -= len(data)
                    if self.held_after <= 0:
                        self.mended.wait()
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            self.open.discard(one)


class Registry:
    USER, PASSWORD = "somebody", "kanarienvogel"

    def __init__(self, engine):
        self.engine = engine
        self.dir = Path(tempfile.mkdtemp(prefix="roost-registry-"))
        (self.dir / "htpasswd").write_text(f"{self.USER}:{bcrypt(self.PASSWORD)}\n")
        port = free_port()
        (self.dir / "config.yml").write_text(CONFIG.format(dir=self.dir, port=port, secret=secrets.token_hex(16)))
        with open(self.dir / "log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(["docker-registry", "serve", self.dir / "config.yml"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.relay = Relay(port)
        self.host = f"127.0.0.1:{self.relay.port}"
        (self.dir / "config.json").write_text(json.dumps(self.login()))
        wait_until(lambda: self._answers(port), "the registry")

    def _answers(self, port):
        assert self.process.poll() is None, (self.dir / "log").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
        return False

    def login(self):
        """What `docker login` writes into config.json."""
        pair = base64.b64encode(f"{self.USER}:{self.PASSWORD}".encode()).decode()
        return {"auths": {self.host: {"auth": pair}}}

    def push(self, name, size=0, architecture=None):
        """An image of its own under this name, with so many bytes that cannot be compressed, said to be for that
        architecture; gone from the engine."""
        reference = f"{self.host}/{name}"
        made = self.engine.docker("create", "busybox", "true")
        if size:
            blob = self.dir / "blob"
            blob.write_bytes(secrets.token_bytes(size))
            self.engine.docker("cp", str(blob), f"{made}:/blob")
        self.engine.docker("commit", "--change", f"ENV MARK={secrets.token_hex(8)}", made, reference)
        self.engine.docker("rm", made)
        if architecture:
            self._relabel(reference, architecture)
        self.engine.docker("--config", str(self.dir), "push", "-q", reference)
        self.engine.docker("rmi", "-f", reference)
        return reference

    def _relabel(self, reference, architecture):
        old, new = self.dir / "old.tar", self.dir / "new.tar"
        self.engine.docker("save", "-o", str(old), reference)
        self.engine.docker("rmi", "-f", reference)
        with tarfile.open(old) as source, tarfile.open(new, "w") as sink:
            config = json.load(source.extractfile("manifest.json"))[0]["Config"]
            for member in source:
                data = source.extractfile(member).read() if member.isfile() else b""
                if member.name == config:
                    data = json.dumps({**json.loads(data), "architecture": architecture}).encode()
                    member.size = len(data)
                sink.addfile(member, io.BytesIO(data))
        self.engine.docker("load", "-i", str(new))

    def close(self):
        self.process.kill()
        self.process.wait(timeout=60)
        self.relay.close()
        for image in self.engine.docker("images", "-q", f"{self.host}/*", check=False).split():
            self.engine.docker("rmi", "-f", image, check=False)
        shutil.rmtree(self.dir)
