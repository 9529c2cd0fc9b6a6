"""What a change does to work that has begun, as policies say it and orders pin it (CHG3, CHG5, CHG10, CHG13)."""

import shutil
from pathlib import Path

import pytest

from adapters.policy_files.folder import load_folder
from domain.policy.change_defaults import DEFAULTS, POSSIBLE, spoken
from domain.policy.change_grids import Matrix
from domain.policy.grid import TableError
from domain.policy.model import Bundle, CancelRefused, ChangePolicy, ChangeRules, OrderSlice
from domain.policy.slicing import slice_for
from domain.process.words import ChangeKind, Pattern, Stage
from settings import PROJECT_ROOT
from tests.policy.folders import SHIPPED, edited
from tests.policy.orders import order

FILE = "20-change-rules.yaml"
ITEM_ASKED = ("cancel and create | refuse     | return", "cancel and create | ask | return")

DOCS = PROJECT_ROOT / "docs" / "concepts" / "change.md"

# Written out once more on purpose: orders of folders without change rules are pinned to exactly this.
BUILT_IN = """
quantity up        | redo   | cancel and create / update / added line | added line      | added line   | added line
quantity down      | update | cancel and create / update              | ask / refuse    | return       | return
item               | redo   | cancel and create                       | refuse / ask    | return       | return
cancelled          | update / redo | cancel and create / update       | ask / refuse    | return       | return
added              | redo / added line | added line / cancel and create / update | added line | added line | added line
address same zone  | keep   | update / cancel and create              | ask             | refuse / ask | refuse
address other zone | redo   | cancel and create                       | refuse / ask    | refuse       | refuse
later date         | redo   | cancel and create / update              | ask             | refuse       | refuse
earlier date       | redo   | cancel and create / refuse              | update / refuse | refuse       | refuse
ship method        | keep   | update / cancel and create              | update          | refuse       | refuse
warehouse          | redo   | cancel and create                       | refuse / ask    | refuse       | refuse
payment            | keep   | redo                                    | redo            | redo         | refuse
price              | keep / ask / refuse | keep / ask / refuse | keep / ask / refuse | keep / ask / refuse | refuse
reference          | keep   | keep                                    | keep            | keep         | keep
"""


def _cells(lines: list[str]) -> dict[tuple[ChangeKind, Stage], list[str]]:
    cells = {}
    for line in lines:
        kind, *words = (cell.strip() for cell in line.strip("|").split("|"))
        for stage, word in zip(Stage, words, strict=True):
            cells[ChangeKind(kind.replace(" ", "_")), stage] = word.split(" / ")
    return cells


def _bundle(tmp_path: Path, old: str, new: str) -> Bundle:
    loaded, problems = edited(tmp_path, FILE, old, new)
    assert problems == []
    assert loaded.bundle is not None
    return loaded.bundle


def _matrix_lines() -> list[str]:
    lines = (SHIPPED / FILE).read_text(encoding="utf-8").splitlines()
    first = lines.index("matrix: |") + 1
    return [line.strip() for line in lines[first : first + 1 + len(ChangeKind)]]


def _with(row: str, stage: Stage, word: Pattern) -> str:
    """A row of the matrix with another word in one cell."""
    cells = row.split("|")
    cells[1 + list(Stage).index(stage)] = f" {spoken(word)} "
    return "|".join(cells)


def _shipped() -> Bundle:
    bundle = load_folder(SHIPPED).bundle
    assert bundle is not None
    return bundle


def test_the_built_in_matrix_is_the_one_written_out() -> None:
    written = _cells(BUILT_IN.strip().splitlines())
    assert {cell: [spoken(word) for word in words] for cell, words in POSSIBLE.items()} == written
    rules = ChangeRules()
    assert {(kind, stage): spoken(rules.pattern(kind, stage)) for kind in ChangeKind for stage in Stage} == {
        cell: words[0] for cell, words in written.items()
    }


def test_the_page_has_the_built_in_matrix() -> None:
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    first = lines.index("| change | not sent | released | picked | shipped | invoiced |") + 2
    assert _cells(lines[first : first + len(ChangeKind)]) == _cells(BUILT_IN.strip().splitlines())


def test_the_built_in_rules_cost_nothing_and_refuse() -> None:
    rules = ChangeRules()
    assert [rules.cost(stage) for stage in Stage] == [0, 0, 0, 0, 0]
    assert rules.when_cancel_is_refused is CancelRefused.REFUSE


def test_the_shipped_file_says_the_built_in_matrix_and_what_a_request_costs() -> None:
    rules = _shipped().change
    assert rules == ChangeRules(name="customer-changes", costs={Stage.RELEASED: 500, Stage.PICKED: 2000})
    assert [rules.cost(stage) for stage in Stage] == [0, 500, 2000, 0, 0]


def test_every_possible_word_can_be_written_and_only_its_cell_changes() -> None:
    lines = _matrix_lines()
    for (kind, stage), words in POSSIBLE.items():
        number, row = next((n, line) for n, line in enumerate(lines) if line.startswith(f"{spoken(kind)} "))
        for word in words:
            grid = "\n".join([*lines[:number], _with(row, stage, word), *lines[number + 1 :]])
            rules = ChangePolicy.model_validate({"name": "mine", "matrix": grid}).pinned("USD")
            expected = {**DEFAULTS, (kind, stage): word}
            assert {cell: rules.pattern(*cell) for cell in expected} == expected
            assert rules.cells == ({} if word is DEFAULTS[kind, stage] else {kind: {stage: word}})


def test_no_other_word_can_be_written() -> None:
    lines = _matrix_lines()
    for (kind, stage), words in POSSIBLE.items():
        number, row = next((n, line) for n, line in enumerate(lines) if line.startswith(f"{spoken(kind)} "))
        for word in set(Pattern) - set(words):
            grid = "\n".join([*lines[:number], _with(row, stage, word), *lines[number + 1 :]])
            with pytest.raises(TableError) as refused:
                Matrix.parse(grid)
            (flaw,) = refused.value.flaws
            possible = ", ".join(spoken(one) for one in words)
            assert flaw.message == (
                f"`{spoken(word)}` is not possible for `{spoken(kind)}` under `{spoken(stage)}`; "
                f"possible there: {possible}"
            )


@pytest.mark.parametrize("words", list(CancelRefused))
def test_a_policy_says_what_becomes_of_a_change_whose_cancel_is_refused(tmp_path: Path, words: CancelRefused) -> None:
    loaded, problems = edited(tmp_path, FILE, "is_refused: refuse", f"is_refused: {words}")
    assert problems == []
    assert loaded.bundle is not None
    assert loaded.bundle.change.when_cancel_is_refused is words


def test_rows_and_columns_may_come_in_any_order(tmp_path: Path) -> None:
    text = (SHIPPED / FILE).read_text(encoding="utf-8")
    lines = text.splitlines()
    first = lines.index("matrix: |") + 1
    block = [line.split("|") for line in lines[first : first + 15]]
    turned = ["|".join([row[0], *(f" {cell.strip()} " for cell in reversed(row[1:]))]) for row in block]
    again = [turned[0], *reversed(turned[1:])]
    bundle = _bundle(tmp_path, "\n".join(lines[first : first + 15]), "\n".join(again))
    assert bundle.hash == _shipped().hash


def test_costs_are_in_minor_units_of_the_workspace(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(SHIPPED, folder)
    for name, old, new in [
        ("00-workspace.yaml", "currency: USD", "currency: JPY"),
        (FILE, "5.00", "700"),
        (FILE, "20.00", "1500.0"),
    ]:
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    bundle = load_folder(folder).bundle
    assert bundle is not None
    assert bundle.change.costs == {Stage.RELEASED: 700, Stage.PICKED: 1500}
    (folder / FILE).write_text((folder / FILE).read_text(encoding="utf-8").replace("700", "7.5"), encoding="utf-8")
    assert [problem.message for problem in load_folder(folder).problems] == [
        "`7.5` is not whole, and JPY has no smaller unit"
    ]


def test_the_matrix_comes_back_from_the_canonical_form(tmp_path: Path) -> None:
    bundle = _bundle(
        tmp_path, "item               | redo     | cancel and create | refuse", "item | redo | cancel and create | ask"
    )
    again = Bundle.model_validate_json(bundle.canonical())
    assert again == bundle
    assert again.change == bundle.change
    assert again.change.pattern(ChangeKind.ITEM, Stage.PICKED) is Pattern.ASK


def test_an_order_pins_the_rules_and_only_what_is_not_built_in(tmp_path: Path) -> None:
    bundle = _bundle(
        tmp_path, "item               | redo     | cancel and create | refuse", "item | redo | cancel and create | ask"
    )
    pinned = slice_for(bundle, order())
    assert pinned.compact()["change"] == {
        "name": "customer-changes",
        "cells": {"item": {"picked": "ask"}},
        "costs": {"released": 500, "picked": 2000},
    }
    again = OrderSlice.model_validate(pinned.compact())
    assert again == pinned
    assert again.change.pattern(ChangeKind.ITEM, Stage.PICKED) is Pattern.ASK
    assert again.change.pattern(ChangeKind.ITEM, Stage.RELEASED) is Pattern.CANCEL_AND_CREATE


def test_an_order_from_before_there_were_change_rules_has_the_built_in_ones() -> None:
    data = slice_for(_shipped(), order()).compact()
    del data["change"]
    old = OrderSlice.model_validate(data)
    assert old.change == ChangeRules()
    assert "change" not in old.compact()


def test_a_folder_without_the_file_pins_the_built_in_rules() -> None:
    bundle = _shipped().model_copy(update={"change_rules": None})
    assert slice_for(bundle, order()).change == ChangeRules()


def test_rules_say_why() -> None:
    assert _shipped().change.reason(ChangeKind.QUANTITY_UP, Stage.RELEASED) == (
        "change rules customer-changes: quantity up, released: cancel and create"
    )
    assert ChangeRules().reason(ChangeKind.ITEM, Stage.PICKED) == "change rules built-in: item, picked: refuse"


def test_a_second_file_of_change_rules_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(SHIPPED, folder)
    shutil.copy(folder / FILE, folder / "22-more.yaml")
    assert [str(problem).removeprefix(f"{folder}/") for problem in load_folder(folder).problems] == [
        "22-more.yaml:3:7: `kind: change_rules` is already in 20-change-rules.yaml; keep one of them"
    ]
