"""How mass actions look in a terminal."""

from typing import Any
from urllib.parse import quote

from rich.text import Text

from cli.console import out
from cli.http import Api
from cli.order_views import minute, plain_table, show_table

Row = dict[str, Any]
PAGE = 200


def mass_path(mass_id: str) -> str:
    """The address of a mass action."""
    return f"/v1/mass-actions/{quote(mass_id, safe='')}"


def whole_report(client: Api, mass_id: str, outcome: str | None = None) -> Row:
    """The report with all of its items."""
    report = client.get(mass_path(mass_id), limit=PAGE, outcome=outcome)
    while report["next"]:
        page = client.get(mass_path(mass_id), limit=PAGE, outcome=outcome, after=report["next"])
        report = {**page, "items": report["items"] + page["items"]}
    return report


def summary(report: Row) -> str:
    """What became of it, in one sentence."""
    found = ", ".join(f"{n} {outcome.replace('_', ' ')}" for outcome, n in report["counts"].items() if n)
    if report.get("preview"):
        would = found.replace("done", "would be done").replace("refused", "would be refused")
        return f"A preview of {report['action']}, nothing was changed: {would}."
    return f"Mass action {report['id']} ({report['action']}): {found}."


def show_report(report: Row) -> None:
    """A row for each item, then what became of all of them."""
    table = plain_table("order", "line", "outcome", "code", "what happened")
    for item in report["items"]:
        cells = (item["order"], str(item["line"] or "-"), item["outcome"].replace("_", " "), item["code"] or "-")
        table.add_row(*map(Text, (*cells, item["words"])))
    show_table(table)
    out.print(summary(report), markup=False)


def show_list(found: list[Row]) -> None:
    """A row for each mass action."""
    table = plain_table("id", "action", "accepted", "by", "state", "items", "done", "refused", "why")
    for one in found:
        counts = one["counts"]
        cells = (one["id"], one["action"], minute(one["accepted_at"]), one["requested_by"], one["state"])
        numbers = (str(one["total"]), str(counts["done"]), str(counts["refused"]))
        table.add_row(*map(Text, (*cells, *numbers, one["reason"])))
    show_table(table)
