"""One HTTP exchange with an outside system: what its answers mean to us, in one table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import aiohttp

from adapters.ports import BrokenContractError, UnavailableError
from domain.process.outcomes import Outcome

TIMEOUT_SECONDS = 10.0
"""For the whole call: waiting for a connection, asking, and reading the answer."""
CONNECTIONS = 16
"""Per partner."""
KEPT_SECONDS = 60.0
"""How long a connection that nobody needs stays open."""
MAX_ANSWER_BYTES = 1_048_576
"""A partner's answer is a few hundred; of a longer one no more than this is read."""
DONE = frozenset({200, 201})
REFUSED = frozenset({402, 409})
LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
NO_ANSWER = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, aiohttp.ClientResponseError)
"""Nobody there, hung up, cut off in the middle, or not HTTP."""


def create_client(timeout: float = TIMEOUT_SECONDS, hooks: Sequence[aiohttp.TraceConfig] = ()) -> aiohttp.ClientSession:
    """An HTTP client for one partner: connections are kept and shared, beyond CONNECTIONS a call waits for its turn.

    One for each partner, so that a slow one cannot take the others' connections. Made inside of a running event loop,
    and closed with `close` or by leaving `async with`. `hooks` hear of every call (`tracing.http_hooks`).
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEPT_SECONDS),
        timeout=aiohttp.ClientTimeout(total=timeout),
        json_serialize_bytes=_json,
        # Answers are too short to pack; unpacking what nobody asked for could fill the memory.
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=list(hooks),
        trust_env=False,  # a proxy of the surroundings must never see a payment
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that was understood. `found` is False for "never heard of it" (404)."""

    status: int
    content: dict[str, Any]

    @property
    def found(self) -> bool:
        return self.status != 404

    @property
    def refused(self) -> bool:
        return self.status in REFUSED

    def outcome(self, *, ref: str | None = None, code: str = "") -> Outcome:
        """A no with its code and words; or a yes with the outside's reference, read from the field `ref`."""
        if self.refused:
            return Outcome(refused=True, code=str(self.content["code"]), words=str(self.content.get("detail", "")))
        return Outcome(
            ref=self.content.get(ref) if ref else None,
            code=code,
            at=moment(self.content.get("at")),
            expires_at=moment(self.content.get("expires_at")),
        )


class Partner:
    """An outside system at a base address; `name` is what people call it."""

    def __init__(self, client: aiohttp.ClientSession, base_url: str, name: str) -> None:
        self._client = client
        self._base = f"{base_url.rstrip('/')}/v1"
        self._name = name

    async def post(self, path: str, key: str, body: Mapping[str, Any], *, may_be_unknown: bool = False) -> Reply:
        """Ask for an effect under an idempotency key. See `_understand` for what is raised."""
        url = f"{self._base}{path}"
        status, answer = await self._send("POST", url, {"Idempotency-Key": key}, body)
        return self._understand(status, answer, may_be_unknown)

    async def get(self, path: str) -> Reply:
        """Ask a question; a 404 is an answer."""
        status, answer = await self._send("GET", f"{self._base}{path}", {}, None)
        return self._understand(status, answer, True)

    async def _send(
        self, method: str, url: str, headers: dict[str, str], body: Mapping[str, Any] | None
    ) -> tuple[int, Any]:
        try:
            async with self._client.request(method, url, headers=headers, json=body, allow_redirects=False) as response:
                return response.status, _value(await _read(response))
        except TimeoutError:
            raise UnavailableError(f"The {self._name} did not answer in time; it may have done it.") from None
        except NO_ANSWER as error:
            what = type(error).__name__
            raise UnavailableError(f"The {self._name} cannot be reached or hung up ({what}).") from None

    def _understand(self, status: int, answer: Any, may_be_unknown: bool) -> Reply:
        """UnavailableError for what may be mended by waiting, BrokenContractError for what has no meaning here.

        Neither repeats what was sent: it may be personal.
        """
        if status in LATER:
            raise UnavailableError(f"The {self._name} is not available (HTTP {status}).")
        content = answer if isinstance(answer, dict) else None
        if status not in DONE | REFUSED and not (status == 404 and may_be_unknown):
            code = content.get("code", "") if content else ""
            raise BrokenContractError(f"The {self._name} answered HTTP {status} {code}".rstrip())
        if content is None or (status in REFUSED and "code" not in content):
            raise BrokenContractError(f"The {self._name} answered HTTP {status} without the JSON of its contract.")
        return Reply(status, content)


def key_path(key: str) -> str:
    """An idempotency key as the end of a path; its slashes stay."""
    return quote(key, safe="/")


def moment(text: Any) -> datetime | None:
    """An ISO 8601 instant, None for none."""
    return datetime.fromisoformat(text) if text else None


def _json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, cut off where it is too long; then the rest is not waited for, and the connection not kept."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            break
    return bytes(body)


def _value(body: bytes) -> Any:
    """The JSON in a body, None if it is something else."""
    if len(body) > MAX_ANSWER_BYTES:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
