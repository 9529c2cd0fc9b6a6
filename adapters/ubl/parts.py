"""The parts that UBL documents share: parties, addresses, dates, quantities, prices, lines."""

import re
from decimal import Decimal
from typing import Any

from adapters.ubl.paper import Paper
from adapters.ubl.xml import Element
from domain.codes import CURRENCIES

PIECES = frozenset({"C62", "EA", "H87", "NAR", "PCE"})
"""Units of UN/ECE Recommendation 20 that count things: one, each, piece, number."""
_STREET = (
    ("cbc:Postbox", "P.O. Box {}"),
    ("cbc:AdditionalStreetName", "{}"),
    ("cbc:BlockName", "{}"),
    ("cbc:BuildingName", "{}"),
    ("cbc:PlotIdentification", "plot {}"),
    ("cbc:Floor", "floor {}"),
    ("cbc:Room", "room {}"),
    ("cbc:Department", "{}"),
    ("cbc:InhouseMail", "{}"),
    ("cbc:MarkAttention", "{}"),
    ("cbc:MarkCare", "c/o {}"),
    ("cbc:CitySubdivisionName", "{}"),
)
_FINEST = Decimal("0.000001")
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
_WHOLE = re.compile(r"0*(\d{1,9})(\.0{1,9})?", re.ASCII)
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?", re.ASCII)


def party_id(paper: Paper, party: Element | None) -> str | None:
    """What a party is known by: the first of its identifications, or else its address for messages."""
    for found in paper.several(party, "cac:PartyIdentification"):
        if text := paper.text(found, "cbc:ID"):
            return text
    return paper.text(party, "cbc:EndpointID")


def party_name(paper: Paper, party: Element | None) -> tuple[Element, str] | None:
    """The first name of a party, and where it stands."""
    for found in paper.several(party, "cac:PartyName"):
        if text := paper.text(found, "cbc:Name"):
            return found, text
    return None


def address(paper: Paper, found: Element, name: tuple[Element, str] | None, path: str) -> dict[str, Any]:
    """An address of ours; what a label has no line for is joined to the street."""
    told: dict[str, Any] = {}
    if name is not None:
        paper.put(told, "name", name[1], path, name[0])
    paper.put(told, "street", _street(paper, found), path, paper.one(found, "cbc:StreetName"))
    for field, below in (
        ("city", ("cbc:CityName",)),
        ("region", ("cbc:CountrySubentity",)),
        ("postal_code", ("cbc:PostalZone",)),
        ("country", ("cac:Country", "cbc:IdentificationCode")),
    ):
        paper.put(told, field, paper.text(found, *below), path, paper.one(found, *below))
    return told


def _street(paper: Paper, found: Element) -> str | None:
    first = [text for name in ("cbc:StreetName", "cbc:BuildingNumber") if (text := paper.text(found, name))]
    parts = [" ".join(first)] if first else []
    parts += [words.format(text) for name, words in _STREET if (text := paper.text(found, name))]
    parts += [text for line in paper.several(found, "cac:AddressLine") if (text := paper.text(line, "cbc:Line"))]
    return ", ".join(parts) or None


def delivered_to(paper: Paper, delivery: Element, path: str, default: tuple[Element, str] | None) -> Any:
    """The address of a delivery, if it has one; `default` is the name for it when nobody is named there."""
    found = paper.one(delivery, "cac:DeliveryLocation", "cac:Address") or paper.one(delivery, "cac:DeliveryAddress")
    location = paper.one(delivery, "cac:DeliveryLocation")
    here = paper.one(location, "cbc:Name")
    party = party_name(paper, paper.one(delivery, "cac:DeliveryParty"))
    if found is None:
        if location is not None:
            paper.problem(location, "missing", "The place has no address. Send `cac:Address`; places are not on file.")
        return None
    name = party or ((here, here.text) if here is not None and here.text else default)
    paper.places[path] = found
    return address(paper, found, name, path)


def requested_day(paper: Paper, delivery: Element | None) -> tuple[Element, str] | None:
    """The day asked for: the last of the period, which keeps it whatever day of it is met."""
    for names in (
        ("cac:RequestedDeliveryPeriod", "cbc:EndDate"),
        ("cac:RequestedDeliveryPeriod", "cbc:StartDate"),
        ("cbc:LatestDeliveryDate",),
    ):
        found = paper.one(delivery, *names)
        if found is not None and found.text:
            return found, day(found.text)
    return None


def day(text: str) -> str:
    """A date of XML Schema without its time zone; what is none is left for the document's own check."""
    match = _DAY.fullmatch(text)
    return match[1] if match else text


def currency_of(paper: Paper, amount: Element) -> None:
    """Notes the currency of an amount; it is compared with the order's at the end."""
    code = amount.attributes.get("currencyID")
    if code is not None:
        paper.currencies.append((amount, code))


def quantity(paper: Paper, found: Element | None) -> int | None:
    """A whole number of pieces; another unit is a problem, for nothing here says how many pieces it is."""
    if found is None:
        return None
    _unit(paper, found)
    match = _WHOLE.fullmatch(found.text)
    if match is None:
        words = "A whole number of pieces is needed, from 1 up; to take a line out send LineStatusCode 2."
        paper.problem(found, "not_a_quantity", words)
        return 1  # nothing is kept; that it is missing is not told as well
    return int(match[1])


def _unit(paper: Paper, found: Element) -> None:
    if found.attributes.get("unitCode", "C62") not in PIECES:
        known = ", ".join(sorted(PIECES))
        words = f"Quantities are pieces here: {known}. Order in pieces of an item that stands for this unit."
        paper.problem(found, "unknown_unit", words)


def unit_price(paper: Paper, line: Element) -> tuple[Element, str] | None:
    """The net price of one piece, as decimal text; PriceAmount is for BaseQuantity pieces."""
    amount = paper.one(line, "cac:Price", "cbc:PriceAmount")
    base = paper.one(line, "cac:Price", "cbc:BaseQuantity")
    if base is not None:
        _unit(paper, base)
    if amount is None:
        return None
    currency_of(paper, amount)
    if not _NUMBER.fullmatch(amount.text):
        return amount, amount.text
    pieces = Decimal(base.text) if base is not None and _NUMBER.fullmatch(base.text) else Decimal(base is None)
    if pieces <= 0:
        paper.problem(base or amount, "not_a_quantity", "The number of pieces that the price is for is needed.")
        return None
    price = (Decimal(amount.text) / pieces).quantize(_FINEST)
    if price * pieces != Decimal(amount.text):
        paper.problem(amount, "too_many_decimals", "The price of one piece is no exact amount; send a price for one.")
        return None
    return amount, _plain(price, amount.attributes.get("currencyID"))


def _plain(price: Decimal, currency: str | None) -> str:
    """Decimal text without zeros at its end, but with the decimals of its currency."""
    short = price.normalize()
    decimals = CURRENCIES.get(currency or "", 0)
    exponent = short.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= decimals:
        return f"{price:.{decimals}f}"
    return f"{short:f}"


def sku(paper: Paper, line: Element) -> tuple[Element, str] | None:
    """The item: by the seller's number, which is ours, or else by its standard number."""
    item = paper.one(line, "cac:Item")
    for name in ("cac:SellersItemIdentification", "cac:StandardItemIdentification"):
        found = paper.one(item, name, "cbc:ID")
        if found is not None and found.text:
            return found, found.text
    return None


def line_values(paper: Paper, line: Element, path: str) -> dict[str, Any]:
    """What a LineItem says of quantity, item, price and date, at the JSON path `path`."""
    told: dict[str, Any] = {}
    amount = paper.one(line, "cbc:Quantity")
    paper.places[path] = line
    paper.put(told, "quantity", quantity(paper, amount), path, amount)
    delivery = paper.one(line, "cac:Delivery")
    for name, found in (
        ("sku", sku(paper, line)),
        ("unit_price", unit_price(paper, line)),
        ("requested_date", requested_day(paper, delivery)),
    ):
        if found is not None:
            paper.put(told, name, found[1], path, found[0])
    _shortage(paper, line)
    return told


def _shortage(paper: Paper, line: Element) -> None:
    """What is short waits here, and a line is asked for whole; nothing else can be wished."""
    partial = paper.one(line, "cbc:PartialDeliveryIndicator")
    waits = paper.one(line, "cbc:BackOrderAllowedIndicator")
    if waits is not None and waits.text != "true":
        paper.problem(waits, "not_carried_out", "What is short waits for stock here; take this out.")
    for indicator in (partial, waits):
        if indicator is not None:
            paper.ignored[indicator.kind()] = None


def line_number(paper: Paper, line: Element) -> int | None:
    """The line's number; our lines have numbers from 1."""
    found = paper.one(line, "cbc:ID")
    if found is None or not found.text:
        paper.problem(f"{line.path()}/cbc:ID", "missing", "This element is required.")
        return None
    match = _WHOLE.fullmatch(found.text)
    if match is None or match[2]:
        paper.problem(found, "wrong_type", "Lines are known by numbers here: send a whole number from 1 up.")
        return None
    return int(match[1])
