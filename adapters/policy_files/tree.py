"""One YAML file as plain data plus the place of every part.

Only the part of YAML that a person needs is accepted: maps, lists, texts. Anchors, aliases, tags, tabs, several
documents and keys that are there twice are mistakes. All scalars stay text: what `NO` or `01234` mean is for
the schema to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_FILE_CHARACTERS = 200_000
MAX_NESTING = 30
MAX_PARTS = 50_000
Path = tuple[str | int, ...]
Data = dict[str, Any] | list[Any] | str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value starts: line and column from 1, how it is written, and the indent of the text of a block."""

    line: int
    column: int
    style: str = ""
    last_line: int = 0


@dataclass(frozen=True, slots=True)
class Mistake:
    """A place in the file and what is wrong there."""

    line: int
    column: int
    message: str


@dataclass
class Tree:
    """A file's data with the places of its values and keys."""

    text: str
    data: Data = ""
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    told: set[Path] = field(default_factory=set)
    """Parts without a value, whose mistake is among `mistakes` already."""
    mistakes: list[Mistake] = field(default_factory=list)

    def at(self, path: Path) -> Place:
        """The place of a value, or of the nearest thing around it that exists."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Place(1, 1))

    def key_at(self, path: Path) -> Place:
        """The place of a key, or of the value when it has none."""
        return self.keys.get(path) or self.at(path)

    def text_at(self, path: Path) -> str:
        """The text at a path that has one."""
        data: Any = self.data
        for part in path:
            data = data[part]
        return str(data)

    def inside(self, path: Path, line: int, column: int) -> tuple[int, int]:
        """Line and column in the file of a place inside a text (both from zero)."""
        place = self.at(path)
        if place.style in ("|", ">"):
            return self._inside_block(place, line, column)
        if place.style in ("'", '"'):
            return place.line, place.column + 1 + column
        if place.last_line > place.line:
            return self._inside_folded(place, column)
        return place.line, place.column + column

    def _inside_block(self, place: Place, line: int, column: int) -> tuple[int, int]:
        lines = self.text.split("\n")[place.line :]
        indent = next((len(ln) - len(ln.lstrip(" ")) for ln in lines if ln.strip()), 0)
        if place.style == "|":
            return place.line + 1 + line, indent + 1 + column
        return _folded(lines, place.line + 1, column, indent)

    def _inside_folded(self, place: Place, column: int) -> tuple[int, int]:
        lines = self.text.split("\n")[place.line - 1 : place.last_line]
        return _folded(lines, place.line, column, place.column - 1)


def _folded(lines: list[str], first: int, column: int, start: int) -> tuple[int, int]:
    """A place in text that YAML folds: each line break and the indent after it count as one space."""
    for number, raw in enumerate(lines, start=first):
        shown = raw[start:] if number == first else raw.lstrip(" ")
        lead = len(raw) - len(shown)
        if column <= len(shown.rstrip()):
            return number, lead + column + 1
        column -= len(shown.rstrip()) + 1
        start = 0
    return first, 1


def read_tree(text: str) -> Tree:
    """Read a file. What is wrong is in `mistakes`; `data` has what could be read."""
    tree = Tree(text)
    if len(text) > MAX_FILE_CHARACTERS:
        tree.mistakes.append(Mistake(1, 1, f"a policy file has at most {MAX_FILE_CHARACTERS:,} characters"))
        return tree
    for number, line in enumerate(text.split("\n") if "\t" in text else (), start=1):
        if "\t" in line:
            tree.mistakes.append(Mistake(number, line.index("\t") + 1, "a tab is here; use spaces"))
    if not tree.mistakes:
        _Builder(tree).build()
    return tree


class _Builder:
    """Builds the tree from the events of the C parser."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.parts = 0

    def build(self) -> None:
        try:
            events = iter(list(yaml.parse(self.tree.text, Loader=yaml.CSafeLoader)))
            self._document(events)
        except yaml.MarkedYAMLError as error:
            mark: Any = error.problem_mark or error.context_mark
            self._mistake(mark, _explain(error))
        except yaml.reader.ReaderError as error:
            before = self.tree.text[: error.position]
            message = "a character that cannot stand in a policy file is here"
            self.tree.mistakes.append(Mistake(before.count("\n") + 1, len(before) - before.rfind("\n"), message))
        except _StopError:
            return

    def _document(self, events: Iterator[Any]) -> None:
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._mistake(event.start_mark, "a second document starts here; one policy in each file")
                    return
                self.tree.data = self._node(next(events), events, ())
        if not documents:
            self.tree.mistakes.append(Mistake(1, 1, "the file is empty"))

    def _mistake(self, mark: Any, message: str) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        self.tree.mistakes.append(Mistake(line, column, message))

    def _node(self, event: Any, events: Iterator[Any], path: Path) -> Data:
        self.parts += 1
        if self.parts > MAX_PARTS or len(path) > MAX_NESTING:
            limit = f"{MAX_NESTING} levels" if len(path) > MAX_NESTING else f"{MAX_PARTS:,} parts"
            self._mistake(event.start_mark, f"a policy file has at most {limit}")
            raise _StopError
        if isinstance(event, yaml.AliasEvent):
            self._mistake(event.start_mark, f"`*{event.anchor}` repeats another part; write it out, or name it")
            self.tree.told.add(path)
            return ""
        if event.anchor is not None:
            self._mistake(event.start_mark, f"`&{event.anchor}` is an anchor; policies have none, write the part out")
        if event.tag is not None:
            self._mistake(
                event.start_mark,
                f"`{event.tag.replace('tag:yaml.org,2002:', '!!')}` is a tag; policies have none, leave it out",
            )
        style = getattr(event, "style", None) or ""
        start, end = event.start_mark, event.end_mark
        self.tree.values[path] = Place(start.line + 1, start.column + 1, style, end.line + 1)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, path)
        return self._scalar(event, path)

    def _scalar(self, event: Any, path: Path) -> str:
        value: str = event.value
        if not value and not event.style:
            self.tree.told.add(path)
            name = next((f"`{part}`" for part in reversed(path) if isinstance(part, str)), "this file")
            place = self.tree.key_at(path)
            self.tree.mistakes.append(
                Mistake(place.line, place.column, f"{name} has no value; write one, or leave the line out")
            )
        return value

    def _sequence(self, events: Iterator[Any], path: Path) -> list[Any]:
        items: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, events, (*path, len(items))))
        return items

    def _mapping(self, events: Iterator[Any], path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                self._mistake(event.start_mark, "a key is one word; this is a list or a map")
                raise _StopError
            key: str = event.value
            here = (*path, key)
            mark: Any = event.start_mark
            if event.anchor is not None or event.tag is not None:
                self._mistake(mark, "a key has no anchor and no tag; leave them out")
            if key in result:
                first = self.tree.keys[here].line
                self._mistake(mark, f"`{key}` is there twice, first in line {first}; keep one of them")
                self._node(next(events), events, (*path, f"{key} (again)"))
                continue
            self.tree.keys[here] = Place(mark.line + 1, mark.column + 1)
            result[key] = self._node(next(events), events, here)
        return result


class _StopError(Exception):
    """The file cannot be read further; the mistake is noted."""


def _explain(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "this is not YAML"
    hints = {
        "mapping values are not allowed": "a colon and a space are inside a value; put the value in quotes",
        "could not find expected ':'": "a key needs a colon and a space after it",
        "found character that cannot start any token": "a value cannot start with this sign; put it in quotes",
        "did not find expected '-' indicator": "the indent does not fit the list above; align it with the other `-`",
        "did not find expected key": "the indent does not fit, or a sign is missing; align it with the keys above",
        "found unexpected end of stream": "a quote or a bracket is not closed",
        "did not find expected ',' or ']'": "a comma or the closing ] is missing",
        "did not find expected ',' or '}'": "a comma or the closing } is missing",
        "found undefined alias": "`*` repeats another part; write it out, or put the value in quotes",
    }
    return next((hint for sign, hint in hints.items() if sign in problem), f"this is not YAML: {problem}")
