"""Rules about the order of steps, on branches and on paths side by side."""

from typing import Any

import pytest

from domain.policy.check_flow import check_flow
from domain.policy.model import Process

STEPS: dict[str, dict[str, Any]] = {
    "schedule": {"do": "schedule"},
    "reserve": {"do": "reserve"},
    "authorize": {"do": "authorize"},
    "ship": {"do": "ship"},
    "wait": {"do": "wait", "of": "ship", "until": "shipped"},
    "capture": {"do": "capture"},
    "invoice": {"do": "invoice"},
    "late_wait": {"do": "wait", "of": "ship", "until": "delivered"},
    "picked": {"do": "wait", "of": "ship", "until": "picked"},
    "if_card": {"do": "wait", "of": "ship", "until": "shipped", "when": "true"},
    "ship_if": {"do": "ship", "when": "true"},
    "wait_if": {"do": "wait", "of": "ship_if", "until": "shipped", "when": "true"},
    "bill": {"do": "invoice"},
    "reserve2": {"do": "reserve"},
}


def _nodes(parts: list[Any]) -> list[dict[str, Any]]:
    """Words are steps, `["or", ...]` is a choose and `["and", ...]` a together."""
    nodes: list[dict[str, Any]] = []
    for number, part in enumerate(parts):
        if isinstance(part, str):
            nodes.append({"step": part, **STEPS[part]})
            continue
        form, *branches = part
        paths = [{"path": f"p{n}", "steps": _nodes(branch)} for n, branch in enumerate(branches)]
        nodes.append({"choose": f"c{number}", "paths": paths} if form == "or" else {"together": paths})
    return nodes


def _said(*parts: Any) -> list[str]:
    process = Process.model_validate(
        {"name": "x", "title": "x", "owner": "csr", "calendar": "c", "steps": _nodes(list(parts))}
    )
    return [f"{'.'.join(str(part) for part in p.path)}: {p.message}" for p in check_flow(process, ())]


START = ("schedule", "reserve", "authorize")
OPEN = "nobody waits for `ship`; add a step with `do: wait`, `of: ship` and `until: shipped` after it"


@pytest.mark.parametrize(
    "parts",
    [
        [*START, "ship", "wait", "capture", "invoice"],
        [*START, "ship", "late_wait", "capture", "invoice"],
        [*START, ["or", ["ship", "wait"], []], "capture", "invoice"],
        [*START, "ship", ["or", ["wait"], ["late_wait"]], "capture"],
        [*START, "ship", ["and", ["wait"], []], "capture"],
        ["schedule", ["and", ["reserve", "ship", "wait"], ["authorize"]], "capture", "invoice"],
        [*START, "ship_if", "wait_if", "capture"],
        ["invoice"],
    ],
)
def test_these_are_right(parts: list[Any]) -> None:
    assert _said(*parts) == []


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([*START, "ship"], [f"steps.3: {OPEN}"]),
        ([*START, "ship", "picked"], [f"steps.3: {OPEN}"]),
        ([*START, "ship", "if_card"], [f"steps.3: {OPEN}"]),
        ([*START, "ship", ["or", ["wait"], []]], [f"steps.3: {OPEN}"]),
        ([*START, ["or", ["ship"], []]], [f"steps.3.paths.0.steps.0: {OPEN}"]),
        (
            [*START, "ship", "capture", "wait"],
            ["steps.4.do: `capture` comes before `ship` has left, when a cancel can still come; put the wait first"],
        ),
        (
            [*START, "ship", ["or", ["wait"], ["late_wait", "bill"]], "reserve2"],
            ["steps.5.do: `reserve2` comes after an invoice; move it before the first one"],
        ),
        (
            [*START, "wait", "ship"],
            [
                "steps.3.of: `ship` does not run before this wait, so it would never end",
                f"steps.4: {OPEN}",
            ],
        ),
        (
            [*START, ["and", ["ship"], ["wait"]]],
            [
                "steps.3.together.1.steps.0.of: `ship` does not run before this wait, so it would never end",
                f"steps.3.together.0.steps.0: {OPEN}",
            ],
        ),
        (["reserve"], ["steps.0.do: `reserve` needs a step before it with `do: schedule`"]),
        (["schedule", "ship", "wait"], ["steps.1.do: `ship` needs a step before it with `do: reserve`"]),
        (["capture"], ["steps.0.do: `capture` needs a step before it with `do: authorize`"]),
        (
            [*START, ["and", ["ship", "wait"], ["invoice"]]],
            [
                "steps.3.together.0.steps.0.do: `ship` runs beside an invoice; nothing is changed once it is written",
                "steps.3.together.1.steps.0.do: `invoice` runs beside a shipment; "
                "it must come after the goods have left",
            ],
        ),
    ],
)
def test_these_are_wrong(parts: list[Any], said: list[str]) -> None:
    assert _said(*parts) == said
