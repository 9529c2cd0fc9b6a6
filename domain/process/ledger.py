"""The effects ledger as a resumed order is told of it: the effect that a step meets again, and keys that are free.

A step meets the effect that stands for it whatever revision its key carries (I11, I12). Pure: it looks at keys.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from domain.process.outcomes import KnownEffect
from domain.process.words import Operation


class Place(NamedTuple):
    """Where effects come from: the parts of a key that stay the same from revision to revision and try to try."""

    number: str
    step: str
    group: str
    operation: Operation


class Named(NamedTuple):
    """The parts of an effect's key behind the order's number."""

    step: str
    group: str
    revision: int
    operation: str
    n: int


def named(number: str, key: str) -> Named:
    """The parts of a key `order/step/group/r<revision>/operation/<n>`; an order's number may hold a slash itself."""
    step, group, revision, operation, n = key.removeprefix(f"{number}/").rsplit("/", 4)
    return Named(step, group, int(revision.removeprefix("r")), operation, int(n))


def is_whole(known: Collection[KnownEffect] | None) -> bool:
    """Whether the ledger was told with its states. Orders that were resumed by an earlier release know less."""
    return bool(known) and all(effect.state is not None for effect in known or ())


def stands(effect: KnownEffect) -> bool:
    """Whether it has had, or may have had, an effect that was not undone, and that the order has not come to."""
    return not effect.met and not effect.over and effect.undoes is None and effect.state != "refused"


def with_met(known: Iterable[KnownEffect], key: str) -> tuple[KnownEffect, ...]:
    """The ledger as it is known once the order has come to this effect."""
    return tuple(effect.model_copy(update={"met": True}) if effect.key == key else effect for effect in known)


def with_undo_refused(known: Iterable[KnownEffect], key: str) -> tuple[KnownEffect, ...]:
    """The ledger as it is known once an undo that was on its way is refused: to try again is another undo."""
    refused = {"state": "refused", "over": True}
    return tuple(one.model_copy(update=refused) if one.key == key and one.undoes else one for one in known)


def last_n(known: Iterable[KnownEffect], place: Place) -> int:
    """The highest n that was ever used there; 0 if none was."""
    return max((_n(place, effect) for effect in _at(known, place)), default=0)


def undo_on_its_way(known: Iterable[KnownEffect], of: str) -> str | None:
    """Key of the undo of an effect that was asked for and has no answer: it is asked for again under that key."""
    return next((effect.key for effect in known if effect.undoes == of and effect.state == "intended"), None)


def met_again(known: Collection[KnownEffect], place: Place, revision: int, amount: int | None) -> KnownEffect | None:
    """The effect that a step which begins finds done, or asked for, or refused; None if it is to do something new.

    Each is met once. `amount` is what has to be authorized.
    """
    there = [effect for effect in _at(known, place) if not effect.met]
    if place.operation is Operation.AUTHORIZE:
        found = _authorization(known, there, amount or 0)
    else:
        found = max((effect for effect in there if stands(effect)), key=lambda one: _n(place, one), default=None)
    return found or _refusal(there, place, revision)


def money_is_new(known: Iterable[KnownEffect], place: Place) -> bool:
    """Whether an authorization of the group is over: that money could not be taken of it says nothing of the next."""
    keys = (named(place.number, effect.key) for effect in known if effect.over and not effect.captured)
    return any((of.group, of.operation) == (place.group, Operation.AUTHORIZE) for of in keys)


def _authorization(known: Collection[KnownEffect], there: list[KnownEffect], amount: int) -> KnownEffect | None:
    """Of several the one that money was taken of; else one that holds enough on the order's card, with the least rest.

    One that is being voided is met only where there is no other: then a change takes everything back.
    """
    taken = next((effect for effect in there if effect.captured), None)
    if taken is not None:
        return taken
    fits = [effect for effect in there if stands(effect) and not effect.other_card and (effect.amount or 0) >= amount]
    fits = [effect for effect in fits if effect.state == "done" or effect.amount == amount]

    def rank(effect: KnownEffect) -> tuple[bool, bool, int]:
        return undo_on_its_way(known, effect.key) is not None, effect.state != "done", effect.amount or 0

    return min(fits, key=rank, default=None)


def _refusal(there: list[KnownEffect], place: Place, revision: int) -> KnownEffect | None:
    """The latest refusal, unless the order was changed since: then it is worth another try."""
    refused = [effect for effect in there if effect.state == "refused" and not effect.over and effect.undoes is None]
    latest = max(refused, key=lambda one: _n(place, one), default=None)
    if latest is None or named(place.number, latest.key).revision != revision:
        return None
    return latest if _n(place, latest) == last_n(there, place) else None


def _at(known: Iterable[KnownEffect], place: Place) -> list[KnownEffect]:
    return [
        effect
        for effect in known
        for parts in (named(place.number, effect.key),)
        if (parts.step, parts.group, parts.operation) == (place.step, place.group, place.operation)
    ]


def _n(place: Place, effect: KnownEffect) -> int:
    return named(place.number, effect.key).n
