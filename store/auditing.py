"""`ordito audit`, the database's part: every invariant that rows can show, proved in one snapshot."""

import hashlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, IsolationLevel
from psycopg.rows import DictRow, dict_row

from domain.pricing import recompute
from store import audit_sql
from store.audit_previews import previews
from store.pool import Connection

TITLES = {
    "I1": "no oversell",
    "I2": "no leaked hold",
    "I3": "no double charge",
    "I4": "money balances per order and currency",
    "I5": "quantities add up",
    "I6": "no lost order",
    "I7": "nothing ships uncovered",
    "I8": "states and versions agree",
    "I9": "prices can be computed again",
    "I10": "the pinned policy never changes",
    "I11": "the same request twice has one effect",
    "I12": "one live shipment request per line",
    "I14": "a change comes to what its preview said",
}


@dataclass(frozen=True)
class Offender:
    """Something that breaks an invariant: an order's number (or a sku), and how. `mend` is what to do, if known."""

    subject: str
    words: str
    mend: str = ""


@dataclass(frozen=True)
class Verdict:
    """The outcome of one invariant: "ok", "broken" or "not applicable yet"; `checked` counts what was looked at."""

    invariant: str
    title: str
    checked: int = 0
    offenders: tuple[Offender, ...] = ()
    not_applicable: str = ""
    note: str = ""

    @property
    def state(self) -> str:
        """One of the three."""
        if self.not_applicable:
            return "not applicable yet"
        return "broken" if self.offenders else "ok"


@asynccontextmanager
async def snapshot(database_url: str) -> AsyncIterator[Connection]:
    """A connection whose queries all see the database at one instant, and that can change nothing."""
    connection: AsyncConnection[DictRow] = await AsyncConnection.connect(
        database_url, row_factory=dict_row, options="-c timezone=UTC", application_name="audit", connect_timeout=5
    )
    async with connection:
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await connection.set_read_only(True)
        yield connection


async def audit_database(connection: Connection) -> list[Verdict]:
    """Every invariant that the database can prove."""
    checked: dict[str, int] = defaultdict(int)
    offenders: dict[str, list[Offender]] = defaultdict(list)
    for question in audit_sql.QUESTIONS:
        checked[question.invariant] += await _count(connection, question.looked_at)
        offenders[question.invariant] += await _offenders(connection, question.offenders)
    checked["I9"], offenders["I9"] = await _prices(connection)
    offenders["I10"] += await _bundles(connection)
    checked["I14"], unlike = await previews(connection)
    offenders["I14"] = [Offender(*found) for found in unlike]
    return [Verdict(name, title, checked[name], tuple(offenders[name])) for name, title in TITLES.items()]


async def _count(connection: Connection, sql: str) -> int:
    row = await (await connection.execute(sql)).fetchone()
    assert row is not None
    return int(row["count"])


async def _offenders(connection: Connection, sql: str) -> list[Offender]:
    cursor = await connection.execute(sql)
    return [Offender(row["subject"], row["words"]) async for row in cursor]


async def _prices(connection: Connection) -> tuple[int, list[Offender]]:
    """I9: each line's waterfall, evaluated again, comes to the line's amount; the lines come to the order's goods."""
    found = await _offenders(connection, audit_sql.GOODS)
    checked = 0
    async for line in await connection.execute(audit_sql.WATERFALLS):
        checked += 1
        words = _price_problem(line)
        if words:
            found.append(Offender(line["order_number"], f"line {line['number']}: {words}"))
    return checked, found


async def _bundles(connection: Connection) -> list[Offender]:
    """I10: the content of every bundle that an order is pinned to still has the hash that addresses it."""
    found = []
    async for row in await connection.execute(audit_sql.BUNDLES):
        text = json.dumps(row["content"], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        digest = hashlib.sha256(text.encode()).hexdigest()
        if digest != row["hash"]:
            found.append(Offender(row["hash"], f"is not its bundle's hash: the content comes to {digest}"))
    return found


def _price_problem(line: dict[str, Any]) -> str:
    try:
        again = recompute(line["waterfall"], line["currency"])
    except (ValueError, KeyError, IndexError) as error:
        return f"its price cannot be computed again: {error}"
    return "" if again == line["amount"] else f"its amount is {line['amount']}, and its waterfall comes to {again}"
