"""The command line of the simulators, and the connection that webhooks are posted over."""

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from simulators.__main__ import arguments, start_of
from simulators.post import Post
from tests.simulators.receiver import SECRET
from tests.support.simulators import ROOT, Simulators


def test_flags_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDITO_CARRIER_WEBHOOK_URL", "http://a/carrier")
    monkeypatch.setenv("ORDITO_PAYMENT_WEBHOOK_URL", "http://a/payment")
    monkeypatch.setenv("ORDITO_SUPPLIER_WEBHOOK_URL", "")
    monkeypatch.setenv("ORDITO_WEBHOOK_SECRET", SECRET)
    flags = ["--port", "1", "--data", "x", "--payment-webhook", "http://b/payment", "--carrier-events", "shipped,lost"]
    start = start_of(arguments(flags))
    assert (start.carrier.webhook_url, start.carrier.events) == ("http://a/carrier", ["shipped", "lost"])
    assert (start.payment.webhook_url, start.payment.events) == ("http://b/payment", None)
    assert start.supplier.webhook_url is None
    assert {start.carrier.webhook_secret, start.payment.webhook_secret, start.supplier.webhook_secret} == {SECRET}


def test_a_secret_that_cannot_sign_is_named_at_the_start(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simulators", "--port", "1", "--data", str(tmp_path), "--secret", "whsec_"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 2
    assert ended.stderr.startswith("simulators: webhook_secret: ")
    assert list(tmp_path.iterdir()) == []


def test_books_that_cannot_be_opened_are_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "carrier.db").write_text("this is no database, it is a text of some length" * 50)
    with pytest.raises(RuntimeError, match=r"cannot be opened: file is not a database$"):
        Simulators(tmp_path, {}).start()


def test_a_connection_closed_by_the_receiver_is_opened_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/hook?from=test"
        lines: list[bytes] = []

        def answer_once_per_connection() -> None:
            for _ in range(2):
                connection, _peer = server.accept()
                with connection:
                    lines.append(connection.recv(65536).split(b"\r\n")[0])
                    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

        thread = threading.Thread(target=answer_once_per_connection)
        thread.start()
        post = Post()
        assert [post.send(url, {}, b"{}"), post.send(url, {}, b"{}")] == [None, None]
        post.close()
        thread.join(5)
        assert lines == [b"POST /hook?from=test HTTP/1.1"] * 2


def test_nobody_at_home_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
    problem = Post().send(url, {}, b"{}")
    assert problem is not None
    assert problem.startswith("ConnectionRefusedError")
