"""Reads a UBL 2.1 Order, OrderChange or OrderCancellation into our order or change document (CAP1, CHG1).

What was read is JSON as `domain.order_document` and `domain.change_document` check it: this door knows no rule of
its own about orders.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from adapters.ubl import changes, orders
from adapters.ubl.paper import Paper
from adapters.ubl.parts import day, party_id
from adapters.ubl.xml import ROOT, Element, parse
from domain.problems import Problem, ProblemsFound

_TIME = re.compile(r"(\d\d:\d\d:\d\d)(\.\d{1,12})?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_UNSLUGGED = re.compile(r"[^A-Za-z0-9._-]+")
_SEQUENCE = re.compile(r"\d{1,15}", re.ASCII)
_VERSION = re.compile(r"2\.\d", re.ASCII)


class DocumentType(StrEnum):
    """The documents that are taken, by their root elements."""

    ORDER = "Order"
    CHANGE = "OrderChange"
    CANCELLATION = "OrderCancellation"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a UBL order cannot say: by which channel it came, and how it is shipped if it names no carrier."""

    source: str | None = None
    """The source system the order belongs to; None: the buyer who sends the document."""
    channel: str | None = None
    ship_method: str | None = None


@dataclass
class Document:
    """A document as it was read. `problems` are in XPath; with any of them nothing else is to be relied on."""

    type: DocumentType
    paper: Paper
    id: str = ""
    issuer: str = ""
    """Whom the document is from; with `id` it is the same document for ever."""
    order_id: str = ""
    """The order it is about, by the buyer's number."""
    order_number: str | None = None
    """That order by our number, if it was told."""
    issued: str | None = None
    """Date, or date and time in UTC; ISO 8601."""
    sequence: int | None = None
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def problems(self) -> list[Problem]:
        return self.paper.problems

    @property
    def ignored(self) -> list[str]:
        """XPaths, without places, of what was left aside because it changes nothing."""
        return sorted(self.paper.ignored)

    def refused_as(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """All that is wrong: what reading found, and `problems` of our own document, in XPath.

        A problem of our own document that has no place in this one only repeats what reading found.
        """
        found = {(problem.path, problem.code): problem for problem in self.paper.problems}
        for problem in self.paper.in_xpath(problems):
            if not found or problem.path != self.paper.root.path():
                found.setdefault((problem.path, problem.code), problem)
        return tuple(found.values())

    def other_currencies(self, currency: str) -> Iterator[Problem]:
        """Amounts in another currency than the order's."""
        for element, code in self.paper.currencies:
            if code != currency:
                yield Problem(element.path(), "other_currency", f"The order is in {currency}; send its amounts so.")

    @property
    def change_id(self) -> str:
        """Of the change it asks for: the same for the same document."""
        told = "\n".join((self.issuer, self.type, self.id))
        slug = _UNSLUGGED.sub("-", self.id)[:20]
        return f"ubl-{slug}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def read(body: bytes, defaults: Defaults) -> Document:
    """The document. Raises ProblemsFound when it is none; problems inside of it are in `problems`, all at once."""
    root, namespace = parse(body)
    kind = next((kind for kind in DocumentType if kind == root.name), None)
    if kind is None or namespace != f"{ROOT}{kind}-2":
        known = ", ".join(f"{ROOT}{kind}-2" for kind in DocumentType)
        words = f"This is no document that is taken here. Send one of these namespaces, with its root element: {known}."
        raise ProblemsFound((Problem("/*", "unknown_document", words),))
    document = Document(kind, Paper(root))
    _head(document, root)
    match kind:
        case DocumentType.ORDER:
            document.order_id = document.id
            document.raw = orders.read(document.paper, document.id, document.issued, document.issuer)
            orders.complete(document.paper, document.raw, defaults.source, defaults.channel, defaults.ship_method)
        case DocumentType.CHANGE:
            _reference(document, root)
            document.raw = {"change_id": document.change_id, **changes.read_change(document.paper)}
        case DocumentType.CANCELLATION:
            _reference(document, root)
            document.raw = {"change_id": document.change_id, **changes.read_cancellation(document.paper)}
    document.paper.look_at_the_rest()
    return document


def _head(document: Document, root: Element) -> None:
    paper = document.paper
    version = paper.one(root, "cbc:UBLVersionID")
    if version is not None and not _VERSION.fullmatch(version.text):
        paper.problem(version, "not_a_choice", "A document of UBL 2 is needed.")
    document.id = paper.needed(root, "cbc:ID") or ""
    document.issued = _issued(paper, root)
    buyer = paper.one(root, "cac:BuyerCustomerParty")
    account = paper.text(buyer, "cbc:SupplierAssignedAccountID")
    issuer = account or party_id(paper, paper.one(buyer, "cac:Party"))
    if issuer is None:
        path = f"{root.path()}/cac:BuyerCustomerParty/cac:Party/cac:PartyIdentification/cbc:ID"
        paper.problem(path, "missing", "Say who sends the document: the id that the buyer is known by.")
    document.issuer = issuer or ""
    if not root.all("cac:SellerSupplierParty"):
        paper.problem(f"{root.path()}/cac:SellerSupplierParty", "missing", "This element is required.")
    number = paper.one(root, "cbc:SequenceNumberID")
    if number is not None and document.type is not DocumentType.ORDER:
        if _SEQUENCE.fullmatch(number.text):
            document.sequence = int(number.text)
        else:
            paper.problem(number, "wrong_type", "A whole number is needed, one that rises with each document.")


def _issued(paper: Paper, root: Element) -> str | None:
    """When the document was issued. A time without a zone is taken as UTC."""
    text, found = paper.needed(root, "cbc:IssueDate"), paper.one(root, "cbc:IssueDate")
    if text is None or found is None:
        return None
    date, time = day(text), paper.one(root, "cbc:IssueTime")
    match = _TIME.fullmatch(time.text) if time is not None else None
    written = date if match is None else f"{date}T{match[1]}{(match[2] or '')[:7]}{match[3] or 'Z'}"
    try:
        moment = datetime.fromisoformat(written)
        if len(date) != 10:
            raise ValueError
        told = date if match is None else moment.astimezone(UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError):
        paper.problem(found, "not_a_date", "Date and time as in XML Schema are needed, like 2026-03-31 and 09:30:00Z.")
        return None
    if time is not None and match is None:
        paper.problem(time, "not_a_moment", "A time as in XML Schema is needed, like 09:30:00Z.")
    return told


def _reference(document: Document, root: Element) -> None:
    """Which order the document is about; one document, one order."""
    paper = document.paper
    reference = paper.one(root, "cac:OrderReference")
    if reference is None:
        paper.problem(f"{root.path()}/cac:OrderReference/cbc:ID", "missing", "Say which order is meant.")
        return
    document.order_id = paper.needed(reference, "cbc:ID") or ""
    document.order_number = paper.text(reference, "cbc:SalesOrderID")
