"""Who calls and what they may do: `Authorization: Bearer <key>`, roles by route (OPS5)."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import structlog
from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from api.errors import ApiError
from api.services import services_of
from store.keys import Caller, Role

_bearer = HTTPBearer(
    auto_error=False, scheme_name="apiKey", description="An API key; the roles it has say what it may do."
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


def caller_with(*roles: Role) -> Callable[[Request, Any], Awaitable[Caller]]:
    """A dependency that gives the caller, when the key is valid and has one of the roles, if any are named."""

    async def check(request: Request, credentials: Credentials) -> Caller:
        caller = await services_of(request).keyring.caller(credentials.credentials) if credentials else None
        if caller is None:
            detail = "The API key is not valid." if credentials else "The request has no API key."
            raise ApiError("no_key", detail, headers={"WWW-Authenticate": 'Bearer realm="ordito"'})
        structlog.contextvars.bind_contextvars(principal=caller.principal)
        if roles and not any(caller.may(role) for role in roles):
            demand(caller, roles[0])
        return caller

    return check


def demand(caller: Caller, role: Role) -> None:
    """Raises `role_missing` when the caller has not got the role."""
    if not caller.may(role):
        raise ApiError("role_missing", f"This needs the role {role.value}, which the key has not.", role=role.value)


AnyCaller = Annotated[Caller, Depends(caller_with())]
"""For routes whose role hangs on the body: they `demand` it themselves."""
OrderWriter = Annotated[Caller, Depends(caller_with(Role.ORDERS_WRITE))]
OrderReader = Annotated[Caller, Depends(caller_with(Role.ORDERS_READ))]
ChangeWriter = Annotated[Caller, Depends(caller_with(Role.CHANGES_WRITE))]
DocumentSender = Annotated[Caller, Depends(caller_with(Role.ORDERS_WRITE, Role.CHANGES_WRITE))]
"""May place or change orders; which of the two a document needs is known when it is read."""
Operator = Annotated[Caller, Depends(caller_with(Role.OPERATIONS))]
CatalogueWriter = Annotated[Caller, Depends(caller_with(Role.CATALOGUE_WRITE))]
StockWriter = Annotated[Caller, Depends(caller_with(Role.STOCK_WRITE))]
PolicyWriter = Annotated[Caller, Depends(caller_with(Role.POLICIES_WRITE))]
