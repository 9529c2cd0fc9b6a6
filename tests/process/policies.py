"""Processes as a policy folder would declare them, and the slice of it that an order pins."""

from typing import Any

from domain.policy.model import (
    Assigned,
    Calendar,
    CancelRefused,
    ChangeRules,
    Choose,
    Duration,
    OrderSlice,
    Path,
    Process,
    Reaction,
    RetryStyle,
    Rounding,
    Step,
    TaskWord,
    Together,
)
from domain.policy.process import Node
from domain.policy.words import ShipStatus

CARD = 'order.payment.method == "card"'
BUNDLE = "b" * 64


def step(name: str, do: TaskWord, **more: Any) -> Step:
    """A step; `on_error` as text."""
    for key in {"on_error", "if_lost"} & more.keys():
        more[key] = Reaction.parse(more[key])
    return Step.model_validate({"step": name, "do": do, **more})


def wait(until: ShipStatus, **more: Any) -> Step:
    return step(f"wait_for_{until}", TaskWord.WAIT, of="ship", until=until, due="order.requested_date", **more)


def process(*nodes: Node) -> Process:
    return Process(
        name="standard", title="Ship from stock", owner="fulfillment_lead", calendar="warehouse", steps=nodes
    )


class Steps:
    """The usual steps, with the reactions to errors that a test wants."""

    def __init__(self, **on_error: str) -> None:
        def reaction(name: str, key: str = "on_error") -> dict[str, str]:
            return {key: on_error[name]} if name in on_error else {}

        day = Duration.parse("1 business day")
        self.schedule = step("schedule", TaskWord.SCHEDULE, lead_time=day)
        self.reserve = step("reserve", TaskWord.RESERVE, **reaction("reserve"))
        self.authorize = step(
            "authorize", TaskWord.AUTHORIZE, when=CARD, retry="quick", owner="finance_manager", **reaction("authorize")
        )
        self.ship = step("ship", TaskWord.SHIP, retry="quick", **reaction("ship"))
        self.shipped = wait(ShipStatus.SHIPPED, **reaction("lost", "if_lost"))
        self.capture = step("capture", TaskWord.CAPTURE, when=CARD, retry="quick", **reaction("capture"))
        self.invoice = step("invoice", TaskWord.INVOICE, **reaction("invoice"))


def standard(**on_error: str) -> Process:
    """Schedule, reserve, authorize, ship, wait for shipped, capture, invoice."""
    s = Steps(**on_error)
    return process(s.schedule, s.reserve, s.authorize, s.ship, s.shipped, s.capture, s.invoice)


def choosing(**on_error: str) -> Process:
    """Authorizes on one path of a choice, and closes by hand-over on one of another."""
    s = Steps(**on_error)
    pay = Choose(
        choose="payment",
        paths=(Path(path="by_card", when=CARD, steps=(s.authorize,)), Path(path="on_terms", otherwise=True)),
    )
    large = Path(path="large", when="group.amount > 40", steps=(step("hand_over", TaskWord.CLOSE),))
    end = Choose(choose="size", paths=(large, Path(path="small", otherwise=True)))
    return process(s.schedule, s.reserve, pay, s.ship, s.shipped, end, s.capture, s.invoice)


def beside(**on_error: str) -> Process:
    """Stock and money side by side, then the shipment, then capture and invoice side by side."""
    s = Steps(**on_error)
    before = Together(together=(Path(path="stock", steps=(s.reserve,)), Path(path="money", steps=(s.authorize,))))
    after = Together(together=(Path(path="collect", steps=(s.capture,)), Path(path="bill", steps=(s.invoice,))))
    return process(s.schedule, before, s.ship, s.shipped, after)


def watching(**on_error: str) -> Process:
    """Waits for three statuses of one shipment."""
    s = Steps(**on_error)
    picked, delivered = wait(ShipStatus.PICKED), wait(ShipStatus.DELIVERED)
    return process(
        s.schedule, s.reserve, s.authorize, s.ship, picked, s.shipped, s.capture, delivered, s.invoice,
        step("close", TaskWord.CLOSE),
    )  # fmt: skip


SHAPES = {"standard": standard, "choosing": choosing, "beside": beside, "watching": watching}


def slice_with(
    process: Process, lines: tuple[int, ...] = (1, 2), refused: CancelRefused = CancelRefused.REFUSE
) -> OrderSlice:
    return OrderSlice(
        bundle=BUNDLE,
        currency="USD",
        timezone="America/Chicago",
        rounding=Rounding.HALF_UP,
        assigned=(Assigned(process=process.name, because="row 1", lines=lines),),
        processes={process.name: process},
        retry_styles={"quick": RetryStyle(style="quick", times=3, first_wait=1, longest_wait=2)},
        calendars={"warehouse": Calendar(calendar="warehouse", open="Mon-Fri 08:00-18:00")},
        change=ChangeRules(when_cancel_is_refused=refused),
    )
