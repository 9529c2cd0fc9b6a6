"""One order as one durable workflow, `order-<number>` (ORC1): a thin shell around the decider.

It feeds events to `decide`, runs the calls that come back, and shows where the order stands. No business rule is here.
The sandbox loads this module anew for every order, so it stays small; everything it imports is passed through.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from domain.process import approvals, holds, previews, releases
    from domain.process.calls import Call
    from domain.process.change_requests import read_change_request
    from domain.process.changes import door_refusal
    from domain.process.decide import decide
    from domain.process.doors import HoldAnswer, PromiseAnswer, RetryAnswer, SkipAnswer
    from domain.process.events import (
        ApproveAsked,
        Begun,
        CallDone,
        CallFailed,
        CarrierFact,
        ChangeAsked,
        Event,
        HoldAsked,
        PaymentFact,
        PreviewAsked,
        RefuseAsked,
        ReleaseAsked,
        RetryAsked,
        SkipAsked,
        TimePassed,
    )
    from domain.process.outcomes import Outcome
    from domain.process.read_model import ChangeAnswer
    from domain.process.rows import next_alarm, row_of, waiting_of
    from domain.process.sequence import CallSequence, SequenceDone, ahead, answered
    from domain.process.skips import refusal as skip_refusal
    from domain.process.speak import (
        details,
        headline,
        hold_answer,
        promise_of,
        release_answer,
        retry_answer,
        skip_answer,
    )
    from domain.process.state import OrderInput, OrderState, state_at
    from domain.process.words import REMOTE
    from workflows.arriving import Arrival, Arrivals
    from workflows.attributes import FIRST, Shown, shown, updates
    from workflows.calling import Handle, asks_on, make_sequence, start_call, start_remote, words_of_failure
    from workflows.snapshot import OrderSnapshot, in_progress

ANSWER_WITHIN = timedelta(seconds=5)
"""After this a caller gets `in_progress` and asks again (design, hard case 4)."""
PROMISE_WITHIN = timedelta(seconds=30)


AskedT = TypeVar("AskedT", SkipAsked, HoldAsked, ReleaseAsked, ApproveAsked | RefuseAsked)
AnswerT = TypeVar("AnswerT")


def _unless(refused: tuple[str, str] | None) -> None:
    if refused is not None:
        raise ApplicationError(refused[1], type=refused[0])


@workflow.defn(name="order")
class OrderWorkflow:
    """The durable shell. Its handlers work from the first task on."""

    @workflow.init
    def __init__(self, given: OrderInput) -> None:
        self._start = given.start
        self._release = given.release
        self._continued = given.state is not None
        self._state = (given.state or state_at(given.start)).model_copy(update={"release": given.release})
        self._events = Arrivals(given.release)
        self._handles: dict[str, Handle] = {}
        self._alarm: asyncio.Task[None] | None = None
        self._shown: Shown = {} if self._continued else FIRST
        self._previews: dict[str, ChangeAnswer | None] = {}
        """Of those who wait for one, by its id."""

    @workflow.run
    async def run(self, given: OrderInput) -> str:
        """Runs until the order is closed; returns how it ended, in one sentence.

        A bug fails the workflow, loudly, instead of the endless retries of a bare exception: `ordito audit` finds the
        order and `ordito order resume` goes on with it once the code is mended. A replay that does not match (commands
        that changed without a new release) is no exception in here: its orders wait for the right code, unharmed.
        """
        try:
            return await self._follow()
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            raise ApplicationError(words, type="bug", non_retryable=True) from error

    async def _follow(self) -> str:
        if not self._continued:
            self._events.begins(Begun(at=workflow.now()))
        while not self._state.finished:
            while self._events.ready:
                self._decide(self._events.take())
            self._show()
            self._set_alarm()
            if not self._state.finished:
                await self._something()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return headline(self._state)

    async def _something(self) -> None:
        """Waits for an event. A cancel in the Temporal UI is one: the same decision as our own (hard case 10)."""
        try:
            await workflow.wait_condition(lambda: self._events.ready or self._may_continue_as_new())
        except asyncio.CancelledError:
            asked = ChangeAsked(
                change_id=f"temporal-cancel/{workflow.info().run_id}",
                reason=workflow.cancellation_reason() or "",
                requested_by="operator in the Temporal UI",
                at=workflow.now(),
            )
            self._events.outside(asked)
        if not self._events and self._may_continue_as_new():
            workflow.continue_as_new(OrderInput(start=self._start, state=self._state, release=releases.RELEASE))

    def _decide(self, event: Arrival) -> None:
        tried = isinstance(event, SequenceDone) and bool(event.answers.unanswered)
        decision = answered(self._state, event) if isinstance(event, SequenceDone) else decide(self._state, event)
        self._state = decision.state
        self._previews |= {id_: given for id_, given in decision.previews.items() if id_ in self._previews}
        for key in decision.stops:
            if key in self._handles:
                self._handles[key].cancel()
        sequence = None if tried else self._events.await_sequence(ahead(decision, workflow.now()))
        if sequence is not None:
            asyncio.create_task(self._follow_through(sequence))  # noqa: RUF006 - as below
        for call in decision.calls if sequence is None else ():
            apart = self._events.is_apart(call)
            self._handles[call.key] = start_call(call, apart=apart, asked=tried)
            self._events.begun(call, apart=apart, asked=tried)
            asyncio.create_task(self._finish(call, tried))  # noqa: RUF006 - the workflow's loop keeps its tasks

    async def _follow_through(self, sequence: CallSequence) -> None:
        self._events.followed_through(SequenceDone(sequence=sequence, answers=await make_sequence(sequence)))

    async def _finish(self, call: Call, tried: bool) -> None:
        try:
            event: Event = CallDone(key=call.key, outcome=await self._outcome(call, tried), at=workflow.now())
        except (FailureError, asyncio.CancelledError) as error:
            event = CallFailed(key=call.key, words=words_of_failure(error), at=workflow.now())
        del self._handles[call.key]
        self._events.result(call, event)

    async def _outcome(self, call: Call, tried: bool) -> Outcome:
        try:
            return await self._handles[call.key]
        except FailureError as error:
            if tried or not asks_on(call, error):
                raise
        self._events.goes_on_remotely(call.key)
        self._handles[call.key] = start_remote(call)
        return await self._handles[call.key]

    def _may_continue_as_new(self) -> bool:
        """With nothing on its way and a long history behind it (hard case 7)."""
        long = workflow.info().is_continue_as_new_suggested()
        return long and not self._state.flights and workflow.all_handlers_finished()

    def _set_alarm(self) -> None:
        """One timer an order, for its earliest deadline; only a changed deadline moves it (hard case 8).

        While a call is on its way the timer is moved only to ring earlier: a change takes a wait back and begins it
        anew, most often with the deadline that it had. One that rings too early finds nothing late.
        """
        moment = None if self._state.finished else next_alarm(self._state)
        if self._alarm is not None and self._alarm.get_name() != str(moment) and not self._may_stay(moment):
            self._alarm.cancel()
            self._alarm = None
        if self._alarm is None and moment is not None:
            pause = max(moment - workflow.now(), timedelta())
            self._alarm = asyncio.create_task(self._ring(pause), name=str(moment))

    def _may_stay(self, moment: datetime | None) -> bool:
        """Whether the timer may be left as it is until the order rests; at the order's end it ends by itself."""
        if self._release < releases.TIMER_AT_REST or self._alarm is None:
            return False
        if not self._state.flights:
            return self._state.finished
        return moment is None or datetime.fromisoformat(self._alarm.get_name()) <= moment

    async def _ring(self, pause: timedelta) -> None:
        await workflow.sleep(pause, summary="the order's earliest deadline")
        self._alarm = None
        self._events.rang(TimePassed(at=workflow.now()))

    def _show(self) -> None:
        """Words for the Temporal UI; search attributes, which cost the server a write each, once the order rests."""
        flights = self._state.flights.values()
        flying = [flight for flight in flights if flight.retry_at is None]
        local = [flight for flight in flights if flight.call.operation not in REMOTE]
        if any(flight.retry_at is None for flight in local):
            return  # a local step ends within this task, and then there is more to show
        workflow.set_current_details(details(self._state))
        if flying if self._release >= releases.ATTRIBUTES_AT_REST else local:
            return
        now = shown(row_of(self._state))
        if now != self._shown:
            workflow.upsert_search_attributes(updates(now, self._shown))
            self._shown = now

    # ---- facts and requests that come in ------------------------------------------------------------

    @workflow.signal(name="carrier", description="The carrier says how far a shipment is.")
    def carrier(self, fact: CarrierFact) -> None:
        self._events.outside(fact)

    @workflow.signal(name="payment", description="The payment provider says what became of an authorization.")
    def payment(self, fact: PaymentFact) -> None:
        self._events.outside(fact)

    @workflow.signal(dynamic=True, description="change_requested: asks for a change; any payload gets an answer.")
    def any_signal(self, name: str, payloads: Sequence[RawValue]) -> None:
        if name != "change_requested":
            workflow.logger.warning("unknown signal %s", name)
            return
        content: object = None
        try:
            values = [workflow.payload_converter().from_payload(raw.payload) for raw in payloads]
            content = values[0] if len(values) == 1 else values
        except Exception:  # noqa: BLE001 - whatever it is, its sender gets an answer
            content = [raw.payload.data.hex()[:200] for raw in payloads]
        self._events.outside(read_change_request(content, workflow.now()))

    @workflow.update(name="promised", description="Waits for the promise date and the priced lines.")
    async def promised(self) -> PromiseAnswer:
        def ready() -> bool:
            return self._state.finished or promise_of(self._state) is not None

        if not ready():
            try:
                await workflow.wait_condition(ready, timeout=PROMISE_WITHIN)
            except TimeoutError:
                raise ApplicationError("The order is not promised yet; ask again.", type="in_progress") from None
        answer = promise_of(self._state)
        if answer is None:
            raise ApplicationError("The order ended before it was promised.", type="order_closed")
        return answer

    @workflow.update(name="cancel", description="Cancels the order before shipment, or says why it cannot.")
    async def cancel(self, asked: ChangeAsked) -> ChangeAnswer:
        return await self._answer_to(asked)

    @workflow.update(name="change", description="Changes the order in flight, or says why it cannot.")
    async def change(self, asked: ChangeAsked) -> ChangeAnswer:
        return await self._answer_to(asked)

    async def _answer_to(self, asked: ChangeAsked) -> ChangeAnswer:
        self._events.asked(asked.model_copy(update={"at": workflow.now()}))
        return await self._answer_at_hand(asked)

    async def _answer_at_hand(self, asked: ChangeAsked) -> ChangeAnswer:
        def given() -> ChangeAnswer | None:
            return approvals.answer_at_hand(self._state, asked.change_id)

        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: given() is not None, timeout=ANSWER_WITHIN)
        return given() or in_progress(self._state, asked, workflow.now())

    @cancel.validator
    def _may_cancel(self, asked: ChangeAsked) -> None:
        self._must_be_open(asked)

    @change.validator
    def _may_change(self, asked: ChangeAsked) -> None:
        self._must_be_open(asked)

    def _must_be_open(self, asked: ChangeAsked) -> None:
        _unless(door_refusal(self._state, asked, self._events.edits))

    @workflow.update(name="preview", description="Tells what a change would come to; nothing is done or kept.")
    async def preview(self, asked: PreviewAsked) -> ChangeAnswer:
        self._previews[asked.id] = None
        self._events.asked(asked.model_copy(update={"at": workflow.now()}))
        try:
            await workflow.wait_condition(
                lambda: self._state.finished or self._previews[asked.id] is not None, timeout=ANSWER_WITHIN
            )
        except TimeoutError:
            words = "There is no answer yet. Nothing was changed; ask again."
            raise ApplicationError(words, type="preview_late") from None
        finally:
            given = self._previews.pop(asked.id)
        if given is None:
            raise ApplicationError("The order is closed; there is nothing to change.", type="order_closed")
        return given

    @preview.validator
    def _may_preview(self, asked: PreviewAsked) -> None:
        _unless(previews.door_refusal(self._state, asked, self._previews))

    @workflow.update(name="retry", description="Tries parked work again at once.")
    async def retry(self, asked: RetryAsked) -> RetryAnswer:
        answer = retry_answer(self._state)
        self._events.asked(asked.model_copy(update={"at": workflow.now()}))
        return answer

    @retry.validator
    def _may_retry(self, asked: RetryAsked) -> None:
        if not any(waiting.parked and waiting.hold is waiting.change is None for waiting in waiting_of(self._state)):
            raise ApplicationError("Nothing is parked; there is nothing to try again.", type="nothing_to_retry")

    @workflow.update(name="skip", description="Goes on without a parked step; the reason is kept, a refusal says why.")
    async def skip(self, asked: SkipAsked) -> SkipAnswer:
        return await self._done_at_once(asked, self._may_skip, skip_answer)

    @skip.validator
    def _may_skip(self, asked: SkipAsked) -> None:
        _unless(skip_refusal(self._state, asked))

    @workflow.update(name="hold", description="Begins nothing more for the order, a line or a step, until released.")
    async def hold(self, asked: HoldAsked) -> HoldAnswer:
        if self._state.facts is None and (asked.line, asked.step) != (None, None):
            try:  # what lines and steps there are is known when the order is open
                await workflow.wait_condition(lambda: self._state.facts is not None, timeout=ANSWER_WITHIN)
            except TimeoutError:
                raise ApplicationError("The order is not open yet; ask again.", type="order_not_running") from None
        return await self._done_at_once(asked, self._may_hold, hold_answer)

    @hold.validator
    def _may_hold(self, asked: HoldAsked) -> None:
        _unless(holds.refusal(self._state, asked))

    @workflow.update(name="release", description="Releases a hold; the order goes on unless another one stands.")
    async def release(self, asked: ReleaseAsked) -> HoldAnswer:
        return await self._done_at_once(asked, self._may_release, release_answer)

    @release.validator
    def _may_release(self, asked: ReleaseAsked) -> None:
        _unless(holds.release_refusal(self._state, asked))

    @workflow.update(name="approve", description="Agrees to a change that waits for a person; its answer, if in time.")
    async def approve(self, asked: ApproveAsked) -> ChangeAnswer:
        return await self._decided(asked)

    @approve.validator
    def _may_approve(self, asked: ApproveAsked) -> None:
        _unless(approvals.refusal(self._state, asked))

    @workflow.update(name="refuse_change", description="Refuses a change that waits for a person; the reason is kept.")
    async def refuse_change(self, asked: RefuseAsked) -> ChangeAnswer:
        return await self._decided(asked)

    @refuse_change.validator
    def _may_refuse_change(self, asked: RefuseAsked) -> None:
        _unless(approvals.refusal(self._state, asked))

    async def _decided(self, asked: ApproveAsked | RefuseAsked) -> ChangeAnswer:
        change = await self._done_at_once(
            asked, lambda one: _unless(approvals.refusal(self._state, one)), approvals.asked_change
        )
        await workflow.wait_condition(lambda: not self._events)
        return await self._answer_at_hand(change)

    async def _done_at_once(
        self, asked: AskedT, check: Callable[[AskedT], None], answer: Callable[[OrderState, AskedT], AnswerT]
    ) -> AnswerT:
        more = self._release >= releases.ALARM_FIRST  # that this task brings may not be here yet
        while more or self._events:  # what came before may change what can be done
            await workflow.wait_condition(lambda: not self._events)
            more = False
        check(asked)
        given = answer(self._state, asked)
        self._events.asked(asked.model_copy(update={"at": workflow.now()}))
        return given

    @workflow.query(name="snapshot", description="Where the order stands: the read model as the workflow has it.")
    def snapshot(self) -> OrderSnapshot:
        return OrderSnapshot(
            version=self._state.version,
            saved=self._state.saved_version,
            row=row_of(self._state),
            moving=bool(self._state.flights),
        )
