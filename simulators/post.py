"""Posting to one receiver over a kept-alive connection, from a worker thread.

The standard library's blocking client costs a quarter of the CPU of an asynchronous one here, and the simulators
share a machine with what they serve.
"""

import contextlib
import http.client
import socket
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 10.0


class Post:
    """One connection; it is used by one thread at a time and follows the URL it is given."""

    def __init__(self) -> None:
        self._origin: tuple[str, str] | None = None
        self._connection: http.client.HTTPConnection | None = None
        self._interrupted = False

    def send(self, url: str, headers: dict[str, str], body: bytes) -> str | None:
        """Post once; what went wrong in words, None when answered 2xx.

        A connection that the receiver has closed meanwhile is opened again: a webhook may arrive twice.
        """
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        kept = self._connection is not None and self._origin == (parts.scheme, parts.netloc)
        if not kept:
            self.close()
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            self._origin, self._connection = (parts.scheme, parts.netloc), kind(parts.netloc, timeout=TIMEOUT_SECONDS)
        try:
            return self._exchange(target, headers, body)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            if kept and isinstance(error, ConnectionError) and not self._interrupted:
                return self.send(url, headers, body)
            return f"{type(error).__name__}: {error}"

    def _exchange(self, target: str, headers: dict[str, str], body: bytes) -> str | None:
        assert self._connection is not None, "opened by the caller"
        self._connection.request("POST", target, body, headers)
        response = self._connection.getresponse()
        response.read()
        return None if 200 <= response.status < 300 else f"answered {response.status}"

    def interrupt(self) -> None:
        """End a send that another thread is waiting in."""
        self._interrupted = True
        sock = self._connection.sock if self._connection is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
