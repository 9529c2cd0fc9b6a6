"""The change rules that an order is pinned to: what its decider looks up when a change comes (CHG3, CHG5, CHG10)."""

from enum import StrEnum

from pydantic import Field

from domain.policy.change_defaults import DEFAULTS, spoken
from domain.policy.words import Name, PolicyModel
from domain.process.words import ChangeKind, Pattern, Stage


class CancelRefused(StrEnum):
    """What becomes of a change when the outside refuses to cancel what the change would replace (CHG10)."""

    REFUSE = "refuse"
    """The change is refused, and the order goes on as it was."""
    APPLY_TO_THE_REST = "apply to the rest"
    """What can still be changed, or cancelled, is; the answer is `partly`."""
    LET_SHIP_THEN_RETURN = "let ship then return"
    """The goods go out as they are, the change is refused with `use_return`, and a return request is on record."""
    ASK = "ask"
    """A person may have the cancel tried once more; until then the change waits, and the order goes on."""


class ChangeRules(PolicyModel):
    """The rules of one order. Without arguments they are the built-in ones.

    Only cells that differ from the built-in matrix are kept, because the rules travel in workflow history.
    """

    name: Name = "built-in"
    """Which rules these are, for reasons."""
    cells: dict[ChangeKind, dict[Stage, Pattern]] = Field(default_factory=dict)
    when_cancel_is_refused: CancelRefused = CancelRefused.REFUSE
    costs: dict[Stage, int] = Field(default_factory=dict)
    """What taking back a shipment request costs, by its progress: minor units of the slice's currency."""

    def pattern(self, kind: ChangeKind, stage: Stage) -> Pattern:
        """What is done about a kind of change when the shipment request is at a stage."""
        return self.cells.get(kind, {}).get(stage, DEFAULTS[kind, stage])

    def cost(self, stage: Stage) -> int:
        """What taking back a shipment request at this stage costs us: minor units of the slice's currency."""
        return self.costs.get(stage, 0)

    def reason(self, kind: ChangeKind, stage: Stage) -> str:
        """Why `pattern` answers as it does, for people."""
        word = spoken(self.pattern(kind, stage))
        return f"change rules {self.name}: {spoken(kind)}, {spoken(stage)}: {word}"
