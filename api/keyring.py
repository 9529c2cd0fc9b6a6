"""Finds whose API key it is, remembered for a few seconds so that not every request asks the database."""

import time
from typing import NamedTuple

from store.keys import Caller, find_caller, hash_of
from store.pool import Pool

REMEMBERED_SECONDS = 5.0
REMEMBERED_KEYS = 1_000


class _Known(NamedTuple):
    caller: Caller | None
    until: float


class Keyring:
    """API keys of one process. A revoked key stops working within REMEMBERED_SECONDS."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: dict[str, _Known] = {}

    async def caller(self, key: str) -> Caller | None:
        """The owner of a key, None when it is not valid."""
        hashed = hash_of(key)
        known = self._known.get(hashed)
        if known is not None and known.until > time.monotonic():
            return known.caller
        async with self._pool.connection() as connection:
            caller = await find_caller(connection, key)
        if len(self._known) >= REMEMBERED_KEYS:
            self._known.clear()
        self._known[hashed] = _Known(caller, time.monotonic() + REMEMBERED_SECONDS)
        return caller
