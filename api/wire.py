"""Bodies in and answers out."""

import json
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.errors import ApiError, document_refused
from domain.exact_json import loads
from domain.problems import ProblemsFound, read
from limits import MAX_BODY_BYTES

M = TypeVar("M", bound=BaseModel)


async def read_bytes(request: Request, most: int) -> bytes:
    """The body; `body_too_large` as soon as it is clear that it is, without reading the rest."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise _too_large(most)
    except ClientDisconnect:
        raise ApiError("not_json", "The connection ended before the body did.") from None
    return bytes(body)


async def read_json(request: Request, most: int = MAX_BODY_BYTES) -> Any:
    """The body as an exact JSON value."""
    body = await read_bytes(request, most)
    try:
        return loads(body)
    except ProblemsFound as found:
        raise document_refused(found.problems) from None


async def read_model(request: Request, model: type[M], most: int = MAX_BODY_BYTES) -> M:
    """The body as a model, or all its problems."""
    raw = await read_json(request, most)
    try:
        return read(model, raw)
    except ProblemsFound as found:
        raise document_refused(found.problems) from None


def answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer; dates and times in ISO 8601, times in UTC."""
    body = json.dumps(content, default=_plain, separators=(",", ":"), ensure_ascii=False).encode()
    return Response(body, status, headers, media_type="application/json")


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an answer")


def _too_large(most: int) -> ApiError:
    return ApiError("body_too_large", f"The body has more than {most:,} bytes.", headers={"Connection": "close"})
