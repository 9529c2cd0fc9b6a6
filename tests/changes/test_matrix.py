"""Every cell of the change matrix on the real stack, as built in and as a policy may choose (CHG1-CHG9, CHG11-CHG14).

All cells run at once, each with an order of its own; every assert is a test of its own that names the cell.
"""

import re
from collections import Counter

import pytest
import pytest_asyncio

from domain.policy.change_defaults import POSSIBLE, spoken
from domain.process.words import ChangeKind, Stage
from tests.changes import expected
from tests.changes.matrix import BEFORE, CELLS, EXPECTED, OTHERS, Cell, Treatment
from tests.changes.running import Report, run_all
from tests.support.shop import Shop
from tools.docs.generated import FOLDER

Reports = dict[Cell, Report]
DOLLARS = "{:.2f}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reports(shop: Shop) -> Reports:
    """What was seen of each cell."""
    return await run_all(shop)


def test_every_cell_is_covered() -> None:
    places = {(kind, stage) for kind in ChangeKind for stage in Stage}
    assert set(POSSIBLE) == places
    assert set(EXPECTED) == {(spoken(kind), spoken(stage)) for kind, stage in places}
    assert {(cell.kind, cell.stage, cell.word) for cell in (*CELLS, *OTHERS)} == {
        (*place, word) for place, words in POSSIBLE.items() for word in words
    }


def test_the_page_of_the_matrix_names_the_tests_that_there_are() -> None:
    page = (FOLDER / "change-matrix.md").read_text(encoding="utf-8")
    named = re.findall(r"`tests/changes/test_matrix.py::(\w+\[[^`]+\])`", page)
    there = [f"{test_a_cell_as_built_in.__name__}[{cell.name}]" for cell in CELLS]
    there += [f"{test_a_cell_as_a_policy_may_choose.__name__}[{cell.name}]" for cell in OTHERS]
    assert sorted(named) == sorted(there)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
async def test_a_cell_as_built_in(reports: Reports, cell: Cell) -> None:
    judge(reports[cell])


@pytest.mark.parametrize("cell", OTHERS, ids=lambda cell: cell.name)
async def test_a_cell_as_a_policy_may_choose(reports: Reports, cell: Cell) -> None:
    judge(reports[cell])


def judge(report: Report) -> None:
    """Compares all that was seen of a cell with what is expected."""
    if report.broken is not None and report.after is None:
        raise report.broken
    assert report.before is not None
    assert report.after is not None
    stage = report.cell.stage
    assert report.before.requests == expected.requests_before(stage)
    assert report.before.money == expected.money_before(stage)
    assert report.before.stock == expected.stock_before(stage)
    if isinstance(report.cell.expected, Treatment):
        _accepted(report)
    else:
        _refused(report, report.cell.expected)
    if report.broken is not None:
        raise report.broken
    _ended(report)


def _refused(report: Report, code: str) -> None:
    """The reason is told, and nothing at all is different."""
    before, after, answer = report.before, report.after, report.answer
    assert before is not None
    assert after is not None
    answered = (202, "pending_approval") if code == "needs_a_person" else (409, "refused")
    assert (report.status, answer["outcome"], answer["code"]) == (*answered, code)
    assert (answer["revision"], answer["actions"]) == (1, [])
    assert [(reason["code"], bool(reason["words"])) for reason in answer["reasons"]] == [(code, True)]
    assert (after.requests, after.money, after.stock) == (before.requests, before.money, before.stock)
    assert after.order == before.order
    assert Counter(after.told) - Counter(before.told) == expected.told(report.cell)


def _accepted(report: Report) -> None:
    cell, before, after, answer = report.cell, report.before, report.after, report.answer
    assert before is not None
    assert after is not None
    assert (report.status, answer["outcome"], answer["code"]) == (200, "accepted", "changed"), answer
    assert (answer["revision"], after.order["revision"]) == (2, 2)
    plan = {action["step"]: action["do"] for action in answer["actions"] if not action["step"].startswith("wait")}
    assert plan == expected.plan(cell)
    if cell.expected is Treatment.BESIDE:
        assert {tuple(action["lines"]) for action in answer["actions"]} == {tuple(expected.beside(cell).lines)}
    cancels = cell.expected is Treatment.REPLACED
    assert answer["cost"] == {"amount": expected.COST[cell.stage] if cancels else "0.00", "currency": "USD"}
    total = expected.goods(cell).total
    prices = (DOLLARS.format(BEFORE.total / 100), DOLLARS.format(total / 100))
    assert answer["price"] == {"before": prices[0], "after": prices[1], "currency": "USD"}
    assert (answer["promise"]["before"], answer["promise"]["after"]) == expected.promise(cell)
    assert answer["reasons"] == []
    assert after.requests == expected.requests_after(cell)
    assert after.money == expected.money_after(cell)
    assert after.stock == expected.stock_after(cell)
    assert Counter(after.told) - Counter(before.told) == expected.told(cell)
    assert after.order["total"] == prices[1]
    _lines_are_right(report)


def _lines_are_right(report: Report) -> None:
    """Lines that were cancelled are still there, with nothing open."""
    assert report.after is not None
    seen = {line["number"]: (line["open"] + line["shipped"], line["amount"]) for line in report.after.order["lines"]}
    lines = expected.goods(report.cell).lines
    open_lines = {number: units for number, (units, _) in seen.items() if units}
    assert open_lines == {number: units for number, (_, units, _) in lines.items()}
    amounts = {number: seen[number][1] for number in lines}
    assert amounts == {number: DOLLARS.format(units * price / 100) for number, (_, units, price) in lines.items()}


def _ended(report: Report) -> None:
    """Shipped, captured and invoiced as the last revision says, once."""
    cell, end = report.cell, report.end
    assert end is not None
    assert end.order["status"] == "completed"
    assert end.requests == expected.requests_end(cell)
    assert end.stock == expected.stock_end(cell)
    assert report.captures == expected.captured_at_the_end(cell)
    assert report.invoices == expected.captured_at_the_end(cell)
    assert end.money == expected.money_end(cell)
