"""What `make bench` writes: medians of ratios, with their spread and whether the goal is met."""

import json
from pathlib import Path

import pytest

from bench.figures import Goal, Measure, write

SPEED = Measure("orders_per_second", "orders/s", Goal(0.8, at_least=True), ours=[9, 12, 8], floor=[10, 10, 16])


def test_a_ratio_is_the_median_of_the_rounds_and_not_of_the_medians() -> None:
    assert SPEED.document() == {
        "value": 9,
        "floor": 10,
        "ratio": 0.9,
        "goal": ">=0.8",
        "met": True,
        "unit": "orders/s",
        "spread": {"rounds": 3, "ratio": [0.5, 1.2], "value": [8, 12], "floor": [10, 16]},
    }


@pytest.mark.parametrize(
    ("goal", "ratio", "met"),
    [
        (Goal(0.8, at_least=True), 0.8, True),
        (Goal(0.8, at_least=True), 0.79, False),
        (Goal(1.25), 1.25, True),
        (Goal(1.25), 1.26, False),
    ],
)
def test_a_goal_is_met_at_its_bound(goal: Goal, ratio: float, met: bool) -> None:
    assert goal.met_by(ratio) is met


def test_rounds_without_a_counterpart_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="zip"):
        _ = Measure("x", "ms", Goal(1), ours=[1, 2], floor=[1]).ratios


def test_bench_json_has_one_entry_for_each_measure(tmp_path: Path) -> None:
    write([SPEED], tmp_path / "home" / "bench.json")

    written = json.loads((tmp_path / "home" / "bench.json").read_text())
    assert written == {"orders_per_second": SPEED.document()}
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["bench.json"]
