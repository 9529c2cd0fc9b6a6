"""Mass actions: one action on many orders or lines, with a report for each (CAP13)."""

import asyncio
import itertools
import json
import uuid
from collections import Counter
from typing import Any

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers_mass import OUTCOMES, MassList, MassPreview, MassView
from api.auth import AnyCaller, OrderReader, demand
from api.errors import ApiError, document_refused
from api.mass_items import Came, preview
from api.mass_request import CHANGES, MassRequest, read_mass, role_of
from api.query import Query, cursor_of
from api.services import Services, services_of
from api.shapes import body_of, parameters
from api.wire import answer, read_json
from domain.problems import Problem, ProblemsFound
from limits import DEFAULT_PAGE, DEFAULT_WAIT_SECONDS, MASS_ORDERS_AT_ONCE, MAX_MASS_ITEMS, MAX_MASS_PREVIEWS
from store import dispatch, mass
from store.keys import Caller, Role
from store.mass import Begun, Chosen
from store.reading import OrderFilter

router = APIRouter(prefix="/v1", tags=["mass actions"])

LOOK_SECONDS = 0.1
STANDSTILL_SECONDS = 1.0
"""An answer is not waited for while nothing is settled for so long: nobody may be at work."""
PERSONAL = frozenset({"ship_to", "bill_to", "note", "payment"})

Row = dict[str, Any]

_EXAMPLE = {
    "id": "recall-7",
    "action": "hold",
    "filter": {"status": ["reserved", "released"], "channel": "web"},
    "with": {"code": "recall", "step": "ship"},
    "reason": "The supplier recalls a batch.",
}


@router.post(
    "/mass-actions",
    summary="One action on many orders or lines",
    response_model=MassView | MassPreview,
    responses={202: {"model": MassView}},
    openapi_extra={**body_of(MassRequest, _EXAMPLE), **parameters("preview")},
)
async def ask_mass_action(request: Request, caller: AnyCaller) -> Response:
    """202 with the address of the report, or 200 when all of it is done within seconds, whatever became of each item.

    It needs the role of the single action, and with a `filter` also orders:read. What a filter finds is found once,
    when the mass action is accepted. One item that is refused stops no other. The same `id` with the same content is
    the same mass action. With `preview=true`, for cancel and change, nothing is done or kept.
    """
    services = services_of(request)
    query = Query(request, "preview")
    only_preview = query.flag("preview")
    query.done()
    asked = await _read(request)
    demand(caller, role_of(asked.action))
    if only_preview and asked.action not in CHANGES:
        words = "Only a cancel and a change have a preview."
        raise ApiError("invalid_query", words, (Problem("?preview", "contradiction", words),))
    if asked.filter is not None:
        demand(caller, Role.ORDERS_READ)
    if only_preview:
        return answer(await _preview(services, caller, asked))
    mass_id = await _accept(services, caller, asked)
    row = await _settled(services, mass_id)
    shown = await _whole(services, row, 0, DEFAULT_PAGE, None)
    status = 200 if shown["state"] == "done" else 202
    return answer(shown, status, {"Location": f"/v1/mass-actions/{mass_id}"})


@router.get(
    "/mass-actions",
    summary="List mass actions",
    response_model=MassList,
    openapi_extra=parameters("after", "limit"),
)
async def list_mass_actions(request: Request, caller: OrderReader) -> Response:
    """A page of mass actions, the latest first, with the counts of their outcomes."""
    query = Query(request, "after", "limit")
    after = query.cursor(str, str)
    limit = query.page()
    place = (query.moment_of(after[0]), after[1]) if after else None
    query.done()
    async with services_of(request).pool.connection() as connection:
        rows = await mass.latest(connection, place, limit + 1)
    page = rows[:limit]
    following = cursor_of(page[-1]["accepted_at"].isoformat(), page[-1]["id"]) if len(rows) > limit else None
    return answer({"mass_actions": [_in_list(row) for row in page], "next": following})


@router.get(
    "/mass-actions/{mass_id}",
    summary="The report of a mass action",
    response_model=MassView,
    openapi_extra=parameters("outcome", "after", "limit"),
)
async def show_mass_action(mass_id: str, request: Request, caller: OrderReader) -> Response:
    """How far it is, and what became of each item, in the order of the list; with `outcome` only of such items."""
    services = services_of(request)
    query = Query(request, "outcome", "after", "limit")
    outcome = query.choice("outcome", OUTCOMES)
    after = query.cursor(int)
    limit = query.page()
    query.done()
    row = await _find(services, mass_id)
    return answer(await _whole(services, row, after[0] if after else 0, limit, outcome))


@router.delete("/mass-actions/{mass_id}", summary="Stop a mass action", response_model=MassView)
async def stop_mass_action(mass_id: str, request: Request, caller: AnyCaller) -> Response:
    """Items that are not begun are not begun any more; the others come to their end. It needs the action's role."""
    services = services_of(request)
    Query(request).done()
    row = await _find(services, mass_id)
    demand(caller, role_of(row["action"]))
    async with services.pool.connection() as connection:
        await mass.stop(connection, row["id"], caller.principal, services.clock())
    return answer(await _whole(services, await _find(services, mass_id), 0, DEFAULT_PAGE, None))


async def _read(request: Request) -> MassRequest:
    raw = await read_json(request)
    try:
        return read_mass(raw)
    except ProblemsFound as found:
        raise document_refused(found.problems) from None


async def _accept(services: Services, caller: Caller, asked: MassRequest) -> str:
    """Keep it and its list; its id. One that came before with the same content is that one."""
    document = _document(asked)
    mass_id = asked.id or uuid.uuid4().hex[:12]
    structlog.contextvars.bind_contextvars(mass=mass_id)
    async with services.pool.connection() as connection:
        known = await mass.find(connection, mass_id)
    chosen = [] if known else await _chosen(services, asked, MAX_MASS_ITEMS)
    async with services.pool.connection() as connection:
        kept = {
            "id": mass_id,
            "action": asked.action.value,
            "document": document,
            "requested_by": caller.principal,
            "roles": sorted(caller.roles),
            "at": services.clock(),
        }
        if known is None and await mass.keep(connection, kept, chosen):
            await dispatch.announce(connection, dispatch.MASS_ACTION)
            return mass_id
        known = known or await mass.find(connection, mass_id)
    assert known is not None
    if known["document"] != document:
        raise ApiError("mass_id_reused", "This id came before, with another content.")
    return mass_id


def _document(asked: MassRequest) -> Row:
    """What was asked for as it is kept and compared; numbers of `with` stay exact as text."""
    whole = asked.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"id", "with_"})
    return {**whole, "with": json.loads(json.dumps(asked.with_, default=str))}


async def _chosen(services: Services, asked: MassRequest, most: int) -> list[Chosen]:
    """The list of a mass action; refused when it is longer than it may be, or when a filter finds nothing."""
    chosen, path = asked.chosen(), "$.lines" if asked.lines else "$.orders"
    if asked.filter is not None:
        given = asked.filter.model_dump(exclude={"number", "status"})
        status = [one.value for one in asked.filter.status] if asked.filter.status else None
        wanted = OrderFilter(
            today=services.clock().date(), limit=most + 1, prefix=asked.filter.number, status=status, **given
        )
        async with services.pool.connection() as connection:
            chosen, path = [Chosen(number) for number in await mass.numbers(connection, wanted)], "$.filter"
        if not chosen:
            raise document_refused((Problem(path, "too_few", "No order is as the filter says."),))
    if len(chosen) > most:
        words = f"There are more than {most:,} of them; take fewer at once."
        raise document_refused((Problem(path, "too_many", words),))
    return chosen


async def _settled(services: Services, mass_id: str) -> Row:
    """The row once all is settled, after DEFAULT_WAIT_SECONDS, or when nothing moves."""
    loop = asyncio.get_running_loop()
    start = moved = loop.time()
    before: Any = None
    while True:
        row = await _find(services, mass_id)
        now = loop.time()
        if row["counts"] != before:
            before, moved = row["counts"], now
        if _finished(row) or now - moved > STANDSTILL_SECONDS or now - start > DEFAULT_WAIT_SECONDS:
            return row
        await asyncio.sleep(LOOK_SECONDS)


async def _preview(services: Services, caller: Caller, asked: MassRequest) -> Row:
    """What would come of each item; some orders at once, the lines of one order in turn."""
    mass_id, document = asked.id or uuid.uuid4().hex[:12], _document(asked)
    chosen = await _chosen(services, asked, MAX_MASS_PREVIEWS)
    slots = asyncio.Semaphore(MASS_ORDERS_AT_ONCE)

    async def of_order(entries: list[tuple[int, Chosen]]) -> list[tuple[int, Chosen, Came]]:
        async with slots:
            found = []
            for place, one in entries:
                item = Begun(mass_id, place, *one, 1, asked.action, document, caller.principal, [])
                found.append((place, one, await preview(services, item)))
            return found

    by_order = itertools.groupby(sorted(enumerate(chosen), key=lambda pair: pair[1].order), lambda pair: pair[1].order)
    found = await asyncio.gather(*(of_order(list(entries)) for _, entries in by_order))
    items = sorted(itertools.chain.from_iterable(found), key=lambda entry: entry[0])
    return {
        "preview": True,
        "action": asked.action,
        "total": len(items),
        "counts": _counts(Counter(came.outcome for _, _, came in items)),
        "items": [
            {
                "order": one.order,
                "line": one.line,
                **{name: getattr(came, name) for name in ("outcome", "code", "words")},
                "preview": came.shown,
            }
            for _, one, came in items
        ],
    }


async def _find(services: Services, mass_id: str) -> Row:
    if len(mass_id) <= 100 and mass_id.isprintable():
        async with services.pool.connection() as connection:
            row = await mass.find(connection, mass_id)
        if row is not None:
            return row
    raise ApiError("mass_action_unknown", "No mass action has the id in the address.")


def _counts(found: Any) -> dict[str, int]:
    return {outcome: found.get(outcome, 0) for outcome in OUTCOMES}


def _finished(row: Row) -> bool:
    return not row["counts"].keys() & {"open", "in_progress"}


def _in_list(row: Row) -> Row:
    names = ("id", "action", "requested_by", "accepted_at", "stopped_at", "stopped_by")
    counts = _counts(row["counts"])
    return {
        **{name: row[name] for name in names},
        "state": "done" if _finished(row) else "running",
        "reason": row["document"]["reason"],
        "finished_at": row["last_at"] if _finished(row) else None,
        "total": sum(counts.values()),
        "counts": counts,
    }


async def _whole(services: Services, row: Row, after: int, limit: int, outcome: str | None) -> Row:
    async with services.pool.connection() as connection:
        rows = await mass.items(connection, row["id"], after, limit + 1, outcome)
    page = rows[:limit]
    document = row["document"]
    given = document["with"]
    if isinstance(given.get("set"), dict):
        given = {**given, "set": {name: value for name, value in given["set"].items() if name not in PERSONAL}}
    names = ("position", "line", "outcome", "code", "words", "at")
    return {
        **_in_list(row),
        "chosen_by": next(name for name in ("orders", "lines", "filter") if name in document),
        "filter": document.get("filter"),
        "with": given,
        "items": [{"order": item["order_number"], **{name: item[name] for name in names}} for item in page],
        "next": cursor_of(page[-1]["position"]) if len(rows) > limit else None,
    }
