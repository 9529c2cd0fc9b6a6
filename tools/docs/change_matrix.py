"""The page of the change matrix: every cell, its word, the others that a policy may choose, and the tests of each."""

from domain.policy.change_defaults import POSSIBLE, spoken
from domain.process.words import ChangeKind, Pattern, Stage
from tools.docs.markdown import code, page, table

BUILT_IN = "tests/changes/test_matrix.py::test_a_cell_as_built_in"
CHOSEN = "tests/changes/test_matrix.py::test_a_cell_as_a_policy_may_choose"


def test_of(kind: ChangeKind, stage: Stage, word: Pattern) -> str:
    """The id of the test that proves a word in a cell."""
    name = f"{spoken(kind)}, {spoken(stage)}: {spoken(word)}"
    return f"{BUILT_IN if word is POSSIBLE[kind, stage][0] else CHOSEN}[{name}]"


def change_matrix_page() -> str:
    """One row for each word of each cell, made from the enums of the model."""
    rows = [
        (
            spoken(kind),
            spoken(stage),
            spoken(word),
            "built in" if word is POSSIBLE[kind, stage][0] else "a policy may choose it",
            code(test_of(kind, stage, word)),
        )
        for kind in ChangeKind
        for stage in Stage
        for word in POSSIBLE[kind, stage]
    ]
    cells = len(ChangeKind) * len(Stage)
    return page(
        "The change matrix, cell by cell",
        f"{cells} cells, and {len(rows) - cells} other words that a policy may write into them."
        " What the words mean is on [the page of the change rules](../concepts/change.md).",
        "Each test brings an order that far on the whole stack, sends the change by HTTP, and compares the answer, its"
        " plan and price, the carrier's and the payment provider's own books, the stock, the lines and the timeline,"
        " right after the change and again when the order has ended. A kind of change or a progress that the model"
        " gets anew fails `tests/changes/test_matrix.py::test_every_cell_is_covered`.",
        table(("change", "progress", "word", "which is", "proven by"), rows),
    )
