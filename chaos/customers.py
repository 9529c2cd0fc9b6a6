"""Customers who order and change their minds, and the carrier's people, all at once."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from chaos.plan import Ask, Move, Story
from chaos.shop import NotSoError, Shop

AT_ONCE = 24
NOBODY_TOLD, UNANSWERED = "nobody to tell", "in_progress"
OPEN = frozenset({UNANSWERED, "pending_approval"})
"""Outcomes that are not the last."""


@dataclass
class Told:
    """What came of a change as far as its sender knows: an outcome, and the answer if it came at once."""

    ask: Ask
    outcome: str
    answer: dict[str, Any] | None = None


@dataclass
class Crowd:
    """How far all are. `told` holds every change that was asked for, by its id."""

    total: int
    done: int = 0
    over: bool = False
    told: dict[str, Told] = field(default_factory=dict)
    offences: list[tuple[str, str]] = field(default_factory=list)

    @property
    def share(self) -> float:
        """How much of all deeds is done, from 0 to 1."""
        return self.done / self.total if self.total else 1.0


def crowd_of(stories: tuple[Story, ...]) -> Crowd:
    """Nothing is done yet; placing an order is a deed too."""
    return Crowd(total=sum(1 + len(story.deeds) for story in stories))


async def act(shop: Shop, stories: tuple[Story, ...], crowd: Crowd) -> None:
    """Tells all stories, two dozen at a time; what must never be answered is an offence of its order."""
    waiting = iter(stories)

    async def one_after_the_other() -> None:
        for story in waiting:
            try:
                await _tell(shop, story, crowd)
            except NotSoError as error:
                crowd.offences.append((story.number, str(error)))

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one_after_the_other())
    crowd.over = True


async def _tell(shop: Shop, story: Story, crowd: Crowd) -> None:
    response = await shop.ask("POST", "/v1/orders", story.document)
    if not response.is_success:
        raise NotSoError(f"was not accepted: {response.status_code} {response.text}")
    crowd.done += 1
    for deed in story.deeds:
        await asyncio.sleep(deed.pause)
        if isinstance(deed, Move):
            await move(shop, story.number, deed.to)
        elif deed.by_signal:
            sent = await shop.signal(story.number, deed.body)
            crowd.told[deed.change_id] = Told(deed, UNANSWERED if sent else NOBODY_TOLD)
        else:
            crowd.told[deed.change_id] = await _asked(shop, story.number, deed)
        crowd.done += 1


async def move(shop: Shop, number: str, to: str) -> bool:
    """The carrier moves what it has of the order; False when it has nothing that moves."""
    body = {"order": number, "to": to, "at": datetime.now(UTC).isoformat()}
    response = await shop.tell("/carrier/admin/advance", body)
    if response.status_code in (httpx.codes.NOT_FOUND, httpx.codes.CONFLICT):
        return False
    if not response.is_success:
        raise NotSoError(f"the carrier answered {response.status_code}: {response.text}")
    return True


async def decide(shop: Shop, number: str, change_id: str, word: str) -> None:
    """An operator approves or refuses a change that waits, if it still does; it may have its answer meanwhile."""
    response = await shop.ask("POST", f"/v1/orders/{number}/changes/{change_id}/{word}", {"reason": "so be it"})
    if not response.is_success and response.status_code != httpx.codes.CONFLICT:
        raise NotSoError(f"{word} of {change_id} was answered {response.status_code}: {response.text}")


async def _asked(shop: Shop, number: str, ask: Ask) -> Told:
    """A change by HTTP, asked again with the same id until it is answered."""
    response = await shop.ask("POST", f"/v1/orders/{number}/changes", ask.body)
    content = response.json()
    match response.status_code:
        case httpx.codes.OK | httpx.codes.ACCEPTED:
            return Told(ask, content["outcome"], content)
        case httpx.codes.CONFLICT if "change" in content:
            return Told(ask, content["change"]["outcome"], content["change"])
    raise NotSoError(f"change {ask.change_id} ({ask.kind}) was answered {response.status_code}: {response.text}")
