"""The life of an order on a running stack, drawn from a seed: the rules of the machine, by the doors people use."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from chaos.customers import NOBODY_TOLD, OPEN, UNANSWERED, Told, decide, move
from chaos.plan import BY_HTTP_ONLY, KINDS, Ask, Body, Story
from chaos.shop import NotSoError, Shop

ANSWERED = (httpx.codes.OK, httpx.codes.CREATED, httpx.codes.ACCEPTED)
NO = (httpx.codes.CONFLICT, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND)
"""What may come of a request that an order cannot follow as it stands."""
FULL = httpx.codes.TOO_MANY_REQUESTS
"""And of one more change or preview than an order has room for, while a partner is away: nothing of it is kept."""
OPERATIONS = {
    "carrier": ("shipments", "cancellations", "requests"),
    "payments": ("authorizations", "captures", "voids"),
}
MISHAPS = ("unavailable", "drop_connection_after_success")


@dataclass
class Life:
    """One order: what its seed draws next, and what was asked for so far."""

    shop: Shop
    document: Body
    dice: random.Random
    now: datetime
    asks: list[Ask] = field(default_factory=list)
    told: dict[str, Told] = field(default_factory=dict)
    holds: set[str] = field(default_factory=set)
    previewed: list[Ask] = field(default_factory=list)
    drawn: int = 0
    """Changes that were drawn, to tell the next one from those before it."""
    steps: Counter[str] = field(default_factory=Counter)
    """Steps that were executed, by rule."""

    @property
    def number(self) -> str:
        """The order's number."""
        return str(self.document["number"])

    @property
    def path(self) -> str:
        """Where the order is in the API."""
        return f"/v1/orders/{self.number}"

    @property
    def story(self) -> Story:
        """What its customer asked for, to be judged by."""
        return Story(self.document, tuple(self.asks))

    async def live(self, steps: int) -> None:
        """The order is placed, and so many steps later left to itself."""
        await self._asked("POST", "/v1/orders", self.document, ANSWERED)
        self.steps["place"] += 1
        names = list(RULES)
        while self.steps.total() < steps:
            (name,) = self.dice.choices(names, [RULES[one][0] for one in names])
            await RULES[name][1](self)
            self.steps[name] += 1
            await asyncio.sleep(self.dice.choice((0.0, 0.0, 0.05, 0.3)))

    async def release_all(self) -> None:
        """Every hold that still stands is released."""
        for hold in sorted(self.holds):
            await self._asked("DELETE", f"{self.path}/holds/{hold}?reason=all+is+well", None, (*ANSWERED, *NO))

    # ---- customers -----------------------------------------------------------------------------------

    async def change(self) -> None:
        """By HTTP; one in five for a revision that may be old."""
        await self._ask(self._drawn())

    async def raw_signal(self) -> None:
        """By a payload, as any system may send it to Temporal."""
        ask = self._drawn(by_signal=True)
        self.asks.append(ask)
        sent = await self.shop.signal(self.number, ask.body)
        self.told[ask.change_id] = Told(ask, UNANSWERED if sent else NOBODY_TOLD)

    async def two_changes_at_once(self) -> None:
        """Side by side, and whichever comes first is first."""
        await asyncio.gather(self._ask(self._drawn()), self._ask(self._drawn()))

    async def the_same_again(self) -> None:
        """A change with an id that was used before gets the answer it got before."""
        given = [told for told in self.told.values() if told.answer and told.outcome not in OPEN]
        if given:
            told = self.dice.choice(given)
            again = (await self._asked("POST", f"{self.path}/changes", told.ask.body, (*ANSWERED, *NO))).json()
            answer = again.get("change", again)
            if answer["outcome"] != told.outcome or answer["revision"] != (told.answer or {})["revision"]:
                raise NotSoError(f"{told.ask.change_id} was {told.outcome}, and asked again {answer['outcome']} (I11)")

    async def preview(self) -> None:
        """Seen, and perhaps asked for later with its token."""
        ask = self._drawn(previewed=True)
        response = await self._asked("POST", f"{self.path}/changes?preview=true", ask.body, (*ANSWERED, *NO, FULL))
        token = response.json().get("token") if response.is_success else None
        if token:
            self.previewed.append(Ask(ask.change_id, ask.kind, {**ask.body, "token": token}, False, 0.0))

    async def change_as_previewed(self) -> None:
        """With the token of a preview, be it fresh or stale; the audit holds the answer against it (I14)."""
        if self.previewed:
            await self._ask(self.previewed.pop(self.dice.randrange(len(self.previewed))))

    async def cancel(self) -> None:
        """The whole order."""
        await self._ask(self._made("order cancelled", by_signal=False))

    def _drawn(self, *, by_signal: bool = False, previewed: bool = False) -> Ask:
        kinds = [kind for kind in KINDS if kind != "order cancelled"]
        kinds = [kind for kind in kinds if kind != "card" or self.document["payment"]["method"] == "card"]
        kinds = [kind for kind in kinds if not (by_signal and kind in BY_HTTP_ONLY)]
        (kind,) = self.dice.choices(kinds, [KINDS[kind][0] for kind in kinds])
        return self._made(kind, by_signal=by_signal, base=not previewed)

    def _made(self, kind: str, *, by_signal: bool, base: bool = True) -> Ask:
        self.drawn += 1
        body = KINDS[kind][1](self.dice, self.document, self.drawn, self.now)
        if base and self.dice.random() < 0.2:
            body["base_revision"] = 1
        change_id = f"{self.number}-{self.drawn}"
        return Ask(change_id, kind, {"change_id": change_id, **body}, by_signal, 0.0)

    async def _ask(self, ask: Ask) -> None:
        self.asks.append(ask)
        response = await self._asked("POST", f"{self.path}/changes", ask.body, (*ANSWERED, *NO, FULL))
        content = response.json()
        if response.status_code == FULL:
            if not (content["type"].endswith("/queue_full") and int(response.headers["Retry-After"]) > 0):
                raise NotSoError(f"{ask.change_id} ({ask.kind}) was turned away: {response.text}")
            self.asks.remove(ask)
            return
        answer = content.get("change", content)
        if "outcome" not in answer:
            raise NotSoError(f"{ask.change_id} ({ask.kind}) was answered {response.status_code}: {response.text}")
        self.told[ask.change_id] = Told(ask, answer["outcome"], answer)

    # ---- operators -----------------------------------------------------------------------------------

    async def hold(self) -> None:
        """The order, a line or a step, now or when it is reached."""
        step = self.dice.choice((None, None, "reserve", "authorize", "ship", "capture", "invoice"))
        line = self.dice.choice((None, None, 1, 2))
        name = self.dice.choice(("h1", "h2"))
        when = self.dice.choice(("now", "reached")) if step else "now"
        body: Body = {"id": name, "code": "credit", "reason": "over the limit", "when": when}
        body |= {"step": step} if step else {}
        body |= {"line": line} if line else {}
        response = await self._asked("POST", f"{self.path}/holds", body, (*ANSWERED, *NO))
        if response.is_success:
            self.holds.add(name)

    async def release(self) -> None:
        """A hold, if there is one."""
        if self.holds:
            hold = self.dice.choice(sorted(self.holds))
            response = await self._asked("DELETE", f"{self.path}/holds/{hold}?reason=paid", None, (*ANSWERED, *NO))
            if response.is_success:
                self.holds.discard(hold)

    async def retry(self) -> None:
        """What is parked."""
        await self._asked("POST", f"{self.path}/retry", None, (*ANSWERED, *NO))

    async def decide_on_a_change(self) -> None:
        """Whatever waits for a person is approved or refused."""
        order = await self.shop.ask("GET", self.path)
        changes = [wait["change"] for wait in order.json()["waiting"] if wait["change"] is not None]
        if changes:
            await decide(self.shop, self.number, self.dice.choice(changes), self.dice.choice(("approve", "refuse")))

    async def skip(self) -> None:
        """A step that no order can do without: turned down, whether it is parked or not."""
        body = {"step": self.dice.choice(("authorize", "ship", "reserve")), "reason": "paid otherwise"}
        await self._asked("POST", f"{self.path}/skip", body, NO)

    # ---- outside -------------------------------------------------------------------------------------

    async def carrier_gets_on(self) -> None:
        """What it has of the order is picked or leaves, half of the time with the same word twice."""
        to = self.dice.choice(("picked", "picked", "shipped"))
        for _ in range(self.dice.choice((1, 2))):
            await move(self.shop, self.number, to)

    async def mishap(self) -> None:
        """The next call of a kind is not answered, or only its answer is lost."""
        partner = self.dice.choice(sorted(OPERATIONS))
        fault = {"operation": self.dice.choice(OPERATIONS[partner]), "kind": self.dice.choice(MISHAPS)}
        body = {**fault, "order": self.number, "times": self.dice.choice((1, 1, 4))}
        response = await self.shop.tell(f"/{partner}/admin/faults", body)
        if not response.is_success:
            raise NotSoError(f"{partner} answered {response.status_code}: {response.text}")

    async def _asked(self, method: str, path: str, body: Any, fine: tuple[int, ...]) -> httpx.Response:
        response = await self.shop.ask(method, path, body)
        if response.status_code not in fine:
            raise NotSoError(f"{method} {path} {body} was answered {response.status_code}: {response.text}")
        return response


RULES: dict[str, tuple[int, Callable[[Life], Awaitable[None]]]] = {
    "change": (8, Life.change),
    "raw signal": (3, Life.raw_signal),
    "two changes at once": (2, Life.two_changes_at_once),
    "the same again": (2, Life.the_same_again),
    "preview": (4, Life.preview),
    "change as previewed": (4, Life.change_as_previewed),
    "cancel": (1, Life.cancel),
    "hold": (3, Life.hold),
    "release": (4, Life.release),
    "retry": (3, Life.retry),
    "decide on a change": (4, Life.decide_on_a_change),
    "skip": (1, Life.skip),
    "carrier gets on": (2, Life.carrier_gets_on),
    "mishap": (3, Life.mishap),
}
"""Every rule with how often it is drawn beside the others."""
