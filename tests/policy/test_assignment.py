"""Which process a line runs and why, and what an order pins."""

import json
from datetime import date
from pathlib import Path

import pytest

from adapters.policy_files.folder import load_folder
from domain.policy.assign import NoProcessError, assign
from domain.policy.model import Assigned, Bundle, OrderSlice, Table
from domain.policy.slicing import slice_for
from tests.policy.folders import SHIPPED, edited
from tests.policy.orders import line, order

TABLE = """
  order.channel | line.quantity | order.customer.segment | paid_by_card | => process
  edi           | any           | any                    | any          | edi
  web, store    | over 100      | not gold               | any          | bulk
  any           | 10..99        | gold, platinum         | yes          | gold
  any           | at least 5    | any                    | no           | terms
  any           | any           | any                    | any          | standard
"""


def _bundle(table: str = TABLE, **overrides: object) -> Bundle:
    shipped = load_folder(SHIPPED).bundle
    assert shipped is not None
    standard = shipped.processes["standard"]
    names = ("standard", "edi", "bulk", "gold", "terms")
    assignment = shipped.assignment.model_dump() | {"table": table} | overrides
    processes = {name: standard.model_copy(update={"name": name}) for name in names}
    return Bundle.model_validate(shipped.model_dump() | {"assignment": assignment, "processes": processes})


@pytest.mark.parametrize(
    ("changes", "quantity", "expected"),
    [
        ({"channel": "edi"}, 500, ("edi", "row 1 of which-process: order.channel is edi")),
        (
            {"customer": {"id": "1", "segment": "silver"}},
            101,
            (
                "bulk",
                "row 2 of which-process: order.channel is web, line.quantity is 101, order.customer.segment is silver",
            ),
        ),
        (
            {},
            99,
            (
                "gold",
                "row 3 of which-process: line.quantity is 99, order.customer.segment is gold, paid_by_card is yes",
            ),
        ),
        (
            {"payment": {"method": "terms"}},
            5,
            ("terms", "row 4 of which-process: line.quantity is 5, paid_by_card is no"),
        ),
        ({}, 100, ("standard", "row 5 of which-process")),
        ({"customer": {"id": "1"}}, 101, ("standard", "row 5 of which-process")),
    ],
)
def test_the_first_row_that_fits_takes_the_line(
    changes: dict[str, object], quantity: int, expected: tuple[str, str]
) -> None:
    assert assign(_bundle(), order(**changes), line(quantity=quantity)) == expected


def test_an_override_comes_before_the_table_until_its_last_day() -> None:
    pilot = {"when": 'order.customer.id == "VINET"', "process": "edi", "until": "2026-03-31", "because": "pilot"}
    bundle = _bundle(overrides=[pilot])
    assert assign(bundle, order(), line()) == ("edi", "override 1 of which-process: pilot")
    assert assign(bundle, order(), line(), today=date(2026, 3, 31))[0] == "edi"
    assert assign(bundle, order(), line(), today=date(2026, 4, 1))[0] == "standard"
    assert assign(bundle, order(customer={"id": "ANTON"}), line())[0] == "standard"


def test_an_unchecked_table_that_leaves_a_line_out_says_so() -> None:
    with pytest.raises(NoProcessError, match=r"^no row of which-process takes line 1$"):
        assign(_bundle("order.channel | => process\nedi | edi"), order(), line())


def test_an_order_pins_only_what_its_lines_need() -> None:
    bundle = _bundle()
    pinned = slice_for(bundle, order())
    assert pinned.bundle == bundle.hash
    assert pinned.assigned == (
        Assigned(process="standard", because="row 5 of which-process", lines=(1,)),
        Assigned(
            process="gold",
            because="row 3 of which-process: line.quantity is 50, order.customer.segment is gold, paid_by_card is yes",
            lines=(2,),
        ),
    )
    assert set(pinned.processes) == {"standard", "gold"}
    assert set(pinned.retry_styles) == {"patient", "quick"}
    assert set(pinned.calendars) == {"warehouse"}
    assert (pinned.glossary.lists, [fact.fact for fact in pinned.glossary.facts]) == (
        {"card_methods": ("card",)},
        ["paid_by_card"],
    )


def test_what_no_process_names_is_not_pinned() -> None:
    bundle = _bundle("order.channel | => process\nany | standard")
    steps = [step for step in bundle.model_dump()["processes"]["standard"]["steps"] if step["when"] is None]
    plain = bundle.model_dump() | {
        "processes": {"standard": bundle.model_dump()["processes"]["standard"] | {"steps": steps}}
    }
    pinned = slice_for(Bundle.model_validate(plain), order())
    assert (pinned.glossary.lists, pinned.glossary.facts, set(pinned.retry_styles)) == ({}, (), {"patient"})


def test_a_slice_comes_back_from_json_and_is_small() -> None:
    shipped = load_folder(SHIPPED).bundle
    assert shipped is not None
    pinned = slice_for(shipped, order())
    compact = json.dumps(pinned.compact())
    assert OrderSlice.model_validate(json.loads(compact)) == pinned
    assert OrderSlice.model_validate_json(pinned.model_dump_json()) == pinned
    assert len(compact) < 2_500


GAPS = [
    ("order.channel | => process\nweb | standard", "order.channel is other than web"),
    ("line.quantity | => process\nunder 10 | standard\nover 10 | edi", "line.quantity is 10"),
    ("line.quantity | => process\nup to 10 | standard\nat least 20 | edi", "line.quantity is 15"),
    ("line.quantity | => process\n1..10 | standard\nover 10 | edi", "line.quantity is 0"),
    ("paid_by_card | => process\nyes | standard", "paid_by_card is no"),
    ("order.payment.method | => process\ncard | standard", "order.payment.method is terms"),
    (
        "order.customer.segment | => process\ngold | standard\nnot gold | edi",
        "order.customer.segment is missing",
    ),
    (
        "order.channel | line.quantity | => process\nweb | any | standard\nany | over 5 | edi",
        "order.channel is other than web and line.quantity is 4",
    ),
]


def _table_problems(tmp_path: Path, table: str) -> list[str]:
    block = "\n".join(f"  {row}" for row in table.strip().split("\n"))
    text = (SHIPPED / "21-assignment.yaml").read_text(encoding="utf-8")
    old = text[text.index("table: |") :]
    _, problems = edited(tmp_path, "21-assignment.yaml", old, f"table: |\n{block}\n")
    return [p for p in problems if "leads to this process" not in p and "there is no process" not in p]


@pytest.mark.parametrize(("table", "case"), GAPS)
def test_a_gap_is_shown_with_an_example(tmp_path: Path, table: str, case: str) -> None:
    problems = _table_problems(tmp_path, table.replace("edi\n", "standard\n").replace("| edi", "| standard"))
    message = f"no row takes a line where {case}; add a row for it, or a last row with `any` everywhere"
    assert problems == [f"21-assignment.yaml:9:8: {message}"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            "line.quantity | => process\nany | standard\n5 | standard",
            "21-assignment.yaml:12:3: row 2 is never reached: the rows above take all it would",
        ),
        (
            "paid_by_card | => process\nyes | standard\nno | standard\nany | standard",
            "21-assignment.yaml:13:3: row 3 is never reached: the rows above take all it would",
        ),
        (
            "line.quantity | => process\nover 10 | standard\nover 20 | standard\nany | standard",
            "21-assignment.yaml:12:3: row 2 is never reached: the rows above take all it would",
        ),
        (
            "paid_by_card | => process\nmaybe | standard\nany | standard",
            "21-assignment.yaml:11:3: `paid_by_card` is yes or no, not `maybe`",
        ),
        (
            "line.quantity | => process\nten | standard\nany | standard",
            "21-assignment.yaml:11:3: `line.quantity` is a number, not `ten`",
        ),
        (
            "order.payment.method | => process\ncrad | standard\nany | standard",
            "21-assignment.yaml:11:3: `crad` is not a value it can have; did you mean `card`?",
        ),
        (
            "line.quantity | => process\n99..10 | standard\nany | standard",
            "21-assignment.yaml:11:3: the range `99..10` runs backwards; write 10..99",
        ),
        (
            "order.channel | => process\nweb, web | standard\nany | standard",
            "21-assignment.yaml:11:3: `web, web` names a value twice",
        ),
        (
            "order.ordered_at | => process\nany | standard",
            "21-assignment.yaml:10:3: `order.ordered_at` is too fine for a table; compare it in a fact of the glossary",
        ),
        (
            "order.channel | order.channel | => process\nany | any | standard",
            "21-assignment.yaml:10:19: column `order.channel` is there twice",
        ),
    ],
)
def test_a_table_that_cannot_be_right(tmp_path: Path, table: str, said: str) -> None:
    assert _table_problems(tmp_path, table) == [said]


def test_a_table_keeps_its_meaning_through_canonical_json() -> None:
    table = Table.parse(TABLE)
    assert Table.from_json(json.loads(json.dumps(table.to_json()))) == table


def test_a_table_too_large_to_prove_says_so(tmp_path: Path) -> None:
    names = ["order.channel", "order.number", "order.customer.id", "line.quantity", "line.sku", "line.number"]
    rows = [" | ".join(f"{n}{i}" if i in (0, 1, 2, 4) else f"{n}" for i in range(6)) + " | standard" for n in range(12)]
    head = "\n".join([" | ".join(names) + " | => process", *rows])
    halves = [f"{cell} | " + "any | " * 5 + "standard" for cell in ("web", "not web")]
    assert _table_problems(tmp_path / "halves", "\n".join([head, *halves])) == [
        "21-assignment.yaml:9:8: warning: the table is too large to prove that it covers everything; "
        "end it with a row of `any`"
    ]
    assert _table_problems(tmp_path / "closed", head + "\n" + "any | " * 6 + "standard") == [
        "21-assignment.yaml:9:8: warning: the table is too large to prove that every row is reached"
    ]
    assert len(_table_problems(tmp_path / "open", head)) == 1
