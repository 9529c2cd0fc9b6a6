"""How a change and its answer look to a caller: amounts as decimal text (CHG13, CHG14)."""

import hashlib
import json
from typing import Any

from domain.money import to_text
from domain.process.read_model import ChangeAnswer
from domain.process.words import ChangeOutcome

Row = dict[str, Any]

_ANSWER = {"change_id", "kind", "outcome", "revision", "code", "words", "at", "actions", "requested_by", "reason"}
_WITH_REASONS = frozenset({ChangeOutcome.REFUSED, ChangeOutcome.PARTLY, ChangeOutcome.PENDING_APPROVAL})
_UNANSWERED: Row = {
    **dict.fromkeys(("revision", "code", "words", "at", "cost", "price", "promise", "approval", "answer")),
    "actions": [],
    "assumptions": [],
    "reasons": [],
    "not_done": [],
    "to_return": [],
}


def change(row: Row, currency: str) -> Row:
    """A change request and what came of it; `currency` is its order's."""
    given = ChangeAnswer.model_validate(row["answer"]) if row["answer"] else None
    return {
        "change_id": row["change_id"],
        "kind": row["kind"],
        "base_revision": row["base_revision"],
        "requested_by": row["requested_by"],
        "reason": (row.get("document") or {}).get("reason", ""),
        "received_at": row["received_at"],
        "outcome": row["outcome"] or "in_progress",
        **(_UNANSWERED if given is None else _answered(_with_decision(given, row.get("decision")), currency)),
        "new_preview": _new_preview(given, row, currency),
    }


def _with_decision(given: ChangeAnswer, reason: str | None) -> ChangeAnswer:
    """With the reason of whoever turned it down, which the order is not told."""
    if not reason:
        return given
    return given.model_copy(update={"words": f"{given.words} Why: {reason}"})


def _new_preview(given: ChangeAnswer | None, row: Row, currency: str) -> Row | None:
    if given is None or given.instead is None:
        return None
    return preview(given.instead, currency, {name: row["document"][name] for name in ("set", "lines")})


def preview(given: ChangeAnswer, currency: str, edit: Row) -> Row:
    """What a change would come to. The fingerprint of what it asks for becomes part of the token."""
    return {
        "preview": True,
        "change_id": given.change_id,
        "kind": given.kind,
        "outcome": given.outcome,
        **_said(given, currency),
        "token": f"{given.token}-{fingerprint(edit)}" if given.token else None,
    }


def fingerprint(edit: Row) -> str:
    """Of what a change asks for, personal data included; the order knows that part of it only by the change's id."""
    text = json.dumps(edit, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _answered(given: ChangeAnswer, currency: str) -> Row:
    whole = given.model_dump(mode="json")
    return {
        **_said(given, currency),
        "approval": whole["approval"],
        "answer": {name: whole[name] for name in whole if name in _ANSWER},
    }


def _said(given: ChangeAnswer, currency: str) -> Row:
    whole = given.model_dump(mode="json")
    return {
        **{name: whole[name] for name in ("revision", "code", "words", "at", "assumptions")},
        "actions": whole["plan"],
        "cost": _cost(given, currency),
        "price": _price(given),
        "promise": _promise(whole),
        "not_done": whole["not_done"],
        "to_return": [{"line": number, "quantity": units} for number, units in sorted(given.to_return.items())],
        "reasons": [{"code": given.code, "words": given.words}] if given.outcome in _WITH_REASONS else [],
    }


def _cost(given: ChangeAnswer, currency: str) -> Row | None:
    if given.outcome is ChangeOutcome.IN_PROGRESS:
        return None  # nobody knows yet
    return {"amount": to_text(given.cost, currency), "currency": currency}


def _price(given: ChangeAnswer) -> Row | None:
    terms = given.before or given.after
    if terms is None:
        return None
    return {
        "before": to_text(given.before.total, terms.currency) if given.before else None,
        "after": to_text(given.after.total, terms.currency) if given.after else None,
        "currency": terms.currency,
    }


def _promise(whole: Row) -> Row | None:
    before, after = whole["before"], whole["after"]
    if before is None and after is None:
        return None
    return {"before": before and before["promise_date"], "after": after and after["promise_date"]}
