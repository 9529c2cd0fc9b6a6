"""An order whose workflow is lost begins anew: it is told what the database knows of it, and nothing else."""

from domain.process.calls import Undo
from domain.process.events import Begun, ChangeAsked
from domain.process.words import ChangeOutcome
from tests.process.checks import Watch
from tests.process.database import is_settled
from tests.process.runner import Run, fresh


def resumed(run: Run) -> Run:
    """The same order in a new workflow: told its open changes and holds with the start, and every fact behind it."""
    world, database = run.world, run.world.database
    _calls_are_lost(run)
    changes = _open_changes(run)
    state = fresh(
        world.as_of,
        max(database.version, 1),
        changes,
        holds=database.row.holds if database.row is not None else (),
        revision=database.revision,
        answered=tuple(id_ for id_, one in database.answers.items() if is_settled(one, database.row)),
        approved=tuple(id_ for id_, one in database.answers.items() if one.outcome is ChangeOutcome.IN_PROGRESS),
    )
    database.resumed = True
    world.earlier |= world.done.keys()
    again = type(run)(world=world, state=state, at=run.at, previews=run.previews, twice=run.twice)
    again.sequences = run.sequences
    again.watch = Watch(versions=[database.version], asked={change.change_id for change in changes})
    again.watch.bases |= {change.change_id: change.base_revision for change in changes}
    again.feed(Begun(at=run.at))
    facts = [fact for fact in run.facts if not isinstance(fact, ChangeAsked)]
    again.facts = [*changes, *facts]
    for fact in facts:
        again.feed(fact)
    return again


def _calls_are_lost(run: Run) -> None:
    """What was about to be sent never is, and no ledger knows of it."""
    world = run.world
    for call in run.pending:
        if isinstance(call.work, Undo) and call.key not in world.outcomes.keys() | world.intended:
            world.voided.discard(call.work.of)
            world.known_at.pop(call.work.of, None)


def _open_changes(run: Run) -> tuple[ChangeAsked, ...]:
    """The changes without an answer, oldest first. One that came as a raw signal is kept from when it was begun.

    What the policy asked for when a step was refused came from nobody: it is told of once its answer was saved.
    """
    world, database = run.world, run.world.database
    final = {change_id for change_id, given in database.answers.items() if is_settled(given, database.row)}
    open_: dict[str, ChangeAsked] = {}
    for fact in run.facts:
        if isinstance(fact, ChangeAsked) and fact.problem is None and fact.change_id not in final:
            open_.setdefault(fact.change_id, fact)
    for change_id in open_.keys() & world.signalled.keys():
        del world.signalled[change_id]
        if change_id in world.kept:
            open_[change_id] = open_[change_id].model_copy(update={"edit": None})
        else:
            del open_[change_id]
    known = final | {fact.change_id for fact in run.facts if isinstance(fact, ChangeAsked)}
    for change_id, given in database.answers.items():
        if change_id not in known:
            told = {"change": given.kind, "requested_by": given.requested_by, "at": run.at}
            open_[change_id] = ChangeAsked(change_id=change_id, **told)
    return tuple(open_.values())
