# SPDX-License-Identifier: MIT
"""An engine behind TLS: its certificate is checked, ours is shown, and what is not trusted is not spoken to."""

import contextlib
import select
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from engine import wait_until
from fleet import hot
from watch import state, status


class Authority:
    """Somebody who signs certificates."""

    def __init__(self, folder, name):
        self.folder = folder
        self.key, self.cert = folder / f"{name}-key.pem", folder / f"{name}.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                      "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.cert)

    @staticmethod
    def _openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)

    def sign(self, name):
        """(certificate, key) of one at 127.0.0.1"""
        key, request, cert = (self.folder / f"{self.cert.stem}-{name}{end}" for end in ("-key.pem", ".csr", ".pem"))
        names = self.folder / "names"
        names.write_text("subjectAltName=IP:127.0.0.1\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                      "-keyout", key, "-out", request)
        self._openssl("x509", "-req", "-days", "2", "-in", request, "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial",
                      "-extfile", names, "-out", cert)
        return cert, key


class Door:
    """TLS on a port of this machine, the engine behind it; only for whom the authority knows."""

    def __init__(self, upstream, authority, certificate):
        self.upstream = upstream
        self.asked = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificate)
        self._context.load_verify_locations(authority.cert)
        self._context.verify_mode = ssl.CERT_REQUIRED
        # Who is not let in is told so in the handshake, and not with the first answer.
        self._context.maximum_version = ssl.TLSVersion.TLSv1_2
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self):
        self._listener.close()

    def _listen(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._let_in, args=(client,), daemon=True).start()

    def _let_in(self, client):
        with contextlib.suppress(OSError), self._context.wrap_socket(client, server_side=True) as caller, \
                socket.socket(socket.AF_UNIX) as engine:
            engine.connect(self.upstream)
            while True:
                for source in [caller] if caller.pending() else select.select([caller, engine], [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    self.asked += source is caller  # a handshake alone says nothing
                    (engine if source is caller else caller).sendall(data)


@pytest.fixture
def authority(fleet):
    return Authority(fleet.dir, "ca")


@pytest.fixture
def door(engine, fleet, authority):
    made = Door(engine.socket, authority, authority.sign("engine"))
    fleet.url = made.url
    yield made
    made.close()


def shows(fleet, authority, certificate):
    """The environment of who trusts that authority and shows that certificate."""
    folder = fleet.dir / f"certs-of-{authority.cert.stem}"
    folder.mkdir()
    shutil.copy(authority.cert, folder / "ca.pem")
    for source, name in zip(certificate, ("cert.pem", "key.pem")):
        shutil.copy(source, folder / name)
    return {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(folder)}


def test_a_fleet_behind_tls(fleet, door, authority):
    trusted = shows(fleet, authority, authority.sign("roost"))
    fleet.apply({"web": hot()})
    with fleet.serve(env=trusted):
        wait_until(lambda: state(fleet, "web") == "running", "web runs")
        first = fleet.inspect("web")["Id"]
        fleet.engine.docker("rm", "-f", fleet.container("web"))
        wait_until(lambda: status(fleet, "web") == "running" and fleet.inspect("web")["Id"] != first, "web is back")
    assert door.asked > 0


def test_who_is_not_trusted_is_not_spoken_to(fleet, door, authority):
    fleet.apply({"web": hot()})
    stranger = Authority(fleet.dir, "stranger")
    who = shows(fleet, stranger, authority.sign("roost"))
    assert "server certificate verification failed" in fleet.roost("reconcile", status=4, env=who).err
    who = shows(fleet, authority, stranger.sign("roost"))
    assert "cannot reach the engine" in fleet.roost("reconcile", status=4, env=who).err
    (fleet.dir / "certs-of-ca" / "key.pem").unlink()
    assert "TLS needs ca.pem, cert.pem and key.pem" in fleet.roost("reconcile", status=2, env=who).err
    assert door.asked == 0
    assert fleet.mine() == []
