"""The OpenAPI document: what FastAPI knows of the routes, the bodies our own code reads, and the errors."""

from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api.answers_other import ProblemDetails
from api.errors import CATALOGUE, MEDIA_TYPE
from api.shapes import BODY_MODELS

DESCRIPTION = """Place orders, follow them, change them while they are in flight, and read what happened and why.

Every call needs an API key (`Authorization: Bearer ...`) with the role that the call names in its errors; webhooks are
signed instead. Every error is a problem document (RFC 9457) that names all problems with their places.
"""
_OPEN = frozenset({"/healthz", "/readyz", "/metrics"})
_SCHEMAS = "#/components/schemas/{model}"


@cache
def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the app."""
    found: dict[str, Any] = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes
    )
    schemas = found["components"]["schemas"]
    _, bodies = models_json_schema(
        [*((model, "validation") for model in BODY_MODELS), (ProblemDetails, "serialization")], ref_template=_SCHEMAS
    )
    schemas.update(bodies["$defs"])
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, methods in found["paths"].items():
        for operation in methods.values():
            _add_errors(path, operation)
    return found


def _add_errors(path: str, operation: dict[str, Any]) -> None:
    """Every operation may answer with a problem document."""
    responses = operation["responses"]
    responses.pop("422", None)
    statuses = {500, 503}
    if path not in _OPEN:
        statuses |= {422}
        statuses |= {401} if "/inbox/" in path else {401, 403}
    if "requestBody" in operation:
        statuses |= {400, 413}
    if "{" in path or path == "/v1/ubl":
        statuses.add(404)
    asking = ("/cancel", "/changes", "/holds", "/skip", "/approve", "/refuse", "/movements")
    conflicts = asking if "requestBody" in operation else ("/retry", "/holds/{hold_id}")
    if path.endswith(conflicts) or path in ("/v1/orders", "/v1/ubl"):
        statuses.add(409)
    if path.endswith(("/cancel", "/changes", "/ubl")) and "requestBody" in operation:
        statuses.add(429)
    for status in sorted(statuses):
        codes = ", ".join(f"`{code}`" for code, kind in CATALOGUE.items() if kind.status == status)
        schema = {"schema": {"$ref": _SCHEMAS.format(model="ProblemDetails")}}
        responses.setdefault(str(status), {"description": f"A problem: {codes}.", "content": {MEDIA_TYPE: schema}})
