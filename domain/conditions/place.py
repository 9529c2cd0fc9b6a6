"""Where a translation is: the names in reach, and how deep it went."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.conditions.parse import MAX_DEPTH, MAX_NODES
from domain.conditions.types import Type

TOO_LARGE = f"with its facts written out the condition has more than {MAX_NODES} parts or {MAX_DEPTH} levels"
Scope = Mapping[str, tuple[Type, str]]
"""Name to its type and its name in the compiled code."""


@dataclass(frozen=True)
class Place:
    """Where the translation is: the names in reach, how many loops are around, the facts being written out."""

    source: str
    scope: Scope
    depth: int = 0
    loops: int = 0
    facts: tuple[str, ...] = ()

    def deeper(self) -> "Place":
        """One level down the tree."""
        return Place(self.source, self.scope, self.depth + 1, self.loops, self.facts)
