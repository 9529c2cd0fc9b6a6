"""The seeded driver of the rules: walks through the life of one order after the other, any of which its seed repeats.

`python -m tests.process.walking --seed 17` takes the walk of one seed and tells its story; with `--steps` it goes on
with the next seeds until so many steps have been taken or one of them breaks a promise.
"""

import argparse
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.process import rules_money, rules_outside, rules_people
from tests.process.course import PLACE, Course, placed
from tests.process.rules import RULES, Args, drawn

STEPS, AFTERLIFE = 50, 3
"""How many steps an order's life has at most, before it is helped to its end; and how many once it is over."""
DECLARED = (rules_money.__name__, rules_outside.__name__, rules_people.__name__)
NAMES = list(RULES)
WEIGHTS = [one.weight for one in RULES.values()]
TWICE = 4
"""Every so many decisions one is taken twice, from the state as a workflow carries it over (I13)."""

Step = tuple[str, Args]


@dataclass
class Story:
    """An order and what happens to it."""

    seed: int
    place: Args
    steps: list[Step] = field(default_factory=list)
    broken: Exception | None = None

    def __str__(self) -> str:
        told = [
            f"placed {_words(self.place)}",
            *(f"{name.replace('_', ' ')} {_words(args)}" for name, args in self.steps),
        ]
        return "\n".join(f"{n:3}. {words.strip()}" for n, words in enumerate(told))


def _words(args: Args) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in args.items())


def walk(seed: int, steps: int = STEPS) -> Story:
    """The life of the seed's order. What breaks a promise ends it, and is in the story."""
    dice = random.Random(seed)
    story = Story(seed, drawn(PLACE, dice))

    def told(course: Course) -> None:
        over = 0
        while len(story.steps) < steps and over <= AFTERLIFE:
            over += course.run.state.finished
            (name,) = dice.choices(NAMES, WEIGHTS)
            while not RULES[name].when(course):
                (name,) = dice.choices(NAMES, WEIGHTS)
            story.steps.append((name, drawn(RULES[name].args, dice)))
            course.step(*story.steps[-1])

    story.broken = _lived(story.place, told)
    return story


def again(story: Story, steps: list[Step]) -> Exception | None:
    """What breaks if only these steps happen to the story's order; those that cannot happen are passed over."""

    def told(course: Course) -> None:
        for name, args in steps:
            course.step(name, args)

    return _lived(story.place, told)


def _lived(place: Args, told: Callable[[Course], None]) -> Exception | None:
    try:
        course = placed(**place, twice=TWICE)
        told(course)
        course.end()
    except Exception as error:
        return error
    return None


def shortened(story: Story) -> Story:
    """A broken story without the steps that it breaks as well without: ever smaller chunks are left out."""
    steps, size = list(story.steps), max(1, len(story.steps) // 2)
    broken = story.broken
    while True:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            found = again(story, fewer)
            if found is not None and type(found) is type(broken) and str(found)[:40] == str(broken)[:40]:
                steps, broken = fewer, found
            else:
                at += size
        if size == 1:
            return Story(story.seed, story.place, steps, broken)
        size //= 2


def first_broken(seed: int, steps: int) -> tuple[Story | None, int]:
    """The first broken story from a seed on, if one breaks within so many steps; and the steps that were taken."""
    taken = 0
    while taken < steps:
        story = walk(seed)
        taken += len(story.steps)
        if story.broken is not None:
            return story, taken
        seed += 1
    return None, taken


def main() -> int:
    """Exit status 1 when a promise was broken; the last line then is `seed S after N steps: what was broken`."""
    parser = argparse.ArgumentParser(prog="python -m tests.process.walking", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--whole", action="store_true", help="tell the story as it happened, not shortened")
    parser.add_argument("--brief", action="store_true", help="tell only what was broken")
    options = parser.parse_args()
    story, taken = first_broken(options.seed, options.steps)
    if story is None or story.broken is None:
        print(f"seed {options.seed}: {taken} steps, no promise was broken")
        return 0
    if not options.brief:
        print(story if options.whole else shortened(story))
    print(f"seed {story.seed} after {taken} steps: {_what(story.broken)}")
    return 1


def _what(error: Exception) -> str:
    return f"{type(error).__name__} {str(error).partition(chr(10))[0]}".strip()


if __name__ == "__main__":
    sys.exit(main())
