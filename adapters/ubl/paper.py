"""A UBL document while it is read: what was taken over, what is wrong with it, and where (CAP4)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from adapters.ubl.harmless import HARMLESS, HARMLESS_UNDER
from adapters.ubl.xml import FOREIGN, Element
from domain.problems import Problem

NOT_CARRIED_OUT = "This cannot be carried out here. Take it out, or settle it another way; nothing was kept."

EXPECTED = {
    "sku": "cac:Item/cac:SellersItemIdentification/cbc:ID",
    "quantity": "cbc:Quantity",
    "unit_price": "cac:Price/cbc:PriceAmount",
    "name": "../../cac:DeliveryParty/cac:PartyName/cbc:Name",
    "street": "cbc:StreetName",
    "city": "cbc:CityName",
    "postal_code": "cbc:PostalZone",
    "country": "cac:Country/cbc:IdentificationCode",
}
"""Where a value that is not there would have been, seen from the element of the whole it belongs to."""


@dataclass
class Paper:
    """The document, and what reading it has come to so far."""

    root: Element
    problems: list[Problem] = field(default_factory=list)
    places: dict[str, Element | str] = field(default_factory=dict)
    """JSON path of a value to the element it came from, or to the parameter of the query."""
    currencies: list[tuple[Element, str]] = field(default_factory=list)
    """Every currency that an amount or the document names."""
    ignored: dict[str, None] = field(default_factory=dict)

    def problem(self, place: Element | str, code: str, words: str) -> None:
        path = place if isinstance(place, str) else place.path()
        self.problems.append(Problem(path, code, words))

    # ---- finding elements ------------------------------------------------------------------------------

    def several(self, parent: Element | None, name: str) -> list[Element]:
        """The children of this name, taken over."""
        found = parent.all(name) if parent is not None else []
        for one in found:
            one.taken = True
        return found

    def one(self, parent: Element | None, *names: str) -> Element | None:
        """Down the names, the only one of each; several of them are a problem."""
        for name in names:
            found = self.several(parent, name)
            if len(found) > 1:
                self.problem(found[1], "repeated_field", "Only one of these can be carried out; leave one.")
            parent = found[0] if found else None
        return parent

    def text(self, parent: Element | None, *names: str) -> str | None:
        """The text down there, its white space as blanks; None when there is none."""
        found = self.one(parent, *names)
        return " ".join(found.text.split()) or None if found is not None else None

    def needed(self, parent: Element, *names: str) -> str | None:
        """As `text`; that there is none is a problem."""
        text = self.text(parent, *names)
        if text is None:
            self.problem("/".join((parent.path(), *names)), "missing", "This element is required.")
        return text

    def put(self, into: dict[str, Any], name: str, value: Any, path: str, source: Element | None) -> None:
        """Keeps a value that is there, and where it came from; `path` is the JSON path of `into`."""
        if value is not None:
            into[name] = value
            if source is not None:
                self.places[f"{path}.{name}"] = source

    # ---- at the end ------------------------------------------------------------------------------------

    def take_whole(self, element: Element) -> None:
        """An element that asks for nothing: it is listed as ignored, with all that is in it."""
        self.ignored[element.kind()] = None
        for child in element.children:
            child.taken = True
            child.children = []

    def look_at_the_rest(self) -> None:
        """What nobody took over is ignored when it is harmless, else a problem."""
        waiting = [self.root]
        while waiting:
            element = waiting.pop()
            if element.text and element.children:
                self.problem(element, "wrong_type", "Text stands between elements here; take it out.")
            for child in element.children:
                if child.taken:
                    waiting.append(child)
                elif child.name in HARMLESS or (element.name, child.name) in HARMLESS_UNDER:
                    self.ignored[child.kind()] = None
                elif child.name == FOREIGN:
                    self.problem(child, "unknown_field", "UBL has no such element here; check name and namespace.")
                else:
                    self.problem(child, "not_carried_out", NOT_CARRIED_OUT)

    def in_xpath(self, problems: Iterable[Problem]) -> list[Problem]:
        """Problems of our own document, told at the elements that its values came from."""
        return [Problem(self._xpath(problem.path), problem.code, problem.words) for problem in problems]

    def _xpath(self, path: str) -> str:
        parent, _, name = path.rpartition(".")
        whole = self.places.get(parent)
        if path not in self.places and isinstance(whole, Element) and name in EXPECTED:
            return f"{whole.path()}/{EXPECTED[name]}"
        while path:
            if path in self.places:
                place = self.places[path]
                return place if isinstance(place, str) else place.path()
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.root.path()
