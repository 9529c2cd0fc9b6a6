"""The modelled outside for orders whose carrier ships a part and no more: it counts by itself what each group has."""

from dataclasses import dataclass, field

from domain.base import Lines
from domain.process.calls import Call, RequestShipment
from domain.process.events import CarrierFact
from domain.process.state import Run as StepRun
from domain.process.words import Operation
from tests.process.outside import World
from tests.process.parted import in_group
from tests.process.runner import Run


def next_part(group: str) -> str:
    """The name of the group that goes on with the rest of another one."""
    first, _, n = group.partition(".")
    return f"{first}.{int(n or 1) + 1}"


@dataclass
class ShortWorld(World):
    """What a line comes to is divided when it is split: a share, rounded half up, for what has left; the remainder."""

    amounts: dict[str, dict[int, int]] = field(default_factory=dict)
    """Of groups that were split, or came of it: what the units of each line in them come to."""
    held_by: dict[str, str] = field(default_factory=dict)
    """The group whose reservation passed to the rest."""

    def short(self, key: str, left: Lines, rest: str, asked: Lines | None = None) -> None:
        """The request is over, and less has left than was asked for: than the carrier has, unless it has less."""
        request = self.done[key]
        assert isinstance(request.work, RequestShipment)
        asked = asked or request.work.lines
        over = {number: units - left.get(number, 0) for number, units in asked.items()}
        whole = self.amounts.get(request.group) or self._amounts_in(request.group)
        gone = {
            number: (2 * whole[number] * left.get(number, 0) + units) // (2 * units) for number, units in asked.items()
        }
        self.amounts[request.group] = gone
        self.amounts[rest] = {number: whole[number] - amount for number, amount in gone.items()}
        self.units[request.group] = left
        self.units[rest] = {number: units for number, units in over.items() if units}
        self.held_by[rest] = self.held_by.get(request.group, request.group)
        self.over.add(key)

    def live(self, operation: Operation, group: str | None = None) -> list[str]:
        found = [key for key in super().live(operation, group) if key not in self.over]
        if operation is Operation.RESERVE and group in self.held_by and not found:
            return super().live(operation, self.held_by[group])
        return found

    def _amounts_in(self, group: str) -> dict[int, int]:
        assert self.database.opened is not None
        return {number: line.amount for number, line in in_group(self.database.opened, group).items()}

    def worth(self, group: str, revision: int) -> int:
        if group not in self.units:
            return super().worth(group, revision)
        return sum(self.amounts[group].values()) + self._charges(self.database.at(revision), group)

    def asked_to_leave(self, request: Call) -> Lines:
        return self.units.get(request.group) or super().asked_to_leave(request)

    def needed(self, request: Call) -> int:
        assert isinstance(request.work, RequestShipment)
        if request.group not in self.units:
            return super().needed(request)
        return self.worth(request.group, request.revision)


@dataclass
class ShortRun(Run):
    """A run with such an outside."""

    world: ShortWorld = field(default_factory=ShortWorld)

    def carrier(self, status: str, key: str | None = None, lines: Lines | None = None, id_: str = "f") -> None:
        """As ever. But nothing leaves on a request while it is open whether an update to fewer units stays.

        Where the order knows that it does, what the update left out goes by itself as soon as all else has left.
        """
        key = key or self.key("ship")
        leaves = status in ("shipped", "delivered") and key in self.world.done
        request = self._that_carries_less(key) if leaves else None
        if leaves and (self._may_be_put_back(key) if request is None else self.changing):
            status, request = "picked", None
        super().carrier(status, key, lines, id_)
        carried = {} if request is None else request.carries or {}
        left = self.world.shipped.get(key, {})
        if request is not None and all(left.get(number, 0) >= units for number, units in carried.items()):
            self.world.short(key, dict(carried), next_part(self.world.done[key].group), request.snapshot.lines)

    @property
    def changing(self) -> bool:
        """Whether an edit may yet come about: the outside knows of none of what is split.

        One is open until its answer is saved: an order that is lost before that has it in line again once resumed.
        """
        state, saved = self.state, self.world.database.revision
        unsaved = any(given.kind == "edit" for given in state.unsaved_answers) or state.revision != saved
        edits = state.change is not None and state.change.asked.is_edit
        return bool(edits or unsaved or state.waiting_changes or state.pending or state.previews)

    def _that_carries_less(self, key: str) -> StepRun | None:
        """The order's own view of a request of which it knows that the carrier carries less than is asked for."""
        return next((run for run in self.carries_less if run.key == key), None)

    @property
    def carries_less(self) -> list[StepRun]:
        """The requests of which the order knows so, and that have not left yet."""
        runs = [run for group in self.state.groups.values() for run in group.runs.values()]
        return [run for run in runs if run.carries is not None and run.key not in self.world.over]

    def _may_be_put_back(self, key: str) -> bool:
        """Whether the carrier has less of a request than the order is saved with."""
        request, opened = self.world.done[key], self.world.database.opened
        assert isinstance(request.work, RequestShipment)
        if key not in self.world.updates.updated or key in self.world.over or opened is None:
            return False
        ordered = {number: line.quantity for number, line in in_group(opened, request.group).items()}
        return request.work.lines != ordered

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
