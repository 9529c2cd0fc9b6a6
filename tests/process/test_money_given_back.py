"""Money that a change has replaced goes back, also when what took its place has expired since (CHG8, I7, PAY2)."""

import pytest

from domain.process.words import ChangeKind, Operation
from tests.process.changed import ends_well
from tests.process.editing import Edit
from tests.process.runner import Run

MORE = Edit(price={1: 4000})


@pytest.mark.parametrize("edit", [MORE, Edit(fields={ChangeKind.PAYMENT: "card"})])
def test_what_did_not_cover_the_shipment_goes_back_although_its_successor_expired(edit: Edit) -> None:
    """Too little, or on the card before: neither would be captured (I7, PAY2)."""
    run = Run().begin().settle()
    run.edit(edit, "e1")
    run.settle(lambda call: call.save is not None and call.save.revised is not None)
    run.expire()
    before = len(run.calls)
    run.finish(run.pending[0])
    assert [call.key for call in run.calls[before:]] == [
        "O-1/authorize/1/r2/void_authorization/1",
        "O-1/authorize/1/r2/authorize_payment/3",
    ]
    ends_well(run)
    assert run.world.held() == set()


@pytest.mark.parametrize(
    ("refuse", "effect"),
    [(None, False), (None, True), ("not_voidable", False)],
    ids=["no answer", "no answer, but done", "refused"],
)
def test_a_void_is_sent_again_although_the_successor_expired_meanwhile(refuse: str | None, effect: bool) -> None:
    """By then the order comes to less again, which what is to be voided would cover: it is replaced all the same."""
    run = Run().begin().settle()
    run.edit(MORE, "e1")
    run.finish(run.up_to(Operation.VOID), refuse=refuse, fault=refuse is None, effect=effect)
    run.settle()
    run.edit(Edit(price={1: 500}), "e2").settle()
    run.expire()
    run.retry()
    (void,) = [call for call in run.pending if call.operation is Operation.VOID]
    assert (void.work.of, void.n) == ("O-1/authorize/1/r1/authorize_payment/1", 1 if refuse is None else 2)  # type: ignore[union-attr]
    run.finish(void)
    ends_well(run)
    assert run.world.held() == set()
