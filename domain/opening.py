"""Opening an order: its lines priced, assigned to processes and grouped, with reasons (PRC2, PRC10, ORC6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from domain.conditions.order_model import CustomerFacts, LineFacts, PaymentFacts, ShipToFacts
from domain.conditions.order_model import OrderFacts as PolicyFacts
from domain.grouping import Available, OpeningLine, plan_groups
from domain.money import to_minor, to_text
from domain.policy.model import Bundle
from domain.policy.slicing import slice_for
from domain.pricing import DatedPrice, NoPriceError, Priced, PriceInputs, price_line, price_on
from domain.process.outcomes import Opened, OrderFacts, PricedLine

Document = Mapping[str, Any]
"""The order document without its personal part, as `domain.order_document.split` makes it."""


@dataclass(frozen=True, slots=True)
class OpenedOrder:
    """What opening came to, and the price waterfall of each line by number (PRC11)."""

    opened: Opened
    waterfalls: dict[int, list[dict[str, Any]]]


def open_order(
    document: Document, bundle: Bundle, prices: Mapping[str, Sequence[DatedPrice]], available: Available
) -> OpenedOrder:
    """Everything an order's process starts from. NoPriceError if a line has no price on the day of the order."""
    priced = {line["number"]: _price(line, document, bundle, prices) for line in document["lines"]}
    facts = _facts(document, goods=sum(one.amount for one in priced.values()))
    policy = slice_for(bundle, _policy_facts(document, bundle, priced, facts.goods + facts.charges + facts.tax))
    groups = plan_groups(opening_lines(document), policy.assigned, policy.group_by, available)
    group_of = {number: group.id for group in groups for number in group.lines}
    lines = tuple(
        PricedLine(
            number=line["number"],
            sku=line["sku"],
            quantity=line["quantity"],
            amount=priced[line["number"]].amount,
            group=group_of[line["number"]],
        )
        for line in document["lines"]
    )
    opened = Opened(facts=facts, lines=lines, groups=groups, policy=policy)
    return OpenedOrder(opened, {number: one.waterfall for number, one in priced.items()})


def _price(
    line: Mapping[str, Any], document: Document, bundle: Bundle, prices: Mapping[str, Sequence[DatedPrice]]
) -> Priced:
    currency, frozen = document["currency"], line.get("unit_price")
    day = datetime.fromisoformat(document["ordered_at"]).astimezone(UTC).date()
    inputs = PriceInputs(
        quantity=line["quantity"],
        currency=currency,
        frozen=None if frozen is None else to_minor(frozen, currency),
        listed=price_on(prices.get(line["sku"], ()), day),
        discount=Decimal(line.get("discount") or 0),
    )
    if inputs.frozen is None and inputs.listed is None:
        raise NoPriceError(
            f"Line {line['number']}: the order gives no unit price for {line['sku']},"
            f" and the price list has none on {day.isoformat()}."
        )
    return price_line(inputs, bundle.pricing.rounding or bundle.workspace.rounding)


def _facts(document: Document, goods: int) -> OrderFacts:
    currency = document["currency"]
    return OrderFacts(
        number=document["number"],
        source=document["source"]["system"],
        channel=document["channel"],
        currency=currency,
        customer=document["customer"]["id"],
        segment=document["customer"].get("segment"),
        country=document["ship_to_country"],
        region=document.get("ship_to_region"),
        ordered_at=datetime.fromisoformat(document["ordered_at"]),
        requested_date=_day(document.get("requested_date")),
        ship_method=document["ship_method"],
        payment_method=document["payment_method"],
        purchase_order=document.get("purchase_order"),
        goods=goods,
        charges=sum(to_minor(charge["amount"], currency) for charge in document.get("charges", ())),
        tax=0,
        as_of=_day(document.get("as_of")),
    )


def _policy_facts(document: Document, bundle: Bundle, priced: Mapping[int, Priced], total: int) -> PolicyFacts:
    """The order as the conditions of the policy see it: amounts in the currency, instants in the company's zone."""
    currency, customer = document["currency"], document["customer"]
    return PolicyFacts(
        number=document["number"],
        channel=document["channel"],
        currency=currency,
        ordered_at=datetime.fromisoformat(document["ordered_at"]).astimezone(ZoneInfo(bundle.workspace.timezone)),
        requested_date=_day(document.get("requested_date")),
        ship_method=document["ship_method"],
        warehouse=document.get("warehouse"),
        total=Decimal(to_text(total, currency)),
        customer=CustomerFacts(id=customer["id"], segment=customer.get("segment")),
        ship_to=ShipToFacts(country=document["ship_to_country"], region=document.get("ship_to_region")),
        payment=PaymentFacts(method=document["payment_method"]),
        lines=tuple(_line_facts(line, currency, priced[line["number"]]) for line in document["lines"]),
    )


def _line_facts(line: Mapping[str, Any], currency: str, priced: Priced) -> LineFacts:
    return LineFacts(
        number=line["number"],
        sku=line["sku"],
        quantity=Decimal(line["quantity"]),
        unit_price=Decimal(priced.waterfall[0]["unit"]),
        amount=Decimal(to_text(priced.amount, currency)),
        discount=Decimal(line.get("discount") or 0),
        ship_set=line.get("ship_set"),
        requested_date=_day(line.get("requested_date")),
        warehouse=line.get("warehouse"),
    )


def opening_lines(document: Document) -> list[OpeningLine]:
    """What grouping needs to know of the lines of a document."""
    return [
        OpeningLine(
            number=line["number"],
            sku=line["sku"],
            quantity=line["quantity"],
            ship_set=line.get("ship_set"),
            warehouse=line.get("warehouse") or document.get("warehouse"),
        )
        for line in document["lines"]
    ]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
