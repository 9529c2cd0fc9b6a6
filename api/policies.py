"""Policies: which bundle is live, and publishing the folder (POL7)."""

import asyncio
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api import policy_folder
from api.answers_other import PolicyStatus, Published
from api.auth import OrderReader, PolicyWriter
from api.errors import document_refused
from api.query import Query
from api.services import Services, services_of
from api.shapes import body_of
from api.wire import answer, read_model
from domain.base import Value
from domain.policy.findings import Severity
from domain.problems import Problem
from limits import MAX_REASON
from store import releases

router = APIRouter(prefix="/v1", tags=["policies"])


class Publication(Value):
    """Publish the policy folder of the server."""

    note: str = Field(default="", max_length=MAX_REASON)


@router.get("/policies/status", summary="Which policies are live", response_model=PolicyStatus)
async def policy_status(request: Request, caller: OrderReader) -> Response:
    """The bundle that new orders take, and the files of the folder that say something else."""
    Query(request).done()
    services = services_of(request)
    async with services.pool.connection() as connection:
        live = await releases.live(connection, services.clock())
    return answer(await _status(services, live))


async def _status(services: Services, live: dict[str, Any] | None) -> dict[str, Any]:
    folder = services.settings.policies
    known = (live["hash"], live["files"]) if live else ("", {})
    differing = await asyncio.to_thread(policy_folder.differing, folder, *known)
    return {
        "live": live["hash"] if live else None,
        "released_at": live["effective_at"] if live else None,
        "author": live["author"] if live else None,
        "note": live["note"] if live else None,
        "differing": differing,
    }


@router.post(
    "/policies",
    summary="Publish the policy folder",
    response_model=Published,
    openapi_extra=body_of(Publication, {"note": "Express orders skip the second check"}),
)
async def publish_policies(request: Request, caller: PolicyWriter) -> Response:
    """Check the folder and make it what new orders take; orders that run keep their bundle.

    Publishing the live bundle again changes nothing: `changed` is false.
    """
    Query(request).done()
    services = services_of(request)
    body = await read_model(request, Publication)
    loaded, files = await asyncio.to_thread(policy_folder.load, services.settings.policies)
    errors = tuple(
        Problem(f"{Path(found.file).name}:{found.line}:{found.column}", "policy", found.message)
        for found in loaded.problems
        if found.severity is Severity.ERROR
    )
    if errors or loaded.bundle is None:
        raise document_refused(errors, "policy_broken")
    bundle = loaded.bundle
    async with services.pool.connection() as connection:
        changed = await releases.publish(
            connection,
            bundle_hash=bundle.hash,
            content=bundle.canonical(),
            files=files,
            author=caller.principal,
            note=body.note,
            at=services.clock(),
        )
        live = await releases.live(connection, services.clock())
    return answer({**await _status(services, live), "changed": changed})
