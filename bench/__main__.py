"""`python -m bench`: all measures, or those named; prints them, writes bench.json. Exit status 1: a goal is missed."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from bench import activation, changes, orders, posting
from bench.figures import Measure, show, write
from bench.ground import running_ground
from settings import Settings

MEASURES = ("activation", "changes", "orders", "posting")
ROUNDS = 5
TABLE_WIDTH = 110


async def run(chosen: list[str], rounds: int) -> list[Measure]:
    """The measures in turn: what needs no server before the servers run, what leaves orders behind at the end."""
    found: list[Measure] = []
    if "activation" in chosen:
        found.append(await activation.measure(rounds))
    with tempfile.TemporaryDirectory(prefix="ordito-bench-") as folder:
        if "changes" in chosen:
            async with running_ground(Path(folder) / "changes") as ground:
                found += await changes.measure(ground, rounds)
        if "orders" in chosen:
            async with running_ground(Path(folder) / "orders") as ground:
                found += await orders.measure(ground, rounds)
        if "posting" in chosen:
            # A disk that stalls now and then would be all that a p99 tells, on both sides.
            async with running_ground(Path(folder) / "posting", fast_commit=True) as ground:
                found.append(await posting.measure(ground, rounds))
    return found


def main() -> int:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=f"of {', '.join(MEASURES)}; none: all")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"interleaved rounds (default: {ROUNDS})")
    options = parser.parse_args()
    unknown = sorted(set(options.measures) - set(MEASURES))
    if unknown or options.rounds < 1:
        parser.error(f"there is no measure {', '.join(unknown)}" if unknown else "at least one round is needed")
    chosen = options.measures or list(MEASURES)
    started = time.monotonic()
    measures = asyncio.run(run(chosen, options.rounds))
    console = Console(width=max(Console().width, TABLE_WIDTH))
    show(measures, console)
    console.print(f"{time.monotonic() - started:.0f} seconds", highlight=False)
    if not options.measures:
        path = Settings.from_env().home / "bench.json"
        write(measures, path)
        console.print(f"written to {path}", highlight=False, markup=False)
    return 0 if all(measure.met for measure in measures) else 1


if __name__ == "__main__":
    sys.exit(main())
