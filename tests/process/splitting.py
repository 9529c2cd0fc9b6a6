"""The modelled outside for orders whose carrier ships a part and no more: it counts by itself what each group has."""

from dataclasses import dataclass, field

from domain.base import Lines
from domain.process.calls import Call, RequestShipment
from domain.process.events import CarrierFact
from domain.process.words import Operation
from tests.process.editing import UNIT
from tests.process.outside import World
from tests.process.runner import Run


@dataclass
class ShortWorld(World):
    """Every unit costs the same, so that what a part comes to needs no rounding."""

    held_by: dict[str, str] = field(default_factory=dict)
    """The group whose reservation passed to the rest."""

    def short(self, key: str, left: Lines, rest: str) -> None:
        """The request is over, and less has left than was asked for."""
        request = self.done[key]
        assert isinstance(request.work, RequestShipment)
        over = {number: units - left.get(number, 0) for number, units in request.work.lines.items()}
        self.units[request.group] = left
        self.units[rest] = {number: units for number, units in over.items() if units}
        self.held_by[rest] = self.held_by.get(request.group, request.group)
        self.over.add(key)

    def live(self, operation: Operation, group: str | None = None) -> list[str]:
        found = [key for key in super().live(operation, group) if key not in self.over]
        if operation is Operation.RESERVE and group in self.held_by and not found:
            return super().live(operation, self.held_by[group])
        return found

    def worth(self, group: str, revision: int) -> int:
        if group not in self.units:
            return super().worth(group, revision)
        charges = self._charges(self.database.at(revision), group)
        return sum(self.units[group].values()) * UNIT + charges

    def asked_to_leave(self, request: Call) -> Lines:
        return self.units.get(request.group) or super().asked_to_leave(request)

    def needed(self, request: Call) -> int:
        assert isinstance(request.work, RequestShipment)
        if request.group not in self.units:
            return super().needed(request)
        return sum(request.work.lines.values()) * UNIT + self._charges(
            self.database.at(request.revision), request.group
        )


@dataclass
class ShortRun(Run):
    """A run with such an outside."""

    world: ShortWorld = field(default_factory=ShortWorld)

    def ships_no_more(self, key: str, left: Lines, rest: str, id_: str = "") -> CarrierFact:
        """The carrier ships these units of a request and closes it; the fact, to tell it again."""
        self.world.shipped[key] = left
        self.world.progress[key] = "shipped"
        if key in self.world.done:
            self.world.short(key, left, rest)
        fact = CarrierFact(
            id=id_ or f"short/{key}", request_key=key, status="shipped", at=self.at, lines=left, short=True
        )
        self.facts.append(fact)
        self.feed(fact)
        return fact
