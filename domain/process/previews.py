"""What a change would come to, before anyone decides on it (CHG13; design, hard case 6).

The decider itself plays the change through, on a copy of the order that is thrown away. What only the outside can say
it is asked, by calls that read and leave nothing behind: the version the change would make, how far the carrier is,
whether the stock would be held. Whatever else the change would ask for is taken to be granted, and the answer says so.
"""

from collections.abc import Collection

from domain.policy.model import RetryStyle
from domain.process import answering, known, releases
from domain.process.calls import Call, CheckStock, InquireShipment, ReserveStock, ReviseOrder, Work
from domain.process.change_requests import problem_of
from domain.process.draft import Draft
from domain.process.events import PreviewAsked, TimePassed
from domain.process.looking import Preview
from domain.process.outcomes import Outcome
from domain.process.playing import Play
from domain.process.read_model import ChangeAnswer
from domain.process.state import ActiveChange, ChangeMove, Flight, OrderState
from domain.process.tokens import token_of
from domain.process.words import ChangeOutcome
from limits import MAX_PREVIEWS

STALE = "stale_preview"
STALE_WORDS = (
    "The order, its prices or its stock are not as they were when the change was previewed."
    " Nothing was changed; the answer has a preview of the change as it is now."
)
LOOK_RETRY = RetryStyle(style="look", times=2, first_wait=1, longest_wait=1)
"""Somebody waits for the answer, and can ask again."""
MOST_ROUNDS = 10
"""How often the outside is asked for one preview; three times are enough unless the order moves on meanwhile."""


def door_refusal(state: OrderState, asked: PreviewAsked, working: Collection[str]) -> tuple[str, str] | None:
    """Code and words why a preview is not begun; None if it is. `working`: the ids of those being worked out."""
    if state.finished:
        return "order_closed", "The order is closed; there is nothing to change."
    problem = problem_of(asked.asked)
    if problem is not None:
        return "malformed", problem
    if asked.id in working:
        return "preview_late", "A preview with this id is being worked out."
    if len(state.previews) >= MAX_PREVIEWS:
        return "too_many_previews", "Too many previews are being worked out; ask again later."
    return None


def ask(draft: Draft, event: PreviewAsked) -> None:
    """Takes a preview in."""
    draft.previews = (*draft.previews, Preview(id=event.id, asked=event.asked))


def refuse_with_another(draft: Draft, change: ActiveChange) -> None:
    """Previews a change anew whose own preview is stale; that is the answer to it."""
    preview = Preview(id=f"instead/{change.asked.change_id}", asked=change.asked, instead=True)
    draft.previews = (*draft.previews, preview)


def asked_for(order: Draft | OrderState, change_id: str) -> bool:
    """Whether a change still has to be answered, with a new preview."""
    return any(preview.instead and preview.asked.change_id == change_id for preview in order.previews)


def pursue(draft: Draft) -> None:
    """Answers the previews that can be answered, and asks what has to be known for the others.

    While a change is carried out they wait: the order will be another one.
    """
    if not draft.previews or not _at_rest(draft):
        return
    for preview in draft.previews:
        if any(flight.call.key.startswith(_stem(draft, preview)) for flight in draft.flights.values()):
            continue
        given = _failure(draft, preview) or _look(draft, preview)
        if given is not None:
            _answer(draft, preview, given)


def _at_rest(draft: Draft) -> bool:
    changing = draft.change is not None or bool(draft.waiting_changes) or draft.unsaved_revision is not None
    return draft.opened and not changing and not _catches_up(draft)


def _catches_up(draft: Draft) -> bool:
    """Whether a resumed order is on its way to what it had done. Where it is stuck before that, a preview is answered
    as the change would be.
    """
    return known.behind(draft) and (not draft.since(releases.FAILED_UNDO_HINDERS_LESS) or known.busy(draft))


def _stem(draft: Draft, preview: Preview) -> str:
    return f"{draft.number}/preview/{preview.id}/"


# ---- the answer ------------------------------------------------------------------------------------------


def _failure(draft: Draft, preview: Preview) -> ChangeAnswer | None:
    why = preview.failed or ("The order keeps changing" if preview.rounds >= MOST_ROUNDS else "")
    if not why:
        return None
    words = f"{why.rstrip('.')}. Nothing was changed; ask again later."
    return answering.answer_to(draft, preview.asked, ChangeOutcome.REFUSED, "not_known_now", words)


def _look(draft: Draft, preview: Preview) -> ChangeAnswer | None:
    """What the change comes to; None if something has to be asked first, which is then sent."""
    trial = {"change_id": f"preview/{preview.id}", "token": None, "at": draft.wall}
    asked = preview.asked.model_copy(update=trial)
    play = Play(draft.state(), lambda flight: _told(preview, flight))
    given = play.on(asked, asked.change_id)
    if given is None and play.unanswered:
        _ask_for(draft, preview, play.unanswered)
        return None
    if given is None:
        words = "Something of the order has to be taken back first, and waits for a person; the change would wait too."
        return answering.answer_to(draft, preview.asked, ChangeOutcome.IN_PROGRESS, "in_progress", words)
    if given.outcome is not ChangeOutcome.ACCEPTED:
        return given
    token = token_of(draft.number, draft.base.bundle, given) if asked.is_edit else ""
    return given.model_copy(update={"assumptions": (*given.assumptions, *play.assumed), "token": token})


def _answer(draft: Draft, preview: Preview, given: ChangeAnswer) -> None:
    draft.previews = tuple(one for one in draft.previews if one.id != preview.id)
    given = given.model_copy(update={"change_id": preview.asked.change_id, "preview": True})
    if preview.instead:
        change = ActiveChange(asked=preview.asked, refused_code=STALE, refused_words=STALE_WORDS)
        answering.refused_edit(draft, change, instead=given)
    else:
        draft.previewed[preview.id] = given


def would_be(draft: Draft) -> str:
    """Token of what the active edit comes to from here if it is granted all that it asks for; "" if to nothing."""
    change = draft.change
    assert change is not None
    state = draft.state()
    untold = change.model_copy(update={"asked": change.asked.model_copy(update={"token": None})})
    play = Play(state.model_copy(update={"change": untold}), lambda flight: Outcome())
    given = play.on(TimePassed(at=draft.wall), change.asked.change_id)
    return token_of(draft.number, draft.base.bundle, given) if given is not None else ""


# ---- what has to be asked ---------------------------------------------------------------------------------


def _told(preview: Preview, flight: Flight) -> Outcome | None:
    """What is known of a call's answer: asked before, or taken to be granted."""
    work = flight.call.work
    match work:
        case ReviseOrder():
            return preview.worked_out if preview.revision == work.revision else None
        case InquireShipment():
            updates = work.of in preview.updatable or None
            return Outcome(code=preview.progress[work.of], updates=updates) if work.of in preview.progress else None
        case ReserveStock() if flight.move is ChangeMove.HOLD:
            return preview.stock if work in preview.wanted else None
        case _:
            return Outcome()


def _ask_for(draft: Draft, preview: Preview, flights: list[Flight]) -> None:
    """Sends what has to be asked, as calls that read."""
    works: list[tuple[Work, str]] = []
    wanted = []
    for flight in flights:
        work = flight.call.work
        match work:
            case ReviseOrder():
                own = {"change_id": preview.asked.change_id, "preview": preview.id}
                works.append((work.model_copy(update=own), "work out the order as the change would make it"))
            case InquireShipment():
                works.append((work, "ask the carrier how far it is, for a preview"))
            case ReserveStock():
                wanted.append(work)
            case _:
                pass
    if wanted:
        works.append((CheckStock(wanted=tuple(wanted)), "look whether the stock is there"))
    for n, (work, summary) in enumerate(works, 1):
        call = Call(
            key=f"{_stem(draft, preview)}{work.kind}/{preview.rounds + 1}.{n}",
            order=draft.number,
            revision=draft.revision,
            n=n,
            at=draft.now,
            work=work,
            retry=LOOK_RETRY,
            summary=summary,
        )
        draft.send(call, move=ChangeMove.LOOK)
    _put(draft, preview.model_copy(update={"rounds": preview.rounds + 1}))


def heard(draft: Draft, call: Call, outcome: Outcome) -> None:
    """A question of a preview was answered."""
    preview = _preview_of(draft, call)
    changes: dict[str, object] = {}
    match call.work:
        case ReviseOrder():
            changes = {"worked_out": outcome, "revision": call.work.revision}
        case InquireShipment():
            more = (call.work.of,) if outcome.updates else ()
            changes = {"progress": preview.progress | {call.work.of: outcome.code}}
            changes["updatable"] = (*(key for key in preview.updatable if key != call.work.of), *more)
        case CheckStock():
            changes = {"wanted": call.work.wanted, "stock": outcome}
        case _:
            pass
    _put(draft, preview.model_copy(update=changes))


def failed(draft: Draft, call: Call, words: str) -> None:
    """The outside could not be asked."""
    _put(draft, _preview_of(draft, call).model_copy(update={"failed": words}))


def _preview_of(draft: Draft, call: Call) -> Preview:
    return next(preview for preview in draft.previews if call.key.startswith(_stem(draft, preview)))


def _put(draft: Draft, preview: Preview) -> None:
    draft.previews = tuple(preview if one.id == preview.id else one for one in draft.previews)
