"""`make soak`: millions of steps of the machine, by seeds, on every core; it stops at the first promise that is broken.

It tells where it is once a minute. A run that was stopped goes on with `--seed` at the seed that it named last.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from tests.process.walking import shortened, walk

STEPS = 5_000_000
SEEDS_AT_ONCE = 20
"""Seeds that a process takes in one go."""


def walked(seeds: range) -> tuple[int, list[int]]:
    """Steps taken, and the seeds that broke a promise."""
    stories = [walk(seed) for seed in seeds]
    return sum(len(story.steps) for story in stories), [story.seed for story in stories if story.broken is not None]


class Soak:
    """One run: how far it is, and since when."""

    def __init__(self, seed: int, goal: int, jobs: int, every: float = 60.0) -> None:
        self.goal, self.jobs, self.every = goal, jobs, every
        self.steps, self.seed, self.broken = 0, seed, list[int]()
        self._ahead = self._ranges(seed)
        self._began = self._told = time.monotonic()

    def run(self) -> bool:
        """Walks until all steps are taken, or a seed breaks a promise; whether all is well."""
        with ProcessPoolExecutor(self.jobs) as pool:
            going: dict[Future[tuple[int, list[int]]], range] = {}
            while self.steps < self.goal and not self.broken:
                while len(going) < 2 * self.jobs:
                    seeds = next(self._ahead)
                    going[pool.submit(walked, seeds)] = seeds
                for done in wait(going, timeout=self.every, return_when=FIRST_COMPLETED).done:
                    self._take(done.result())
                    going.pop(done)
                    self.seed = min((seeds.start for seeds in going.values()), default=self.seed)
                self._tell_now_and_then()
            pool.shutdown(cancel_futures=True)
        return not self.broken

    def told(self) -> str:
        """Where it is, in words."""
        seconds = max(time.monotonic() - self._began, 1e-9)
        rate = self.steps / seconds
        left = max(self.goal - self.steps, 0) / rate / 60 if rate else float("inf")
        return (
            f"{self.steps:,} of {self.goal:,} steps in {seconds / 60:.1f} minutes, {rate:,.0f} a second on "
            f"{self.jobs} processes; {left:.0f} minutes left; all seeds below {self.seed} are done"
        )

    def _take(self, result: tuple[int, list[int]]) -> None:
        steps, broken = result
        self.steps += steps
        self.broken += broken

    def _tell_now_and_then(self) -> None:
        if time.monotonic() - self._told >= self.every:
            self._told = time.monotonic()
            print(self.told(), flush=True)

    @staticmethod
    def _ranges(seed: int) -> Iterator[range]:
        while True:
            yield range(seed, seed + SEEDS_AT_ONCE)
            seed += SEEDS_AT_ONCE


def main(arguments: list[str] | None = None) -> int:
    """Exit status 1 when a promise was broken; the story of the first seed that breaks one is told."""
    parser = argparse.ArgumentParser(prog="python -m tests.process.soak", description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS, help=f"default: {STEPS:,}")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("ORDITO_SEED") or 0), help="the first one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; default: one for each core")
    options = parser.parse_args(arguments)
    soak = Soak(options.seed, options.steps, options.jobs)
    try:
        well = soak.run()
    except KeyboardInterrupt:
        print(f"Stopped. {soak.told()}; --seed {soak.seed} goes on.")
        return 130
    print(soak.told())
    if well:
        return 0
    story = shortened(walk(min(soak.broken)))
    print(f"{story}\nseed {story.seed}: {story.broken!r}\nAgain: python -m tests.process.walking --seed {story.seed}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
