"""Decision tables: a text grid whose columns left of `=>` are asked and right of it are answered."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from domain.policy.cells import Cell
from domain.policy.grid import Flaw, TableError, Text, grid, wrong_length

MAX_ROWS = 2_000
MAX_COLUMNS = 30
ARROW = "=>"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the cells of the inputs, and the texts of the outputs, in the order of the columns."""

    when: tuple[Cell, ...]
    then: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table. Row numbers in messages and reasons count from 1, without the heading.

    In YAML it is a `|` block; in canonical JSON an object with `inputs`, `outputs` and `rows`, so that
    the width of a column does not change the bundle's hash.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rows: tuple[Row, ...]

    @classmethod
    def parse(cls, text: str) -> "Table":
        """Read the grid; TableError with all flaws."""
        return _Reader(text).table()

    def to_json(self) -> dict[str, Any]:
        """The canonical form: cells as their canonical texts."""
        rows = [[*(str(cell) for cell in row.when), *row.then] for row in self.rows]
        return {"inputs": list(self.inputs), "outputs": list(self.outputs), "rows": rows}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Table":
        """The reverse of `to_json`."""
        inputs, outputs = tuple(data["inputs"]), tuple(data["outputs"])
        rows = (
            Row(tuple(Cell.parse(c) for c in row[: len(inputs)]), tuple(row[len(inputs) :])) for row in data["rows"]
        )
        return cls(inputs, outputs, tuple(rows))

    @classmethod
    def _read(cls, value: object) -> "Table":
        match value:
            case Table():
                return value
            case str():
                return cls.parse(value)
            case dict() if value.keys() == {"inputs", "outputs", "rows"}:
                return cls.from_json(value)
        raise ValueError("a table is a text block: write `table: |` and the grid below it")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._read, serialization=core_schema.plain_serializer_function_ser_schema(cls.to_json)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "description": "a grid: conditions | => answer, one row a line, `any` matches all"}


class _Reader:
    """Turns the text of one block into a Table and collects the flaws on the way."""

    def __init__(self, text: str) -> None:
        self.flaws: list[Flaw] = []
        self.rows = grid(text)

    def table(self) -> Table:
        if len(self.rows) < 2:
            raise TableError([Flaw(0, 0, "a table needs a heading and at least one row")])
        if len(self.rows) - 1 > MAX_ROWS:
            raise TableError([Flaw(0, 0, f"a table has at most {MAX_ROWS} rows; this one has {len(self.rows) - 1}")])
        heading = self.rows[0]
        inputs, outputs = self._heading(heading)
        rows = [self._row(row, heading, len(inputs)) for row in self.rows[1:]]
        if self.flaws:
            raise TableError(self.flaws)
        return Table(tuple(inputs), tuple(outputs), tuple(row for row in rows if row is not None))

    def _flaw(self, at: Text, message: str) -> None:
        self.flaws.append(at.flaw(message))

    def _heading(self, heading: list[Text]) -> tuple[list[str], list[str]]:
        inputs: list[str] = []
        outputs: list[str] = []
        for cell in heading:
            name = cell.text.removeprefix(ARROW).strip()
            if not name:
                self._flaw(cell, "a column needs a heading")
            elif name in inputs or name in outputs:
                self._flaw(cell, f"column `{name}` is there twice")
            if cell.text.startswith(ARROW):
                outputs.append(name)
            elif outputs:
                self._flaw(cell, f"`{name}` stands right of an answer; conditions come first, answers start with =>")
            else:
                inputs.append(name)
        if not inputs or not outputs:
            self._flaw(heading[0], "a heading has conditions, then answers that start with =>, such as `=> process`")
        if len(heading) > MAX_COLUMNS:
            self._flaw(heading[0], f"a table has at most {MAX_COLUMNS} columns")
        return inputs, outputs

    def _row(self, cells: list[Text], heading: list[Text], asked: int) -> Row | None:
        if (flaw := wrong_length(cells, heading)) is not None:
            self.flaws.append(flaw)
            return None
        for cell, head in zip(cells, heading, strict=True):
            if not cell.text:
                self._flaw(cell, f"the cell under `{head.text}` is empty; write a value, or any")
        when: list[Cell] = []
        for cell in cells[:asked]:
            try:
                when.append(Cell.parse(cell.text or "any"))
            except ValueError as error:
                self._flaw(cell, str(error))
        return Row(tuple(when), tuple(cell.text for cell in cells[asked:]))
