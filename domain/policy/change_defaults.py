"""The built-in change matrix: what is done by default, and what a policy may choose instead (CHG3, CHG5).

In a folder without change rules, and in orders that began without them, the defaults hold. They are part of what
those orders are pinned to (I10), so they never change: another choice is made in a policy file.
"""

from collections.abc import Mapping

from domain.process.words import ChangeKind, Pattern, Stage

_KEEP, _UPDATE, _REDO = Pattern.KEEP, Pattern.UPDATE, Pattern.REDO
_CREATE, _ADDED = Pattern.CANCEL_AND_CREATE, Pattern.ADDED_LINE
_ASK, _RETURN, _REFUSE = Pattern.ASK, Pattern.RETURN, Pattern.REFUSE

_Choices = tuple[Pattern, ...]
_NO: _Choices = (_REFUSE,)
_BACK: _Choices = (_RETURN,)

# Columns as in Stage: not sent, released, picked, shipped, invoiced. The first word of a cell is the default.
_ROWS: Mapping[ChangeKind, tuple[_Choices, _Choices, _Choices, _Choices, _Choices]] = {
    ChangeKind.QUANTITY_UP: ((_REDO,), (_CREATE, _UPDATE, _ADDED), (_ADDED,), (_ADDED,), (_ADDED,)),
    ChangeKind.QUANTITY_DOWN: ((_UPDATE,), (_CREATE, _UPDATE), (_ASK, _REFUSE), _BACK, _BACK),
    ChangeKind.ITEM: ((_REDO,), (_CREATE,), (_REFUSE, _ASK), _BACK, _BACK),
    # A cancelled line is a quantity that goes down to nothing: what is held for it is given back.
    ChangeKind.CANCELLED: ((_UPDATE, _REDO), (_CREATE, _UPDATE), (_ASK, _REFUSE), _BACK, _BACK),
    # A new line goes with its group while nothing is sent, and by itself afterwards.
    ChangeKind.ADDED: ((_REDO, _ADDED), (_ADDED, _CREATE, _UPDATE), (_ADDED,), (_ADDED,), (_ADDED,)),
    ChangeKind.ADDRESS_SAME_ZONE: ((_KEEP,), (_UPDATE, _CREATE), (_ASK,), (_REFUSE, _ASK), _NO),
    ChangeKind.ADDRESS_OTHER_ZONE: ((_REDO,), (_CREATE,), (_REFUSE, _ASK), _NO, _NO),
    ChangeKind.LATER_DATE: ((_REDO,), (_CREATE, _UPDATE), (_ASK,), _NO, _NO),
    ChangeKind.EARLIER_DATE: ((_REDO,), (_CREATE, _REFUSE), (_UPDATE, _REFUSE), _NO, _NO),
    ChangeKind.SHIP_METHOD: ((_KEEP,), (_UPDATE, _CREATE), (_UPDATE,), _NO, _NO),
    # Another warehouse is another way for the goods, as another zone is.
    ChangeKind.WAREHOUSE: ((_REDO,), (_CREATE,), (_REFUSE, _ASK), _NO, _NO),
    # Of payment only the money is redone: authorized anew, then the old authorization is voided.
    ChangeKind.PAYMENT: ((_KEEP,), (_REDO,), (_REDO,), (_REDO,), _NO),
    # A price moves no goods; what is not billed yet is billed at the new one.
    ChangeKind.PRICE: ((_KEEP, _ASK, _REFUSE),) * 4 + (_NO,),
    ChangeKind.REFERENCE: ((_KEEP,),) * 5,
}

POSSIBLE: Mapping[tuple[ChangeKind, Stage], tuple[Pattern, ...]] = {
    (kind, stage): choices for kind, row in _ROWS.items() for stage, choices in zip(Stage, row, strict=True)
}
"""For every cell the words that a policy may write there, the default first."""

DEFAULTS: Mapping[tuple[ChangeKind, Stage], Pattern] = {cell: choices[0] for cell, choices in POSSIBLE.items()}
"""The word of every cell where no policy says otherwise."""

OPTIONAL_ROWS = (ChangeKind.PRICE, ChangeKind.REFERENCE)
"""Kinds that a matrix may leave out; they then do what is built in."""

COSTED = (Stage.RELEASED, Stage.PICKED)
"""Where a shipment request can be taken back, so that taking it back can cost something."""


def spoken(word: ChangeKind | Stage | Pattern) -> str:
    """A word as people write and read it: `cancel and create`."""
    return word.value.replace("_", " ")
