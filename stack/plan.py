"""Which parts a stack consists of under given settings, and in which waves they start."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import httpx

from settings import Settings, secured
from stack import temporal
from stack.child import Child, Command
from stack.home import Home, Secrets
from stack.part import Part
from stack.ports import PortNeed
from stack.postgres import PostgresServer
from stack.temporal import TemporalServer, has_poller

OURS = frozenset({"api", "relay", "worker"})
RELAY_SECONDS = 1.5
GRACE_SECONDS = 8.0


@dataclass(frozen=True)
class Plan:
    """The parts to start, and the settings that every one of them gets by its environment."""

    settings: Settings
    servers: tuple[Part, ...]
    programs: tuple[tuple[Part, ...], ...]
    needs_schema: bool

    @property
    def ports(self) -> list[PortNeed]:
        """Every port the stack is going to listen on."""
        waves = (self.servers, *self.programs)
        return [need for wave in waves for part in wave for need in part.ports]


def make_plan(
    settings: Settings, home: Home, secrets: Secrets, without: frozenset[str], *, fast_commit: bool = False
) -> Plan:
    """Leaves out the parts in `without`, and those for which the environment names a server of the user's own."""
    leave_out = without | _provided(settings)
    postgres = PostgresServer(
        data=home.postgres,
        port=settings.postgres_port,
        password=secrets.postgres_password,
        log=home.log("postgres"),
        fast_commit=fast_commit,
    )
    settings = replace(
        settings,
        database_url=settings.database_url or (None if "postgres" in leave_out else postgres.url()),
        webhook_secret=settings.webhook_secret or secrets.webhook_secret,
        api_key=settings.api_key or secrets.api_key,
    )
    made: dict[str, Callable[[], Part]] = {
        "postgres": lambda: _postgres_part(settings, postgres),
        "temporal": lambda: _temporal_part(settings, home),
        "simulators": lambda: _simulators_part(settings, home),
        "api": lambda: _api_part(settings, home),
        "relay": lambda: _program(settings, home, "relay", "api.relay", _stayed_alive(RELAY_SECONDS)),
        "worker": lambda: _worker_part(settings, home),
    }
    kept = {name: make() for name, make in made.items() if name not in leave_out}
    waves = (("simulators", "api"), ("relay", "worker"))
    return Plan(
        settings=settings,
        servers=tuple(kept[name] for name in ("postgres", "temporal") if name in kept),
        programs=tuple(tuple(kept[name] for name in wave if name in kept) for wave in waves),
        needs_schema=bool(OURS & kept.keys()),
    )


def _provided(settings: Settings) -> frozenset[str]:
    """The parts that the user runs himself, going by the variables that were set."""
    found = set()
    if "DATABASE_URL" in settings.given:
        found.add("postgres")
    if "TEMPORAL_ADDRESS" in settings.given:
        found.add("temporal")
    if {"CARRIER_URL", "PAYMENT_URL"} <= settings.given:
        found.add("simulators")
    return frozenset(found)


def _postgres_part(settings: Settings, server: PostgresServer) -> Part:
    async def settle() -> None:
        await server.ensure_database()

    return Part(
        name="postgres",
        prepare=server.prepare,
        is_ready=lambda _: server.is_ready(),
        settle=settle,
        ports=(PortNeed(settings.postgres_port, "PostgreSQL", "ORDITO_POSTGRES_PORT"),),
    )


def _temporal_part(settings: Settings, home: Home) -> Part:
    server = TemporalServer(
        database=home.temporal_database,
        log=home.log("temporal"),
        port=settings.temporal_port,
        ui_port=settings.temporal_ui_port,
        metrics_port=settings.temporal_metrics_port,
        namespace=settings.temporal_namespace,
    )
    return Part(
        name="temporal",
        prepare=server.prepare,
        is_ready=lambda _: temporal.is_ready(server.address, settings.temporal_namespace),
        settle=lambda: temporal.register(server.address, settings.temporal_namespace, retention=temporal.RETENTION),
        ports=(
            PortNeed(settings.temporal_port, "Temporal", "ORDITO_TEMPORAL_PORT"),
            PortNeed(settings.temporal_ui_port, "the Temporal UI", "ORDITO_TEMPORAL_UI_PORT"),
            PortNeed(settings.temporal_metrics_port, "Temporal's metrics", "ORDITO_TEMPORAL_METRICS_PORT"),
        ),
    )


def _simulators_part(settings: Settings, home: Home) -> Part:
    port = settings.simulators_port
    return _program(
        settings,
        home,
        "simulators",
        "simulators",
        _answers(f"http://127.0.0.1:{port}/healthz"),
        arguments=("--host", "127.0.0.1", "--port", str(port), "--data", str(home.simulators)),
        ports=(PortNeed(port, "the simulators", "ORDITO_SIMULATORS_PORT"),),
    )


def _api_part(settings: Settings, home: Home) -> Part:
    host = "127.0.0.1" if settings.api_host in ("0.0.0.0", "::") else settings.api_host  # noqa: S104 - compared
    return _program(
        settings,
        home,
        "api",
        "api",
        _answers(f"http://{host}:{settings.api_port}/healthz"),
        ports=(PortNeed(settings.api_port, "the API", "ORDITO_API_PORT", settings.api_host),),
    )


def _worker_part(settings: Settings, home: Home) -> Part:
    async def is_ready(child: Child) -> bool:
        return await has_poller(settings.temporal_address, settings.temporal_namespace, settings.task_queue, child.pid)

    need = PortNeed(settings.worker_metrics_port, "the worker's metrics", "ORDITO_WORKER_METRICS_PORT")
    return _program(settings, home, "worker", "worker", is_ready, ports=(need,))


def _program(
    settings: Settings,
    home: Home,
    name: str,
    module: str,
    is_ready: Callable[[Child], Awaitable[bool]],
    arguments: tuple[str, ...] = (),
    ports: tuple[PortNeed, ...] = (),
) -> Part:
    """One of our own processes: a Python module that reads everything else from the environment."""
    command = Command(
        arguments=(sys.executable, "-m", module, *arguments),
        log=home.log(name),
        environment={**settings.environment(), "PYTHONUNBUFFERED": "1"},
        stop_seconds=GRACE_SECONDS,
    )
    return Part(name=name, prepare=lambda: command, is_ready=is_ready, ports=ports)


def _answers(url: str) -> Callable[[Child], Awaitable[bool]]:
    async def is_ready(_: Child) -> bool:
        try:
            async with httpx.AsyncClient(timeout=2, trust_env=False, verify=secured(url)) as client:
                return (await client.get(url)).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return is_ready


def _stayed_alive(seconds: float) -> Callable[[Child], Awaitable[bool]]:
    """For a process without a door: ready once it got past its imports and its first connection."""

    async def is_ready(child: Child) -> bool:
        await asyncio.sleep(seconds)
        return child.returncode is None

    return is_ready
