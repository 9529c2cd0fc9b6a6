"""Reading requests and writing answers: bodies are pydantic models, answers are JSON text."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from simulators.errors import Refusal, invalid

MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_KEY_LENGTH = 300
MAX_LINES = 2_000
MAX_TEXT_LENGTH = 500

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_LENGTH)]
Instant = Annotated[AwareDatetime, PlainSerializer(datetime.isoformat, return_type=str)]
Count = Annotated[int, Field(gt=0, lt=2**53, strict=True)]
Label = Annotated[int, Field(strict=True)] | Text


class Body(BaseModel):
    """Base of what the product sends. Fields a partner does not know are ignored, as partners do."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class AdminBody(BaseModel):
    """Base of what tests and demos send to the admin routes: an unknown field is a mistake and is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


B = TypeVar("B", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it is kept in the books: status and JSON text."""

    status: int
    text: str

    def response(self, headers: dict[str, str] | None = None) -> Response:
        """The answer on the wire."""
        return Response(self.text, self.status, headers, media_type="application/json")


def answer(content: Any, status: int = 200) -> Answer:
    """An answer with this JSON content."""
    return Answer(status, json.dumps(content, separators=(",", ":")))


def answer_no(refusal: Refusal) -> Answer:
    """The answer that says no."""
    return answer({"code": refusal.code, "detail": refusal.detail}, refusal.status)


async def read_body(request: Request, model: type[B]) -> B:
    """The request's JSON body as `model`; 413 beyond MAX_BODY_BYTES, 422 naming every bad field."""
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > MAX_BODY_BYTES:
            raise Refusal(413, "too_large", f"The body has more than {MAX_BODY_BYTES} bytes.")
    try:
        return model.model_validate_json(bytes(chunks) or b"{}")
    except ValidationError as error:
        raise invalid(describe(error)) from None


def describe(error: ValidationError) -> str:
    """All problems in one line, each with its place; the values are left out, they may be personal or secret."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(str(part) for part in p['loc']) or 'body'}: {p['msg']}" for p in problems[:20])


def read_key(request: Request) -> str:
    """The Idempotency-Key header, which every request with an effect must carry."""
    key = request.headers.get("idempotency-key", "")
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        raise Refusal(422, "key_missing", f"The header Idempotency-Key is needed, of 1 to {MAX_KEY_LENGTH} characters.")
    return key
