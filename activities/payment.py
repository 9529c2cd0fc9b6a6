"""Has the payment provider hold, take and give back money (PAY2)."""

from datetime import datetime

from temporalio import activity

from activities.faults import work_of
from activities.running import Exchange, across, only_intent
from adapters.ports import AuthorizationAsked, Payments
from domain.process.calls import AuthorizePayment, Call, CapturePayment, Undo
from domain.process.outcomes import Outcome
from domain.process.words import Operation
from store import payments
from store.effects import Intent
from store.pool import Connection, Pool

NO_TOKEN = Outcome(refused=True, code="no_payment_token", words="The order has no payment token to authorize with.")


class Payment:
    """The card's token is read from the order here and goes to the provider only (design rule 7)."""

    def __init__(self, pool: Pool, provider: Payments) -> None:
        self._pool = pool
        self._provider = provider

    @activity.defn(name=Operation.AUTHORIZE)
    async def authorize_payment(self, call: Call) -> Outcome:
        """Holds the amount; refused with the provider's code when the card declines."""
        parts = self.authorization(call)
        return await across(self._pool, call, before=parts.before, ask=parts.ask, after=parts.after)

    def authorization(self, call: Call) -> Exchange[str | None]:
        """The parts of `authorize_payment`."""
        work = work_of(call, AuthorizePayment)

        async def before(connection: Connection) -> tuple[Intent, str | None]:
            return await payments.intend_authorization(connection, call, work)

        async def ask(token: str | None, at: datetime) -> Outcome:
            if token is None:
                return NO_TOKEN
            asked = AuthorizationAsked(call.order, work.amount, work.currency, token, at)
            return await self._provider.authorize(call.key, asked)

        async def after(connection: Connection, outcome: Outcome) -> None:
            await payments.authorized(connection, call, outcome)

        return Exchange(before, ask, after)

    @activity.defn(name=Operation.VOID)
    async def void_authorization(self, call: Call) -> Outcome:
        """Gives back what is not captured of the authorization `of`, whether or not its answer ever came."""
        work = work_of(call, Undo)

        async def ask(_: None, at: datetime) -> Outcome:
            return await self._provider.void(call.key, work.of, at)

        async def after(connection: Connection, outcome: Outcome) -> None:
            await payments.voided(connection, call, outcome)

        return await across(self._pool, call, before=only_intent(call), ask=ask, after=after)

    @activity.defn(name=Operation.CAPTURE)
    async def capture_payment(self, call: Call) -> Outcome:
        """Takes the amount for one shipment; refused `authorization_expired`, `voided`... as the provider says."""
        work = work_of(call, CapturePayment)

        async def ask(_: None, at: datetime) -> Outcome:
            return await self._provider.capture(call.key, work.authorization, work.amount, at, work.shipment)

        async def after(connection: Connection, outcome: Outcome) -> None:
            await payments.captured(connection, call, work, outcome)

        return await across(self._pool, call, before=only_intent(call), ask=ask, after=after)

    @activity.defn(name=Operation.REFUND)
    async def refund_payment(self, call: Call) -> Outcome:
        """Gives back money of the capture `of`; `never_captured` when there is none."""
        work = work_of(call, Undo)

        async def ask(_: None, at: datetime) -> Outcome:
            return await self._provider.refund(call.key, work.of, work.amount, at)

        async def after(connection: Connection, outcome: Outcome) -> None:
            await payments.refunded(connection, call, work, outcome)

        return await across(self._pool, call, before=only_intent(call), ask=ask, after=after)
