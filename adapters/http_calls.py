"""One HTTP exchange with an outside system: what its answers mean to us, in one table."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from adapters.ports import BrokenContractError, UnavailableError
from domain.process.messages import Outcome

# httpcore looks for this package, which we have no use for, several times a call. Python remembers what it has found,
# but not what is missing: it would search the disk each time.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

TIMEOUT_SECONDS = 10.0
CONNECTIONS = 16
"""Per partner. httpcore looks at all connections for every request, more than once: many cost more than they bring."""
DONE = frozenset({200, 201})
REFUSED = frozenset({402, 409})
LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


def create_client(timeout: float = TIMEOUT_SECONDS) -> httpx.AsyncClient:
    """An HTTP client for one partner: connections are kept and shared, beyond CONNECTIONS a call waits for its turn.

    One for each partner, so that a slow one cannot take the others' connections. Close it with `aclose`.
    """
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=60)
    # trust_env=False: a proxy of the surroundings must never see a payment.
    return httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False)


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

    def __init__(self, client: httpx.AsyncClient, base_url: str, name: str) -> None:
        self._client = client
        self._base = f"{base_url.rstrip('/')}/v1"
        self._name = name

    async def post(self, path: str, key: str, body: Mapping[str, Any], *, may_be_unknown: bool = False) -> Reply:
        """Ask for an effect under an idempotency key. See `_understand` for what is raised."""
        url = f"{self._base}{path}"
        return self._understand(await self._send("POST", url, {"Idempotency-Key": key}, body), may_be_unknown)

    async def get(self, path: str) -> Reply:
        """Ask a question; a 404 is an answer."""
        return self._understand(await self._send("GET", f"{self._base}{path}", {}, None), True)

    async def _send(
        self, method: str, url: str, headers: dict[str, str], body: Mapping[str, Any] | None
    ) -> httpx.Response:
        try:
            return await self._client.request(method, url, headers=headers, json=body)
        except httpx.TimeoutException:
            raise UnavailableError(f"The {self._name} did not answer in time; it may have done it.") from None
        except httpx.TransportError as error:
            what = type(error).__name__
            raise UnavailableError(f"The {self._name} cannot be reached or hung up ({what}).") from None

    def _understand(self, response: httpx.Response, may_be_unknown: bool) -> Reply:
        """UnavailableError for what may be mended by waiting, BrokenContractError for what has no meaning here.

        Neither repeats what was sent: it may be personal.
        """
        status = response.status_code
        if status in LATER:
            raise UnavailableError(f"The {self._name} is not available (HTTP {status}).")
        if status not in DONE | REFUSED and not (status == 404 and may_be_unknown):
            raise BrokenContractError(f"The {self._name} answered HTTP {status} {_code(response)}".rstrip())
        try:
            content = response.json()
        except ValueError:
            content = None
        if not isinstance(content, dict) or (status in REFUSED and "code" not in content):
            raise BrokenContractError(f"The {self._name} answered HTTP {status} without the JSON of its contract.")
        return Reply(status, content)


def key_path(key: str) -> str:
    """An idempotency key as the end of a path; its slashes stay."""
    return quote(key, safe="/")


def moment(text: Any) -> datetime | None:
    """An ISO 8601 instant, None for none."""
    return datetime.fromisoformat(text) if text else None


def _code(response: httpx.Response) -> str:
    try:
        content = response.json()
    except ValueError:
        return ""
    return str(content.get("code", "")) if isinstance(content, dict) else ""
