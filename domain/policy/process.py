"""Processes: the nested flow of steps that an order's lines run through (ORC1-5)."""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, SerializerFunctionWrapHandler, Tag, model_serializer, model_validator

from domain.policy.words import Condition, Name, PolicyModel, ShipStatus, TaskWord, Words, YesNo
from domain.policy.written import Duration, Reaction

MAX_STEPS = 100


class LeadTimeRule(PolicyModel):
    """One row of a lead time that depends on the group; the first true one counts, `otherwise` is the last (ORC13)."""

    when: Condition | None = None
    takes: Duration | None = Field(default=None, alias="is")
    otherwise: Duration | None = None

    @model_validator(mode="after")
    def _one_form(self) -> "LeadTimeRule":
        conditional = self.when is not None and self.takes is not None and self.otherwise is None
        plain = self.when is None and self.takes is None and self.otherwise is not None
        if not (conditional or plain):
            raise ValueError("a lead time row is `when:` with `is:`, or `otherwise:` alone")
        return self


def _lead_time_form(value: Any) -> str:
    return "LeadTimeRules" if isinstance(value, list | tuple) else "Duration"


LeadTime = Annotated[
    Annotated[Duration, Tag("Duration")]
    | Annotated[tuple[LeadTimeRule, ...], Field(min_length=1, max_length=50), Tag("LeadTimeRules")],
    Discriminator(_lead_time_form),
]


class Step(PolicyModel):
    """One task of a process. A step whose `when` is not true is skipped; unknown counts as not true."""

    step: Name
    title: Words | None = None
    do: TaskWord
    of: Name | None = None
    """For `wait`: the step whose outside status ends the wait (ORC3)."""
    until: ShipStatus | None = None
    """For `wait`: the status that ends it; a later status ends it too."""
    when: Condition | None = None
    lines: Condition | None = None
    """Picks the lines the step handles; other lines pass through (ORC4)."""
    retry: Name | None = None
    """A retry style of the workspace."""
    owner: Name | None = None
    """The role that looks after the step while it waits or is parked."""
    at_most: Duration | None = None
    """The limit from the start of the step; it counts when `due` is left out or unknown."""
    due: Condition | None = None
    """An expression that gives the date by which the step should be done, such as order.requested_date."""
    lead_time: LeadTime | None = None
    if_late: Reaction | None = None
    on_error: Reaction | None = None
    if_lost: Reaction | None = None
    """For `wait`: what follows when the carrier reports a shipment as lost or damaged (SHP2)."""

    @model_serializer(mode="wrap")
    def _as_before(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A folder that does not use the newer word means what it meant, and has the hash it had."""
        said: dict[str, Any] = usual(self)
        return said if self.if_lost is not None else {key: value for key, value in said.items() if key != "if_lost"}


class Path(PolicyModel):
    """One way through a `choose` (with `when` or `otherwise`) or one of the strands of a `together`."""

    path: Name
    when: Condition | None = None
    otherwise: YesNo = False
    steps: "tuple[Node, ...]" = ()


class Choose(PolicyModel):
    """The first path whose condition is true is taken, else the one marked `otherwise` (ORC5)."""

    choose: Name
    paths: tuple[Path, ...] = Field(min_length=1, max_length=50)


class Together(PolicyModel):
    """Paths side by side; the process goes on when all have finished."""

    together: tuple[Path, ...] = Field(min_length=1, max_length=20)


def _node_form(value: Any) -> str | None:
    for key, tag in (("step", "Step"), ("choose", "Choose"), ("together", "Together")):
        if key in value if isinstance(value, dict) else hasattr(value, key):
            return tag
    return None


Node = Annotated[
    Annotated[Step, Tag("Step")] | Annotated[Choose, Tag("Choose")] | Annotated[Together, Tag("Together")],
    Discriminator(
        _node_form,
        custom_error_type="node",
        custom_error_message="an entry of `steps` starts with `step:`, `choose:` or `together:`",
    ),
]


class Process(PolicyModel):
    """How a group of lines gets from order to invoice."""

    kind: Literal["process"] = "process"
    name: Name
    title: Words
    owner: Name
    """The role that looks after every step that names no owner of its own."""
    moves: Literal["group"] = "group"
    """One run for each group of lines that must travel together: a ship set, or a single line of work."""
    calendar: Name
    dates: Literal["backward", "forward"] = "backward"
    """backward = plan back from the requested date; forward = plan on from today (ORC14)."""
    steps: tuple[Node, ...] = Field(min_length=1, max_length=MAX_STEPS)

    @cached_property
    def all_steps(self) -> tuple[Step, ...]:
        """The steps of all paths, in reading order."""
        return tuple(_steps(self.steps))

    def __copy__(self) -> Self:
        copied = super().__copy__()
        copied.__dict__.pop("all_steps", None)  # a copy may be given other steps
        return copied


def _steps(nodes: tuple[Node, ...]) -> Iterator[Step]:
    for node in nodes:
        match node:
            case Step():
                yield node
            case Choose():
                for path in node.paths:
                    yield from _steps(path.steps)
            case Together():
                for path in node.together:
                    yield from _steps(path.steps)


Path.model_rebuild()
