"""Finds card numbers in text, so that none is ever stored: issuer prefix, length and check digit (ISO/IEC 7812)."""

import re
import unicodedata
from collections.abc import Iterator

_RUN = re.compile(r"\d(?:[ .\-\u00a0\u2010-\u2015_/]{0,2}\d){11,}")
_GROUP = re.compile(r"\d+")
_LONGEST_RUN = 400


def _prefixes(text: str) -> tuple[tuple[int, int, int], ...]:
    """`a-b` and `a` as (number of digits, first, last)."""
    ranges = []
    for part in text.split():
        first, _, last = part.partition("-")
        ranges.append((len(first), int(first), int(last or first)))
    return tuple(ranges)


ISSUERS: tuple[tuple[str, tuple[tuple[int, int, int], ...], frozenset[int]], ...] = (
    ("Visa", _prefixes("4"), frozenset({13, 16, 19})),
    ("Mastercard", _prefixes("51-55 2221-2720"), frozenset({16})),
    ("American Express", _prefixes("34 37"), frozenset({15})),
    ("Discover", _prefixes("6011 644-649 65"), frozenset({16, 17, 18, 19})),
    ("Diners Club", _prefixes("300-305 3095 36 38-39"), frozenset({14, 15, 16, 17, 18, 19})),
    ("JCB", _prefixes("3528-3589"), frozenset({16, 17, 18, 19})),
    ("UnionPay", _prefixes("62 81"), frozenset({16, 17, 18, 19})),
    ("Maestro", _prefixes("5018 5020 5038 5893 6304 6759 6761-6763"), frozenset(range(12, 20))),
    ("Mir", _prefixes("2200-2204"), frozenset({16, 17, 18, 19})),
)


def contains_card_number(text: str) -> bool:
    """True when the text holds the number of a payment card, with or without blanks, dots or dashes in it."""
    if len(text) < 12:
        return False
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return any(is_card_number(digits) for run in _RUN.findall(plain) for digits in _readings(run[:_LONGEST_RUN]))


def is_card_number(digits: str) -> bool:
    """True for a number that an issuer could have given: prefix and length of one network, and the check digit."""
    return _has_issuer(digits) and _luhn(digits)


def _readings(run: str) -> Iterator[str]:
    """The ways to read groups of digits as one number of 12 to 19 digits; a group is never cut."""
    groups = _GROUP.findall(run)
    for start in range(len(groups)):
        digits = ""
        for group in groups[start:]:
            digits += group
            if len(digits) > 19:
                break
            if len(digits) >= 12:
                yield digits


def _has_issuer(digits: str) -> bool:
    length = len(digits)
    return any(
        length in lengths and any(first <= int(digits[:size]) <= last for size, first, last in prefixes)
        for _, prefixes, lengths in ISSUERS
    )


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: every second digit from the right is doubled; the sum ends in 0."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
