"""A stack of its own: on free ports, with nothing of the user's set-up, in a folder that is thrown away."""

import itertools
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from settings import PROJECT_ROOT, SETTINGS, Settings
from stack.ports import is_free
from stack.processes import Tell
from stack.running import RunningStack, running_stack

FIRST_PORT, LAST_PORT = 20_000, 32_000  # below those that the kernel gives to outgoing connections


@asynccontextmanager
async def scratch_stack(folder: Path, *, tell: Tell, fast_commit: bool = False) -> AsyncIterator[RunningStack]:
    """Every server is the embedded one, with the policies of the checkout."""
    home = {"ORDITO_HOME": str(folder / "home"), "ORDITO_POLICIES": str(PROJECT_ROOT / "policies")}
    settings = Settings.from_env({**home, **free_ports()})
    async with running_stack(settings, tell=tell, fast_commit=fast_commit) as stack:
        yield stack


def free_ports() -> dict[str, str]:
    """A free port of 127.0.0.1 for every variable that takes one."""
    names = [setting.name for setting in SETTINGS if setting.name.endswith("_PORT")]
    candidates = random.sample(range(FIRST_PORT, LAST_PORT), 1000)
    free = itertools.islice((port for port in candidates if is_free(port)), len(names))
    return dict(zip(names, map(str, free), strict=True))
