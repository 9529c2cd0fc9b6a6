"""`make chaos`, small; and its judge, who has to see what is wrong."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chaos.customers import Told
from chaos.judging import judge_end, judge_rest
from chaos.plan import Ask, Story, draw
from chaos.truth import Truth
from settings import PROJECT_ROOT

WITHIN, STOP = 300, 60
"""Seconds: how long a run may take, also on a busy machine; and how long it may take to tell and to stop then."""
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


async def chaos(folder: Path, *options: str) -> tuple[int, str]:
    """Exit status and words of a run, which says itself what waits when it is cut."""
    said = folder / "said.txt"
    with said.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-u", "-m", "chaos", *options), cwd=PROJECT_ROOT, stdout=output, stderr=output
        )
    try:
        return await asyncio.wait_for(process.wait(), WITHIN + STOP), said.read_text(encoding="utf-8")
    except TimeoutError:
        pytest.fail(f"it did not stop:\n{said.read_text(encoding='utf-8')}")
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


@pytest.mark.timeout(WITHIN + 2 * STOP)
async def test_twenty_orders_survive_six_kills(tmp_path: Path) -> None:
    """ORC19, CHG9, I1-I12: each part dies once."""
    options = ("--orders", "20", "--kills", "6", "--seed", "1", "--within", str(WITHIN))
    status, said = await chaos(tmp_path, *options)
    assert status == 0, said
    assert "Seed 1: 20 orders, 6 kills." in said
    assert "Offences: 0." in said


@pytest.mark.timeout(WITHIN)
async def test_a_run_that_is_cut_says_when_and_what_waits(tmp_path: Path) -> None:
    status, said = await chaos(tmp_path, "--orders", "3", "--kills", "0", "--seed", "1", "--within", "0.5")
    assert status == 1, said
    assert "run: was cut after 0 s, while: start" in said


def test_a_seed_draws_the_same_run_again() -> None:
    assert draw(7, 30, 12, NOW) == draw(7, 30, 12, NOW)
    assert draw(7, 30, 12, NOW) != draw(8, 30, 12, NOW)


def test_every_part_dies_as_often_as_the_others() -> None:
    kills = draw(3, 1, 24, NOW).kills
    counts = {kill.part: [one.part for one in kills].count(kill.part) for kill in kills}
    assert counts == dict.fromkeys(("postgres", "temporal", "simulators", "api", "relay", "worker"), 4)
    assert [kill.after for kill in kills] == sorted(kill.after for kill in kills)


# ---- the judge ----------------------------------------------------------------------------------------

KEY = "C-1/authorize/1/r1/authorize_payment/1"
ASK = Ask("C-1-1", "quantity", {"change_id": "C-1-1", "lines": [{"number": 1, "quantity": 3}]}, False, 0)
STORY = Story(
    {
        "number": "C-1",
        "ship_to": {"city": "Reno"},
        "ship_method": "ground",
        "lines": [{"number": 1, "sku": "desk", "quantity": 2}],
    },
    (ASK,),
)
TOLD = {"C-1-1": Told(ASK, "accepted", {"revision": 2})}


def ended() -> Truth:
    """One order of 3 desks for 30.00, changed from 2, shipped and paid."""
    order: dict[str, Any] = {
        "finished": True,
        "status": "completed",
        "total": "30.00",
        "document": {"payment_method": "card"},
        "waiting": [],
        "lines": [{"number": 1, "sku": "desk", "quantity": 3, "shipped": 3, "cancelled": 0, "open": 0}],
        "authorizations": [{"key": KEY, "state": "authorized"}],
        "invoices": [{"total": "30.00"}],
        "credit_memos": [],
        "changes": [{"change_id": "C-1-1", "outcome": "accepted", "revision": 2}],
    }
    request: dict[str, Any] = {
        "shipment": "shp_1",
        "group": "1",
        "status": "shipped",
        "method": "ground",
        "ship_to": {"city": "Reno"},
        "lines": [{"line": 1, "sku": "desk", "quantity": 3, "shipped": 3}],
    }
    held = {
        "authorization_key": KEY,
        "status": "authorized",
        "amount": 3000,
        "captured": 3000,
        "captures": [{"refunded": 0}],
    }
    stock = {"desk": {"on_hand": 7, "reserved": 0}}
    return Truth({"C-1": order}, {"C-1": [request]}, {"C-1": [held]}, stock, [])


def verdict(truth: Truth) -> list[str]:
    return [words for _, words in judge_end(truth, list(truth.orders), (STORY,), TOLD, {"desk": 10})]


def test_what_is_right_is_not_complained_of() -> None:
    assert verdict(ended()) == []
    assert judge_rest(ended()) == []


def spoil(truth: Truth, what: str) -> None:
    order, request, held = truth.orders["C-1"], truth.requests["C-1"][0], truth.authorizations["C-1"][0]
    match what:
        case "not ended":
            order["finished"] = False
        case "shipped twice":
            truth.requests["C-1"].append({**request, "shipment": "shp_2"})
        case "captured twice":
            held["captured"] = 6000
        case "still held":
            held["amount"] = 4000
        case "not invoiced":
            order["invoices"] = []
        case "half changed":
            order["lines"][0]["quantity"] = order["lines"][0]["shipped"] = 2
            request["lines"][0]["shipped"] = 2
            truth.stock["desk"]["on_hand"] = 8
        case "another answer":
            order["changes"][0]["outcome"] = "refused"
        case "no answer":
            order["changes"] = []
        case "another way":
            request["method"] = "express"
        case "stock lost":
            truth.stock["desk"]["on_hand"] = 6
        case "stock kept":
            truth.stock["desk"]["reserved"] = 1
        case _:
            truth.violations.append({"code": "more_than_ordered", "key": "C-1/ship"})


SEEN = {
    "not ended": "has not ended, it is completed",
    "shipped twice": "line 1: 3 shipped, by the carrier's books 6",
    "captured twice": "6000 cents captured and 3000 invoiced",
    "still held": f"authorization {KEY} is live at the end",
    "not invoiced": "3000 cents captured and 0 invoiced",
    "half changed": "line 1 is ('desk', 2), and its accepted changes make it ('desk', 3)",
    "another answer": "change C-1-1: its sender was told accepted, kept is refused",
    "no answer": "change C-1-1 (quantity) has no answer",
    "another way": "shipment shp_1 went by ('express', 'Reno'), not by ('ground', 'Reno')",
    "stock lost": "6 on hand and 3 shipped of 10",
    "stock kept": "1 are reserved at the end",
    "outside": "the outside: {'code': 'more_than_ordered', 'key': 'C-1/ship'}",
}


@pytest.mark.parametrize("what", SEEN)
def test_what_is_wrong_is_seen(what: str) -> None:
    truth = ended()
    spoil(truth, what)
    assert SEEN[what] in verdict(truth)


@pytest.mark.parametrize("left", [2, 0])
def test_of_a_line_that_is_cancelled_stays_what_had_left_by_then(left: int) -> None:
    """Two of three desks leave; then the line is cancelled, or they leave all the same when it was."""
    truth = ended()
    order, request = truth.orders["C-1"], truth.requests["C-1"][0]
    cancelled = Ask("C-1-1", "line", {"change_id": "C-1-1", "lines": [{"number": 1, "cancel": True}]}, False, 0)
    order["changes"][0]["at"] = "2026-04-01T10:00:00+00:00"
    request["history"] = [{"event": "shipped", "at": f"2026-04-01T{'09' if left else '11'}:00:00+00:00"}]
    for line in (order["lines"][0], request["lines"][0]):
        line |= {"quantity": 2, "shipped": 2}
    truth.stock["desk"]["on_hand"] = 8
    story, told = Story(STORY.document, (cancelled,)), {"C-1-1": Told(cancelled, "accepted", {"revision": 2})}
    found = judge_end(truth, list(truth.orders), (story,), told, {"desk": 10})
    wrong = [("C-1", "line 1 is ('desk', 2), and its accepted changes make it ('desk', 0)")]
    assert found == ([] if left else wrong)


def test_an_order_that_is_gone_is_missed() -> None:
    found = judge_end(ended(), [], (STORY,), TOLD, {"desk": 10})
    assert ("C-1", "was accepted and is not in the list of orders") in found


def test_at_rest_two_requests_and_two_authorizations_and_too_much_stock_are_seen() -> None:
    truth = ended()
    order, request, held = truth.orders["C-1"], truth.requests["C-1"][0], truth.authorizations["C-1"][0]
    order |= {"finished": False, "status": "released", "invoices": [], "waiting": [{"group": "1"}]}
    order["lines"][0] |= {"shipped": 0, "open": 3}
    request |= {"status": "released", "lines": [{"line": 1, "sku": "desk", "quantity": 3, "shipped": 0}]}
    held["captured"] = 0
    truth.stock["desk"] |= {"on_hand": 10, "reserved": 3}
    assert judge_rest(truth) == []

    truth.requests["C-1"].append({**request, "shipment": "shp_2"})
    truth.authorizations["C-1"].append({**held, "authorization_key": "C-1/other"})
    truth.stock["desk"]["reserved"] = 4
    assert [words for _, words in judge_rest(truth)] == [
        "line 1: 3 open, and the carrier has other units in live requests",
        "line 1 is in 2 live requests of group 1",
        "2 authorizations are live for 1 groups that wait",
        "the provider holds money that we do not know of: C-1/other",
        "4 units are reserved, waiting orders need 3",
    ]
