"""Checks of the servers that a set-up speaks to: PostgreSQL, Temporal, the API, carrier and payment provider."""

import asyncio

import httpx
import psycopg
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from settings import Settings, secured
from stack import temporal
from stack.errors import StackError
from stack.finding import Finding, note, ok, problem
from stack.postgres import MIN_SERVER_MAJOR
from store.migrate import pending

SECONDS = 5.0


async def check_servers(settings: Settings) -> list[Finding]:
    """Findings about every server whose address was named, by the user or by the stack that runs here."""
    findings: list[Finding] = []
    for variable, subject, check in (
        ("DATABASE_URL", "PostgreSQL", _postgres),
        ("TEMPORAL_ADDRESS", "Temporal", _temporal),
        ("CARRIER_URL", "carrier", _carrier),
        ("PAYMENT_URL", "payment provider", _payment),
        ("ORDITO_API_URL", "API", _api),
    ):
        if variable in settings.given:
            findings += await check(settings)
        else:
            findings.append(note(subject, f"not looked at: no stack runs here, and {variable} is not set"))
    return findings


async def _postgres(settings: Settings) -> list[Finding]:
    url = settings.database()
    try:
        async with await psycopg.AsyncConnection.connect(url, connect_timeout=int(SECONDS)) as connection:
            version = connection.info.server_version
        behind = await asyncio.to_thread(pending, url)
    except (psycopg.Error, SQLAlchemyError) as error:
        reason = str(error).splitlines()[0]
        return [problem("PostgreSQL", f"cannot be used: {reason}", "start it, or set DATABASE_URL right")]
    words = f"version {version // 10000}.{version % 10000} answers"
    reached = ok("PostgreSQL", words)
    if version // 10000 < MIN_SERVER_MAJOR:
        reached = problem("PostgreSQL", f"{words}, but {MIN_SERVER_MAJOR} is the oldest that is tested", "upgrade it")
    if behind:
        return [reached, problem("schema", "is not the one of this program", "ordito prepare")]
    return [reached, ok("schema", "has every migration")]


async def _temporal(settings: Settings) -> list[Finding]:
    try:
        client = await temporal.connect(settings.temporal_address, settings.temporal_namespace)
        kept = await temporal.kept_for(client)
        missing = await temporal.missing_search_attributes(client)
    except (StackError, RPCError) as error:
        return [problem("Temporal", str(error), "start it, or set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE right")]
    findings = [ok("Temporal", f"{settings.temporal_address} answers, namespace {settings.temporal_namespace}")]
    if kept < temporal.RETENTION:
        hours = int(temporal.RETENTION.total_seconds() // 3600)
        mend = f"temporal operator namespace update --retention {hours}h {settings.temporal_namespace}"
        findings.append(problem("retention", f"closed orders are forgotten after {kept}", mend))
    else:
        findings.append(ok("retention", f"closed orders are kept for {kept.days} days"))
    if missing:
        findings.append(problem("search attributes", f"{', '.join(missing)} missing", "ordito prepare"))
    else:
        findings.append(ok("search attributes", ", ".join(temporal.SEARCH_ATTRIBUTES)))
    return findings


async def _carrier(settings: Settings) -> list[Finding]:
    return [await _capabilities("carrier", settings.carrier_url, "CARRIER_URL")]


async def _payment(settings: Settings) -> list[Finding]:
    return [await _capabilities("payment provider", settings.payment_url, "PAYMENT_URL")]


async def _capabilities(subject: str, url: str, variable: str) -> Finding:
    mend = f"start it, or set {variable} right"
    try:
        status = (await _get(f"{url}/v1/capabilities")).status_code
    except httpx.HTTPError as error:
        return problem(subject, f"{url} does not answer: {error}", mend)
    if status != httpx.codes.OK:
        return problem(subject, f"{url} answers {status} when asked what it can do", mend)
    return ok(subject, f"{url} answers")


async def _api(settings: Settings) -> list[Finding]:
    url = settings.api_url
    try:
        ready = await _get(f"{url}/readyz")
        known = await _get(f"{url}/v1/policies/status", settings.api_key)
    except httpx.HTTPError as error:
        return [problem("API", f"{url} does not answer: {error}", "start it, or set ORDITO_API_URL right")]
    return [_readiness(url, ready), _key(settings, known.status_code)]


def _readiness(url: str, ready: httpx.Response) -> Finding:
    if ready.status_code == httpx.codes.OK:
        return ok("API", f"{url} takes orders")
    try:
        lacks_policy = ready.json()["policy"] is False and ready.json()["database"] is True
    except (ValueError, KeyError, TypeError):
        lacks_policy = False
    if lacks_policy:
        return problem("API", f"{url} takes no orders yet: no policy bundle is live", "ordito policy publish")
    return problem("API", f"{url} is not ready ({ready.status_code})", "look into its log, logs/api.log")


def _key(settings: Settings, status: int) -> Finding:
    if settings.api_key is None:
        return note("API key", "not looked at: ORDITO_API_KEY is not set")
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return problem("API key", f"the API refuses it ({status})", "set ORDITO_API_KEY to a key it knows")
    return ok("API key", "the API knows it")


async def _get(url: str, key: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(timeout=SECONDS, trust_env=False, verify=secured(url)) as client:
        return await client.get(url, headers=headers)
