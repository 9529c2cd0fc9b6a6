"""What of a change is left to be done where the outside did not give all of it back (CHG10)."""

from collections.abc import Collection, Mapping
from typing import Any

from domain.base import Lines
from domain.process.calls import Rest
from domain.process.words import ChangeKind
from domain.revising import next_number

Json = dict[str, Any]
_FIELDS = {
    ChangeKind.ADDRESS_SAME_ZONE: "ship_to",
    ChangeKind.ADDRESS_OTHER_ZONE: "ship_to",
    ChangeKind.LATER_DATE: "requested_date",
    ChangeKind.EARLIER_DATE: "requested_date",
    ChangeKind.SHIP_METHOD: "ship_method",
    ChangeKind.WAREHOUSE: "warehouse",
    ChangeKind.PAYMENT: "payment",
}


def rest_of(change: Mapping[str, Any], rest: Rest, numbers: Collection[int]) -> Json:
    """The change, as `domain.revising.revise` takes it, without the lines and fields that stay as they are.

    `numbers` are those of all lines that the order ever had. An added line without a number gets the one that it got in
    the whole change.
    """
    used, lines = set(numbers), []
    for entry in change.get("lines") or ():
        added = entry.get("add")
        if added is not None:
            number = next_number(used) if added.get("number") is None else added["number"]
            used.add(number)
            entry = {"add": {**added, "number": number}}
        else:
            number = entry["number"]
        if number not in rest.without_lines:
            lines.append(entry)
    out = {_FIELDS[kind] for kind in rest.without_fields}
    fields = {name: value for name, value in (change.get("set") or {}).items() if name not in out}
    return {**change, "set": fields, "lines": lines}


def cancelled(stays: Lines) -> Json:
    """What is left of a cancel of the order, as a change: of each line go on as many units as `stays` says."""
    what = {number: {"quantity": units} if units else {"cancel": True} for number, units in stays.items()}
    return {"lines": [{"number": number, **of} for number, of in what.items()]}
