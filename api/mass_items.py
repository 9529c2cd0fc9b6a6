"""One item of a mass action, put to its order through the door of the single action, and what came of it (CAP13)."""

import json
from datetime import timedelta
from typing import Any, NamedTuple

import psycopg
import structlog
from psycopg_pool import PoolTimeout
from starlette.responses import Response

from api.changes import change_by, retry_by
from api.errors import ApiError
from api.holds import hold_by, release_by
from api.mass_request import CHANGES, Action, change_document, hold_request, skip_request
from api.services import Services
from api.skip import skip_by
from domain.process.events import RetryAsked
from domain.process.words import ChangeOutcome
from limits import DEFAULT_WAIT_SECONDS
from store import requests
from store.keys import Caller, Role
from store.mass import Begun, change_id_of
from workflows.gateway import OrderNotRunningError, TemporalAwayError

AWAY = frozenset({"temporal_away", "database_away", "preview_late"})
WAIT = timedelta(seconds=DEFAULT_WAIT_SECONDS)

log = structlog.get_logger("mass")


class Came(NamedTuple):
    """What came of an item: one of the outcomes of `store.tables.MassItem`, a stable code, and words."""

    outcome: str
    code: str
    words: str
    shown: dict[str, Any] | None = None
    """The single action's own answer."""


class AwayError(Exception):
    """Somebody who is needed does not answer; the item is asked for again later."""


async def carry_out(services: Services, item: Begun) -> Came:
    """Ask for the item; AwayError when nobody knows what came of it. Asked again it is the same request."""
    log.info("item of a mass action", mass=item.mass_id, order=item.order_number, line=item.line, tries=item.tries)
    if item.tries > 1 and item.action not in CHANGES:
        async with services.pool.connection() as connection:
            told = await requests.told(connection, _request_id(item), item.order_number)
        if told is not None:
            return Came("done", "", told)
    return await _came(item.action, lambda: _ask(services, item))


async def preview(services: Services, item: Begun) -> Came:
    """What a cancel or a change of the item would come to; nothing is done or kept."""
    document = change_document(item.mass_id, item.document, item.line)
    by = _by(item)
    try:
        return await _came(
            item.action, lambda: change_by(services, item.order_number, document, by, WAIT, only_preview=True)
        )
    except AwayError:
        return Came("failed", "preview_late", "The order did not answer in time. Nothing was changed.")


async def _came(action: str, ask: Any) -> Came:
    try:
        return _read(action, await ask())
    except ApiError as error:
        if error.code in AWAY:
            raise AwayError(error.detail) from error
        code = str(error.extra.get("reason") or error.code)
        return Came("refused", code, error.detail)
    except OrderNotRunningError:
        return Came("refused", "order_not_running", "No workflow runs for this order at the moment.")
    except TemporalAwayError as error:
        raise AwayError("The order engine does not answer.") from error
    except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
        raise AwayError("The database does not answer.") from error
    except Exception as error:
        log.exception("an item of a mass action failed", error=type(error).__name__)
        return Came("failed", "internal", f"Something broke ({type(error).__name__}); the log has the rest.")


def _read(action: str, response: Response) -> Came:
    shown = json.loads(bytes(response.body))
    if action not in CHANGES:
        return Came("done", "", shown["words"], shown)
    match shown["outcome"]:
        case ChangeOutcome.ACCEPTED:
            return Came("done", "", shown["words"], shown)
        case ChangeOutcome.PARTLY:
            return Came("partly", shown["code"] or "", shown["words"], shown)
        case ChangeOutcome.REFUSED:
            return Came("refused", shown["code"] or "", shown["words"], shown)
        case _:
            return Came("in_progress", "", "Asked for; the order has not answered yet.", shown)


async def _ask(services: Services, item: Begun) -> Response:
    number, given, reason = item.order_number, item.document.get("with") or {}, item.document["reason"]
    by, request_id = _by(item), _request_id(item)
    match Action(item.action):
        case Action.CANCEL | Action.CHANGE:
            document = change_document(item.mass_id, item.document, item.line)
            return await change_by(services, number, document, by, WAIT, only_preview=False)
        case Action.HOLD:
            hold = hold_request(given, reason, item.line, change_id_of(item.mass_id, item.line))
            return await hold_by(services, number, hold, by, request_id)
        case Action.RELEASE:
            hold_id = given["id"] if item.line is None else f"{given['id']}.{item.line}"
            caller = Caller(by, frozenset(map(Role, item.roles)))
            return await release_by(services, number, hold_id, reason, caller, request_id)
        case Action.RETRY:
            asked = RetryAsked(request=request_id, requested_by=by, at=services.clock())
            return await retry_by(services, number, asked, reason)
        case Action.SKIP:
            return await skip_by(services, number, skip_request(given, reason), by, request_id)


def _by(item: Begun) -> str:
    """Who asks, and by what: it stands in the timeline of every order."""
    return f"{item.requested_by} (mass action {item.mass_id})"


def _request_id(item: Begun) -> str:
    """Under which a hold, release, retry or skip is kept: the same however often it is asked for."""
    return f"{change_id_of(item.mass_id, item.line)}/{item.order_number}"
