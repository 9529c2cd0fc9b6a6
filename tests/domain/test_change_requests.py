"""Raw signals: an edit or a cancel, and never personal data (CHG14, CHG15)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.process.change_requests import read_change_request, signal_payload
from domain.process.events import ChangeAsked

NOW = datetime(2026, 5, 7, tzinfo=UTC)
EMPTY: dict[str, Any] = {"set": {}, "lines": []}


def read(payload: Any) -> ChangeAsked:
    return read_change_request(payload, NOW)


@pytest.mark.parametrize(
    ("payload", "change", "edit"),
    [
        ({}, "cancel", None),
        ({"change": "cancel"}, "cancel", None),
        ({"change": "cancel", "set": None, "lines": []}, "cancel", None),
        ({"cancel": True}, "cancel", None),
        ({"cancel": True, "change": "cancel"}, "cancel", None),
        ({"cancel": None, "change": "edit"}, "edit", None),
        ({"change": "edit"}, "edit", None),
        ({"lines": []}, "edit", EMPTY),
        ({"set": {}}, "edit", EMPTY),
        (
            {"lines": [{"number": 1, "quantity": 5}, {"add": {"sku": "11", "quantity": 1}}]},
            "edit",
            {"set": {}, "lines": [{"number": 1, "quantity": 5}, {"add": {"sku": "11", "quantity": 1}}]},
        ),
        (
            {"change": "edit", "set": {"ship_method": "express", "warehouse": None}},
            "edit",
            {"set": {"ship_method": "express", "warehouse": None}, "lines": []},
        ),
    ],
)
def test_what_a_signal_asks_for(payload: dict[str, Any], change: str, edit: dict[str, Any] | None) -> None:
    asked = read({"change_id": "c-1", "base_revision": 2, "reason": "late", "requested_by": "shop", **payload})
    assert asked == ChangeAsked(
        change_id="c-1",
        change=change,
        edit=edit,
        base_revision=2,
        reason="late",
        requested_by="shop",
        at=NOW,
    )


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (
            {"set": {"ship_to": {"name": "Ana"}}},
            "$.set.ship_to: It would stay in the workflow's history; send it to POST /v1/orders/{number}/changes.",
        ),
        (
            {"set": {"ship_metod": "x"}, "lines": [{"number": 1}]},
            "$.set.ship_metod: There is no such field. Did you mean `ship_method`?"
            " $.lines[0]: Say what of the line changes, or send `cancel`.",
        ),
        (
            {"change": "cancel", "lines": [{"number": 1, "quantity": 2}]},
            "$.change: The whole order is cancelled; leave out all else that is to be changed.",
        ),
        (
            {"reason": "paid by 4111 1111 1111 1111"},
            "$.reason: This looks like a card number, which no change request may hold.",
        ),
        ({"reason": "a\x00b"}, "$.reason: The text holds a control character; take it out."),
        (
            {"cancel": True, "change": "edit"},
            "$.change: The whole order is cancelled; leave out all else that is to be changed.",
        ),
        (
            {"cancel": True, "set": {"ship_method": "express"}},
            "$.cancel: The whole order is cancelled; leave out all else that is to be changed.",
        ),
        ({"change": "repaint"}, "$.change: One of 'cancel' or 'edit' is needed."),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(payload: dict[str, Any], words: str) -> None:
    asked = read({"change_id": "c-1", **payload})
    assert asked.problem == f"The change request makes no sense. {words}"
    assert asked.change_id.startswith("malformed/")
    assert (asked.requested_by, asked.edit, asked.reason) == ("signal change_requested", None, "")


def test_an_edit_that_is_kept_goes_by_its_id_alone() -> None:
    asked = ChangeAsked(
        change_id="c-1", change="edit", base_revision=2, reason="Ana moved", requested_by="shop", at=NOW
    )
    payload = signal_payload(asked)
    assert payload == {
        "change_id": "c-1",
        "change": "edit",
        "base_revision": 2,
        "reason": "",
        "requested_by": "shop",
    }
    assert read(payload) == asked.model_copy(update={"reason": ""})
