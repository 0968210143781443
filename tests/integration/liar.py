# SPDX-License-Identifier: MIT
"""A proxy between roost and the engine that lies: it fails, delays, cuts, duplicates and corrupts answers."""

import random
import threading
import time

from proxy import Proxy

LIES = ("fail", "lose", "delay", "cut", "twice", "flip")
FAILED = (b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n"
          b'{"message":"out of luck"}\n')


def flip(rng, data):
    """Some bits of it are not what they were."""
    if not data:
        return data
    made = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        made[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
    return bytes(made)


class Liar(Proxy):
    def __init__(self, upstream, path, seed):
        self.lies = dict.fromkeys(LIES, 0)
        self._rng = random.Random(seed)
        self._dice = threading.Lock()
        self._share = 0.0
        self._kinds = LIES
        super().__init__(upstream, path)

    def lie(self, share, kinds=LIES):
        """From now on that share of the answers is one of these; 0: the truth."""
        self._share, self._kinds = share, kinds

    def _draw(self):
        with self._dice:
            if self._rng.random() >= self._share:
                return None
            kind = self._rng.choice(self._kinds)
            self.lies[kind] += 1
            return kind

    def hears(self, client):
        if self._share > 0 and self._draw() == "fail":
            client.sendall(FAILED)
            return False
        return True

    def told(self, pieces):
        for piece in pieces:
            kind = self._draw() if self._share > 0 else None
            if kind == "lose":
                raise ConnectionAbortedError("lost")
            if kind == "delay":
                time.sleep(self._rng.uniform(0, 3))
            if kind == "cut":
                yield piece[:len(piece) // 2]
                raise ConnectionAbortedError("cut")
            if kind == "twice":
                yield piece
            yield flip(self._rng, piece) if kind == "flip" else piece
