"""Bad input: each a clear refusal that names the place; nothing is kept, nothing is echoed (CAP4, OPS2, RFC 9457)."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from store.migrate import upgrade
from tests.api.desk import Desk, captured_log, from_source, open_desk, order
from tests.support.stack import RunningPostgres


@pytest.fixture(scope="module")
async def desk(postgres: RunningPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """One desk for all: nothing that is refused leaves a trace."""
    url = await postgres.fresh_database(schema=upgrade)
    async with open_desk(url, tmp_path_factory.mktemp("refusals")) as desk:
        await desk.furnish()
        yield desk


CARD = "4111 1111 1111 1111"


def lines(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"sku": "11", "quantity": 1, **change} for change in changes]


def ship_to(**changes: Any) -> dict[str, Any]:
    return {**order()["ship_to"], **changes}


REFUSALS: list[tuple[str, dict[str, Any], list[tuple[str, str, str]]]] = [
    (
        "unknown sku",
        {"lines": lines({}, {"sku": "99"})},
        [("$.lines[1].sku", "unknown_sku",
          "There is no item with this SKU. Check it, or add the item with PUT /v1/items.")],
    ),
    (
        "no price in the currency",
        {"currency": "EUR", "lines": lines({})},
        [("$.lines[0].unit_price", "no_price",
          "The item has no list price in EUR on the day of the order. Send a unit_price, or add one.")],
    ),
    ("zero quantity", {"lines": lines({"quantity": 0})},
     [("$.lines[0].quantity", "out_of_range", "The value must be at least 1.")]),
    ("negative quantity", {"lines": lines({}, {"quantity": -3})},
     [("$.lines[1].quantity", "out_of_range", "The value must be at least 1.")]),
    ("quantity beyond a million", {"lines": lines({"quantity": 1_000_001})},
     [("$.lines[0].quantity", "out_of_range", "The value must be at most 1,000,000.")]),
    ("half a unit", {"lines": lines({"quantity": 1.5})},
     [("$.lines[0].quantity", "wrong_type", "A whole number is needed, without quotes and decimals.")]),
    ("unknown country", {"ship_to": ship_to(country="UK")},
     [("$.ship_to.country", "unknown_country",
       "This is no country code of ISO 3166-1 (two capital letters). Did you mean GB?")]),
    ("unknown currency", {"currency": "USDD"},
     [("$.currency", "unknown_currency",
       "This is no currency code of ISO 4217 (three capital letters). Did you mean USD?")]),
    ("2,001 lines", {"lines": lines(*[{}] * 2001)},
     [("$.lines", "too_many", "Too many entries: 2001, at most 2,000.")]),
    ("201 ship sets", {"lines": lines(*[{"ship_set": f"set-{n}"} for n in range(201)])},
     [("$.lines", "too_many",
       "The lines have more than 200 ship sets and warehouses; split them over several orders.")]),
    ("no line", {"lines": []}, [("$.lines", "too_few", "At least 1 entry is needed.")]),
    ("three decimals of a dollar", {"charges": [{"code": "freight", "amount": "12.405"}]},
     [("$.charges[0].amount", "too_many_decimals", "USD has 2 decimals, this amount has more.")]),
    ("a tenth of a yen", {"currency": "JPY", "lines": lines({"unit_price": 10.5}), "charges": None},
     [("$.lines[0].unit_price", "too_many_decimals", "JPY has 0 decimals, this amount has more.")]),
    ("a negative charge", {"charges": [{"code": "freight", "amount": "-1.00"}]},
     [("$.charges[0].amount", "out_of_range", "An amount from 0 to 999,999,999 is needed.")]),
    ("an amount in words", {"charges": [{"code": "freight", "amount": "1,50"}]},
     [("$.charges[0].amount", "not_an_amount", 'A decimal number is needed, like "12.30".')]),
    ("more than everything off", {"lines": lines({"discount": "1.01"})},
     [("$.lines[0].discount", "out_of_range", "A fraction from 0 to 1 is needed: 0.15 takes off 15 percent.")]),
    ("a discount of five decimals", {"lines": lines({"discount": 0.12345})},
     [("$.lines[0].discount", "too_many_decimals", "A discount has at most 4 decimals.")]),
    ("two lines of one number", {"lines": lines({"number": 2}, {})},
     [("$.lines[1].number", "repeated_line",
       "The line number is taken by $.lines[0]; numbers are unique in an order.")]),
    ("a control character", {"ship_to": ship_to(name="Ann\u0007")},
     [("$.ship_to.name", "control_character", "The text holds a control character; take it out.")]),
    ("a long name", {"ship_to": ship_to(name="x" * 201)},
     [("$.ship_to.name", "too_long", "The text is too long: at most 200 characters.")]),
    ("an empty street", {"ship_to": ship_to(street="  ")},
     [("$.ship_to.street", "empty", "The text is empty; leave the field out or fill it.")]),
    ("no postal code", {"ship_to": {k: v for k, v in ship_to().items() if k != "postal_code"}},
     [("$.ship_to.postal_code", "missing", "A postal code is needed for this country.")]),
    ("no customer", {"customer": None}, [("$.customer", "missing", "This field is required.")]),
    ("a field that is not", {"currancy": "USD"},
     [("$.currancy", "unknown_field", "There is no such field. Did you mean `currency`?")]),
    ("a role in the body", {"role": "admin"}, [("$.role", "unknown_field", "There is no such field.")]),
    ("a time without its offset", {"ordered_at": "2026-05-06T09:00:00"},
     [("$.ordered_at", "not_a_moment",
       "Date, time and offset are needed (RFC 3339), like 2026-03-31T09:30:00+02:00.")]),
    ("a day that is not", {"requested_date": "2026-02-30"},
     [("$.requested_date", "not_a_date", "There is no such day in the calendar.")]),
    ("a payment we do not know", {"payment": {"method": "cash"}},
     [("$.payment.method", "not_a_choice", "One of 'card' or 'terms' is needed.")]),
    ("a card without its token", {"payment": {"method": "card"}},
     [("$.payment.token", "missing", "Payment by card needs the provider's token.")]),
    ("a number with a slash", {"number": "A/1"},
     [("$.number", "wrong_form",
       "Letters, digits, dots, dashes and underscores are allowed; the first is a letter or a digit.")]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "problems"), [case[1:] for case in REFUSALS], ids=[case[0] for case in REFUSALS])
async def test_a_document_with_a_problem_is_refused(
    desk: Desk, changes: dict[str, Any], problems: list[tuple[str, str, str]]
) -> None:
    response = await desk.post("/v1/orders", order(**changes))
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert [tuple(problem.values()) for problem in body["problems"]] == problems
    assert body["code"] == "invalid_document"
    assert await desk.count("sales_order") == 0
    assert await desk.count("dispatch") == 0


async def test_the_whole_answer_is_a_problem_document(desk: Desk) -> None:
    response = await desk.post("/v1/orders", order(currency="usd"), x_request_id="request-of-a-test")
    problem = {
        "path": "$.currency",
        "code": "unknown_currency",
        "words": "This is no currency code of ISO 4217 (three capital letters). Did you mean USD?",
    }
    assert response.headers["x-request-id"] == "request-of-a-test"
    assert response.json() == {
        "type": "/errors/invalid_document",
        "title": "The document has problems",
        "status": 422,
        "detail": f"The document has one problem. $.currency: {problem['words']}",
        "instance": "urn:ordito:request:request-of-a-test",
        "code": "invalid_document",
        "help": "Mend every entry of `problems`; nothing was kept.",
        "problems": [problem],
        "problems_found": 1,
    }


async def test_all_problems_come_at_once_those_of_the_database_too(desk: Desk) -> None:
    body = order(currency="XXX", note="\u0000", lines=[{"sku": "99", "quantity": 0}, {"sku": "11", "quantity": "1"}])
    response = await desk.post("/v1/orders", body)
    assert [(problem["path"], problem["code"]) for problem in response.json()["problems"]] == [
        ("$.note", "control_character"),
        ("$.currency", "unknown_currency"),
        ("$.lines[0].quantity", "out_of_range"),
        ("$.lines[1].quantity", "wrong_type"),
        ("$.lines[0].sku", "unknown_sku"),
    ]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"note": f"charge {CARD} please"}, "$.note"),
        ({"note": "5500-0000-0000-0004"}, "$.note"),
        ({"purchase_order": "378282246310005"}, "$.purchase_order"),
        ({"payment": {"method": "card", "token": CARD.replace(" ", "")}}, "$.payment.token"),
        ({"ship_to": ship_to(street=CARD)}, "$.ship_to.street"),
        ({"bill_to": ship_to(name=CARD)}, "$.bill_to.name"),
    ],
)
async def test_a_card_number_is_refused_and_neither_echoed_nor_logged(
    desk: Desk, changes: dict[str, Any], path: str
) -> None:
    with captured_log() as log:
        response = await desk.post("/v1/orders", order(**changes))
    assert response.status_code == 422
    assert [(problem["path"], problem["code"]) for problem in response.json()["problems"]] == [(path, "card_number")]
    logged = [{name: value for name, value in entry.items() if name != "request_id"} for entry in log.entries]
    told = {name: value for name, value in response.json().items() if name != "instance"}
    for digits in ("1111", "0000", "310005"):
        assert digits not in json.dumps([told, logged])
    assert await desk.count("sales_order") == 0


async def test_a_card_number_in_a_field_that_is_not_and_as_a_number(desk: Desk) -> None:
    body = order(payment={"method": "card", "token": "tok_1", "number": 4111111111111111}, **{"4111111111111111": 1})
    response = await desk.post("/v1/orders", body)
    assert [(problem["path"], problem["code"]) for problem in response.json()["problems"]] == [
        ("$.payment.number", "card_number"),
        ("$.?", "card_number"),
        ("$.payment.number", "unknown_field"),
        ("$.?", "unknown_field"),
    ]
    assert "4111" not in response.text


async def test_a_text_of_a_megabyte_is_too_large(desk: Desk) -> None:
    response = await desk.post("/v1/orders", order(note="x" * 1_048_576))
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    assert response.json()["detail"] == "The body has more than 1,048,576 bytes."


async def test_a_long_text_below_a_megabyte_names_its_place(desk: Desk) -> None:
    response = await desk.post("/v1/orders", order(note="x" * 1_000_000))
    assert response.json()["problems"] == [
        {"path": "$.note", "code": "too_long", "words": "The text is too long: at most 2,000 characters."}
    ]


async def test_a_body_without_a_length_is_not_read_to_its_end(desk: Desk) -> None:
    read = 0

    async def endless() -> Any:
        nonlocal read
        while True:
            read += 65_536
            yield b" " * 65_536

    response = await desk.http.post("/v1/orders", content=endless())
    assert response.status_code == 413
    assert read < 3_000_000


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The body is not JSON: Expecting value at line 1, column 1."),
        (b'{"a": ', "The body is not JSON: Expecting value at line 1, column 7."),
        (b'{"a": NaN}', "The body is not JSON: NaN is no number."),
        (b"\xff\xfe", "The body is not JSON: it is not UTF-8 text."),
        (b"[" * 100_000, "The body is nested too deeply."),
        (b"1" * 5_000, "The body has a number of more than 30 characters."),
    ],
)
async def test_what_is_not_json_is_refused(desk: Desk, body: bytes, detail: str) -> None:
    response = await desk.http.post("/v1/orders", content=body)
    assert (response.status_code, response.json()["code"], response.json()["detail"]) == (400, "not_json", detail)


async def test_a_field_named_twice_is_refused(desk: Desk) -> None:
    response = await desk.http.post("/v1/orders", content=b'{"currency": "USD", "currency": "EUR"}')
    assert response.json()["problems"] == [
        {"path": "$", "code": "repeated_field", "words": "An object of the body has the same field twice."}
    ]


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_an_idempotency_key_has_a_limit(desk: Desk, key: str) -> None:
    response = await desk.post("/v1/orders", order(), idempotency_key=key)
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_invalid")
    assert await desk.count("sales_order") == 0


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v2/orders", 404, "not_found"),
        ("GET", "/v1/orders/", 404, "not_found"),
        ("DELETE", "/v1/orders", 405, "method_not_allowed"),
        ("GET", "/v1/orders/none", 404, "order_unknown"),
        ("GET", "/v1/orders/%00", 404, "order_unknown"),
        ("GET", "/v1/orders/none/timeline", 404, "order_unknown"),
        ("GET", "/v1/orders/none/changes/none", 404, "change_unknown"),
        ("POST", "/v1/orders/none/retry", 404, "order_unknown"),
        ("GET", "/v1/orders?limit=201", 422, "invalid_query"),
        ("GET", "/v1/orders?status=lost", 422, "invalid_query"),
        ("GET", "/v1/orders?after=nonsense", 422, "invalid_query"),
        ("GET", "/v1/orders?lait=true", 422, "invalid_query"),
        ("GET", "/v1/events?after=W10", 422, "invalid_query"),
    ],
)
async def test_every_error_has_the_same_shape(desk: Desk, method: str, path: str, status: int, code: str) -> None:
    response = await desk.http.request(method, path)
    assert (response.status_code, response.json().get("code")) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == f"/errors/{code}"
    assert response.json()["status"] == status
    assert response.json()["instance"] == f"urn:ordito:request:{response.headers['x-request-id']}"


async def test_what_breaks_shows_no_trace_and_logs_no_value(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise ValueError("Mercedes Alba")

    monkeypatch.setattr("api.place.accept", broken)
    with captured_log() as log:
        response = await desk.post("/v1/orders", from_source("W-1"))
    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert "Traceback" not in response.text
    assert "Mercedes" not in response.text + str(log.entries)
    assert [entry["error"] for entry in log.entries if entry["event"] == "request broke"] == ["ValueError"]
