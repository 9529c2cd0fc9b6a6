"""What is read of a document, and what is refused, without any server (CAP1, CHG1)."""

import sys
from typing import Any

import pytest

from adapters.ubl.documents import Defaults, Document, read
from domain.problems import Problem, ProblemsFound
from limits import MAX_UBL_DEPTH, MAX_UBL_ELEMENTS
from tests.ubl.documents import BUYER, CANCELLATION, CHANGE, ORDER, altered, line, with_lines


def told(document: str, **defaults: Any) -> Document:
    return read(document.encode(), Defaults(**defaults))


def wrong(document: str) -> list[tuple[str, str]]:
    return [(problem.path, problem.code) for problem in told(document).problems]


def refused(body: bytes | str) -> Problem:
    with pytest.raises(ProblemsFound) as found:
        read(body if isinstance(body, bytes) else body.encode(), Defaults())
    [problem] = found.value.problems
    return problem


def test_an_order_is_read_whole() -> None:
    document = told(ORDER)
    assert document.problems == []
    assert document.raw == {
        "source": {"system": BUYER, "id": "PO-4711"},
        "channel": "edi",
        "currency": "USD",
        "ordered_at": "2026-03-30T07:15:00.000000+00:00",
        "customer": {"id": BUYER},
        "ship_to": {
            "name": "Bergmann Bau GmbH",
            "street": "Hafenstraße 12, Tor 2",
            "city": "Hamburg",
            "postal_code": "20457",
            "country": "DE",
        },
        "requested_date": "2026-04-17",
        "ship_method": "ground",
        "purchase_order": "PO-4711",
        "note": "Ring at the second gate.",
        "charges": [{"code": "FC", "amount": "12.40"}],
        "payment": {"method": "terms"},
        "lines": [
            {"number": 1, "sku": "11", "quantity": 12, "unit_price": "14.00"},
            {"number": 2, "sku": "42", "quantity": 20, "unit_price": "12.00"},
        ],
    }


def test_what_changes_nothing_is_listed_once_for_all_lines() -> None:
    assert told(ORDER).ignored == [
        "/Order/cac:AnticipatedMonetaryTotal",
        "/Order/cac:BuyerCustomerParty/cac:Party/cac:Contact",
        "/Order/cac:Delivery/cac:RequestedDeliveryPeriod/cbc:StartDate",
        "/Order/cac:OrderLine/cac:LineItem/cac:Item/cbc:Name",
        "/Order/cac:OrderLine/cac:LineItem/cbc:LineExtensionAmount",
        "/Order/cac:SellerSupplierParty",
        "/Order/cbc:CustomizationID",
        "/Order/cbc:ProfileID",
    ]


def test_a_change_says_of_each_line_what_becomes_of_it() -> None:
    document = told(CHANGE)
    assert (document.problems, document.sequence, document.order_id) == ([], 1, "PO-4711")
    assert document.raw == {
        "change_id": document.change_id,
        "reason": "More paint, no brushes, to the other yard.",
        "set": {
            "ship_to": {
                "name": "Bergmann Bau GmbH",
                "street": "Werftweg 3",
                "city": "Hamburg",
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
    }


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("1", {"add": {"number": 7, "sku": "11", "quantity": 2}}),
        ("Added", {"add": {"number": 7, "sku": "11", "quantity": 2}}),
        ("2", {"number": 7, "cancel": True}),
        ("Cancelled", {"number": 7, "cancel": True}),
        ("3", {"number": 7, "sku": "11", "quantity": 2}),
        ("Revised", {"number": 7, "sku": "11", "quantity": 2}),
        ("4", None),
        ("5", None),
        ("NoStatus", None),
    ],
)
def test_each_status_of_a_line(code: str, wanted: Any) -> None:
    status = f"<cbc:LineStatusCode>{code}</cbc:LineStatusCode>"
    document = told(with_lines(CHANGE, line(7, "2", extra=status)))
    assert (document.problems, document.raw.get("lines")) == ([], [wanted] if wanted else None)


def test_without_a_status_a_line_is_changed() -> None:
    assert told(with_lines(CHANGE, line(7, "2"))).raw["lines"] == [{"number": 7, "sku": "11", "quantity": 2}]


def test_a_disputed_line_is_refused() -> None:
    status = "<cbc:LineStatusCode>Disputed</cbc:LineStatusCode>"
    assert wrong(with_lines(CHANGE, line(7, "2", extra=status))) == [
        ("/OrderChange/cac:OrderLine/cac:LineItem/cbc:LineStatusCode", "not_a_choice")
    ]


def test_a_cancellation_says_why() -> None:
    document = told(CANCELLATION)
    assert document.raw == {"change_id": document.change_id, "cancel": True, "reason": "The site is closed."}
    assert wrong(altered(CANCELLATION, ("<cbc:CancellationNote>The site is closed.</cbc:CancellationNote>", ""))) == [
        ("/OrderCancellation/cbc:CancellationNote", "missing")
    ]


def test_the_id_of_the_change_is_that_of_the_document_its_type_and_its_issuer() -> None:
    ids = {
        told(CHANGE).change_id,
        told(altered(CHANGE, ("PC-1", "PC-2"))).change_id,
        told(altered(CHANGE, (BUYER, "4098765000027"))).change_id,
        told(altered(CANCELLATION, ("PX-1", "PC-1"))).change_id,
    }
    assert len(ids) == 4
    assert told(altered(CHANGE, (">15<", ">16<"))).change_id == told(CHANGE).change_id
    assert told(CHANGE).change_id.startswith("ubl-PC-1-")
    assert len(told(altered(CHANGE, ("PC-1", "x / ü" * 30))).change_id) <= 40


@pytest.mark.parametrize(
    ("swap", "problem"),
    [
        ((">20<", ">2.5<"), ("/Order/cac:OrderLine[2]/cac:LineItem/cbc:Quantity", "not_a_quantity")),
        (
            ('<cbc:Quantity unitCode="EA">', '<cbc:Quantity unitCode="LTR">'),
            ("/Order/cac:OrderLine[2]/cac:LineItem/cbc:Quantity", "unknown_unit"),
        ),
        (
            ('currencyID="USD">14.00', 'currencyID="EUR">14.00'),
            ("/Order/cac:OrderLine[1]/cac:LineItem/cac:Price/cbc:PriceAmount", "other_currency"),
        ),
        (
            (">10</cbc:BaseQuantity>", ">7</cbc:BaseQuantity>"),
            ("/Order/cac:OrderLine[2]/cac:LineItem/cac:Price/cbc:PriceAmount", "too_many_decimals"),
        ),
        (("true</cbc:Ch", "false</cbc:Ch"), ("/Order/cac:AllowanceCharge/cbc:ChargeIndicator", "not_carried_out")),
        ((">220<", ">221<"), ("/Order/cbc:OrderTypeCode", "not_carried_out")),
        (("2026-03-30", "2026-02-30"), ("/Order/cbc:IssueDate", "not_a_date")),
        (("2.1</cbc:UBLVersionID>", "1.0</cbc:UBLVersionID>"), ("/Order/cbc:UBLVersionID", "not_a_choice")),
        (("cbc:CustomizationID", "cbc:ProductID"), ("/Order/cbc:ProductID", "not_carried_out")),
        (("cbc:CustomizationID", "cbc:id"), ("/Order/*[2]", "unknown_field")),
        (
            ("</cac:Delivery>", "</cac:Delivery><cac:Delivery/>"),
            ("/Order/cac:Delivery[2]", "repeated_field"),
        ),
        (
            ("<cac:LineItem>\n      <cbc:ID>1<", "<cac:LineItem>words<cbc:ID>1<"),
            ("/Order/cac:OrderLine[1]/cac:LineItem", "wrong_type"),
        ),
    ],
)
def test_what_cannot_be_carried_out_is_told_at_its_place(swap: tuple[str, str], problem: tuple[str, str]) -> None:
    assert problem in wrong(altered(ORDER, swap))
    assert {path for path, _ in wrong(altered(ORDER, swap))} <= {problem[0], problem[0].replace("[2]", "[1]")}


def test_a_bank_transfer_is_terms_and_a_card_is_refused() -> None:
    def means(code: str) -> str:
        inside = f"<cbc:PaymentMeansCode>{code}</cbc:PaymentMeansCode>"
        return altered(ORDER, ("  <cac:AllowanceCharge>", f"<cac:PaymentMeans>{inside}</cac:PaymentMeans>"
                                                          "<cac:AllowanceCharge>"))  # fmt: skip

    assert wrong(means("58")) == []
    assert wrong(means("48")) == [("/Order/cac:PaymentMeans/cbc:PaymentMeansCode", "not_carried_out")]


def test_prefixes_are_as_free_as_xml_says() -> None:
    other = altered(ORDER, ("cbc:", "b:"), ("xmlns:cbc", "xmlns:b"), ("cac:", "agg:"), ("xmlns:cac", "xmlns:agg"))
    assert told(other).raw == told(ORDER).raw


def test_other_encodings_are_read() -> None:
    text = altered(ORDER, ('encoding="UTF-8"', 'encoding="ISO-8859-1"'))
    assert read(text.encode("latin-1"), Defaults()).raw == told(ORDER).raw
    assert read(altered(ORDER, ('encoding="UTF-8"', "")).encode("utf-16"), Defaults()).raw == told(ORDER).raw


LAUGHS = """<?xml version="1.0"?><!DOCTYPE Order [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><Order>&c;</Order>"""
OUTSIDE = '<!DOCTYPE Order [<!ENTITY x SYSTEM "file:///etc/passwd">]><Order>&x;</Order>'


@pytest.mark.parametrize("body", [LAUGHS, OUTSIDE, "<!DOCTYPE Order><Order/>"])
def test_a_dtd_is_refused_before_anything_of_it_is_read(body: str) -> None:
    assert refused(body) == Problem("/", "not_xml", "The document has a DTD. UBL needs none; send it without.")


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<Order>", b"<a></b>", b"\xff\xfe\x00", b"<Order/><Order/>", ORDER.encode()[:-3], b"\0" * 9]
)
def test_what_is_not_well_formed_is_no_document(body: bytes) -> None:
    assert refused(body).code == "not_xml"


@pytest.mark.parametrize("encoding", ["no-such-code", "utf-7", "shift_jis", "base64", "idna"])
def test_an_encoding_that_cannot_be_read_is_said(encoding: str) -> None:
    assert refused(f'<?xml version="1.0" encoding="{encoding}"?><Order/>').code in ("not_xml", "unknown_document")


def test_limits_of_depth_and_number() -> None:
    deep = refused("<a>" * 100_000)
    assert (deep.code, f"{MAX_UBL_DEPTH} levels" in deep.words) == ("too_deep", True)
    many = refused("<a>" + "<b/>" * MAX_UBL_ELEMENTS + "</a>")
    assert (many.code, f"{MAX_UBL_ELEMENTS:,} elements" in many.words) == ("too_many", True)
    assert sys.getrecursionlimit() <= 3000


def test_a_document_of_another_kind_is_told_what_is_taken() -> None:
    for body in (
        altered(ORDER, ("xsd:Order-2", "xsd:Invoice-2")),
        altered(ORDER, ("<Order ", "<Invoice "), ("</Order>", "</Invoice>")),
        "<Order/>",
        '<html xmlns="http://www.w3.org/1999/xhtml"/>',
    ):
        problem = refused(body)
        assert (problem.path, problem.code) == ("/*", "unknown_document")
        assert "urn:oasis:names:specification:ubl:schema:xsd:OrderCancellation-2" in problem.words


def test_no_value_that_was_sent_is_told_again() -> None:
    card = "4111111111111111"
    body = altered(ORDER, (">20<", f">{card}x<"), ("2026-03-30", card), ("cbc:CustomizationID", f"cbc:X{card}"))
    document = told(body)
    assert len(document.problems) >= 3
    assert all(card not in f"{problem.path}{problem.words}" for problem in document.problems)
