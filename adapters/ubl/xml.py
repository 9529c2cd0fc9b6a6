"""XML that a stranger sent, read safely: no DTD, so no entities; limits of depth and size (design rule 10)."""

import re
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from domain.problems import Problem, ProblemsFound
from limits import MAX_UBL_DEPTH, MAX_UBL_ELEMENTS

ROOT = "urn:oasis:names:specification:ubl:schema:xsd:"
PREFIXES = {
    f"{ROOT}CommonBasicComponents-2": "cbc",
    f"{ROOT}CommonAggregateComponents-2": "cac",
    f"{ROOT}CommonExtensionComponents-2": "ext",
}
FOREIGN = "*"
_PLAIN = re.compile(r"[A-Z][A-Za-z]{0,59}", re.ASCII)


@dataclass(eq=False, slots=True)
class Element:
    """An element. `name` has UBL's usual prefix whatever the document writes; what is foreign to UBL is called `*`."""

    name: str
    parent: "Element | None" = None
    attributes: dict[str, str] = field(default_factory=dict)
    children: "list[Element]" = field(default_factory=list)
    place: int = 1
    """Which of its siblings of the same name, from 1; of all siblings, when it is foreign."""
    text: str = ""
    taken: bool = False
    """Its meaning was taken over."""
    counts: dict[str, int] = field(default_factory=dict)
    """How many children it has of each name."""

    def all(self, name: str) -> "list[Element]":
        """Its children of this name."""
        return [child for child in self.children if child.name == name]

    def path(self) -> str:
        """XPath; the place is told only where there are several."""
        if self.parent is None:
            return f"/{self.name}"
        told = self.parent.counts[self.name] > 1 or self.name == FOREIGN
        return f"{self.parent.path()}/{self.name}{f'[{self.place}]' if told else ''}"

    def kind(self) -> str:
        """XPath without places: that of all elements like this one."""
        return f"{self.parent.kind() if self.parent else ''}/{self.name}"


class _Builder:
    """Builds elements as the parser meets them; raises as soon as a limit is passed."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self.namespace = ""
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_UBL_ELEMENTS:
            raise _refused("too_many", f"The document has more than {MAX_UBL_ELEMENTS:,} elements.")
        if len(self._open) >= MAX_UBL_DEPTH:
            raise _refused("too_deep", f"The document is nested more than {MAX_UBL_DEPTH} levels deep.")
        parent = self._open[-1] if self._open else None
        element = Element(self._name(tag, parent), parent, attributes)
        if parent is None:
            self.root = element
        else:
            parent.counts[element.name] = parent.counts.get(element.name, 0) + 1
            parent.children.append(element)
            element.place = len(parent.children) if element.name == FOREIGN else parent.counts[element.name]
        self._open.append(element)
        self._texts.append([])

    def data(self, text: str) -> None:
        self._texts[-1].append(text)

    def end(self, tag: str) -> None:
        self._open.pop().text = "".join(self._texts.pop()).strip()

    def close(self) -> Element | None:
        return self.root

    def _name(self, tag: str, parent: Element | None) -> str:
        namespace, _, local = tag.rpartition("}")
        namespace = namespace.removeprefix("{")
        plain = local if _PLAIN.fullmatch(local) else FOREIGN
        if parent is None:
            self.namespace = namespace
            return plain
        prefix = PREFIXES.get(namespace)
        return f"{prefix}:{plain}" if prefix and plain != FOREIGN else FOREIGN


def parse(body: bytes) -> tuple[Element, str]:
    """The root element, and its namespace. Raises ProblemsFound; no value that was sent is in its words."""
    builder = _Builder()
    parser: Any = DefusedXMLParser(target=builder, forbid_dtd=True)
    try:
        parser.feed(body)
        parser.close()
    except DefusedXmlException:
        raise _refused("not_xml", "The document has a DTD. UBL needs none; send it without.") from None
    except ParseError as error:
        line, column = error.position
        raise _refused("not_xml", f"The body is not well-formed XML: see line {line}, column {column + 1}.") from None
    except (LookupError, ValueError):
        raise _refused("not_xml", "The body is in an encoding that cannot be read; send UTF-8.") from None
    if builder.root is None:
        raise _refused("not_xml", "The body has no element.")
    return builder.root, builder.namespace


def _refused(code: str, words: str) -> ProblemsFound:
    return ProblemsFound((Problem("/", code, words),))
