"""The seeded driver of the rules: walks through the life of one order after the other, any of which its seed repeats.

`python -m tests.process.walking --seed 17` takes the walk of one seed and tells its story; with `--steps` it goes on
with the next seeds until so many steps have been taken or one of them breaks a promise.
"""

import argparse
import math
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.process import rules_amid, rules_money, rules_outside, rules_people, rules_splits
from tests.process.course import PLACE, Course, placed
from tests.process.rules import RULES, Args, Rule, drawn

STEPS, AFTERLIFE = 50, 3
"""How many steps an order's life has at most, before it is helped to its end; and how many once it is over."""
DECLARED = tuple(one.__name__ for one in (rules_amid, rules_money, rules_outside, rules_people, rules_splits))
LEANINGS = (0, 1, 1, 1, 2, 5)
"""By how much the weight of a rule is multiplied for one order: to many orders something happens never, or often."""
ALWAYS = ("in_turn", "time_passes")
"""Rules without which an order gets nowhere, or nothing may be left to happen."""
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


def walk(seed: int, steps: int = STEPS, twice: int = TWICE) -> Story:
    """The life of the seed's order. What breaks a promise ends it, and is in the story."""
    story = Story(seed, drawn(PLACE, random.Random(seed)))
    chances = [Chance(seed, rule) for rule in RULES.values()]

    def told(course: Course) -> None:
        over = 0
        while len(story.steps) < steps and over <= AFTERLIFE:
            over += course.run.state.finished
            turns = sorted(chances, key=Chance.turn)
            first = next(one for one in turns if one.rule.when(course))
            story.steps.append((first.rule.name, drawn(first.rule.args, first.args)))
            if not course.step(*story.steps[-1]):  # what came back before it has left nothing for it to happen to
                story.steps.pop()

    story.broken = _lived(story.place, told, twice)
    return story


class Chance:
    """A rule's own dice in the walk of a seed: a new rule beside it changes no more than the steps that it wins."""

    def __init__(self, seed: int, rule: Rule) -> None:
        self.rule = rule
        self.turns, self.args = random.Random(f"{seed}/{rule.name}"), random.Random(f"{seed}/{rule.name}/args")
        self.weight = rule.weight * (self.turns.choice(LEANINGS) or rule.name in ALWAYS)

    def turn(self) -> float:
        """When it would be its turn; the first one of all that can happen does."""
        drawn = self.turns.expovariate(1)
        return drawn / self.weight if self.weight else math.inf


def again(story: Story, steps: list[Step]) -> Exception | None:
    """What breaks if only these steps happen to the story's order; those that cannot happen are passed over."""

    def told(course: Course) -> None:
        for name, args in steps:
            course.step(name, args)

    return _lived(story.place, told)


def _lived(place: Args, told: Callable[[Course], None], twice: int = TWICE) -> Exception | None:
    try:
        course = placed(**place, twice=twice)
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


def first_broken(seed: int, steps: int, twice: int = TWICE) -> tuple[Story | None, int]:
    """The first broken story from a seed on, if one breaks within so many steps; and the steps that were taken."""
    taken = 0
    while taken < steps:
        story = walk(seed, twice=twice)
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
    parser.add_argument("--twice", type=int, default=TWICE, help=f"every so many decisions one is taken twice: {TWICE}")
    options = parser.parse_args()
    story, taken = first_broken(options.seed, options.steps, options.twice)
    if story is None or story.broken is None:
        print(f"seed {options.seed}: {taken} steps, no promise was broken")
        return 0
    if not options.brief:
        print(story if options.whole else shortened(story))
    print(f"seed {story.seed} after {len(story.steps)} steps: {_what(story.broken)}")
    return 1


def _what(error: Exception) -> str:
    return f"{type(error).__name__} {str(error).partition(chr(10))[0]}".strip()


if __name__ == "__main__":
    sys.exit(main())
