"""The policy file of changes, `kind: change_rules` (CHG3, CHG10, CHG13)."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from domain.codes import CURRENCIES, decimals_of
from domain.money import to_minor
from domain.policy.change_defaults import DEFAULTS
from domain.policy.change_grids import Costs, Matrix
from domain.policy.change_rules import CancelRefused, ChangeRules
from domain.policy.findings import Problem
from domain.policy.words import Name, PolicyModel
from domain.process.words import ChangeKind, Pattern, Stage


class ChangePolicy(PolicyModel):
    """What a change does to work that has begun; one per folder, and the built-in rules where there is none."""

    kind: Literal["change_rules"] = "change_rules"
    name: Name
    matrix: Matrix
    when_cancel_is_refused: CancelRefused = CancelRefused.REFUSE
    cost_of_change: Costs = Field(default_factory=lambda: Costs({}))

    def pinned(self, currency: str) -> ChangeRules:
        """The rules as an order pins them; amounts in minor units of `currency`, the workspace's."""
        cells: dict[ChangeKind, dict[Stage, Pattern]] = {}
        for (kind, stage), pattern in self.matrix.cells.items():
            if pattern is not DEFAULTS[kind, stage]:
                cells.setdefault(kind, {})[stage] = pattern
        costs = {stage: to_minor(amount, currency) for stage, amount in self.cost_of_change.amounts.items()}
        return ChangeRules(name=self.name, cells=cells, when_cancel_is_refused=self.when_cancel_is_refused, costs=costs)


def check_change_rules(policy: ChangePolicy | None, currency: str) -> Iterator[Problem]:
    """What the file cannot say of itself: amounts that its currency does not have."""
    if policy is None:
        return
    if currency not in CURRENCIES:
        return
    decimals = decimals_of(currency)
    for row, amount in enumerate(policy.cost_of_change.amounts.values()):
        if amount != round(amount, decimals):
            more = f"has more than the {decimals} decimals of {currency}"
            message = f"`{amount}` {more if decimals else f'is not whole, and {currency} has no smaller unit'}"
            yield Problem(("change_rules", "cost_of_change", row, 1), message)
