"""Versions of an order: a change is worked out into a proposal; an accepted one becomes the order (CAP11, CHG1).

A proposal is JSON in `change_request.proposal`: the call's key, the revision it would be, and either `refused` or the
whole new version: document, party, lines with their prices, totals, what opening it came to, and how it differs.
"""

import json
from datetime import date
from typing import Any, NamedTuple

from domain.grouping import Available
from domain.pricing import DatedPrice
from domain.process.calls import Call, ReviseOrder
from domain.process.outcomes import Opened, Outcome, Revised
from domain.process.read_model import GroupPlan, OrderRow, Revision
from domain.process.words import CANCEL, EDIT
from domain.reopening import Reopened
from domain.revising import NewVersion, Progress
from store import changes, requests
from store.pool import Connection

Proposal = dict[str, Any]
"""What working out a change came to, as JSON: the new version, or why there is none."""

KEEP = """
INSERT INTO change_request (order_number, change_id, kind, document, requested_by)
VALUES (%(order)s, %(change_id)s, %(kind)s, %(edit)s::jsonb, %(requested_by)s)
ON CONFLICT DO NOTHING
"""
LOCK = """
SELECT document, proposal FROM change_request WHERE order_number = %(order)s AND change_id = %(change_id)s FOR UPDATE
"""
DOCUMENT = "SELECT document FROM change_request WHERE order_number = %(order)s AND change_id = %(change_id)s"
READ = """
SELECT o.document, o.party, o.bundle, o.opened::text AS opened, (
    SELECT coalesce(jsonb_agg(DISTINCT g ->> 'id'), '[]') FROM jsonb_array_elements(o.row -> 'groups') AS g
) AS groups, (
    SELECT coalesce(jsonb_agg(jsonb_build_object('number', l.number, 'shipped', l.shipped, 'cancelled', l.cancelled,
                                                 'waterfall', l.waterfall, 'group', l.group_id)
                              ORDER BY l.number), '[]')
    FROM order_line l WHERE l.order_number = o.number
) AS lines
FROM sales_order o WHERE o.number = %(order)s
"""
ASSORTMENT = """
SELECT (
    SELECT coalesce(json_agg(i.sku), '[]') FROM item i WHERE i.sku = ANY(%(skus)s::text[])
) AS known, (
    SELECT coalesce(json_agg(json_build_array(p.sku, p.valid_from, p.amount)), '[]')
    FROM list_price p WHERE p.currency = %(currency)s AND p.sku = ANY(%(skus)s::text[])
) AS prices, (
    SELECT coalesce(json_agg(json_build_array(s.location, s.sku, s.on_hand - s.reserved)), '[]')
    FROM stock s WHERE s.sku = ANY(%(skus)s::text[])
) AS stock
"""
PROPOSE = """
UPDATE change_request SET proposal = %(proposal)s::jsonb || jsonb_build_object('proposed_at', clock_timestamp())
WHERE order_number = %(order)s AND change_id = %(change_id)s
"""
PROPOSED = """
SELECT proposal ->> 'opened' AS opened FROM change_request
WHERE order_number = %(order)s AND change_id = %(change_id)s AND proposal ? 'document'
"""
APPLY = """
WITH proposed AS (
    SELECT proposal AS p FROM change_request WHERE order_number = %(order)s AND change_id = %(change_id)s
), first AS (
    INSERT INTO order_revision (order_number, revision, document, party, opened, at)
    SELECT o.number, 1, o.document, o.party, o.opened,
           CASE WHEN o.as_of IS NULL THEN o.accepted_at ELSE o.ordered_at END
    FROM sales_order o
    WHERE o.number = %(order)s AND NOT EXISTS (SELECT FROM order_revision r WHERE r.order_number = %(order)s)
    ON CONFLICT DO NOTHING
), go AS MATERIALIZED (
    INSERT INTO order_revision (order_number, revision, change_id, document, party, opened, at)
    SELECT %(order)s, %(number)s, %(change_id)s, p -> 'document', p -> 'party', %(opened)s::jsonb, %(at)s FROM proposed
    WHERE NOT EXISTS (
        SELECT FROM order_revision r WHERE r.order_number = %(order)s AND r.revision >= %(number)s)
    ON CONFLICT DO NOTHING
    RETURNING 1
), replaced AS (
    UPDATE sales_order
    SET document = p -> 'document', party = p -> 'party', opened = %(opened)s::jsonb,
        requested_date = (p -> 'document' ->> 'requested_date')::date,
        goods = (p ->> 'goods')::bigint, charges = (p ->> 'charges')::bigint, tax = (p ->> 'tax')::bigint
    FROM go, proposed WHERE number = %(order)s
), newest AS MATERIALIZED (
    SELECT l.number, l.sku, l.quantity, l.amount, l.waterfall, coalesce(h.group_id, l.group_id) AS group_id
    FROM go, proposed, jsonb_to_recordset(p -> 'lines')
         AS l (number int, sku text, quantity int, amount bigint, waterfall jsonb, group_id text)
    LEFT JOIN unnest(%(lines)s::int[], %(groups)s::text[]) AS h (number, group_id) USING (number)
), kept AS (
    INSERT INTO order_line AS l
        (order_number, number, sku, quantity, amount, waterfall, group_id, shipped, cancelled)
    SELECT %(order)s, number, sku, quantity, amount, waterfall, group_id, 0, 0 FROM newest
    ON CONFLICT (order_number, number) DO UPDATE
    SET sku = excluded.sku, quantity = greatest(excluded.quantity, l.shipped + l.cancelled), amount = excluded.amount,
        waterfall = excluded.waterfall, group_id = excluded.group_id
)
UPDATE order_line l SET cancelled = l.quantity - l.shipped
FROM go
WHERE l.order_number = %(order)s AND l.open > 0 AND NOT EXISTS (SELECT FROM newest n WHERE n.number = l.number)
"""
"""Units that left while the change was decided stay counted: no line becomes less than what has gone."""
ANNOUNCE = "SELECT pg_notify(%s, %s)"

IN_FORCE = """
proposed AS MATERIALIZED (
    SELECT c.proposal FROM change_request c
    WHERE c.order_number = %(order)s AND c.proposal ? 'document' AND (c.proposal ->> 'revision')::int = %(at_revision)s
      AND c.outcome IS DISTINCT FROM 'refused'
      AND NOT EXISTS (SELECT FROM order_revision r WHERE r.order_number = %(order)s AND r.revision >= %(at_revision)s)
    ORDER BY c.proposal ->> 'proposed_at' DESC LIMIT 1
), in_force AS (
    SELECT o.number AS order_number, coalesce(p.proposal -> 'party', o.party) AS party
    FROM sales_order o LEFT JOIN proposed p ON true WHERE o.number = %(order)s
), line_in_force AS (
    SELECT l.number, l.sku, l.quantity
    FROM proposed p, jsonb_to_recordset(p.proposal -> 'lines') AS l (number int, sku text, quantity int)
    UNION ALL
    SELECT l.number, l.sku, l.quantity FROM order_line l
    WHERE l.order_number = %(order)s AND NOT EXISTS (SELECT FROM proposed)
)
"""
"""Parts of a statement: the personal part and the lines of the order at a call's revision (`at_revision`).

Several calls may be on their way before the save that makes an accepted proposal the order: they work on the proposal.
"""


class Standing(NamedTuple):
    """The order that a change is for, as it is now."""

    document: dict[str, Any]
    party: dict[str, Any]
    bundle: str
    opened: Opened
    progress: dict[int, Progress]
    waterfalls: dict[int, list[dict[str, Any]]]
    groups: frozenset[str]
    """Every group id that was ever given."""


class Assortment(NamedTuple):
    """What is known of some items: which there are, their list prices in a currency, and what is available where."""

    known: frozenset[str]
    prices: dict[str, list[DatedPrice]]
    available: Available


async def take_up(connection: Connection, call: Call, work: ReviseOrder) -> tuple[dict[str, Any], Outcome | None]:
    """The change document; and the answer if this call was answered before. A rival that works on it is waited for.

    A change that came as a raw signal is kept first. LookupError when there is no such change.
    """
    values = {"order": call.order, "change_id": work.change_id, "requested_by": work.requested_by}
    if work.edit is not None or work.cancels is not None:
        kind = EDIT if work.cancels is None else CANCEL
        await connection.execute(KEEP, {**values, "kind": kind, "edit": json.dumps(work.edit or {})})
    row = await (await connection.execute(LOCK, values)).fetchone()
    if row is None:
        raise LookupError(f"order {call.order} has no change {work.change_id}")
    proposal = row["proposal"]
    same = proposal is not None and (proposal["key"], proposal["revision"]) == (call.key, work.revision)
    return row["document"], answer_of(proposal) if same else None


async def read(connection: Connection, number: str) -> Standing:
    """The order as it is; LookupError for one that was never opened."""
    row = await (await connection.execute(READ, {"order": number})).fetchone()
    if row is None or row["opened"] is None:
        raise LookupError(f"order {number} was never opened")
    opened, lines = Opened.model_validate_json(row["opened"]), row["lines"]
    return Standing(
        document=row["document"],
        party=row["party"],
        bundle=row["bundle"],
        opened=opened,
        progress={line["number"]: Progress(line["shipped"], line["cancelled"]) for line in lines},
        waterfalls={line["number"]: line["waterfall"] for line in lines},
        groups=frozenset((*row["groups"], *(line["group"] for line in lines), *(group.id for group in opened.groups))),
    )


async def assortment(connection: Connection, document: dict[str, Any]) -> Assortment:
    """What pricing and grouping a document's lines may need."""
    skus = list({line["sku"] for line in document["lines"]})
    cursor = await connection.execute(ASSORTMENT, {"skus": skus, "currency": document["currency"]})
    row = await cursor.fetchone()
    assert row is not None
    prices: dict[str, list[DatedPrice]] = {}
    for sku, valid_from, amount in row["prices"]:
        prices.setdefault(sku, []).append(DatedPrice(date.fromisoformat(valid_from), amount))
    available: dict[str, dict[str, int]] = {}
    for location, sku, units in row["stock"]:
        available.setdefault(location, {})[sku] = units
    return Assortment(frozenset(row["known"]), prices, available)


async def previewed(connection: Connection, number: str, change_id: str, preview: str) -> dict[str, Any] | None:
    """What is to be previewed: kept for the preview alone, or with a change whose preview is stale; None if neither."""
    asked = await requests.body(connection, preview)
    if asked is not None:
        return asked
    values = {"order": number, "change_id": change_id}
    row = await (await connection.execute(DOCUMENT, values)).fetchone()
    return None if row is None else row["document"]


def proposal_of(new: NewVersion, order: Reopened) -> Proposal:
    """The new version as it is kept."""
    facts = order.opened.facts
    return {
        "document": new.document,
        "party": new.party,
        "lines": [
            {
                **line.model_dump(include={"number", "sku", "quantity", "amount"}),
                "waterfall": order.waterfalls[line.number],
                "group_id": line.group,
            }
            for line in order.opened.lines
        ],
        "goods": facts.goods,
        "charges": facts.charges,
        "tax": facts.tax,
        "opened": order.opened.model_dump(mode="json", exclude_defaults=True),
        "news": sorted(order.news),
        "revised": new.revised.model_dump(mode="json", exclude_defaults=True),
    }


def refused(code: str, words: str) -> Proposal:
    """Why the change makes no sense for the order, as it is kept."""
    return {"refused": {"code": code, "words": words}}


async def propose(connection: Connection, call: Call, work: ReviseOrder, proposal: Proposal) -> Outcome:
    """Keep what was worked out with the change; the answer, which a repeat of the call gets as well."""
    kept = {"key": call.key, "revision": work.revision, **proposal}
    values = {"order": call.order, "change_id": work.change_id, "proposal": json.dumps(kept)}
    await connection.execute(PROPOSE, values)
    return answer_of(proposal)


def answer_of(proposal: Proposal) -> Outcome:
    """The answer that a proposal is: of the groups it names those that are new, or leave from another place."""
    if "refused" in proposal:
        return Outcome(refused=True, **proposal["refused"])
    opened = Opened.model_validate(proposal["opened"])
    groups = tuple(group for group in opened.groups if group.id in proposal["news"])
    return Outcome(
        opened=opened.model_copy(update={"groups": groups}), revised=Revised.model_validate(proposal["revised"])
    )


async def apply(connection: Connection, call: Call) -> None:
    """Make the proposal that `call.save.revised` names the order, in the caller's transaction; again changes nothing.

    LookupError when the change has no proposal.
    """
    if call.save is None or call.save.revised is None:
        return
    revised, row = call.save.revised, call.save.row
    values: dict[str, Any] = {"order": call.order, "change_id": revised.change_id}
    found = await (await connection.execute(PROPOSED, values)).fetchone()
    if found is None:
        raise LookupError(f"change {revised.change_id} of order {call.order} has no proposal")
    opened = _as_grouped(Opened.model_validate_json(found["opened"]), revised, row)
    values |= {
        "number": revised.number,
        "at": call.at,
        "opened": opened.model_dump_json(exclude_defaults=True),
        "lines": list(revised.homes),
        "groups": list(revised.homes.values()),
    }
    await connection.execute(APPLY, values)
    await connection.execute(ANNOUNCE, (changes.ANSWERED, changes.announced_as(call.order, revised.change_id)))


def _with_parts(plan: GroupPlan, parted: GroupPlan | None) -> GroupPlan:
    """A group that has only a part of some of its lines."""
    if parted is None:
        return plan
    return parted.model_copy(update={"lines": tuple(dict.fromkeys((*plan.lines, *parted.lines)))})


def _as_grouped(opened: Opened, revised: Revision, row: OrderRow) -> Opened:
    """What a resumed order is told: lines and groups as the process has them, which may differ from the proposal."""
    home = {line.number: revised.homes.get(line.number, line.group) for line in opened.lines}
    lines = tuple(line.model_copy(update={"group": home[line.number]}) for line in opened.lines)
    plans = {plan.id: plan for plan in opened.groups}
    proposed = {line.number: plans[line.group] for line in opened.lines}
    places = {group.id: group.warehouse for group in row.groups}
    groups = []
    for id_ in dict.fromkeys(home.values()):
        members = tuple(number for number in home if home[number] == id_)
        plan = plans.get(id_) or proposed[members[0]]
        location = places.get(id_) or plan.location
        groups.append(plan.model_copy(update={"id": id_, "lines": members, "location": location}))
    parted = {plan.id: plan for plan in revised.parted or ()}
    groups = [_with_parts(plan, parted.pop(plan.id, None)) for plan in groups]
    return opened.model_copy(update={"lines": lines, "groups": (*groups, *parted.values())})
