"""What is checked beside the types of fields, alike in an order and in a change of one (CAP4)."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from domain.card_numbers import contains_card_number
from domain.codes import CURRENCIES, POSTAL_CODE_OPTIONAL
from domain.document_fields import decimals_written
from domain.problems import Problem, json_path, leaves

Level = tuple[str, ...]
"""Names down to a field; list indices are left out."""

SEND_A_TOKEN = "This looks like a card number. Send the payment provider's token instead; nothing was kept."  # noqa: S105


def card_numbers(raw: Any, not_searched: frozenset[Level], words: str = SEND_A_TOKEN) -> Iterator[Problem]:
    """Every text or number that looks like the number of a payment card, but not at the levels `not_searched`."""
    for place, value in leaves(raw):
        level = tuple(part for part in place if isinstance(part, str))
        searched = isinstance(value, str | int | Decimal) and level not in not_searched
        if searched and contains_card_number(str(value)):
            yield Problem(json_path(place), "card_number", words)


def too_many_decimals(currency: Any, amounts: Iterable[tuple[str, Any]]) -> Iterator[Problem]:
    """Amounts (path, value) written with more decimals than the currency has; nothing for an unknown currency."""
    decimals = CURRENCIES.get(currency) if isinstance(currency, str) else None
    for path, value in amounts:
        if decimals is not None and _written(value) > decimals:
            words = f"{currency} has {decimals} decimals, this amount has more."
            yield Problem(path, "too_many_decimals", words)


def _written(value: Any) -> int:
    """Decimals of something that may be an amount."""
    if isinstance(value, Decimal):
        return decimals_written(value)
    return len(value.partition(".")[2]) if isinstance(value, str) and value.replace(".", "", 1).isdigit() else 0


def repeated_lines(numbers: Iterable[tuple[str, str, Any]]) -> Iterator[Problem]:
    """Line numbers that came before: of (path of the line, path of its number, number) each after the first."""
    seen: dict[int, str] = {}
    for line, path, number in numbers:
        if type(number) is not int:
            continue
        if number in seen:
            words = f"The line number is taken by {seen[number]}; numbers are unique in an order."
            yield Problem(path, "repeated_line", words)
        else:
            seen[number] = line


def missing_postal_code(address: Any, path: str) -> Iterator[Problem]:
    """An address without the postal code that its country needs. `path` is the address's."""
    if not isinstance(address, dict) or address.get("postal_code") is not None:
        return
    country = address.get("country")
    if isinstance(country, str) and len(country) == 2 and country not in POSTAL_CODE_OPTIONAL:
        yield Problem(f"{path}.postal_code", "missing", "A postal code is needed for this country.")


def missing_token(payment: Any, path: str) -> Iterator[Problem]:
    """A payment by card without the provider's token. `path` is the payment's."""
    if isinstance(payment, dict) and payment.get("method") == "card" and payment.get("token") is None:
        yield Problem(f"{path}.token", "missing", "Payment by card needs the provider's token.")
