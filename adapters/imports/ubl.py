"""UBL documents: one file, or a folder of them in the order of their names; passed on byte for byte (CAP1)."""

from pathlib import Path

from adapters.imports.row import ImportFailedError, OrderFile, Problem, Row
from limits import MAX_UBL_BYTES


def read(path: Path, limit: int | None, parameters: str = "") -> OrderFile:
    """Reads the files. `parameters` are the query of the door. Raises ImportFailedError when there is nothing."""
    files = sorted(path.glob("*.xml")) if path.is_dir() else [path]
    if not files:
        raise ImportFailedError(f"{path} holds no .xml file")
    rows = tuple(_row(file) for file in files[:limit])
    return OrderFile(rows, door=f"/v1/ubl{parameters}", media_type="application/xml", in_order=True)


def _row(file: Path) -> Row:
    try:
        body = file.read_bytes()
    except OSError as error:
        raise ImportFailedError(f"{file} cannot be read: {error.strerror}") from error
    if len(body) > MAX_UBL_BYTES:
        words = f"is larger than {MAX_UBL_BYTES:,} bytes; split the document"
        return Row(file.name, 1, "", None, (Problem(1, "", words),))
    return Row(file.name, 1, "", body)
