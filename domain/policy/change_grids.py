"""The two grids of the change rules: the matrix, and what taking a shipment request back costs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from domain.conditions.types import suggest
from domain.policy.change_defaults import COSTED, DEFAULTS, OPTIONAL_ROWS, POSSIBLE, spoken
from domain.policy.grid import Flaw, TableError, Text, grid, twice, wrong_length
from domain.process.words import ChangeKind, Pattern, Stage

FROM_A_FILE = {"from": "a file"}
"""Validation context of what a person wrote: there a grid is text, so that its rules cannot be passed by."""
_AMOUNT = re.compile(r"\d{1,9}(?:\.\d{1,4})?", re.ASCII)
_KINDS = {spoken(kind): kind for kind in ChangeKind}
_STAGES = {spoken(stage): stage for stage in Stage}
_PATTERNS = {spoken(pattern): pattern for pattern in Pattern}


class _Grid:
    """Base of the grids: a text block in a policy file, an object in the canonical JSON of a bundle."""

    about: ClassVar[str] = ""
    example: ClassVar[str] = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the grid; TableError with all flaws."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The reverse of `to_json`."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """The canonical form: the same for every layout of the same grid."""
        raise NotImplementedError

    @classmethod
    def _read(cls, value: object, info: ValidationInfo) -> Self:
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls.parse(value)
        if isinstance(value, dict) and info.context is not FROM_A_FILE:
            return cls.from_json(value)
        raise ValueError(f"this is a text block: write `{info.field_name}: |` and the grid below it")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            cls._read, serialization=core_schema.plain_serializer_function_ser_schema(cls.to_json)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "description": cls.about, "examples": [cls.example]}


@dataclass(frozen=True, slots=True)
class Matrix(_Grid):
    """What is done about every kind of change at every stage of the shipment request (CHG3)."""

    about: ClassVar[str] = "a grid: one row for each kind of change, one column for how far the shipment request is"
    example: ClassVar[str] = "change | " + " | ".join(_STAGES)

    cells: Mapping[tuple[ChangeKind, Stage], Pattern]

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(_MatrixReader(text).cells())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        given = {
            (ChangeKind(kind), Stage(stage)): Pattern(word) for kind, row in data.items() for stage, word in row.items()
        }
        return cls({**DEFAULTS, **given})

    def to_json(self) -> dict[str, Any]:
        return {str(kind): {str(stage): str(self.cells[kind, stage]) for stage in Stage} for kind in ChangeKind}


class _MatrixReader:
    """Turns the text of a matrix into its cells and collects the flaws on the way."""

    def __init__(self, text: str) -> None:
        self.rows = grid(text)
        self.flaws: list[Flaw] = []

    def cells(self) -> dict[tuple[ChangeKind, Stage], Pattern]:
        """Every cell, those of rows left out too; TableError with all flaws."""
        if len(self.rows) < 2:
            raise TableError([Flaw(0, 0, "the matrix needs a heading and a row for each kind of change")])
        heading, *rows = self.rows
        self._heading(heading)
        if self.flaws:
            raise TableError(self.flaws)  # without its columns, nothing can be said of the rows
        self._kinds(heading, rows)
        cells = dict(DEFAULTS)
        for row in rows:
            if (flaw := wrong_length(row, heading)) is not None:
                self.flaws.append(flaw)
            else:
                cells.update(self._row(row, heading))
        if self.flaws:
            raise TableError(self.flaws)
        return cells

    def _heading(self, heading: list[Text]) -> None:
        first, *stages = heading
        if not any(cell.text in _STAGES for cell in stages):
            self.flaws.append(first.flaw(f"the heading is missing here; write `{Matrix.example}`"))
            return
        if first.text != "change":
            self.flaws.append(first.flaw(f"the first column is `change`, not `{first.text}`"))
        self._named(stages, _STAGES, "a column")
        missing = _listed(stage for stage in _STAGES if stage not in {cell.text for cell in stages})
        if missing and all(cell.text in _STAGES for cell in stages):
            self.flaws.append(first.flaw(f"there is no column {missing}; each needs to be there"))

    def _kinds(self, heading: list[Text], rows: list[list[Text]]) -> None:
        kinds = [row[0] for row in rows]
        self._named(kinds, _KINDS, "a kind of change")
        written = {_KINDS.get(cell.text) for cell in kinds}
        missing = _listed(word for word, kind in _KINDS.items() if kind not in written and kind not in OPTIONAL_ROWS)
        if missing and None not in written:
            self.flaws.append(heading[0].flaw(f"there is no row {missing}; every kind of change needs one"))

    def _named(self, cells: list[Text], known: Mapping[str, object], what: str) -> None:
        for cell in cells:
            if not cell.text:
                self.flaws.append(cell.flaw(f"{what} is missing here"))
            elif cell.text not in known:
                self.flaws.append(cell.flaw(f"`{cell.text}` is not {what}; {suggest(cell.text, known)}"))
        self.flaws.extend(twice([cell for cell in cells if cell.text in known]))

    def _row(self, row: list[Text], heading: list[Text]) -> Iterator[tuple[tuple[ChangeKind, Stage], Pattern]]:
        kind = _KINDS.get(row[0].text)
        if kind is None:
            return  # told already
        for cell, head in zip(row[1:], heading[1:], strict=True):
            stage = _STAGES[head.text]
            pattern = _PATTERNS.get(cell.text)
            if pattern is not None and pattern in POSSIBLE[kind, stage]:
                yield (kind, stage), pattern
            else:
                self.flaws.append(cell.flaw(_not_possible(cell.text, kind, stage)))


def _not_possible(text: str, kind: ChangeKind, stage: Stage) -> str:
    words = [spoken(pattern) for pattern in POSSIBLE[kind, stage]]
    possible = f"possible there: {', '.join(words)}"
    where = f"for `{spoken(kind)}` under `{spoken(stage)}`"
    if not text:
        return f"a word is missing {where}; {possible}"
    if text in _PATTERNS:
        return f"`{text}` is not possible {where}; {possible}"
    return f"`{text}` is not a word {where}; {suggest(text, words, possible)}"


@dataclass(frozen=True, slots=True)
class Costs(_Grid):
    """What taking back a shipment request costs at a stage, in the currency of the workspace (CHG13)."""

    about: ClassVar[str] = "a grid: what it costs us to take a shipment request back, by how far it is"
    example: ClassVar[str] = "progress | cost"

    amounts: Mapping[Stage, Decimal]
    """In the order of the rows."""

    @classmethod
    def parse(cls, text: str) -> Self:
        heading, *rows = grid(text) or [[]]
        if [cell.text for cell in heading] != ["progress", "cost"] or not rows:
            raise TableError(
                [Flaw(0, 0, "the heading is `progress | cost`, with rows such as `released | 5.00` below it")]
            )
        amounts: dict[Stage, Decimal] = {}
        flaws: list[Flaw] = []
        for row in rows:
            found = wrong_length(row, heading) or _cost_flaw(*row)
            if found is None:
                amounts[_STAGES[row[0].text]] = Decimal(row[1].text)
            else:
                flaws.append(found)
        flaws += twice([row[0] for row in rows])
        if flaws:
            raise TableError(flaws)
        return cls(amounts)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls({Stage(stage): Decimal(amount) for stage, amount in data.items()})

    def to_json(self) -> dict[str, Any]:
        return {str(stage): f"{amount.normalize():f}" for stage, amount in self.amounts.items()}


def _cost_flaw(progress: Text, cost: Text) -> Flaw | None:
    known = [spoken(stage) for stage in COSTED]
    if progress.text in _STAGES and progress.text not in known:
        here = f"a shipment request is not taken back at `{progress.text}`; costs are for {_listed(known)}"
        return progress.flaw(here)
    if progress.text not in known:
        return progress.flaw(f"`{progress.text}` is not a progress that costs; {suggest(progress.text, known)}")
    if _AMOUNT.fullmatch(cost.text) is None:
        return cost.flaw(f"`{cost.text}` is not an amount; write it as 5.00, in the currency of the workspace")
    return None


def _listed(words: Iterator[str] | list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
