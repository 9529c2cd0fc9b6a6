"""What a resumed order learns of its earlier life from the effects ledger (CHG9, I2, I11; design, hard case 10).

Its workflow walks the process anew and meets every effect that stands under that effect's own key. Until it has met
them all it does not know what a change would have to undo, so changes wait in line.
"""

from domain.policy.model import Step, TaskWord
from domain.process import ledger, releases
from domain.process.draft import Draft
from domain.process.outcomes import KnownEffect
from domain.process.state import ChangeMove, Group, Run
from domain.process.words import UNDO, Operation

_OPERATIONS = {
    TaskWord.RESERVE: Operation.RESERVE,
    TaskWord.AUTHORIZE: Operation.AUTHORIZE,
    TaskWord.SHIP: Operation.SHIP,
    TaskWord.CAPTURE: Operation.CAPTURE,
    TaskWord.INVOICE: Operation.INVOICE,
}


def behind(draft: Draft) -> bool:
    """Whether effects stand that the walk has not come to, so that no change may be begun yet.

    Nor before what was held for a group that is not founded is given back: the change may hold for it anew (I1).
    """
    if draft.change is not None or draft.stuck or not draft.known:
        return False
    return bool(unmet(draft)) or any(group.planned and group.leftovers() for group in draft.groups.values())


def busy(draft: Draft) -> bool:
    """Whether a call is on its way that is more than a save, or a look for a preview."""
    return any(
        flight.call.operation is not Operation.SAVE and flight.move is not ChangeMove.LOOK
        for flight in draft.flights.values()
    )


def holds_back(draft: Draft, group_id: str, step: Step) -> bool:
    """Whether a step has to let a change in line go first: it would do something new, and nothing behind it stands."""
    if not draft.known or not draft.waiting_changes or step.do not in _OPERATIONS:
        return False
    there = any(group_of(draft, one) == group_id and not _is_passed_by(draft, one) for one in unmet(draft))
    return not there and not _meets(draft, group_id, step)


def _is_passed_by(draft: Draft, effect: KnownEffect) -> bool:
    """Whether the walk does not come to it any more: its step stands on another effect."""
    parts = ledger.named(draft.number, effect.key)
    run = draft.groups[parts.group].runs.get(parts.step)
    return draft.since(releases.KNOWN_IS_PASSED_BY) and run is not None and run.passed


def catches_up(draft: Draft, group_id: str, step: Step) -> bool:
    """Whether a step only comes to what the order had done before its workflow was lost; no hold keeps that back."""
    if not draft.known or not draft.since(releases.KNOWN_IS_CAUGHT_UP):
        return False
    there = any(group_of(draft, effect) == group_id for effect in unmet(draft))
    return there and (step.do not in _OPERATIONS or _meets(draft, group_id, step))


def _meets(draft: Draft, group_id: str, step: Step) -> bool:
    if ledger.is_whole(draft.known):
        group = draft.groups[group_id]
        met = draft.meets(group, step.step, _OPERATIONS[step.do], draft.amount(group))
        return met is not None and met.state != "refused"
    stem = f"{draft.number}/{step.step}/{group_id}/"
    return any(effect.key.startswith(stem) for effect in draft.known or () if not effect.over)


def doubtful_money(draft: Draft, group: Group, step: Step) -> Run | None:
    """The authorization that a new shipment would rest on, if an earlier life may have given it back (I7).

    It asked for that and has no answer. Where the carrier's answer is known already, nothing leaves on its account.
    """
    if step.do is not TaskWord.SHIP or not draft.known or not draft.since(releases.DOUBTFUL_MONEY_IS_RENEWED):
        return None
    met = draft.meets(group, step.step, Operation.SHIP)
    held = draft.run_of(group, Operation.AUTHORIZE)
    if held is None or held.key is None or (met is not None and met.state != "intended"):
        return None
    return held if ledger.undo_on_its_way(draft.known, held.key) is not None else None


def tried_again(draft: Draft, key: str | None) -> bool:
    """Whether the order had tried again in its earlier life what was refused under this key."""
    if not draft.known or key is None:
        return False
    stem, _, n = key.rpartition("/")
    others = (effect.key.rpartition("/") for effect in draft.known)
    return any(other == stem and int(later) > int(n) for other, _, later in others)


def unmet(draft: Draft) -> list[KnownEffect]:
    """The effects that stand and that the walk has not come to."""
    if not draft.known:
        return []
    met = {run.key for group in draft.groups.values() for run in (*group.runs.values(), *group.past)}
    return [effect for effect in draft.known if ledger.stands(effect) and effect.key not in met and not _undo(effect)]


def group_of(draft: Draft, effect: KnownEffect) -> str:
    """The group in an effect's key."""
    return ledger.named(draft.number, effect.key).group


def _undo(effect: KnownEffect) -> bool:
    return effect.key.split("/")[-2] in UNDO.values()
