"""What a measure came to, and how it is told: in a table, and as JSON."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

DIGITS = 3


@dataclass(frozen=True)
class Goal:
    """What a ratio has to reach (`at_least`), or not to exceed."""

    bound: float
    at_least: bool = False

    def met_by(self, ratio: float) -> bool:
        """Whether that ratio is good enough."""
        return ratio >= self.bound if self.at_least else ratio <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='}{self.bound:g}"


@dataclass(frozen=True)
class Measure:
    """Ours and the floor's figures, round by round, in `unit`; the rounds of both were interleaved."""

    name: str
    unit: str
    goal: Goal
    ours: Sequence[float]
    floor: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        """Ours to the floor's, each of one round."""
        return [ours / floor for ours, floor in zip(self.ours, self.floor, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: a slow moment of the machine spoils one round, not the figure."""
        return median(self.ratios)

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.goal.met_by(self.ratio)

    def document(self) -> dict[str, Any]:
        """The measure in bench.json."""
        return {
            "value": round(median(self.ours), DIGITS),
            "floor": round(median(self.floor), DIGITS),
            "ratio": round(self.ratio, DIGITS),
            "goal": str(self.goal),
            "met": self.met,
            "unit": self.unit,
            "spread": {
                "rounds": len(self.ratios),
                "ratio": [round(min(self.ratios), DIGITS), round(max(self.ratios), DIGITS)],
                "value": [round(min(self.ours), DIGITS), round(max(self.ours), DIGITS)],
                "floor": [round(min(self.floor), DIGITS), round(max(self.floor), DIGITS)],
            },
        }


def show(measures: Sequence[Measure], console: Console) -> None:
    """One row a measure."""
    table = Table(box=None, pad_edge=False)
    for heading in ("measure", "ours", "floor", "ratio", "of the rounds", "goal", ""):
        table.add_column(heading, no_wrap=True, justify="left" if heading in ("measure", "") else "right")
    for measure in measures:
        told = measure.document()
        low, high = told["spread"]["ratio"]
        table.add_row(
            f"{measure.name} ({measure.unit})",
            *(f"{told[name]:g}" for name in ("value", "floor", "ratio")),
            f"{low:g} to {high:g}",
            told["goal"],
            "met" if measure.met else "NOT MET",
        )
    console.print(table)


def write(measures: Sequence[Measure], path: Path) -> None:
    """Writes bench.json whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".json.new")
    draft.write_text(json.dumps({m.name: m.document() for m in measures}, indent=2) + "\n", encoding="utf-8")
    os.replace(draft, path)
