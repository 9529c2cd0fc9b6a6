"""A whole stack, from the lock of its home to the last stopped process."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from settings import Settings
from stack import temporal
from stack.home import Home
from stack.leftovers import describe, end_leftovers
from stack.plan import Plan, make_plan
from stack.ports import require_free
from stack.processes import Supervisor, Tell


@dataclass(frozen=True)
class RunningStack:
    """A stack that runs. `settings` is complete: it has the database's URL, the API key and the webhook secret."""

    settings: Settings
    home: Home
    supervisor: Supervisor


@asynccontextmanager
async def running_stack(
    settings: Settings,
    *,
    tell: Tell,
    without: frozenset[str] = frozenset(),
    fast_commit: bool = False,
    handle_signals: bool = True,
) -> AsyncIterator[RunningStack]:
    """Starts every part (but `without`), yields, and stops them all, whatever happens in between.

    Ctrl-C and SIGTERM cancel the task that entered, a second one ends all processes at once. Raises StackError when
    the stack cannot run. Enter it in the main thread: the life of the children is tied to the thread.
    """
    home = Home(settings.home)
    with home.locked():
        await asyncio.to_thread(end_leftovers, home.read_stack().get("children", []))
        plan = make_plan(settings, home, home.load_secrets(), without, fast_commit=fast_commit)
        supervisor = Supervisor(tell, changed=lambda: _write_down(home, plan, supervisor))
        if handle_signals:
            _cancel_on_signals(supervisor)
        try:
            await _start(plan, supervisor, tell)
            yield RunningStack(plan.settings, home, supervisor)
        finally:
            await supervisor.stop()
            home.forget_stack()


async def _start(plan: Plan, supervisor: Supervisor, tell: Tell) -> None:
    await require_free(plan.ports)
    waves = (plan.servers, *plan.programs)
    tell(f"starting {', '.join(part.name for wave in waves for part in wave) or 'nothing'}")
    await supervisor.start(plan.servers)
    if plan.needs_schema:
        await prepare_servers(plan.settings)
    for wave in plan.programs:
        await supervisor.start(wave)


async def prepare_servers(settings: Settings, *, create_namespace: bool = False) -> None:
    """Brings the database to the newest schema and registers the search attributes; repeating it changes nothing."""
    from store.migrate import upgrade  # late: a stack of servers alone needs no schema

    await asyncio.to_thread(upgrade, settings.database())
    await temporal.register(settings.temporal_address, settings.temporal_namespace, create_namespace=create_namespace)


def _write_down(home: Home, plan: Plan, supervisor: Supervisor) -> None:
    children = [describe(name, child.pid, child.death_signal) for name, child in supervisor.children().items()]
    home.write_stack(plan.settings.environment(), children)


def _cancel_on_signals(supervisor: Supervisor) -> None:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("running_stack is entered from a task")
    asked = False

    def handle() -> None:
        nonlocal asked
        if asked:
            supervisor.kill()
            os._exit(130)
        asked = True
        task.cancel()

    for what in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(what, handle)
