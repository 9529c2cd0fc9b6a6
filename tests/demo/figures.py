"""The figures that the Northwind data dictates, written out: the demo computes its own expectation, this is ours."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """What a demo of so many orders must come to; money in USD. `half_way` is a number of completed orders."""

    orders: int
    lines: int
    waiting: int
    late: list[str]
    goods: str
    freight: str
    total: str
    reserved: int
    half_way: int

    def money(self) -> dict[str, str]:
        """As the demo writes it, of what was invoiced and of what was captured."""
        return {"currency": "USD", "goods": self.goods, "freight": self.freight, "total": self.total}


_LATE_EARLY = ["10264", "10271", "10280", "10302", "10309", "10320"]
_LATE_AFTER = [
    *("10380", "10423", "10427", "10433", "10451", "10483", "10515", "10523", "10545", "10578"),
    *("10593", "10596", "10660", "10663", "10687", "10705", "10709", "10726", "10727", "10749"),
    *("10777", "10779", "10807", "10816", "10827", "10828", "10847", "10924", "10927", "10960"),
    "10970",
]
ALL = Figures(
    orders=830,
    lines=2155,
    waiting=21,
    late=[*_LATE_EARLY, *_LATE_AFTER],
    goods="1239855.85",
    freight="63955.02",
    total="1303810.87",
    reserved=1198,
    half_way=330,
)
TENTH = Figures(
    orders=83,
    lines=222,
    waiting=0,
    late=_LATE_EARLY,
    goods="99056.73",
    freight="4633.20",
    total="103689.93",
    reserved=0,
    half_way=33,
)
"""The first 83 orders: all of them were shipped."""
