"""CSV files with a header, read row by row: each knows its line, and a broken one says why and stops nothing."""

import csv
import difflib
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from adapters.imports.row import MAX_FILE_BYTES, ImportFailedError


@dataclass(frozen=True)
class Record:
    """One row. `values` holds what could be read even when the row is `broken` (then in words why)."""

    line: int
    values: dict[str, str]
    broken: str = ""


@dataclass(frozen=True)
class Table:
    """A CSV file, read."""

    path: Path
    columns: tuple[str, ...]
    records: tuple[Record, ...]


def read_text(path: Path) -> str:
    """The text of a UTF-8 file; bytes that are not UTF-8 stay recognizable, so that their row can be named."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            limit = MAX_FILE_BYTES // 1024 // 1024
            raise ImportFailedError(f"{path}: is larger than {limit} MiB; split it into smaller files")
        return path.read_bytes().decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    except OSError as error:
        raise ImportFailedError(f"{path}: cannot be read: {error.strerror or error}") from error


def is_utf8(text: str) -> bool:
    """False when `read_text` met bytes that are not UTF-8 here."""
    return not any("\udc80" <= letter <= "\udcff" for letter in text)


def read_table(
    path: Path, required: Collection[str], known: Collection[str] | None = None, prefix: str | None = None
) -> Table:
    """Reads the file; raises ImportFailedError when it has no usable header.

    `known` are all columns there may be (None: any), besides those that begin with `prefix`; another one is refused,
    so that a misspelt column is not read as empty.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        columns = tuple(name.strip() for name in next(reader))
    except StopIteration:
        raise ImportFailedError(f"{path}: is empty; a header row is needed: {', '.join(required)}") from None
    except csv.Error as error:
        raise ImportFailedError(f"{path}:1: the header cannot be read: {error}") from error
    free = {name for name in columns if prefix is not None and name.startswith(prefix) and name != prefix}
    _check_header(path, columns, required, None if known is None else {*known, *free})
    return Table(path, columns, tuple(_records(reader, columns)))


def _check_header(
    path: Path, columns: tuple[str, ...], required: Collection[str], known: Collection[str] | None
) -> None:
    problems = [f"column {name!r} is missing" for name in required if name not in columns]
    problems += [f"column {name!r} appears twice" for name in sorted({c for c in columns if columns.count(c) > 1})]
    for name in columns:
        if known is not None and name not in known:
            close = difflib.get_close_matches(name, known, 1)
            problems.append(f"column {name!r} is unknown" + (f"; did you mean {close[0]!r}?" if close else ""))
    if problems:
        raise ImportFailedError(f"{path}:1: {'; '.join(problems)}")


def _records(reader: Iterator[list[str]], columns: tuple[str, ...]) -> Iterator[Record]:
    while True:
        first = _line(reader) + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(first, {}, _unreadable(str(error), first, _line(reader)))
            continue
        if cells:
            yield _record(first, cells, columns)


def _record(line: int, cells: list[str], columns: tuple[str, ...]) -> Record:
    values = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
    if len(cells) != len(columns):
        return Record(line, values, f"has {len(cells)} columns where the header has {len(columns)}")
    if not all(map(is_utf8, cells)):
        shown = [name for name, cell in values.items() if not is_utf8(cell)]
        return Record(line, values, f"is not UTF-8 text in {', '.join(shown)}; save the file as UTF-8")
    return Record(line, values)


def _unreadable(error: str, first: int, last: int) -> str:
    if "end of data" in error:
        return f"opens a quote that is never closed, so that lines {first} to {last} cannot be read"
    return f"cannot be read as CSV: {error}"


def _line(reader: object) -> int:
    """Lines read so far; typed here because the csv module hides its reader's type."""
    return int(reader.line_num)  # type: ignore[attr-defined]
