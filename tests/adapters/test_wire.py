"""What the bytes of an answer mean: broken, late, too long, or not of the contract (SHP1, PAY2)."""

import asyncio
import time

import pytest

from adapters.http_calls import CONNECTIONS, MAX_ANSWER_BYTES, Reply
from adapters.ports import BrokenContractError, UnavailableError
from tests.adapters.wire import PATIENCE, HangUpError, Line, partner_of

NAME = "Mercédes Alba"
BODY = {"name": NAME}
NO_JSON = "The carrier answered HTTP 200 without the JSON of its contract."
LATE = "The carrier did not answer in time; it may have done it."


async def test_what_is_asked_and_what_is_understood() -> None:
    async with partner_of(lambda line: line.answer("201 Created", b'{"shipment": "S-1"}')) as (partner, wire):
        assert await partner.post("/shipments", "O-1/ship", BODY) == Reply(201, {"shipment": "S-1"})
    (heard,) = wire.heard
    head, _, body = heard.partition(b"\r\n\r\n")
    first, *headers = head.decode("ascii").split("\r\n")
    assert first == "POST /v1/shipments HTTP/1.1"
    assert {"Idempotency-Key: O-1/ship", "Content-Type: application/json"} <= set(headers)
    assert body == '{"name":"Mercédes Alba"}'.encode()


@pytest.mark.parametrize("path", ["/requests/O-1_a.b/ship/north%20side/r1", "/requests/O-1/a%2Bb%3Fc%25d%23e"])
async def test_a_path_arrives_with_its_meaning(path: str) -> None:
    async with partner_of(lambda line: line.answer()) as (partner, wire):
        await partner.get(path)
    asked = wire.heard[0].split(b" ")[1].decode()
    assert asked.replace("a+b", "a%2Bb") == f"/v1{path}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Welcome</html>",
        b'["shipment"]',
        b'{"shipment": "S-1"',
        b'{"shipment": "\xff"}',
        b"[" * 100_000,
        b'{"shipment": "' + b"S" * MAX_ANSWER_BYTES + b'"}',
    ],
    ids=["empty", "page", "list", "half", "no UTF-8", "deep", "huge"],
)
async def test_a_yes_without_json_is_a_broken_contract(body: bytes) -> None:
    async with partner_of(lambda line: line.answer(body=body)) as (partner, _):
        with pytest.raises(BrokenContractError) as raised:
            await partner.post("/shipments", "O-1/ship", BODY)
    assert str(raised.value) == NO_JSON


async def test_an_answer_without_end_is_read_no_further_than_its_limit() -> None:
    async def endless(line: Line) -> None:
        await line.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await line.say(b"10000\r\n", b" " * 65_536, b"\r\n")

    async with partner_of(endless, timeout=10) as (partner, wire):
        with pytest.raises(BrokenContractError, match="without the JSON"):
            await partner.post("/shipments", "O-1/ship", BODY)
        async with asyncio.timeout(5):
            while wire.open:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"", "ServerDisconnectedError"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "ServerDisconnectedError"),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"shipm', "ClientPayloadError"),
        (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"shipm\r\n', "ClientPayloadError"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}\r\n", "ClientResponseError"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "ClientResponseError"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", "ClientResponseError"),
    ],
    ids=[
        "nothing",
        "half a head",
        "half a body",
        "half of the chunks",
        "no chunks",
        "another protocol",
        "huge header",
    ],
)
async def test_what_is_cut_off_or_not_http_is_unavailable(said: bytes, kind: str) -> None:
    async def cut_off(line: Line) -> None:
        await line.say(said)
        raise HangUpError

    async with partner_of(cut_off) as (partner, wire):
        with pytest.raises(UnavailableError) as raised:
            await partner.post("/shipments", "O-1/ship", BODY)
    assert str(raised.value) == f"The carrier cannot be reached or hung up ({kind})."
    assert len(wire.heard) == 1, "an effect is asked for again by whoever keeps count, not by the client"


async def test_chunks_that_go_wrong_after_a_good_beginning_are_unavailable() -> None:
    async def go_wrong(line: Line) -> None:
        await line.say(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"shipm\r\n')
        await asyncio.sleep(PATIENCE / 10)
        await line.say(b'ent": "S-1"}\r\n')

    async with partner_of(go_wrong) as (partner, wire):
        with pytest.raises(UnavailableError):
            await partner.post("/shipments", "O-1/ship", BODY)
    assert len(wire.heard) == 1


async def test_a_kept_connection_that_is_hung_up_is_unavailable_and_the_next_call_opens_another() -> None:
    async def once(line: Line) -> None:
        if line.number == 1 and len(wire.heard) == 2:
            raise HangUpError
        await line.answer()

    async with partner_of(once) as (partner, wire):
        assert (await partner.post("/shipments", "1", BODY)).status == 200
        with pytest.raises(UnavailableError, match=r"hung up \(ServerDisconnectedError\)"):
            await partner.post("/shipments", "2", BODY)
        assert (await partner.post("/shipments", "2", BODY)).status == 200
    assert wire.lines == 2


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_a_partner_that_says_later_is_unavailable_whatever_else_it_says(status: int) -> None:
    async with partner_of(lambda line: line.answer(f"{status} Later", b"<html>")) as (partner, _):
        with pytest.raises(UnavailableError) as raised:
            await partner.post("/shipments", "O-1/ship", BODY)
    assert str(raised.value) == f"The carrier is not available (HTTP {status})."


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, b'{"code": "wrong_form", "detail": "Merc\xc3\xa9des Alba"}', "The carrier answered HTTP 400 wrong_form"),
        (404, b"{}", "The carrier answered HTTP 404"),
        (401, b"<html>", "The carrier answered HTTP 401"),
        (409, b'{"detail": "no"}', "The carrier answered HTTP 409 without the JSON of its contract."),
    ],
)
async def test_another_status_is_a_broken_contract_that_repeats_nothing_personal(
    status: int, body: bytes, words: str
) -> None:
    async with partner_of(lambda line: line.answer(f"{status} No", body)) as (partner, _):
        with pytest.raises(BrokenContractError) as raised:
            await partner.post("/shipments", "O-1/ship", BODY)
    assert str(raised.value) == words


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nobody_is_sent_elsewhere(status: int) -> None:
    elsewhere = b"Location: /v1/elsewhere"
    async with partner_of(lambda line: line.answer(f"{status} There", b"", elsewhere)) as (partner, wire):
        with pytest.raises(BrokenContractError, match=f"answered HTTP {status}$"):
            await partner.post("/shipments", "O-1/ship", BODY)
    assert len(wire.heard) == 1


async def test_the_time_out_is_for_the_whole_call_however_slowly_bytes_drip() -> None:
    async def drip(line: Line) -> None:
        await line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await line.say(b" ")
            await asyncio.sleep(PATIENCE / 10)

    async with partner_of(drip) as (partner, wire):
        began = time.monotonic()
        with pytest.raises(UnavailableError) as raised:
            await partner.post("/shipments", "O-1/ship", BODY)
        assert PATIENCE * 0.9 < time.monotonic() - began < PATIENCE * 4
        async with asyncio.timeout(5):
            while wire.open:
                await asyncio.sleep(0.01)
    assert str(raised.value) == LATE


async def test_beyond_the_connections_a_call_waits_for_its_turn_within_its_time() -> None:
    released = asyncio.Event()

    async def hold(line: Line) -> None:
        await released.wait()
        await line.answer()

    async with partner_of(hold, timeout=5) as (partner, wire):
        calls = [asyncio.create_task(partner.post("/shipments", str(at), BODY)) for at in range(CONNECTIONS + 4)]
        async with asyncio.timeout(4):
            while len(wire.heard) < CONNECTIONS:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert (len(wire.heard), wire.open) == (CONNECTIONS, CONNECTIONS)
        released.set()
        assert {reply.status for reply in await asyncio.gather(*calls)} == {200}
        assert wire.lines == CONNECTIONS


async def test_a_call_that_never_has_its_turn_is_unavailable_in_time() -> None:
    async def hold(line: Line) -> None:
        await asyncio.sleep(10 * PATIENCE)

    async with partner_of(hold) as (partner, _):
        began = time.monotonic()
        calls = (partner.post("/shipments", str(at), BODY) for at in range(CONNECTIONS + 1))
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert time.monotonic() - began < PATIENCE * 4
    assert [(type(answer), str(answer)) for answer in answers] == [(UnavailableError, LATE)] * (CONNECTIONS + 1)


async def test_a_connection_is_kept_cookies_are_not_and_a_proxy_of_the_surroundings_sees_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with partner_of(lambda line: line.answer("200 OK", b"{}", b"Set-Cookie: who=you; Path=/")) as (partner, wire):
        for _ in range(3):
            await partner.post("/shipments", "O-1/ship", BODY)
    assert wire.lines == 1
    assert [b"cookie" in heard.lower() for heard in wire.heard] == [False] * 3
