"""A modelled carrier that can update a request in place, or cannot."""

from dataclasses import dataclass, field

from domain.policy.change_rules import ChangeRules
from domain.process.calls import Call, RequestShipment, UpdateShipment
from domain.process.words import ChangeKind, Pattern, Stage

FEWER: dict[ChangeKind, dict[Stage, Pattern]] = {
    ChangeKind.QUANTITY_DOWN: {Stage.RELEASED: Pattern.UPDATE},
    ChangeKind.CANCELLED: {Stage.RELEASED: Pattern.UPDATE},
}
FEWER_IN_PLACE = ChangeRules(cells=FEWER)
"""Fewer units of what the carrier has are an update, where it takes one."""


@dataclass
class Updates:
    """What the carrier can do, and which requests are not as they were asked for."""

    able: bool = False
    relabels: bool = False
    updated: dict[str, str] = field(default_factory=dict)
    """By key of the request: the key of the update that made it what it is."""

    def can(self, far: str) -> bool:
        """Whether it says that it could update a request that is so far."""
        return self.able and (far == "released" or (far in ("picked", "packed") and self.relabels))

    def refusal(self, done: dict[str, Call], far: str, key: str, work: UpdateShipment) -> str:
        """Makes the request what the update of this key says; a code where the carrier does not."""
        if far == "unknown":
            return "unknown_request"
        request = done[work.of]
        assert isinstance(request.work, RequestShipment)
        if far in ("shipped", "delivered"):
            return "already_shipped"
        if not self.able:
            return "not_supported"
        if far in ("picked", "packed") and not (self.relabels and work.lines == request.work.lines):
            return "too_late"
        now = {"lines": work.lines, "method": work.method}
        done[work.of] = request.model_copy(update={"work": request.work.model_copy(update=now)})
        self.updated[work.of] = key
        return ""
