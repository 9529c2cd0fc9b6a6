"""What a change would come to: asked of the order, answered, and kept nowhere (CHG13, I14)."""

import uuid
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from api.change_views import fingerprint
from api.change_views import preview as preview_view
from api.errors import ApiError, come_again, document_refused
from api.orders import order_unknown
from api.services import Services
from api.wire import answer
from domain.problems import Problem
from domain.process.change_requests import without_personal_data
from domain.process.events import ChangeAsked, PreviewAsked
from store import reading, requests
from workflows.gateway import RefusedError

Edit = dict[str, Any]


async def preview_for(
    services: Services, number: str, asked: ChangeAsked, edit: Edit, currency: str, wait: timedelta
) -> Response:
    """200 with what the change would come to, also where that is a refusal; 503 when the order does not answer.

    What is asked for is in the database until it is answered, for the order is not told it (design rule 7).
    """
    question = PreviewAsked(id=uuid.uuid4().hex, asked=without_personal_data(asked), at=asked.at)
    async with services.pool.connection() as connection:
        start = await reading.start_of(connection, number)
        if start is None:
            raise order_unknown()
        if start["finished"]:
            raise ApiError("order_closed", "The order has ended; there is nothing to change.")
        await requests.keep(connection, question.id, "preview", number, edit)
    try:
        given = await services.gateway.preview(number, question, wait)
    except RefusedError as error:
        if error.code == "too_many_previews":
            raise come_again(error.code, error.words) from None
        raise ApiError("order_closed" if error.code == "order_closed" else "preview_late", error.words) from None
    finally:
        async with services.pool.connection() as connection:
            await requests.forget(connection, question.id)
    if given is None:
        raise ApiError("preview_late", "The order did not answer in time. Nothing was changed.")
    return answer(preview_view(given, currency, edit))


def order_token(token: str | None, edit: Edit) -> str | None:
    """The order's part of a preview's token; refused when the token is of another change than `edit`."""
    if token is None:
        return None
    part, _, of_edit = token.rpartition("-")
    if of_edit != fingerprint(edit):
        words = "It is of a preview of another change. Preview this one, or send what was previewed."
        raise document_refused((Problem("$.token", "other_change", words),))
    return part
