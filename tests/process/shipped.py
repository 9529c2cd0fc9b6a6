"""The modelled outside with the policy that comes with the product."""

from dataclasses import dataclass

from adapters.policy_files.folder import load_folder
from domain.policy.model import Process, TaskWord
from domain.policy.process import Step
from domain.process.outcomes import Opened, PricedLine
from tests.policy.folders import SHIPPED
from tests.process.outside import World
from tools.docs.saga_grid import shipped_process

NOTHING = "line.quantity > 1000"
"""A condition that no line of these orders fulfils."""


@dataclass
class ShippedWorld(World):
    """Orders are opened under the shipped bundle."""

    def opened_with(self, number: str, lines: tuple[PricedLine, ...], groups: dict[str, tuple[int, ...]]) -> Opened:
        opened = super().opened_with(number, lines, groups)
        bundle = load_folder(SHIPPED).bundle
        assert bundle is not None
        workspace = bundle.workspace
        policy = opened.policy.model_copy(
            update={
                "retry_styles": {style.style: style for style in workspace.retry_styles},
                "calendars": {calendar.calendar: calendar for calendar in workspace.calendars},
                "glossary": bundle.glossary,
            }
        )
        return opened.model_copy(update={"policy": policy})


def _of_a_service(process: Process, *, billed_first: bool) -> Process:
    """The process where nothing is to be shipped: it is authorized, captured and invoiced."""
    steps = [
        node.model_copy(update={"lines": NOTHING})
        if isinstance(node, Step) and node.do in (TaskWord.RESERVE, TaskWord.SHIP)
        else node
        for node in process.steps
    ]
    if billed_first:
        *steps, capture, invoice = steps
        steps += [invoice, capture]
    return process.model_copy(update={"steps": tuple(steps)})


def shipped_world() -> World:
    """A world for one order of goods."""
    return ShippedWorld(process=shipped_process())


def service_world(*, billed_first: bool) -> World:
    """A world for one order of which nothing is to be shipped."""
    return ShippedWorld(process=_of_a_service(shipped_process(), billed_first=billed_first))
