"""The code lists agree with the standards' own data (ISO 3166-1, ISO 4217)."""

import pycountry
import pytest

from domain.codes import COUNTRIES, CURRENCIES, POSTAL_CODE_OPTIONAL, decimals_of, nearest

NO_MONEY = {"XAD", "XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"}
"""Metals, units of account and test codes."""


def test_the_countries_are_those_of_iso_3166() -> None:
    assert {country.alpha_2 for country in pycountry.countries} == COUNTRIES
    assert POSTAL_CODE_OPTIONAL < COUNTRIES
    assert "IE" in POSTAL_CODE_OPTIONAL


def test_the_currencies_are_those_of_iso_4217() -> None:
    assert {currency.alpha_3 for currency in pycountry.currencies} - NO_MONEY == set(CURRENCIES)


@pytest.mark.parametrize(("currency", "expected"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("EUR", 2)])
def test_decimals(currency: str, expected: int) -> None:
    assert decimals_of(currency) == expected


@pytest.mark.parametrize(
    ("word", "meant"), [("UK", "GB"), ("de", "DE"), (" US ", "US"), ("EL", "GR"), ("QQ", None), ("Germany", None)]
)
def test_the_country_that_was_meant(word: str, meant: str | None) -> None:
    assert nearest(word, COUNTRIES) == meant


@pytest.mark.parametrize(("word", "meant"), [("usd", "USD"), ("RMB", "CNY"), ("EURO", "EUR"), ("?", None)])
def test_the_currency_that_was_meant(word: str, meant: str | None) -> None:
    assert nearest(word, CURRENCIES) == meant
