"""The modelled stock: what each reservation holds, by line, location and item (GOP13, I1)."""

from dataclasses import dataclass, field

from domain.base import Lines

Place = tuple[int, str, str]
"""Line, location, item."""


@dataclass
class Stockroom:
    """Reservations by the key of their effect. What `available` does not name abounds."""

    held: dict[str, dict[Place, int]] = field(default_factory=dict)
    available: dict[tuple[str, str], int] = field(default_factory=dict)
    """Units by location and item."""

    def reserve(self, key: str, location: str, lines: Lines, skus: dict[int, str], old: str | None) -> bool:
        """Holds all lines or none. With `old`, that one's units are taken over: the larger of both, place by place."""
        had = self.held.get(old, {}) if old else {}
        wanted = {(number, location, skus[number]): units for number, units in lines.items()}
        holds = {place: max(had.get(place, 0), wanted.get(place, 0)) for place in had | wanted}
        more: dict[tuple[str, str], int] = {}
        for (number, place, sku), units in holds.items():
            more[place, sku] = more.get((place, sku), 0) + units - had.get((number, place, sku), 0)
        if any(self.available.get(where, units) < units for where, units in more.items()):
            return False
        for where, units in more.items():
            self._put_back(where, -units)
        self.held.pop(old or "", None)
        self.held[key] = holds
        return True

    def trim(self, key: str, location: str, lines: Lines, skus: dict[int, str]) -> None:
        """Gives back all but these lines."""
        stays = {(number, location, skus[number]): units for number, units in lines.items()}
        holds = self.held[key]
        assert all(holds.get(place, 0) >= units for place, units in stays.items()), "a trim takes more (I1)"
        self._give_back(holds, stays)
        self.held[key] = stays

    def release(self, key: str) -> None:
        self._give_back(self.held.pop(key, {}), {})

    def _give_back(self, holds: dict[Place, int], stays: dict[Place, int]) -> None:
        for (number, location, sku), units in holds.items():
            self._put_back((location, sku), units - stays.get((number, location, sku), 0))

    def _put_back(self, where: tuple[str, str], units: int) -> None:
        if where in self.available:
            self.available[where] += units
