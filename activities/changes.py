"""Works out what a change would make of an order (CHG1)."""

from typing import Any

from temporalio import activity

from activities.bundles import Bundles
from activities.faults import told_apart, work_of
from domain.pricing import NoPriceError
from domain.problems import ProblemsFound
from domain.process.calls import Call, Rest, ReviseOrder
from domain.process.outcomes import Outcome
from domain.process.words import Operation
from domain.reopening import Before, reopen_order
from domain.rest_of_change import cancelled, rest_of
from domain.revising import revise, unknown_items
from store import revisions
from store.pool import Connection, Pool, transaction
from store.saving import save

TOLD = 10
"""Problems that an answer tells in words."""
UNKNOWN = Outcome(refused=True, code="unknown_change", words="No change is kept under this id, nor does it name any.")
PREVIEW_OVER = Outcome(refused=True, code="preview_over", words="Whoever asked for the preview waits no more.")


class Changes:
    """Safe to repeat without a row in the effects ledger: the change's own row knows its proposal."""

    def __init__(self, pool: Pool, bundles: Bundles) -> None:
        self._pool = pool
        self._bundles = bundles

    @activity.defn(name=Operation.REVISE)
    async def revise_order(self, call: Call) -> Outcome:
        """Keeps the changed order as a proposal; nothing else changes. Refused when the change makes no sense for it.

        The answer tells all facts and lines of the new version, and of its groups only those that are new or leave from
        another place. A repeat gets the same answer.
        """
        work = work_of(call, ReviseOrder)
        with told_apart():
            if work.preview is not None:
                return await self._preview(call.order, work, work.preview)
            async with transaction(self._pool) as connection:
                try:
                    document, known = await revisions.take_up(connection, call, work)
                except LookupError:
                    return UNKNOWN
                if work.cancels is not None:
                    document = cancelled(work.cancels)
                outcome = known
                if outcome is None:
                    proposal = await self._work_out(connection, call.order, document, work.rest)
                    outcome = await revisions.propose(connection, call, work, proposal)
                if not outcome.refused:
                    await save(connection, call)
            return outcome

    async def _preview(self, number: str, work: ReviseOrder, preview: str) -> Outcome:
        """The same, with nothing kept: not even a repeat finds anything of it (CHG13)."""
        async with transaction(self._pool) as connection:
            document = work.edit or await revisions.previewed(connection, number, work.change_id, preview)
            if document is None:
                return PREVIEW_OVER
            return revisions.answer_of(await self._work_out(connection, number, document))

    async def _work_out(
        self, connection: Connection, number: str, change: dict[str, Any], rest: Rest | None = None
    ) -> revisions.Proposal:
        order = await revisions.read(connection, number)
        if rest is not None:
            change = rest_of(change, rest, order.progress)
        bundle = await self._bundles.get(connection, order.bundle)
        try:
            new = revise(order.document, order.party, change, order.progress)
            items = await revisions.assortment(connection, new.document)
            if problems := unknown_items(new, items.known):
                raise ProblemsFound(tuple(problems))
            before = Before(order.document, order.opened, order.waterfalls, order.groups)
            reopened = reopen_order(new.document, bundle, items.prices, items.available, before)
        except ProblemsFound as found:
            told = found.problems[:TOLD]
            words = " ".join(f"{one.path}: {one.words}" if one.path != "$" else one.words for one in told)
            return revisions.refused(found.problems[0].code, words)
        except NoPriceError as error:
            return revisions.refused("no_price", str(error))
        return revisions.proposal_of(new, reopened)
