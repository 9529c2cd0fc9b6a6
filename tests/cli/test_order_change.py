"""`ordito order change`: options make a change document, wrong ones are told in words, the answer is shown (CHG14)."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.change_views import line_numbers, show_change
from cli.main import main
from cli.order_change import change_document
from tests.support.shop import Shop


def test_options_make_a_change_document() -> None:
    document = change_document(
        ["ship_method=express", "note=", "ship_to.name=Ann Lee", "ship_to.street=1=2 Main St", "payment.method=terms"],
        ["1=5", "7=12"],
        ["2"],
        ["11=3", "A=B=4"],
    )
    assert document == {
        "set": {
            "ship_method": "express",
            "note": None,
            "ship_to": {"name": "Ann Lee", "street": "1=2 Main St"},
            "payment": {"method": "terms"},
        },
        "lines": [
            {"number": 1, "quantity": 5},
            {"number": 7, "quantity": 12},
            {"number": 2, "cancel": True},
            {"add": {"sku": "11", "quantity": 3}},
            {"add": {"sku": "A=B", "quantity": 4}},
        ],
    }
    assert change_document([], [], [], []) == {}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--line", "1"), "--line 1: write LINE=QUANTITY, like 1=5"),
        (("--line", "one=5"), "--line one=5: write LINE=QUANTITY, like 1=5"),
        (("--line", "1=-5"), "--line 1=-5: write LINE=QUANTITY, like 1=5"),
        (("--cancel-line", "2,3"), "--cancel-line 2,3: write the line's number"),
        (("--add", "11"), "--add 11: write SKU=QUANTITY, like 11=3"),
        (("--add", "=3"), "--add =3: write SKU=QUANTITY, like 11=3"),
        (("--set", "express"), "--set express: write NAME=VALUE, like ship_method=express"),
        (("--set", "ship_to.=x"), "--set ship_to.=x: write NAME=VALUE, like ship_method=express"),
        (("--set", "note=a", "--set", "note=b"), "--set note=b: note is set twice"),
        (("--set", "ship_to=", "--set", "ship_to.city=b"), "--set ship_to.city=b: ship_to is set as a whole already"),
        ((), "nothing to change: give --set, --line, --cancel-line, --add or --file"),
        (("--reason", "none"), "nothing to change: give --set, --line, --cancel-line, --add or --file"),
        (
            ("--file", "x.json", "--line", "1=5"),
            "--file holds the whole change: leave out the options that say what changes",
        ),
        (("--file", "no-such-file.json"), "no-such-file.json: cannot be read: No such file or directory"),
    ],
)
def test_a_wrong_option_is_told_in_words(
    options: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["order", "change", "W-1", *options])
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", f"ordito: {sentence}\n")


@pytest.mark.parametrize(
    ("numbers", "text"), [([], "-"), ([4], "4"), ([3, 1, 2, 7], "1-3, 7"), ([1, 2, 4, 5], "1-2, 4-5")]
)
def test_line_numbers_in_runs(numbers: list[int], text: str) -> None:
    assert line_numbers(numbers) == text


def answer(**values: Any) -> dict[str, Any]:
    return {
        "words": "Revision 2: line 1 from 3 to 5 units.",
        "actions": [],
        "assumptions": [],
        "not_done": [],
        "to_return": [],
        "cost": {"amount": "0.00", "currency": "USD"},
        "price": None,
        "promise": None,
        **values,
    }


def test_an_answer_in_words_and_its_steps(capsys: pytest.CaptureFixture[str]) -> None:
    action = {
        "step": "ship",
        "do": "cancel_and_create",
        "lines": [1, 2],
        "adapter": "carrier",
        "reason": "quantity_up",
        "words": "The request is cancelled, and a new one made.",
    }
    inside = {"step": "reserve", "do": "redo", "lines": [1], "adapter": "", "reason": "quantity_up", "words": ""}
    given = answer(
        price={"before": "30.00", "after": "50.00", "currency": "USD"},
        promise={"before": "2026-05-20", "after": "2026-05-20"},
        cost={"amount": "5.00", "currency": "USD"},
        assumptions=["Nothing is picked."],
        actions=[action, inside],
    )
    show_change("W-1", given)
    told = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert told == [
        "Order W-1: Revision 2: line 1 from 3 to 5 units.",
        "Total 50.00 USD, before 30.00.",
        "The promise stays 2026-05-20.",
        "The change costs 5.00 USD.",
        "Assumed: Nothing is picked.",
        "step action lines asks why",
        "ship cancel and create 1-2 carrier The request is cancelled, and a new one made.",
        "reserve redo 1 - quantity_up",
    ]


def test_an_answer_without_terms_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    show_change("W-1", answer())
    assert capsys.readouterr().out == "Order W-1: Revision 2: line 1 from 3 to 5 units.\n"


async def test_a_document_with_problems_is_told_with_every_path(shop: Shop, tmp_path: Path) -> None:
    number = await shop.place([(await shop.stocked(), 1)])
    file = tmp_path / "change.json"
    file.write_text(json.dumps({"lines": [{"number": 1, "quantity": 0}], "reason": ""}))

    by_file = await shop.cli("order", "change", number, "--file", str(file))
    by_option = await shop.cli("order", "change", number, "--set", "ship_metod=express")
    unknown = await shop.cli("order", "change", "no-such", "--line", "1=2")

    assert (by_file[0], by_option[0], unknown[0]) == (1, 1, 1)
    assert by_file[2].startswith("ordito: The document has problems\n")
    assert "  $.reason: The text is empty" in by_file[2]
    assert "  $.lines[0].quantity: The value must be at least 1." in by_file[2]
    assert "  $.set.ship_metod: There is no such field. Did you mean `ship_method`?" in by_option[2]
    assert "There is no such order" in unknown[2]
    assert (await shop.order(number))["changes"] == []


async def test_a_quantity_is_raised_in_flight_and_the_answer_tells_how(shop: Shop) -> None:
    sku = await shop.stocked(10, price="10.00")
    number = await shop.place([(sku, 3)])
    await shop.until_status(number, "released")

    options = ("--line", "1=5", "--reason", "two more", "--id", "c-1", "--base-revision", "1", "--timeout", "20")
    changed = await shop.cli("order", "change", number, *options)
    again = await shop.cli("order", "change", number, *options, "--json")
    stale = await shop.cli("order", "change", number, "--line", "1=6", "--base-revision", "1")
    order = await shop.order(number)

    assert changed[0] == 0, changed
    assert f"Order {number}: Revision 2: line 1 from 3 to 5 units." in changed[1]
    assert "Total 50.00 USD, before 30.00." in changed[1]
    assert "cancel and create" in changed[1]
    told = json.loads(again[1])
    assert (told["outcome"], told["revision"], told["price"]["after"]) == ("accepted", 2, "50.00")
    assert {"ship", "reserve"} <= {action["step"] for action in told["actions"]}
    assert (stale[0], "the order is at revision 2" in stale[2]) == (1, True)
    assert (order["revision"], order["lines"][0]["quantity"], order["total"]) == (2, 5, "50.00")
    assert await shop.stock(sku) == {"on_hand": 10, "reserved": 5, "available": 5}


async def test_a_change_that_makes_no_sense_for_the_order_touches_nothing(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 3)])
    before = await shop.until_status(number, "released")

    same = await shop.cli("order", "change", number, "--line", "1=3", "--id", "same", "--timeout", "20")
    no_line = await shop.cli("order", "change", number, "--cancel-line", "9", "--id", "no-line", "--timeout", "20")
    no_item = await shop.cli("order", "change", number, "--add", "no-such=1", "--id", "no-item", "--timeout", "20")
    after = await shop.order(number)

    assert (same[0], no_line[0], no_item[0]) == (1, 1, 1)
    assert "The change was refused" in same[2]
    assert after["changes"][0]["code"] == "nothing_changed"
    assert {change["outcome"] for change in after["changes"]} == {"refused"}
    assert (after["revision"], after["shipments"]) == (1, before["shipments"])
    assert await shop.stock(sku) == {"on_hand": 10, "reserved": 3, "available": 7}
