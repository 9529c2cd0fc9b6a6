"""Free ports of 127.0.0.1 for servers that tests start."""

import os
import random
import socket

_handed_out: set[int] = set()
_random = random.Random(os.getpid())


def free_port() -> int:
    """A port that is free now, is not handed out twice by this process, and is not one the kernel gives to clients.

    Below the ephemeral range on purpose: an outgoing connection cannot take it before the server listens.
    """
    for _ in range(1000):
        port = _random.randrange(20000, 32000)
        if port in _handed_out:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _handed_out.add(port)
        return port
    raise RuntimeError("no free port between 20000 and 32000")
