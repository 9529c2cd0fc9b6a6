"""Takes an order for good: one statement commits the order, its idempotency row, its first event and the message that
starts its workflow (design, hard case 1). Temporal may be away.

The usual case is one round trip. Only when it takes nothing is the reason looked up.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.errors import UniqueViolation

import tracing
from domain.problems import Problem
from store.pool import Connection, Pool

ATTEMPTS = 5
DISPATCH_CHANNEL = "dispatch"


@dataclass(frozen=True, slots=True)
class Placing:
    """An order as checked, and who places it. `key` is the caller's Idempotency-Key."""

    document: dict[str, Any]
    party: dict[str, Any]
    principal: str
    key: str | None
    now: datetime

    def body_hash(self) -> str:
        """The same for the same order however its JSON was written."""
        text = json.dumps([self.document, self.party], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Taken:
    """An accepted order; `replay` when it was accepted before."""

    number: str
    bundle: str
    accepted_at: datetime
    replay: bool


Why = Literal["idempotency_key_reused", "source_id_reused", "number_taken", "no_policy", "problems"]


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why an order was not accepted."""

    code: Why
    problems: tuple[Problem, ...] = ()


_PLACE = """
WITH live AS (
    SELECT hash FROM policy_release WHERE effective_at <= %(now)s ORDER BY effective_at DESC, id DESC LIMIT 1
), ready AS (
    SELECT hash FROM live
    WHERE NOT EXISTS (SELECT FROM sales_order WHERE source_system = %(system)s AND source_id = %(source_id)s)
      AND NOT EXISTS (SELECT FROM idempotency_key WHERE principal = %(principal)s AND key = %(key)s::text)
      AND NOT EXISTS (
        SELECT FROM unnest(%(skus)s::text[]) AS wanted(sku) WHERE NOT EXISTS (SELECT FROM item WHERE sku = wanted.sku))
      AND NOT EXISTS (
        SELECT FROM unnest(%(unpriced)s::text[]) AS wanted(sku) WHERE NOT EXISTS (
            SELECT FROM list_price WHERE sku = wanted.sku AND currency = %(currency)s
               AND valid_from <= (%(ordered_at)s::timestamptz AT TIME ZONE 'UTC')::date))
), numbered AS MATERIALIZED (
    SELECT hash, coalesce(%(number)s::text, 'O-' || nextval('order_number')) AS number FROM ready
), placed AS (
    INSERT INTO sales_order (number, source_system, source_id, body_hash, document, party, bundle, channel, customer,
        currency, ordered_at, requested_date, as_of, principal, accepted_at)
    SELECT number, %(system)s, %(source_id)s, %(body_hash)s,
        %(document)s::jsonb || jsonb_build_object('number', number), %(party)s::jsonb, hash, %(channel)s, %(customer)s,
        %(currency)s, %(ordered_at)s, %(requested_date)s::date, %(as_of)s::date, %(principal)s, %(now)s
    FROM numbered
    ON CONFLICT DO NOTHING
    RETURNING number, bundle, accepted_at
), keyed AS (
    INSERT INTO idempotency_key (principal, key, body_hash, order_number)
    SELECT %(principal)s, %(key)s, %(body_hash)s, number FROM placed WHERE %(key)s::text IS NOT NULL
), told AS (
    INSERT INTO event (order_number, key, type, at, words, why, data, correlation)
    SELECT number, number || '/accepted', 'order.accepted', %(at)s, %(words)s, %(why)s,
        jsonb_build_object('bundle', bundle, 'lines', %(line_count)s::int), number
    FROM placed
), due AS (
    INSERT INTO dispatch (order_number, kind, payload, note, traceparent)
    SELECT number, 'start', %(start)s::jsonb || jsonb_build_object('number', number, 'bundle', bundle), '',
        %(traceparent)s::text
    FROM placed
)
SELECT number, bundle, accepted_at, pg_notify('dispatch', '') FROM placed
"""

_WHY_NOT = """
SELECT
    (SELECT to_jsonb(k) || jsonb_build_object('bundle', o.bundle, 'accepted_at', o.accepted_at)
       FROM idempotency_key k JOIN sales_order o ON o.number = k.order_number
      WHERE k.principal = %(principal)s AND k.key = %(key)s::text) AS by_key,
    (SELECT jsonb_build_object('order_number', number, 'body_hash', body_hash, 'bundle', bundle,
            'accepted_at', accepted_at)
       FROM sales_order WHERE source_system = %(system)s AND source_id = %(source_id)s) AS by_source,
    EXISTS (SELECT FROM sales_order WHERE number = %(number)s::text) AS number_taken,
    EXISTS (SELECT FROM policy_release WHERE effective_at <= %(now)s) AS policy
"""

_UNKNOWN = """
SELECT sku,
    EXISTS (SELECT FROM item WHERE item.sku = wanted.sku) AS known,
    EXISTS (SELECT FROM list_price p WHERE p.sku = wanted.sku AND p.currency = %(currency)s
        AND p.valid_from <= (%(ordered_at)s::timestamptz AT TIME ZONE 'UTC')::date) AS priced
FROM unnest(%(skus)s::text[]) AS wanted(sku)
"""


async def accept(pool: Pool, placing: Placing) -> Taken | NotTaken:
    """Accept the order, or find it accepted before, or say why not. Any number of callers at once make one order."""
    values = _values(placing)
    for _ in range(ATTEMPTS):
        async with pool.connection() as connection:
            await connection.set_autocommit(True)  # the one statement is the transaction: no BEGIN, no COMMIT to send
            try:
                try:
                    row = await (await connection.execute(_PLACE, values)).fetchone()
                except UniqueViolation:  # someone used the Idempotency-Key in this very moment
                    row = None
                if row is not None:
                    return Taken(row["number"], row["bundle"], row["accepted_at"], replay=False)
                known = await _why_not(connection, values, placing)
                if known is not None:
                    return known
            finally:
                await connection.set_autocommit(False)
    raise RuntimeError("an order could neither be taken nor refused")


def _values(placing: Placing) -> dict[str, Any]:
    document = placing.document
    lines = document["lines"]
    at = document["ordered_at"] if document["as_of"] else placing.now
    start = {name: document[name] for name in ("ordered_at", "as_of", "channel")}
    source = document["source"]
    return {
        "now": placing.now,
        "at": at,
        "principal": placing.principal,
        "key": placing.key,
        "body_hash": placing.body_hash(),
        "number": document["number"],
        "system": source["system"],
        "source_id": source["id"],
        "document": json.dumps(document),
        "party": json.dumps(placing.party),
        "channel": document["channel"],
        "customer": document["customer"]["id"],
        "currency": document["currency"],
        "ordered_at": document["ordered_at"],
        "requested_date": document["requested_date"],
        "as_of": document["as_of"],
        "skus": list({line["sku"] for line in lines}),
        "unpriced": list({line["sku"] for line in lines if "unit_price" not in line}),
        "line_count": len(lines),
        "traceparent": tracing.traceparent(),
        "words": f"Order accepted from {source['system']}, channel {document['channel']}, {_count(len(lines))}.",
        "why": f"Placed by {placing.principal}.",
        "start": json.dumps(
            {
                **start,
                "accepted_at": placing.now.isoformat(),
                "customer": document["customer"]["id"],
                "version": 0,
            }
        ),
    }


def _count(lines: int) -> str:
    return f"{lines:,} line{'' if lines == 1 else 's'}"


async def _why_not(connection: Connection, values: dict[str, Any], placing: Placing) -> Taken | NotTaken | None:
    """The reason why nothing was taken; None when it has gone meanwhile."""
    row = await (await connection.execute(_WHY_NOT, values)).fetchone()
    assert row is not None
    body_hash = values["body_hash"]
    if row["by_key"]:
        return _again(row["by_key"], body_hash, "idempotency_key_reused")
    if row["by_source"]:
        again = _again(row["by_source"], body_hash, "source_id_reused")
        if isinstance(again, Taken) and placing.key is not None:
            await _remember_key(connection, placing.principal, placing.key, body_hash, again.number)
        return again
    if row["number_taken"]:
        return NotTaken("number_taken")
    problems = await item_problems(connection, placing.document["lines"], values["currency"], values["ordered_at"])
    if problems:
        return NotTaken("problems", tuple(problems))
    return None if row["policy"] else NotTaken("no_policy")


def _again(row: dict[str, Any], body_hash: str, otherwise: Why) -> Taken | NotTaken:
    if row["body_hash"] != body_hash:
        return NotTaken(otherwise)
    return Taken(row["order_number"], row["bundle"], datetime.fromisoformat(row["accepted_at"]), replay=True)


async def _remember_key(connection: Connection, principal: str, key: str, body_hash: str, number: str) -> None:
    """A new key for an order known by its source is used up as well."""
    await connection.execute(
        "INSERT INTO idempotency_key (principal, key, body_hash, order_number) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (principal, key, body_hash, number),
    )


async def item_problems(
    connection: Connection, lines: list[dict[str, Any]], currency: str | None, ordered_at: str | None
) -> list[Problem]:
    """Lines whose item is not known, or has no price when the order brings none; asked in one query.

    Without a currency or a date only the items are looked at.
    """
    skus = list({line["sku"] for line in lines})
    values = {"skus": skus, "currency": currency, "ordered_at": ordered_at}
    found = {row["sku"]: row for row in await (await connection.execute(_UNKNOWN, values)).fetchall()}
    problems = []
    for index, line in enumerate(lines):
        item, path = found[line["sku"]], f"$.lines[{index}]"
        if not item["known"]:
            words = "There is no item with this SKU. Check it, or add the item with PUT /v1/items."
            problems.append(Problem(f"{path}.sku", "unknown_sku", words))
        elif currency and ordered_at and line.get("unit_price") is None and not item["priced"]:
            words = f"The item has no list price in {currency} on the day of the order. Send a unit_price, or add one."
            problems.append(Problem(f"{path}.unit_price", "no_price", words))
    return problems
