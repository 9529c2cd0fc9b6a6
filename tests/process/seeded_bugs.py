"""One-line bugs in the decider that its tests must find, and what finds each: the machine, or a cell of the saga grid.

`python -m tests.process.seeded_bugs [NAME...]` plants the named bugs, or all, each into a copy of the decider. What
found one the last time is tried first: it is kept in `seeded_bugs.json`. If that does not find it any more, because
the decider or the machine has moves that it had not, the machine goes through its seeds, then the saga grid through
its cells. What neither finds counts as not found, whatever the examples in words say. `--record` keeps what was found;
`--search` passes over what is kept.
"""

import argparse
import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tests.process.bug import Bug
from tests.process.planting import Found, gridded, plant, walked
from tests.process.seeded_beside_bugs import BESIDE_BUGS
from tests.process.seeded_edit_bugs import EDIT_BUGS
from tests.process.seeded_order_bugs import ORDER_BUGS

BUGS = (*ORDER_BUGS, *EDIT_BUGS, *BESIDE_BUGS)
KEPT = Path(__file__).with_name("seeded_bugs.json")
STEPS = 12_000
"""The machine's budget for one bug; what it does not find within it is looked for by the grid."""


def kept() -> dict[str, Found]:
    """What found each bug the last time that it was recorded."""
    found: dict[str, dict[str, str | int]] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    return {
        name: Found(str(one["by"]), str(one["name"]), int(one.get("steps", 0)), str(one.get("broken", "")))
        for name, one in found.items()
    }


def keep(found: dict[str, Found]) -> None:
    """Records what found the bugs; of those that were not looked for it stays as it was."""
    known = kept() | found
    lines = {bug.name: _short(known[bug.name]) for bug in BUGS if bug.name in known}
    told = ",\n".join(f"  {json.dumps(name)}: {json.dumps(one)}" for name, one in lines.items())
    KEPT.write_text(f"{{\n{told}\n}}\n", encoding="utf-8")


def _short(found: Found) -> dict[str, str | int]:
    return {name: value for name, value in asdict(found).items() if value and name != "broken"}


def found_by(bug: Bug, steps: int = STEPS, known: Found | None = None) -> Found | None:
    """What finds the bug: what is known to, else the machine, else the grid; None if nothing does."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plant(bug, folder)
        again = None if known is None else _again(folder, known)
        return again or walked(folder, 0, steps) or gridded(folder)


def _again(folder: Path, known: Found) -> Found | None:
    if known.by == "machine":
        return walked(folder, int(known.name), 1)
    return gridded(folder, known.name)


def main() -> int:
    """Exit status 1 when something was found by nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.process.seeded_bugs", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="bugs by their names; default: all")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"of the machine for each bug; default: {STEPS:,}")
    parser.add_argument("--search", action="store_true", help="as if nothing were known to find them")
    parser.add_argument("--record", action="store_true", help=f"keeps what found them in {KEPT.name}")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; default: one for each core")
    options = parser.parse_args()
    strange = set(options.names) - {bug.name for bug in BUGS}
    if strange:
        parser.error(f"no such bug: {', '.join(sorted(strange))}")
    bugs = [bug for bug in BUGS if bug.name in options.names or not options.names]
    known = {} if options.search else kept()
    found = _looked_for(bugs, options.steps, known, options.jobs, record=options.record)
    by = [None if one is None else one.by for one in found.values()]
    counts = [f"{by.count(word)} by {words}" for word, words in _FINDERS.items()]
    print(f"{len(bugs)} bugs: found {', '.join(counts)}; {by.count(None)} by nothing")
    return 1 if None in by else 0


_FINDERS = {"machine": "the machine", "grid": "the saga grid"}


def _looked_for(
    bugs: list[Bug], steps: int, known: dict[str, Found], jobs: int, *, record: bool
) -> dict[str, Found | None]:
    look = partial(_looked, steps=steps, known=known)
    found: dict[str, Found | None] = {}
    with ThreadPoolExecutor(jobs) as pool:
        for bug, one in zip(bugs, pool.map(look, bugs), strict=True):
            found[bug.name] = one
            print(f"{bug.name}: {one.words if one else 'NOT FOUND'}", flush=True)
            if record and one is not None:
                keep({bug.name: one})
    return found


def _looked(bug: Bug, steps: int, known: dict[str, Found]) -> Found | None:
    return found_by(bug, steps, known.get(bug.name))


if __name__ == "__main__":
    sys.exit(main())
