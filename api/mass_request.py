"""What a mass action asks for: read whole, with every problem in it, and turned into the single action of each item."""

import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from api.holds import HoldRequest
from api.skip import SkipRequest
from domain.base import Value
from domain.card_numbers import contains_card_number
from domain.change_document import read_change
from domain.document_fields import LineNumber, Moment, OrderNumber, Reference, refusal
from domain.problems import Problem, ProblemsFound, read
from domain.process.words import Status
from limits import MAX_MASS_ID, MAX_MASS_ITEMS, MAX_REASON, MAX_REFERENCE
from store.keys import Role
from store.mass import Chosen, change_id_of

Raw = dict[str, Any]
ID_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_-]*$"


class Action(StrEnum):
    """What may be asked of many orders at once."""

    CANCEL = "cancel"
    CHANGE = "change"
    HOLD = "hold"
    RELEASE = "release"
    RETRY = "retry"
    SKIP = "skip"


CHANGES = frozenset({Action.CANCEL, Action.CHANGE})
"""What is a change of the order, has a preview, and may be answered later."""
OF_LINES = CHANGES | {Action.HOLD, Action.RELEASE}


def role_of(action: str) -> Role:
    """The role that the single action needs."""
    return Role.CHANGES_WRITE if action in CHANGES else Role.OPERATIONS


def _mass_id(value: str) -> str:
    if not re.fullmatch(ID_PATTERN, value, re.ASCII):
        raise refusal("wrong_form", "Letters, digits, dashes and underscores are allowed; the first is no dash.")
    return value


MassId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_MASS_ID),
    AfterValidator(_mass_id),
    Field(json_schema_extra={"pattern": ID_PATTERN}),
]


class LineChosen(Value):
    """One line of an order."""

    order: OrderNumber
    line: LineNumber


class OrdersWanted(Value):
    """Which orders; as the parameters of `GET /v1/orders`. An order has to meet all that is said."""

    status: tuple[Status, ...] | None = Field(default=None, min_length=1, max_length=len(Status))
    customer: Reference | None = None
    channel: Reference | None = None
    source_system: Reference | None = None
    source_id: Reference | None = None
    late: bool | None = Field(default=None, strict=True)
    shipped: bool | None = Field(default=None, strict=True)
    parked: bool | None = Field(default=None, strict=True)
    finished: bool | None = Field(default=None, strict=True)
    number: Reference | None = None
    """The beginning of the number."""
    accepted_from: Moment | None = None
    accepted_to: Moment | None = None


class MassRequest(Value):
    """One action on many orders or lines: of `orders`, `lines` and `filter` exactly one. The same `id` is the same one.

    `with` is what the single action takes. change: `set` and `lines`; of `lines`, the new values of each line. hold:
    `code`, `step`, `when`, `role`. release: `id` of the hold; of `lines`, `<id>.<line>`. skip: `step`, `group`.
    """

    id: MassId | None = None
    """Your id of the mass action; drawn when left out."""
    action: Action
    orders: tuple[OrderNumber, ...] | None = Field(default=None, min_length=1, max_length=MAX_MASS_ITEMS)
    lines: tuple[LineChosen, ...] | None = Field(default=None, min_length=1, max_length=MAX_MASS_ITEMS)
    filter: OrdersWanted | None = None
    with_: dict[str, Any] = Field(default={}, alias="with")
    reason: str = Field(min_length=1, max_length=MAX_REASON)

    def chosen(self) -> list[Chosen]:
        """What is named; nothing where a filter finds it."""
        return [
            *(Chosen(number) for number in self.orders or ()),
            *(Chosen(entry.order, entry.line) for entry in self.lines or ()),
        ]


def read_mass(raw: Any) -> MassRequest:
    """The mass action in a JSON value. Raises ProblemsFound with every problem, also with what `with` would meet."""
    problems: list[Problem] = []
    try:
        request = read(MassRequest, raw)
    except ProblemsFound as found:
        raise ProblemsFound((*found.problems, *_selection(raw))) from None
    problems += _selection(raw)
    if contains_card_number(request.reason):
        problems.append(Problem("$.reason", "card_number", "This looks like a card number. Leave it out."))
    if request.lines is not None and request.action not in OF_LINES:
        words = f"To {request.action} is of whole orders; name `orders`, or choose them by a `filter`."
        problems.append(Problem("$.lines", "contradiction", words))
    else:
        problems += _of_the_action(request)
    if problems:
        raise ProblemsFound(tuple(problems))
    return request


def _selection(raw: Any) -> Iterator[Problem]:
    if not isinstance(raw, dict):
        return
    given = [name for name in ("orders", "lines", "filter") if raw.get(name) is not None]
    if not given:
        yield Problem("$", "missing", "Say which: `orders`, `lines`, or a `filter`.")
    elif len(given) > 1:
        yield Problem(f"$.{given[1]}", "contradiction", f"There is `{given[0]}` already; send one of them.")
    wanted = raw.get("filter")
    if isinstance(wanted, dict) and not any(value is not None for value in wanted.values()):
        yield Problem("$.filter", "nothing_asked", "An empty filter would be every order; say which.")
    for name in ("orders", "lines"):
        entries = raw.get(name)
        if isinstance(entries, list):
            counts = Counter(_named(entry) for entry in entries)
            seen: set[str] = set()
            for index, entry in enumerate(entries):
                if counts[_named(entry)] > 1 and _named(entry) in seen:
                    yield Problem(f"$.{name}[{index}]", "repeated_entry", "The list has this entry already.")
                seen.add(_named(entry))


def _named(entry: Any) -> str:
    """An entry as text; names are read without the blanks around them."""
    if isinstance(entry, dict):
        return f"{str(entry.get('order')).strip()}/{entry.get('line')}"
    return str(entry).strip()


def _of_the_action(request: MassRequest) -> Iterator[Problem]:
    """What the single action would say to `with`, before any order is looked at."""
    line = 1 if request.lines is not None else None
    given = request.with_
    try:
        match request.action:
            case Action.CANCEL | Action.RETRY:
                yield from _unknown(given, ())
            case Action.CHANGE:
                not_here = () if line is None else ("number", "add")
                yield from _unknown(given, ("set", "lines") if line is None else None, not_here)
                read_change(_change(request.action, given, "", line, "x"), None)
            case Action.HOLD:
                yield from _unknown(given, ("code", "step", "when", "role"))
                hold_request(given, "x", line, "x")
            case Action.RELEASE:
                yield from _unknown(given, ("id",))
                read(HoldNamed, given)
            case Action.SKIP:
                yield from _unknown(given, ("step", "group"))
                skip_request(given, "x")
    except ProblemsFound as found:
        yield from (_moved(problem, line) for problem in found.problems if problem.code != "unknown_field")


def _unknown(given: Raw, known: tuple[str, ...] | None, not_here: tuple[str, ...] = ()) -> Iterator[Problem]:
    for name in given:
        if (known is not None and name not in known) or name in not_here:
            place = f"$.with.{name}" if name.isidentifier() and len(name) <= 40 and name.isascii() else "$.with.?"
            allowed = f" Known are: {', '.join(known)}." if known else ""
            yield Problem(place, "unknown_field", f"There is no such field here.{allowed}")


def _moved(problem: Problem, line: int | None) -> Problem:
    """A problem of a single action's body, at its place in ours."""
    path = problem.path
    if line is not None and path.startswith("$.lines[0]"):
        path = "$" + path.removeprefix("$.lines[0]")
    return problem._replace(path="$.with" + path.removeprefix("$"))


class HoldNamed(Value):
    """`with` of a release."""

    id: str = Field(min_length=1, max_length=MAX_REFERENCE)


# ---- the single actions -------------------------------------------------------------------------------


def change_document(mass_id: str, document: Raw, line: int | None) -> Raw:
    """The change document of an item of a cancel or a change."""
    change_id = change_id_of(mass_id, line)
    return {
        **_change(document["action"], document.get("with") or {}, document["reason"], line, change_id),
        "change_id": change_id,
    }


def _change(action: str, given: Raw, reason: str, line: int | None, change_id: str) -> Raw:
    head = {"change_id": change_id, **({"reason": reason} if reason else {})}
    if action == Action.CANCEL:
        return {**head, **({"cancel": True} if line is None else {"lines": [{"number": line, "cancel": True}]})}
    return {**head, **(given if line is None else {"lines": [{**given, "number": line}]})}


def hold_request(given: Raw, reason: str, line: int | None, hold_id: str) -> HoldRequest:
    """The hold of an item; ProblemsFound when it makes none."""
    return read(HoldRequest, {**given, "id": hold_id, "reason": reason, "line": line})


def skip_request(given: Raw, reason: str) -> SkipRequest:
    """The skip of an item; ProblemsFound when it makes none."""
    return read(SkipRequest, {**given, "reason": reason})
