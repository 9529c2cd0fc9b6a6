"""`ordito audit`, run as an operator runs it, and what it finds."""

import json
from collections import Counter
from typing import Any

from chaos.judging import Offence
from chaos.shop import Shop


async def audited(shop: Shop, when: str) -> tuple[str, list[Offence]]:
    """A sentence about the audit, and its offenders."""
    code, said = await shop.command("audit", "--json")
    try:
        verdicts: list[dict[str, Any]] = json.loads(said)
    except ValueError:
        return f"Audit {when}: could not be read.", [("audit", said.strip())]
    offences = [
        (offender["subject"], f"{verdict['invariant']} {when}: {offender['words']}")
        for verdict in verdicts
        for offender in verdict["offenders"]
    ]
    if code != 0 and not offences:
        offences.append(("audit", f"ended with status {code}: {said.strip()}"))
    states = Counter(verdict["state"] for verdict in verdicts)
    looked = sum(verdict["checked"] for verdict in verdicts)
    counts = ", ".join(f"{count} {state}" for state, count in states.items())
    notes = "".join(f"; {verdict['note']}" for verdict in verdicts if verdict["note"])
    return f"Audit {when}: {counts}; {looked} entries looked at{notes}.", offences
