"""A shipment that is lost before it leaves is sent again where the policy says so; else a person decides (SHP2)."""

from dataclasses import dataclass, field

import pytest

from domain.process.calls import Call, Undo
from domain.process.words import Operation
from tests.process.begun_anew import resumed
from tests.process.outside import World
from tests.process.policies import standard
from tests.process.runner import Run

LOCAL = [Operation.RESERVE, Operation.RELEASE]


@dataclass
class LosingWorld(World):
    """Goods of a lost shipment are held no more as far as the next one goes, although they are not written off yet."""

    lost: set[str] = field(default_factory=set)

    def live(self, operation: Operation, group: str | None = None) -> list[str]:
        return [key for key in super().live(operation, group) if key not in self.lost]


def waiting(reaction: str) -> Run:
    return Run(world=LosingWorld(process=standard(lost=reaction))).begin().settle()


def loses(run: Run, how: str = "lost") -> None:
    assert isinstance(run.world, LosingWorld)
    run.world.lost |= {run.key("reserve")}
    run.world.gone.add(run.key("ship"))
    run.carrier(how)


def of_kind(run: Run, operation: Operation) -> list[Call]:
    return [call for call in run.calls if call.operation is operation]


@pytest.mark.parametrize("how", ["lost", "damaged"])
def test_it_is_sent_again_and_nothing_is_charged_twice(how: str) -> None:
    run = waiting("re_send")
    first = run.key("reserve"), run.key("ship")
    loses(run, how)
    run.settle()
    assert (run.key("reserve"), run.key("ship")) == tuple(f"{key[:-1]}2" for key in first)
    (release,) = of_kind(run, Operation.RELEASE)
    assert isinstance(release.work, Undo)
    assert (release.work.of, release.work.lost, release.summary) == (first[0], True, "3 units written off at main")
    told = [event.words for event in run.world.database.events.values() if event.type == "shipment.sent_again"]
    assert told == [f"The carrier reports the shipment of 2026-03-02 as {how}. Other goods are held and sent."]
    run.carrier("shipped")
    run.settle()
    assert run.state.finished
    for operation in (Operation.AUTHORIZE, Operation.CAPTURE, Operation.INVOICE):
        assert len(of_kind(run, operation)) == 1
    assert of_kind(run, Operation.CANCEL_SHIPMENT) == []


def test_it_waits_for_stock_where_there_is_no_more() -> None:
    run = waiting("re_send")
    loses(run)
    run.finish(run.up_to(Operation.RESERVE), refuse="out_of_stock")
    run.settle()
    assert [waiting.code for waiting in run.row.waiting] == ["out_of_stock"]
    assert len(of_kind(run, Operation.SHIP)) == 1
    assert of_kind(run, Operation.VOID) == []


def test_told_again_it_is_not_sent_a_third_time() -> None:
    run = waiting("re_send")
    key = run.key("ship")
    loses(run)
    run.settle()
    run.carrier("lost", key)
    run.carrier("damaged", key)
    run.settle()
    assert len(of_kind(run, Operation.SHIP)) == 2


def test_of_what_has_left_in_part_a_person_decides() -> None:
    run = waiting("re_send")
    run.carrier("shipped", lines={2: 1})
    run.carrier("lost")
    run.settle()
    assert [(waiting.code, waiting.who) for waiting in run.row.waiting] == [("lost", "fulfillment_lead")]
    assert len(of_kind(run, Operation.SHIP)) == 1


def test_whoever_the_policy_names_is_asked() -> None:
    run = waiting("ask csr")
    run.carrier("damaged")
    run.settle()
    assert [(waiting.code, waiting.who) for waiting in run.row.waiting] == [("damaged", "csr")]
    assert len(of_kind(run, Operation.RESERVE)) == 1


def test_a_loss_during_a_cancel_waits_for_its_end() -> None:
    run = waiting("re_send")
    run.cancel()
    run.carrier("lost")
    cancel = run.up_to(Operation.CANCEL_SHIPMENT)
    assert run.state.early
    run.finish(cancel, refuse="already_lost")
    run.world.gone.add(run.key("ship"))
    assert run.answer().outcome == "refused"
    assert len(of_kind(run, Operation.RESERVE)) == 2


def test_a_resumed_order_finds_what_it_did_about_the_loss() -> None:
    run = waiting("re_send")
    loses(run)
    run.settle()
    again = resumed(run).settle()
    assert [again.key(name) for name in ("reserve", "ship")] == [run.key(name) for name in ("reserve", "ship")]
    assert of_kind(again, Operation.RELEASE) == []
    assert [waiting.step for waiting in again.row.waiting] == ["wait_for_shipped"]
