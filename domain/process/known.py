"""What a resumed order learns of its earlier life from the effects ledger (CHG9, I2, I11; design, hard case 10).

Its workflow walks the process anew and meets every effect that stands under that effect's own key. Until it has met
them all it does not know what a change would have to undo, so changes wait in line.
"""

from domain.policy.model import Step, TaskWord
from domain.process.draft import Draft
from domain.process.state import ChangeMove
from domain.process.words import Operation

_WITH_EFFECT = frozenset({TaskWord.RESERVE, TaskWord.AUTHORIZE, TaskWord.SHIP, TaskWord.CAPTURE, TaskWord.INVOICE})


def behind(draft: Draft) -> bool:
    """Whether effects stand that the walk has not come to, so that no change may be begun yet."""
    return draft.change is None and not draft.stuck and bool(_unmet(draft))


def busy(draft: Draft) -> bool:
    """Whether a call is on its way that is more than a save, or a look for a preview."""
    return any(
        flight.call.operation is not Operation.SAVE and flight.move is not ChangeMove.LOOK
        for flight in draft.flights.values()
    )


def holds_back(draft: Draft, group_id: str, step: Step) -> bool:
    """Whether a step has to let a change in line go first: it would do something new, and nothing behind it stands."""
    if not draft.known or not draft.waiting_changes or step.do not in _WITH_EFFECT:
        return False
    stem = f"{draft.number}/{step.step}/{group_id}/"
    met_again = any(effect.key.startswith(stem) for effect in draft.known if not effect.over)
    return not met_again and all(_group_of(draft, key) != group_id for key in _unmet(draft))


def tried_again(draft: Draft, key: str | None) -> bool:
    """Whether the order had tried again in its earlier life what was refused under this key."""
    if not draft.known or key is None:
        return False
    stem, _, n = key.rpartition("/")
    others = (effect.key.rpartition("/") for effect in draft.known)
    return any(other == stem and int(later) > int(n) for other, _, later in others)


def _unmet(draft: Draft) -> list[str]:
    if not draft.known:
        return []
    met = {run.key for group in draft.groups.values() for run in (*group.runs.values(), *group.past)}
    return [effect.key for effect in draft.known if not effect.over and effect.key not in met]


def _group_of(draft: Draft, key: str) -> str:
    """The group in an effect's key, which is order/step/group/..."""
    return key.removeprefix(f"{draft.number}/").split("/")[1]
