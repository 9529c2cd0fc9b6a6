"""Plants a bug into a copy of the decider and has it looked for by the machine and by the saga grid."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.process.bug import Bug

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 600
"""How long a copy may be looked at in one go; a decider that goes round in circles is stopped then."""
SELDOM = "50"
"""Every so many decisions one is taken twice; the time is better spent on more orders."""
MOST_TOLD = 160
"""Letters that are told of what was broken."""
_IGNORED = shutil.ignore_patterns("*.pyc.*")
"""What another process is just compiling."""


@dataclass(frozen=True)
class Found:
    """What found a bug: the machine by a seed, or a cell of the saga grid."""

    by: str
    """`machine` or `grid`."""
    name: str
    """The seed, or the cell."""
    steps: int = 0
    """Steps that the machine took from that seed on up to the one that broke."""
    broken: str = ""
    """What was broken, as far as it was told."""

    @property
    def words(self) -> str:
        """The same, to be read."""
        where = f"seed {self.name} in {self.steps} steps" if self.by == "machine" else self.name
        return f"{self.by}, {where}" + (f": {self.broken[:MOST_TOLD]}" if self.broken else "")


def plant(bug: Bug, folder: Path) -> None:
    """A copy of the decider and its tests in `folder`, with the bug in it; ValueError if its line is not there.

    What Python has compiled is copied too, and still right but for the file with the bug, which is of another time.
    Whatever else they need is linked, so that nothing but the copy is touched.
    """
    shutil.copytree(ROOT / "domain", folder / "domain", ignore=_IGNORED)
    shutil.copytree(ROOT / "tests" / "process", folder / "tests" / "process", ignore=_IGNORED)
    (folder / "tests" / "__init__.py").touch()
    (folder / "tests" / "policy").symlink_to(ROOT / "tests" / "policy")
    for path in ROOT.iterdir():
        if not path.name.startswith(".") and path.name not in ("domain", "tests"):
            (folder / path.name).symlink_to(path)
    (folder / "domain" / "process" / bug.file).write_text(with_bug(bug), encoding="utf-8")


def with_bug(bug: Bug) -> str:
    """The file of the decider with the bug in it; ValueError if its line is not there, or not only there."""
    text = (ROOT / "domain" / "process" / bug.file).read_text(encoding="utf-8")
    if text.count(bug.was) != 1:
        raise ValueError(f"{bug.name}: {bug.file} has {text.count(bug.was)} places like {bug.was!r}")
    return text.replace(bug.was, bug.becomes)


def walked(folder: Path, seed: int, steps: int) -> Found | None:
    """The machine's first seed, from `seed` on, that breaks before so many steps are taken."""
    done = _python(
        folder, "tests.process.walking", "--seed", str(seed), "--steps", str(steps), "--twice", SELDOM, "--brief"
    )
    told = _told(done, r"^seed (\d+) after (\d+) steps: (.*)$", "machine")
    return None if told is None else Found("machine", told[1], int(told[2]), told[3])


def gridded(folder: Path, *cells: str) -> Found | None:
    """The first cell of the saga grid, or of those that are named, that breaks."""
    told = _told(_python(folder, "tests.process.grid_walk", *cells), r"^cell ([^:]+: [^:]+): (.*)$", "grid")
    return None if told is None else Found("grid", told[1], broken=told[2])


def _python(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def _told(done: subprocess.CompletedProcess[str], line: str, what: str) -> re.Match[str] | None:
    """The line that names what found a bug; None where nothing did. RuntimeError where it could not be looked for."""
    if done.returncode == 0:
        return None
    told = re.search(line, done.stdout, re.MULTILINE)
    if done.returncode != 1 or told is None:
        raise RuntimeError(f"the {what} could not be run:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return told
