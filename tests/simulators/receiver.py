"""A receiver of webhooks on a free port: verifies each signature, keeps what came, and may answer 500 for a while."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

SECRET = "whsec_c2ltdWxhdG9ycyB0ZXN0IHNlY3JldCBvbmU="


class Receiver:
    """What came in, in the order of arrival: `events` acknowledged ones, `refused` those answered 500."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.refused: list[dict[str, Any]] = []
        self.refuse_next = 0
        self.delay_seconds = 0.0
        self.url = ""
        self._lock = threading.Lock()

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """The status to answer to one webhook."""
        event = Webhook(SECRET).verify(body, headers)
        time.sleep(self.delay_seconds)
        with self._lock:
            assert headers["webhook-id"] == event["id"]
            if self.refuse_next:
                self.refuse_next -= 1
                self.refused.append(event)
                return 500
            self.events.append(event)
            return 204

    def types(self) -> list[str]:
        """The types of the acknowledged events."""
        return [event["type"] for event in self.events]

    def wait_for(self, count: int, seconds: float = 30.0) -> list[dict[str, Any]]:
        """The acknowledged events once there are `count` of them; fails after `seconds`."""
        wait_until(lambda: len(self.events) >= count, seconds, lambda: f"{count} events, came: {self.types()}")
        return list(self.events)


def wait_until(done: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    """Wait for a condition; fails, naming what was awaited."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what()}"
        time.sleep(0.02)


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.take(body, {name.lower(): value for name, value in self.headers.items()})
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nothing: the test looks at what came."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def in_json(event: dict[str, Any]) -> str:
    """An event as text, to compare repeats of it."""
    return json.dumps(event, sort_keys=True)
