"""A small Northwind folder that a test may break."""

import csv
from pathlib import Path

from adapters.imports import northwind

ORDER = (
    *("10248", "VINET", "7/4/1996", "8/1/1996", "7/16/1996", "3", "32.38"),
    *("Vins et alcools Chevalier", "59 rue de l'Abbaye", "Reims", "", "51100", "France"),
)
ORDER_COLUMNS = (*northwind.ORDER_COLUMNS[:4], "ShippedDate", *northwind.ORDER_COLUMNS[4:])


def order(**changed: str) -> list[str]:
    """A row of orders.csv."""
    return [changed.get(name, cell) for name, cell in zip(ORDER_COLUMNS, ORDER, strict=True)]


def write_folder(
    folder: Path,
    orders: list[list[str]] | None = None,
    details: list[list[str]] | None = None,
    products: list[list[str]] | None = None,
) -> Path:
    """Writes the three files that are read."""
    _write(folder / "orders.csv", ORDER_COLUMNS, orders or [order()])
    lines = [["10248", "11", "14", "12", "0"], ["10248", "42", "9.8", "10", "0.05"]]
    _write(folder / "order_details.csv", northwind.DETAIL_COLUMNS, details or lines)
    queso = [["11", "Queso Cabrales", "21", "22"], ["42", "Singaporean Hokkien Fried Mee", "14", "26"]]
    _write(folder / "products.csv", northwind.PRODUCT_COLUMNS, products or queso)
    return folder


def _write(path: Path, columns: tuple[str, ...], rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([list(columns), *rows])
