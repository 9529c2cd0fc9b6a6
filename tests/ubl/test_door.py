"""POST /v1/ubl while nobody runs orders: the same doors as JSON, told in XPath (CAP1, CHG1, CHG14)."""

import asyncio
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from limits import MAX_UBL_BYTES
from store.keys import Role
from tests.api.desk import Desk
from tests.ubl.documents import BUYER, CANCELLATION, CHANGE, ORDER, altered, line, with_lines

XML = {"Content-Type": "application/xml"}
NAMES = {
    "": "urn:oasis:names:specification:ubl:schema:xsd:OrderResponse-2",
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}


async def send(desk: Desk, document: str | bytes, query: str = "", **headers: str) -> httpx.Response:
    body = document.encode() if isinstance(document, str) else document
    return await desk.http.post(f"/v1/ubl{query}", content=body, headers={**XML, **headers})


async def placed(desk: Desk) -> str:
    response = await send(desk, ORDER)
    assert response.status_code == 201, response.text
    number: str = response.json()["number"]
    return number


def problems(response: httpx.Response) -> list[tuple[str, str]]:
    assert response.status_code == 422, response.text
    return [(problem["path"], problem["code"]) for problem in response.json()["problems"]]


def said(response: httpx.Response) -> dict[str, Any]:
    """What an OrderResponse says."""
    assert response.headers["content-type"] == "application/xml"
    root = ElementTree.fromstring(response.content)
    assert root.tag == f"{{{NAMES['']}}}OrderResponse"
    return {
        "code": root.findtext("cbc:OrderResponseCode", namespaces=NAMES),
        "notes": [note.text for note in root.findall("cbc:Note", NAMES)],
        "order": root.findtext("cac:OrderReference/cbc:ID", namespaces=NAMES),
        "number": root.findtext("cac:OrderReference/cbc:SalesOrderID", namespaces=NAMES),
        "about": root.findtext("cac:AdditionalDocumentReference/cbc:ID", namespaces=NAMES),
        "buyer": root.findtext("cac:BuyerCustomerParty/cac:Party/cbc:EndpointID", namespaces=NAMES),
        "seller": root.findtext("cac:SellerSupplierParty/cac:Party/cac:PartyName/cbc:Name", namespaces=NAMES),
    }


async def test_an_order_is_placed_once(desk: Desk) -> None:
    first, second = await send(desk, ORDER), await send(desk, ORDER)
    number = first.json()["number"]
    assert (first.status_code, second.status_code) == (201, 200)
    assert (first.headers["location"], second.headers["idempotent-replay"]) == (f"/v1/orders/{number}", "true")
    assert first.json() == second.json()
    note = first.json()["ubl"]
    assert (note["type"], note["id"], note["order"]) == ("Order", "PO-4711", number)
    assert "/Order/cac:OrderLine/cac:LineItem/cac:Item/cbc:Name" in note["ignored"]
    assert await desk.count("sales_order") == 1
    order = await desk.get(f"/v1/orders/{number}")
    assert order["document"]["source"] == {"system": BUYER, "id": "PO-4711"}
    assert order["personal"]["ship_to"]["street"] == "Hafenstraße 12, Tor 2"


async def test_the_same_id_from_two_buyers_is_two_orders(desk: Desk) -> None:
    mine = await placed(desk)
    other = await send(desk, altered(ORDER, (BUYER, "4098765000027")))
    assert other.status_code == 201
    assert other.json()["number"] != mine
    changed = await send(desk, altered(CHANGE, (BUYER, "4098765000027")))
    assert changed.json()["ubl"]["order"] == other.json()["number"]


async def test_another_order_under_the_same_id_is_refused(desk: Desk) -> None:
    await placed(desk)
    response = await send(desk, altered(ORDER, (">12</cbc:Quantity>", ">13</cbc:Quantity>")))
    assert (response.status_code, response.json()["code"]) == (422, "source_id_reused")


async def test_a_change_is_kept_as_the_same_change_in_json_would_be(desk: Desk) -> None:
    number = await placed(desk)
    response = await send(desk, CHANGE)
    body = response.json()
    assert (response.status_code, body["outcome"], body["kind"]) == (202, "in_progress", "edit")
    assert response.headers["location"] == f"/v1/orders/{number}/changes/{body['change_id']}"
    assert body["ubl"] == {
        "type": "OrderChange",
        "id": "PC-1",
        "order": number,
        "ignored": [
            "/OrderChange/cac:OrderLine/cac:LineItem/cac:Item",
            "/OrderChange/cac:SellerSupplierParty",
        ],
    }
    [row] = await desk.rows("SELECT * FROM change_request")
    assert row["document"] == {
        "reason": "More paint, no brushes, to the other yard.",
        "base_revision": None,
        "set": {
            "ship_to": {
                "name": "Bergmann Bau GmbH",
                "street": "Werftweg 3",
                "city": "Hamburg",
                "region": None,
                "postal_code": "20459",
                "country": "DE",
            },
            "requested_date": "2026-04-20",
        },
        "lines": [
            {"number": 1, "quantity": 15, "sku": "11", "unit_price": "13.50"},
            {"number": 2, "cancel": True},
            {"add": {"number": 3, "sku": "42", "quantity": 4, "unit_price": "9.00"}},
        ],
        "ubl": {"sequence": 1, "issued": "2026-03-31T12:30:00.000000+00:00"},
    }
    [message] = await desk.rows("SELECT payload FROM dispatch WHERE kind = 'change'")
    assert "Werftweg" not in str(message)


async def test_the_same_change_again_gets_the_same_answer(desk: Desk) -> None:
    await placed(desk)
    first, second = await send(desk, CHANGE), await send(desk, CHANGE)
    assert (first.json(), second.status_code) == (second.json(), 202)
    assert ("idempotent-replay" in first.headers, second.headers["idempotent-replay"]) == (False, "true")
    other = await send(desk, altered(CHANGE, (">15</cbc:Quantity>", ">16</cbc:Quantity>")))
    assert (other.status_code, other.json()["code"]) == (422, "change_id_reused")
    assert len(await desk.rows("SELECT 1 FROM dispatch WHERE kind = 'change'")) == 1


async def test_a_cancellation_is_a_cancel(desk: Desk) -> None:
    number = await placed(desk)
    response = await send(desk, CANCELLATION)
    assert (response.status_code, response.json()["kind"], response.json()["ubl"]["order"]) == (202, "cancel", number)
    assert response.json()["reason"] == "The site is closed."


SECOND = (
    ("PC-1", "PC-2"),
    ("SequenceNumberID>1<", "SequenceNumberID>2<"),
    (">15</cbc:Quantity>", ">16</cbc:Quantity>"),
)


async def test_a_document_of_a_lower_number_is_stale(desk: Desk) -> None:
    await placed(desk)
    assert (await send(desk, altered(CHANGE, *SECOND))).status_code == 202
    stale = await send(desk, CHANGE)
    assert (stale.status_code, stale.json()["code"]) == (409, "document_stale")
    again = await send(desk, altered(CHANGE, *SECOND))
    assert (again.status_code, again.headers["idempotent-replay"]) == (202, "true")
    assert await desk.count("change_request") == 1


@pytest.mark.parametrize(
    ("day", "time", "status"),
    [
        ("2026-04-01", "", 202),
        ("2026-03-31", "", 202),
        ("2026-03-31", "12:30:00Z", 202),
        ("2026-03-31", "12:29:59Z", 409),
        ("2026-03-31", "13:30:00+02:00", 409),
        ("2026-03-30", "", 409),
    ],
)
async def test_without_a_number_the_date_tells(desk: Desk, day: str, time: str, status: int) -> None:
    await placed(desk)
    assert (await send(desk, CHANGE)).status_code == 202
    issued = f"<cbc:IssueTime>{time}</cbc:IssueTime>" if time else ""
    document = altered(CANCELLATION, ("2026-04-01", day), ("<cbc:IssueTime>08:00:00Z</cbc:IssueTime>", issued))
    assert (await send(desk, document)).status_code == status


async def test_of_two_documents_at_once_the_later_is_kept(desk: Desk) -> None:
    number = await placed(desk)
    connection = await desk.connection()
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (number,))
    await connection.execute(
        "INSERT INTO change_request (order_number, change_id, kind, document, requested_by)"
        """ VALUES (%s, 'other', 'edit', '{"set": {}, "lines": [], "ubl": {"sequence": 9}}', 'other')""",
        (number,),
    )
    waiting = asyncio.create_task(send(desk, CHANGE))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await connection.commit()
    await connection.close()
    assert (await waiting).json()["code"] == "document_stale"


async def test_the_order_by_our_number_or_by_another_source(desk: Desk) -> None:
    number = (await send(desk, ORDER, "?source=shop&channel=portal")).json()["number"]
    assert (await desk.get(f"/v1/orders/{number}"))["document"]["channel"] == "portal"
    assert (await send(desk, CHANGE)).json()["code"] == "order_unknown"
    assert (await send(desk, CHANGE, "?source=shop")).json()["ubl"]["order"] == number
    ours = f"PO-4711</cbc:ID><cbc:SalesOrderID>{number}</cbc:SalesOrderID>"
    assert (await send(desk, altered(CANCELLATION, ("PO-4711</cbc:ID>", ours)))).json()["ubl"]["order"] == number
    wrong = altered(CANCELLATION, ("PO-4711</cbc:ID>", ours), ("PO-4711", "PO-1"), ("PX-1", "PX-2"))
    assert (await send(desk, wrong)).status_code == 404


async def test_all_problems_of_a_change_come_at_once_and_nothing_is_kept(desk: Desk) -> None:
    await placed(desk)
    response = await send(
        desk,
        altered(
            CHANGE,
            ('unitCode="C62">15', 'unitCode="LTR">15'),
            ('currencyID="USD">13.50', 'currencyID="EUR">13.50'),
            ('currencyID="USD">9.00', 'currencyID="USD">9.001'),
            ("DE</cbc", "D</cbc"),
            ("<cbc:ID>3</cbc:ID>", "<cbc:ID>1</cbc:ID>"),
            ("<cbc:UBLVersionID>", "<cbc:TargetCurrencyBaseRate>1</cbc:TargetCurrencyBaseRate><cbc:UBLVersionID>"),
        ),
    )
    item = "/OrderChange/cac:OrderLine[{}]/cac:LineItem"
    assert sorted(problems(response)) == [
        (
            "/OrderChange/cac:Delivery/cac:DeliveryLocation/cac:Address/cac:Country/cbc:IdentificationCode",
            "unknown_country",
        ),
        (f"{item.format(1)}/cac:Price/cbc:PriceAmount", "other_currency"),
        (f"{item.format(1)}/cbc:Quantity", "unknown_unit"),
        (f"{item.format(3)}/cac:Price/cbc:PriceAmount", "too_many_decimals"),
        (f"{item.format(3)}/cbc:ID", "repeated_line"),
        ("/OrderChange/cbc:TargetCurrencyBaseRate", "not_carried_out"),
    ]
    assert await desk.count("change_request") == 0


async def test_all_problems_of_an_order_come_at_once_those_of_the_database_too(desk: Desk) -> None:
    response = await send(
        desk,
        altered(
            with_lines(ORDER, line(1, sku="none"), line(2, unit="KGM", sku="42")),
            ("<cbc:ID>ground</cbc:ID>", ""),
            ("<cbc:PostalZone>20457</cbc:PostalZone>", ""),
        ),
    )
    assert sorted(problems(response)) == [
        ("/Order/cac:Delivery/cac:CarrierParty", "missing"),
        ("/Order/cac:Delivery/cac:DeliveryLocation/cac:Address/cbc:PostalZone", "missing"),
        ("/Order/cac:OrderLine[1]/cac:LineItem/cac:Item/cac:SellersItemIdentification/cbc:ID", "unknown_sku"),
        ("/Order/cac:OrderLine[2]/cac:LineItem/cbc:Quantity", "unknown_unit"),
    ]
    assert await desk.count("sales_order") == 0


@pytest.mark.parametrize(
    ("swap", "path", "code"),
    [
        (
            ('unitCode="EA">20', 'unitCode="LTR">20'),
            "/Order/cac:OrderLine[2]/cac:LineItem/cbc:Quantity",
            "unknown_unit",
        ),
        (("cbc:CustomizationID", "cbc:ProductID"), "/Order/cbc:ProductID", "not_carried_out"),
    ],
)
async def test_an_order_is_refused_for_what_only_ubl_can_say_wrong(
    desk: Desk, swap: tuple[str, str], path: str, code: str
) -> None:
    assert problems(await send(desk, altered(ORDER, swap))) == [(path, code)]
    assert await desk.count("sales_order") == 0


async def test_an_order_without_carrier_price_or_charge(desk: Desk) -> None:
    bare = altered(with_lines(ORDER, line(1)), ("<cbc:ID>ground</cbc:ID>", ""))
    response = await send(desk, bare, "?ship_method=speedy-express")
    assert response.status_code == 201, response.text
    order = await desk.get(f"/v1/orders/{response.json()['number']}")
    assert (order["document"]["ship_method"], order["document"]["lines"]) == (
        "speedy-express",
        [{"number": 1, "sku": "11", "quantity": 1}],
    )


async def test_2000_lines_go_in_and_2001_are_too_many(desk: Desk) -> None:
    lines = [line(number, "1", "11") for number in range(1, 2002)]
    assert problems(await send(desk, with_lines(ORDER, *lines))) == [("/Order/cac:OrderLine", "too_many")]
    assert (await send(desk, with_lines(ORDER, *lines[:2000]))).status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"not xml", 400, "not_xml"),
        (b"<!DOCTYPE Order [<!ENTITY a 'b'>]><Order>&a;</Order>", 400, "not_xml"),
        (b"<Order xmlns='urn:oasis:names:specification:ubl:schema:xsd:Order-3'/>", 422, "invalid_document"),
        (b"<a>" * 40, 422, "invalid_document"),
        (b" " * (MAX_UBL_BYTES + 1), 413, "body_too_large"),
    ],
)
async def test_what_is_no_document_is_refused(desk: Desk, body: bytes, status: int, code: str) -> None:
    response = await send(desk, body)
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_who_may_send_what(desk: Desk) -> None:
    places = await desk.key(Role.ORDERS_WRITE)
    changes = await desk.key(Role.CHANGES_WRITE)
    assert (await send(desk, ORDER, Authorization="Bearer none")).status_code == 401
    assert (await send(desk, b"<", **(await desk.key(Role.ORDERS_READ)))).json()["code"] == "role_missing"
    assert (await send(desk, ORDER, **changes)).json()["role"] == "orders:write"
    assert await desk.count("sales_order") == 0
    assert (await send(desk, ORDER, **places)).status_code == 201
    for document in (CHANGE, CANCELLATION):
        assert (await send(desk, document, **places)).json()["role"] == "changes:write"
    assert await desk.count("change_request") == 0
    assert (await send(desk, CHANGE, **changes)).status_code == 202


async def test_the_answer_as_an_order_response(desk: Desk) -> None:
    accept = {"Accept": "application/xml"}
    order = await send(desk, ORDER, **accept)
    assert order.status_code == 201
    number = order.headers["location"].rpartition("/")[2]
    parties = {"buyer": BUYER, "seller": "Farben & Lacke AG"}
    known = {"order": "PO-4711", "number": number, **parties}
    assert said(order) == {"code": "AB", "notes": [], "about": None, **known}
    change = await send(desk, CHANGE, **accept)
    assert (change.status_code, said(change)) == (202, {"code": "AB", "notes": [], "about": "PC-1", **known})
    stale = await send(desk, altered(CHANGE, ("PC-1", "PC-0")), **accept)
    assert stale.status_code == 409
    assert said(stale) == {
        "code": "RE",
        "notes": ["The order has had a document of a higher number, or a later date."],
        "about": "PC-0",
        **known,
        "number": None,
    }
    wrong = await send(desk, altered(CHANGE, ("PC-1", "PC-3"), (">15<", ">x<")), **accept)
    assert wrong.status_code == 422
    assert said(wrong)["notes"] == [
        "/OrderChange/cac:OrderLine[1]/cac:LineItem/cbc:Quantity: A whole number of pieces is needed, from 1 up;"
        " to take a line out send LineStatusCode 2."
    ]
    assert (await send(desk, b"<", **accept)).headers["content-type"] == "application/problem+json"


async def test_a_refused_change_is_a_rejected_one(desk: Desk) -> None:
    await placed(desk)
    await desk.run("UPDATE sales_order SET finished = true, status = 'completed'")
    for _ in range(2):
        response = await send(desk, CHANGE, Accept="application/xml")
        assert response.status_code == 409
        assert said(response)["code"] == "RE"
        assert said(response)["notes"] == ["The order is completed; nothing of it can be changed any more."]
    as_json = await send(desk, CHANGE)
    assert (as_json.json()["code"], as_json.json()["change"]["outcome"]) == ("order_closed", "refused")
