"""The token of a preview: two answers with the same token say the same of the same order (CHG13, I14)."""

import hashlib
import json
from typing import Any

from domain.process.read_model import ChangeAnswer
from domain.process.state import ActiveChange

_SAID = {"outcome", "revision", "code", "actions", "plan", "before", "after", "cost", "assumptions", "basis"}
_GROUPS = {"__all__": {"id", "process", "lines", "location", "why"}}
_DECIDED = {"group", "pattern", "stage", "kinds"}


def basis_of(change: ActiveChange) -> str:
    """Fingerprint of what an edit rests on: the version worked out, its prices and groups, and what the matrix said."""
    assert change.proposed is not None
    assert change.revised is not None
    return _fingerprint(
        [
            change.proposed.model_dump(mode="json", include={"facts": True, "lines": True, "groups": _GROUPS}),
            change.revised.model_dump(mode="json"),
            [rework.model_dump(mode="json", include=_DECIDED) for rework in change.reworks or ()],
        ]
    )


def token_of(number: str, bundle: str, given: ChangeAnswer) -> str:
    """The token of an answer, of a preview or of the change itself: over order, policy bundle, and all that it says.

    `given` has the assumptions of the change itself, without what only a preview has to assume.
    """
    plan = tuple(action.model_copy(update={"words": ""}) for action in given.plan)  # they say what the rest says
    said = given.model_copy(update={"plan": plan}).model_dump(mode="json", include=_SAID)
    return _fingerprint([number, bundle, said])


def _fingerprint(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
