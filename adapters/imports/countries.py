"""Country names of the Northwind files to ISO 3166-1 alpha-2."""

import difflib

from adapters.imports.cells import CellError, shown

COUNTRIES = {
    "Argentina": "AR",
    "Austria": "AT",
    "Belgium": "BE",
    "Brazil": "BR",
    "Canada": "CA",
    "Denmark": "DK",
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Ireland": "IE",
    "Italy": "IT",
    "Mexico": "MX",
    "Norway": "NO",
    "Poland": "PL",
    "Portugal": "PT",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "UK": "GB",
    "USA": "US",
    "Venezuela": "VE",
}


def iso_country(name: str) -> str:
    """The country's code; raises CellError, with a suggestion, for a name that is not in the table."""
    if name in COUNTRIES:
        return COUNTRIES[name]
    close = difflib.get_close_matches(name, COUNTRIES, 1)
    raise CellError(f"{shown(name)} is no country we know" + (f"; did you mean {close[0]!r}?" if close else ""))
