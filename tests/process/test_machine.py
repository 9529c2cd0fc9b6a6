"""Any order, anything that can happen to it, in any sequence: the decider keeps what the design promises."""

import os
from collections import Counter
from collections.abc import Callable
from random import SystemRandom
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.process import course as courses
from tests.process import walking
from tests.process.course import CAME_TO_SOMETHING, EXECUTED, ORDERS, PLACE, Course, placed
from tests.process.rules import RULES, Rule, strategies

FULL = os.environ.get("ORDITO_TEST_SCALE") == "full"
GOAL = 100_000 if FULL else 10_000
BY_SEEDS = GOAL * 9 // 10
"""Most steps are drawn by seeds, which takes a third of the time; the others by Hypothesis, which looks elsewhere."""
STEPS = 50
SEED = int(os.environ.get("ORDITO_SEED") or (SystemRandom().randrange(1_000_000) if FULL else 0))


class Orders(RuleBasedStateMachine):
    """One order and its outside; its rules are those of the modules that `walking` declares."""

    course: Course

    @initialize(**strategies(PLACE))
    def place(self, **drawn: Any) -> None:
        self.course = placed(**drawn)

    def teardown(self) -> None:
        if hasattr(self, "course"):
            self.course.end()


def _declared(one: Rule) -> Callable[..., None]:
    def happens(self: Orders, **args: Any) -> None:
        self.course.step(one.name, args)

    happens.__name__ = one.name
    return precondition(lambda self: one.when(self.course))(rule(**strategies(one.args))(happens))


for _one in RULES.values():
    setattr(Orders, _one.name, _declared(_one))


LEAST_OF_EACH = BY_SEEDS // 2_000
"""How often each rule has to find something to happen to; one that hardly ever does looks for nothing."""


def executed() -> int:
    """Steps that were executed in this process."""
    return sum(EXECUTED.values()) - EXECUTED[ORDERS]


def counted(had: Counter[str]) -> str:
    """How often each rule came to something since then, the most frequent first."""
    found = CAME_TO_SOMETHING - had
    return ", ".join(f"{name.replace('_', ' ')} {times}" for name, times in found.most_common())


@pytest.mark.timeout(2400)
def test_any_order_keeps_what_the_design_promises(record_property: Callable[[str, object], None]) -> None:
    """I1-I14 by Hypothesis: ORDITO_SEED draws the same again."""
    before, orders, round_ = executed(), EXECUTED[ORDERS], 0
    before_of_each = CAME_TO_SOMETHING.copy()
    while executed() - before < GOAL - BY_SEEDS:
        seeded = seed(SEED + round_)(type("Orders", (Orders,), {}))
        run_state_machine_as_test(
            seeded,
            settings=settings(
                max_examples=min(100, 1 + (GOAL - BY_SEEDS - executed() + before) // STEPS),
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
        round_ += 1
    taken = executed() - before
    record_property(
        "told", f"{taken:,} steps of {EXECUTED[ORDERS] - orders:,} orders by Hypothesis, ORDITO_SEED={SEED}"
    )
    record_property("told", f"by Hypothesis, {counted(before_of_each)}")
    assert taken >= GOAL - BY_SEEDS


@pytest.mark.timeout(2400)
def test_any_seed_keeps_what_the_design_promises(record_property: Callable[[str, object], None]) -> None:
    """I1-I14 by seeds: what is broken is told as a short story, and `python -m tests.process.walking` repeats it."""
    before, orders, had = executed(), EXECUTED[ORDERS], CAME_TO_SOMETHING.copy()
    first = SEED * 1_000_000
    story, steps = walking.first_broken(first, BY_SEEDS)
    taken = executed() - before
    if story is not None:
        pytest.fail(f"seed {story.seed}: {story.broken!r}\n{walking.shortened(story)}")
    record_property("told", f"{taken:,} steps of {EXECUTED[ORDERS] - orders:,} orders by seeds from {first} on")
    record_property("told", f"by seeds, {counted(had)}")
    assert taken == steps >= BY_SEEDS
    rare = {name for name in RULES if CAME_TO_SOMETHING[name] - had[name] < LEAST_OF_EACH}
    assert not rare, f"hardly ever something for them to happen to: {sorted(rare)}"
    assert all(hasattr(Orders, name) for name in RULES)


def test_a_seed_tells_the_same_story_again() -> None:
    assert str(walking.walk(5)) == str(walking.walk(5))
    assert str(walking.walk(5)) != str(walking.walk(6))


def test_a_broken_story_is_told_by_its_seed_and_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a rest that complains of every hold, one hold is left, and no step that could be left out as well."""

    def complains(run: Any, opening: object) -> None:
        assert not run.state.holds, "there is a hold"

    monkeypatch.setattr(courses.books, "at_rest", complains)
    story, taken = walking.first_broken(0, 10_000)
    assert story is not None
    assert taken >= len(story.steps)
    short = walking.shortened(story)
    assert str(short.broken).startswith("there is a hold")
    assert [name for name, _ in short.steps].count("hold") == 1
    fewer = [[*short.steps[:at], *short.steps[at + 1 :]] for at in range(len(short.steps))]
    assert [walking.again(story, steps) for steps in fewer] == [None] * len(short.steps)


def test_a_step_for_which_nothing_is_left_is_not_counted() -> None:
    """What was on its way came back before it: one of the steps that were drawn for this order did not happen."""
    before = executed()
    story = walking.walk(722_241_000_050)
    assert len(story.steps) == executed() - before == 22
