"""What an operator asks of one order: kept with its reason, put to the order, and noted with what came of it.

The order itself is not told the reason (design rule 7): it may name a person, and histories are not erased.
"""

from collections.abc import Awaitable
from typing import TypeVar

from api.errors import CATALOGUE, ApiError, document_refused
from api.orders import order_unknown, printable
from api.services import Services
from domain.card_numbers import contains_card_number
from domain.problems import Problem
from domain.process.doors import HoldAnswer, SkipAnswer
from domain.process.read_model import ChangeAnswer
from store import reading, requests
from store.pool import Connection
from workflows.gateway import OrderNotRunningError, RefusedError, TemporalAwayError

Answer = TypeVar("Answer", HoldAnswer, SkipAnswer, ChangeAnswer)


def no_card(reason: str, path: str) -> None:
    """Refuses a reason that looks like the number of a payment card."""
    if contains_card_number(reason):
        words = "This looks like a card number. Leave it out; nothing was kept."
        raise document_refused((Problem(path, "card_number", words),))


async def must_run(connection: Connection, number: str, ended: str) -> None:
    """Refuses what is asked of an order that is unknown, or, with the words `ended`, of one that is closed."""
    start = await reading.start_of(connection, printable(number))
    if start is None:
        raise order_unknown()
    if start["finished"]:
        raise ApiError("order_closed", ended)


async def noted(services: Services, request: str, asking: Awaitable[Answer], refused: str) -> Answer:
    """The order's answer; what came of the kept request is noted with it, also when there is no answer.

    `refused` is the error code of a refusal that has none of its own in the catalogue.
    """
    note = "no answer from the order"
    try:
        given = await asking
        note = given.words
        return given
    except RefusedError as error:
        note = f"refused: {error.words}"
        raise ApiError(error.code if error.code in CATALOGUE else refused, error.words) from None
    except (TemporalAwayError, OrderNotRunningError):
        note = "the order could not be asked"
        raise
    finally:
        async with services.pool.connection() as connection:
            await requests.note(connection, request, note)
