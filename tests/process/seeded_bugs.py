"""One-line bugs in the decider that its tests must find.

`python -m tests.process.seeded_bugs [NAME...]` plants each into a copy of the package and says which test found it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.process.bug import Bug
from tests.process.seeded_edit_bugs import EDIT_BUGS

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = (
    "test_happy_path.py",
    "test_cancelling.py",
    "test_cancelling_amid_failures.py",
    "test_failures.py",
    "test_skipping.py",
    "test_facts.py",
    "test_resuming.py",
    "test_edits.py",
    "test_edit_kinds.py",
    "test_edit_moments.py",
    "test_edit_races.py",
    "test_edit_new_groups.py",
)
MACHINE_STEPS = 4_000
"""The machine's budget for one bug; what it does not find within it is looked for by the examples."""
SECONDS = 120


BUGS = (
    Bug("undo goes forwards", "changes.py", "pair[1].seq)", "-pair[1].seq)"),
    Bug("money is voided before the shipment is cancelled", "changes.py", "pair[1].operation is Operation.SHIP, ", ""),
    Bug("whoever asks second gets no answer", "changes.py", "return (change.asked, *same)", "return (change.asked,)"),
    Bug("a stale revision is not noticed", "changes.py", "asked.base_revision != draft.revision", "False"),
    Bug(
        "a time-out means no",
        "state.py",
        "self.parked is None or self.unanswered is not None or",
        "self.parked is None or",
    ),
    Bug("n is not counted", "draft.py", "group.counts.get(counter, 0) + 1", "1"),
    Bug("the revision is not in the key", "draft.py", "/{group_id}/r{self.revision}/", "/{group_id}/r1/"),
    Bug("charges are collected for each group", "draft.py", "if self.is_first(group) else 0", ""),
    Bug(
        "a fact that comes early is dropped",
        "facts.py",
        "if not draft.opened or not _heard(draft, fact):",
        "if not draft.opened or not (_heard(draft, fact) or True):",
    ),
    Bug("a part counts as the whole", "tasks/wait.py", "return all(got.get", "return any(got.get"),
    Bug("a fact of less takes back what was told", "tasks/wait.py", "max(quantity, before.get(number, 0))", "quantity"),
    Bug(
        "an expiry beside a capture is acted on",
        "facts.py",
        "run.state is RunState.DONE and not _capturing(group)",
        "run.state is RunState.DONE",
    ),
    Bug(
        "a lapsed authorization is captured again",
        "tasks/capture.py",
        "        lapse(draft, group.id, authorization)\n        if",
        "        if",
    ),
    Bug(
        "a refused capture is asked for ever",
        "tasks/capture.py",
        "if any(past.step == run.step for past in group.past):",
        "if False:",
    ),
    Bug(
        "a retry ships without money",
        "faults.py",
        "here = standing_at(draft.process(group), draft.groups[group.id])",
        "here = {run.step}",
    ),
    Bug("a retry after a fault is a new effect", "faults.py", "if run.unanswered is not None:", "if False:"),
    Bug(
        "a parked step does not hold the next one",
        "state.py",
        "(RunState.DONE, RunState.SKIPPED)",
        "(RunState.DONE, RunState.SKIPPED, RunState.PARKED)",
    ),
    Bug(
        "lines go on while they are changed",
        "decide.py",
        "        if edits.frozen(draft, group_id):\n            continue\n",
        "",
    ),
    Bug(
        "the read model is saved with the state before",
        "decide.py",
        "save = _save_after(state, calls[0], event)",
        "save = save_of(state)",
    ),
    Bug(
        "a saved event is told again",
        "decide.py",
        "[event for event in draft.events if event.key not in keys]",
        "list(draft.events)",
    ),
    Bug(
        "completed is told with every event",
        "decide.py",
        "if _complete(draft) and not _complete(draft.base):",
        "if _complete(draft):",
    ),
    Bug("a fault pause never ends", "faults.py", "flight.retry_at <= draft.wall", "flight.retry_at < draft.base.clock"),
    Bug("an imported deadline is armed", "rows.py", "if not state.imported:", "if True:"),
    Bug(
        "parked work waits on during a change",
        "rows.py",
        "run.parked is not None and run.parked.undo is not None",
        "run.parked is not None",
    ),
    Bug("overdue is told at every alarm", "tasks/wait.py", "if run.late or run.until is None", "if run.until is None"),
    Bug(
        "the most advanced group gives the status",
        "rows.py",
        "return min(still_open, key=RANK.__getitem__)",
        "return max(still_open, key=RANK.__getitem__)",
    ),
    Bug(
        "a refused cancel leaves the order cancelling",
        "changes.py",
        '    draft.change = None\n    words = f"Cannot',
        '    words = f"Cannot',
    ),
    Bug(
        "finished with a call on its way",
        "decide.py",
        "    if state.flights:\n        if len",
        "    if len(state.flights) > 99:\n        if len",
    ),
    Bug(
        "a skipped capture keeps its money held",
        "applying.py",
        "        leave_behind(draft, group_id, authorization)\n",
        "",
    ),
    Bug("a skip forgets what may have happened", "skips.py", "if run.unanswered is not None:", "if False:"),
    Bug(
        "money is given back before the goods leave",
        "tasks/capture.py",
        "        if all_left(draft, group):\n",
        "        if True:\n",
    ),
    Bug("an order is over while it takes something back", "rows.py", " and not group.leftovers():", ":"),
    Bug(
        "a shipment is wanted twice",
        "flow.py",
        "return run is not None and run.state is not RunState.UNDONE",
        "return run is not None and run.passed",
    ),
    *EDIT_BUGS,
)


def plant(bug: Bug, folder: Path) -> None:
    """A copy of the package and its tests in `folder`, with the bug in it; ValueError if its line is not there."""
    shutil.copytree(ROOT / "domain", folder / "domain", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(
        ROOT / "tests" / "process", folder / "tests" / "process", ignore=shutil.ignore_patterns("__pycache__")
    )
    (folder / "tests" / "__init__.py").touch()
    for name in ("pyproject.toml", "limits.py"):
        shutil.copy(ROOT / name, folder)
    file = folder / "domain" / "process" / bug.file
    text = file.read_text(encoding="utf-8")
    if text.count(bug.was) != 1:
        raise ValueError(f"{bug.name}: {bug.file} has {text.count(bug.was)} places like {bug.was!r}")
    file.write_text(text.replace(bug.was, bug.becomes), encoding="utf-8")


@dataclass(frozen=True)
class Found:
    """What found a bug: the seed of a walk and the steps taken up to its end, or else the name of an example."""

    by: str
    steps: int | None = None

    @property
    def words(self) -> str:
        """The same, to be read."""
        return self.by if self.steps is None else f"after {self.steps:,} steps, {self.by}"


def found_by(bug: Bug, steps: int = MACHINE_STEPS) -> Found | None:
    """The machine's first seed that breaks with the bug planted, else the first example; None if nothing does."""
    with tempfile.TemporaryDirectory() as name:
        plant(bug, Path(name))
        return _walked(Path(name), steps) or _run(Path(name), EXAMPLES)


def found_by_machine(bug: Bug) -> Found | None:
    """The machine's first seed that breaks with the bug planted; None if none does."""
    with tempfile.TemporaryDirectory() as name:
        plant(bug, Path(name))
        return _walked(Path(name), MACHINE_STEPS)


def _environment(folder: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}


def _walked(folder: Path, steps: int) -> Found | None:
    command = [sys.executable, "-m", "tests.process.walking", "--steps", str(steps), "--brief"]
    done = subprocess.run(command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    told = re.search(r"^(seed \d+) after (\d+) steps: (.*)$", done.stdout, re.MULTILINE)
    if told is None:
        raise RuntimeError(f"the machine could not be run:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return Found(f"{told[1]}: {told[3]}", int(told[2]))


def _run(folder: Path, files: tuple[str, ...]) -> Found | None:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=no"]
    command += [str(Path("tests") / "process" / file) for file in files]
    done = subprocess.run(
        command, cwd=folder, env=_environment(folder), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode == 0:
        return None
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    if done.returncode != 1 or not failed:
        raise RuntimeError(f"the tests could not be run:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return Found(failed[0].removeprefix("FAILED tests/process/").partition(" - ")[0])


def main(names: list[str]) -> int:
    """Plants the named bugs, or all; prints what found each. With `--machine` the machine has to, by itself."""
    alone = "--machine" in names
    bugs = [bug for bug in BUGS if bug.name in names or not set(names) - {"--machine"}]
    found: list[Found | None] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for bug, one in zip(bugs, pool.map(found_by_machine if alone else found_by, bugs), strict=True):
            found.append(one)
            print(f"{bug.name}: {one.words if one else 'NOT FOUND'}", flush=True)
    by_seed = sum(one is not None and one.steps is not None for one in found)
    by_example = len([one for one in found if one is not None]) - by_seed
    print(
        f"{len(bugs)} bugs: {by_seed} found by the machine, {by_example} by an example, {found.count(None)} by nothing"
    )
    return 1 if None in found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
