"""The shipped policies in three wordings: as they are, for a service, and for one that is billed before it is paid."""

import re

from tests.support.shop import Shop

ATTEMPTS = 2
"""Of a call to the outside; then a person is asked."""
PROCESS = "10-process-standard.yaml"


async def make_impatient(shop: Shop) -> None:
    """Calls are tried ATTEMPTS times, and the carrier tells everything twice."""
    workspace = shop.settings.policies / "00-workspace.yaml"
    text = workspace.read_text(encoding="utf-8")
    workspace.write_text(re.sub(r"times: \d+", f"times: {ATTEMPTS}", text), encoding="utf-8")
    await publish(shop)
    response = await shop.outside.put("/carrier/admin/config", json={"duplicate_every": 1})
    assert response.is_success, response.text


async def publish(shop: Shop, *, service: bool = False, billed_first: bool = False) -> None:
    """Orders that are accepted from now on follow this wording."""
    path = shop.settings.policies / PROCESS
    shipped = path.read_text(encoding="utf-8")
    text = shipped
    if service:
        for task in ("reserve", "ship"):
            text = text.replace(f"    do: {task}\n", f"    do: {task}\n    lines: line.quantity > 1000\n")
    if billed_first:
        head, *steps = re.split(r"(?m)^(?=  - step: )", text.rstrip("\n") + "\n\n")
        *steps, capture, invoice = steps
        text = "".join([head, *steps, invoice, capture])
    path.write_text(text, encoding="utf-8")
    try:
        await shop.ok("POST", "/v1/policies", json={"note": "the saga grid"})
    finally:
        path.write_text(shipped, encoding="utf-8")
