"""UBL documents of the tests: those of the examples, with parts put in, taken out or replaced."""

from settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "examples" / "ubl"
ORDER = (FOLDER / "order.xml").read_text(encoding="utf-8")
CHANGE = (FOLDER / "order-change.xml").read_text(encoding="utf-8")
CANCELLATION = (FOLDER / "order-cancellation.xml").read_text(encoding="utf-8")
BUYER = "4098765000010"


def altered(document: str, *swaps: tuple[str, str]) -> str:
    """The document with each text replaced wherever it stands; a text that is not there is a mistake of the test."""
    for old, new in swaps:
        assert old in document, old
        document = document.replace(old, new)
    return document


def line(number: int, quantity: str = "1", sku: str = "11", unit: str = "C62", extra: str = "") -> str:
    """An OrderLine."""
    return (
        f"<cac:OrderLine><cac:LineItem><cbc:ID>{number}</cbc:ID>{extra}"
        f'<cbc:Quantity unitCode="{unit}">{quantity}</cbc:Quantity>'
        f"<cac:Item><cac:SellersItemIdentification><cbc:ID>{sku}</cbc:ID></cac:SellersItemIdentification></cac:Item>"
        "</cac:LineItem></cac:OrderLine>"
    )


def with_lines(document: str, *lines: str) -> str:
    """The document with these lines instead of its own."""
    begin, end = document.index("  <cac:OrderLine>"), document.rindex("</cac:OrderLine>") + len("</cac:OrderLine>")
    return document[:begin] + "".join(lines) + document[end:]
