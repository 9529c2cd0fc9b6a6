"""How a change and its answer look to a caller: amounts as decimal text (CHG13, CHG14)."""

from typing import Any

from domain.money import to_text
from domain.process.messages import ChangeAnswer
from domain.process.words import ChangeOutcome

Row = dict[str, Any]

_ANSWER = {"change_id", "kind", "outcome", "revision", "code", "words", "at", "actions", "requested_by", "reason"}
_WITH_REASONS = frozenset({ChangeOutcome.REFUSED, ChangeOutcome.PARTLY, ChangeOutcome.PENDING_APPROVAL})
_UNANSWERED: Row = {
    **dict.fromkeys(("revision", "code", "words", "at", "cost", "price", "promise", "answer")),
    "actions": [],
    "assumptions": [],
    "reasons": [],
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
        **(_UNANSWERED if given is None else _answered(given, currency)),
    }


def _answered(given: ChangeAnswer, currency: str) -> Row:
    whole = given.model_dump(mode="json")
    return {
        **{name: whole[name] for name in ("revision", "code", "words", "at", "assumptions")},
        "actions": whole["plan"],
        "cost": _cost(given, currency),
        "price": _price(given),
        "promise": _promise(whole),
        "reasons": [{"code": given.code, "words": given.words}] if given.outcome in _WITH_REASONS else [],
        "answer": {name: whole[name] for name in whole if name in _ANSWER},
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
