"""From which release on an order does what.

An order sends the commands of the release in its workflow's input, so that its history replays; continue-as-new, which
begins a new history, takes up the newest. Whatever changes the commands of a running order gets a release of its own
here, and is asked for by its name: `draft.since(releases.UPDATES_IN_PLACE)`.
"""

from typing import Final

RELEASE: Final = 14
"""Of the orders that are started now."""

ATTRIBUTES_AT_REST: Final = 2
"""Search attributes are set when the order comes to rest; before, at every change."""
TIMER_AT_REST: Final = 3
"""So is its timer, unless it has to ring earlier."""
LOCAL_STEPS_FIRST: Final = 4
"""Local steps are awaited before anything else is heard (`workflows.arriving`)."""
FOUNDED_IS_HELD: Final = 5
"""Stock and money for a group that a change founds are held before the change is answered; before, the group began with
nothing once the change was accepted (`founding`)."""
LEFT_BEHIND_IS_SETTLED: Final = 6
"""What is left behind for good is settled: goods that left on a request taken back, money and stock that no step needs
any more."""
VERSION_IS_SAVED_FIRST: Final = 7
"""A new version of the order is saved before anything is done on its account, so that a resumed order finds none that
only the outside knows."""
APPROVALS: Final = 8
"""A change that the policy asks a person about waits to be approved, with a timer; before, it was refused at once."""
KNOWN_IS_CAUGHT_UP: Final = 9
"""A resumed order comes to what it had done also past a hold, and a change that finds it stuck takes what stands as it
stands (`known`, `remains`)."""
KNOWN_IS_PASSED_BY: Final = 10
"""What a resumed order had done for a step that stands on something else by now hinders nothing any more (`known`)."""
LEFTOVERS_AT_ONCE: Final = 10
"""What is left behind while a change goes on waiting is undone at once."""
HISTORY_COMES_FIRST: Final = 10
"""A local step that rests on an update or on a question's answer is begun when the history tells of it
(`workflows.arriving`)."""
UPDATES_IN_PLACE: Final = 10
"""A carrier that can update a request in place is asked to (`updates`)."""
CANCEL_REFUSED_BY_POLICY: Final = 10
"""What becomes of a change whose cancel is refused is as the policy says; before, the change was refused
(`not_given_back`)."""
RETURNS_ON_RECORD: Final = 10
"""What has to come back is on record (`returns`)."""
LAPSED_MONEY_IS_LEFT: Final = 10
"""Money that lapsed is not held anew for a capture that the policy skips."""
CALLS_IN_SEQUENCE: Final = 10
"""What a change asks of the world before its answer goes out in one activity (`sequence`)."""
DIVIDED_LINES: Final = 10
"""Further units of what is on its way go by themselves; before, they were turned down (`dividing`)."""
APPROVAL_IS_SAVED_FIRST: Final = 10
"""An approval is saved before the call that is made on its account (`saving`)."""
ALARM_FIRST: Final = 11
"""The alarm is heard before what comes from outside, a local step that rests on a signalled change is begun apart, and
edits amid a sequence are in line when it is back (`workflows.arriving`)."""
FAILED_UNDO_HINDERS_LESS: Final = 11
"""An undo that failed is on record, and no reason against a preview or another change (`ledger`, `previews`,
`not_given_back`)."""
PARTS_ARE_WHOLE: Final = 12
"""With a line in parts no change is done in part (`not_given_back`)."""
UPDATED_UNITS_ARE_KNOWN: Final = 13
"""A resumed order knows what the carrier has of a request that was updated; before, it took it for what it had asked
for. What was being put back is put back also after another change, and a cancel that waited for it goes before the
change (`updates`, `edits`)."""
PARTS_STAY_WHERE_THEY_ARE: Final = 14
"""A group that was founded for further units of a line, and has got all of it since, does not move to another place
with the group that it was founded for (`proposal`)."""
ANSWERS_IN_TURN: Final = 14
"""The answer to a change that stands in line, or gets a new preview for its stale one, is saved when it is given: what
comes before that may make it another one (`saving`)."""
DOUBTFUL_MONEY_IS_RENEWED: Final = 14
"""A resumed order ships nothing on an authorization that its earlier life was giving back (`known`)."""
LATER_UPDATE_COUNTS: Final = 14
"""A request that the carrier kept as a refused change had updated it, and that it updates once more, is what that makes
it; before, the order still waited for the rest of the first (`updates`)."""
