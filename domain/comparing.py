"""What differs between two versions of an order, field by field (CAP11)."""

from collections.abc import Iterator
from typing import Any

from domain.base import Value

Json = dict[str, Any]

PERSONAL = "personal"
"""The group of fields that only some may see: addresses, payment token, note."""


class Difference(Value):
    """One field that two versions have differently; null is what a version does not have.

    `line` is the line's number, null for the order itself. A line that only one of them has is one difference with the
    field `line`. The values of a `personal` field may be hidden: then both are null and `hidden` is true.
    """

    line: int | None = None
    field: str
    before: Any = None
    after: Any = None
    personal: bool = False
    hidden: bool = False
    words: str


def differences(before: Json, after: Json, party_before: Json, party_after: Json, *, see: bool) -> list[Difference]:
    """All that differs between two documents and their personal parts, the order's own fields first.

    Without `see` a personal field is named, and its values are not shown.
    """
    found = [_of(None, *one) for one in _fields(_head(before), _head(after))]
    for field, old, new in _fields(party_before, party_after):
        shown = _of(None, field, old, new).model_copy(update={"personal": True})
        hidden = {"before": None, "after": None, "hidden": True, "words": f"{_name(field)} is another."}
        found.append(shown if see else shown.model_copy(update=hidden))
    return [*found, *_lines(before, after)]


def _head(document: Json) -> Json:
    return {name: value for name, value in document.items() if name != "lines"}


def _lines(before: Json, after: Json) -> Iterator[Difference]:
    old = {line["number"]: line for line in before["lines"]}
    new = {line["number"]: line for line in after["lines"]}
    for number in sorted(old | new):
        if number in old and number in new:
            yield from (_of(number, *one) for one in _fields(old[number], new[number]))
        elif number in new:
            line = new[number]
            words = f"Line {number} came in: {line['quantity']} x {line['sku']}."
            yield Difference(line=number, field="line", after=line, words=words)
        else:
            line = old[number]
            words = f"Line {number} was taken out: {line['quantity']} x {line['sku']}."
            yield Difference(line=number, field="line", before=line, words=words)


def _fields(before: Json, after: Json, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Path, old and new value of each field that differs; what is an object in both is looked into."""
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _fields(old, new, f"{path}{name}.")
        else:
            yield f"{path}{name}", old, new


def _of(line: int | None, field: str, before: Any, after: Any) -> Difference:
    name = _name(field) if line is None else f"Line {line}, {_name(field, first=False)}"
    match before, after:
        case None, _:
            words = f"{name}: {_said(after)}; there was none."
        case _, None:
            words = f"{name}: none any more; it was {_said(before)}."
        case _:
            words = f"{name}: {_said(after)} instead of {_said(before)}."
    return Difference(line=line, field=field, before=before, after=after, words=words)


def _name(field: str, *, first: bool = True) -> str:
    text = field.replace("_", " ").replace(".", ", ")
    return text[0].upper() + text[1:] if first else text


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_said, value)) or "none"
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part is not None)
    return str(value)
