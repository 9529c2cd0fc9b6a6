"""The table of features is as honest as a machine can tell: tests it names exist, and all that works names one."""

import ast
import re
from collections import Counter
from functools import cache

import pytest

from settings import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "features.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if re.match(r"\| [A-Z]{3}\d", line)
]
COUNTS = {
    "ORC": 20, "CAP": 13, "CHG": 15, "GOP": 18, "INV": 3, "PRC": 11, "CFG": 4, "FLW": 8, "PAY": 5, "SHP": 3, "CHR": 6,
    "EXC": 8, "CRM": 4, "POL": 8, "OPS": 8,
}  # fmt: skip
STATES = {"works", "partly", "not yet"}


def proofs(cell: str) -> list[str]:
    """The tests that a row names."""
    return re.findall(r"`([\w/]+\.py::\w+)`", cell)


@cache
def defined_in(path: str) -> set[str]:
    """The test functions of a file."""
    tree = ast.parse((PROJECT_ROOT / "tests" / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_capability_has_its_row_once() -> None:
    ids = [row[0] for row in ROWS]

    assert ids == [f"{area}{number}" for area, count in COUNTS.items() for number in range(1, count + 1)]
    assert {row[2] for row in ROWS} <= STATES


def test_the_sums_are_right() -> None:
    found = Counter(row[2] for row in ROWS)

    said = f"{found['works']} work, {found['partly']} work in part, {found['not yet']} are not there yet."
    assert said in PAGE


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_is_said_to_work_is_proven_by_tests_that_exist(row: list[str]) -> None:
    named = proofs(row[4])

    assert row[2] == "not yet" or named, f"{row[0]} names no test"
    assert row[2] != "partly" or row[3], f"{row[0]} does not say how far it works"
    for proof in named:
        path, _, name = proof.partition("::")
        assert (PROJECT_ROOT / "tests" / path).is_file(), f"there is no {path}"
        assert name in defined_in(path), f"{path} has no {name}"
