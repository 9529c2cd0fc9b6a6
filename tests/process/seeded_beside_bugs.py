"""One-line bugs in what comes beside an order's way: holds, splits, approvals, previews, new groups, facts, resuming.

Features CAP9, ORC16, CHG8, CHG10, CHG12, CHG13, ORC19.
"""

from tests.process.bug import Bug

BESIDE_BUGS = (
    Bug("a hold of a line holds the whole order", "holds.py", "hold.line is None or hold.line in group.lines", "True"),
    Bug("a hold of a step holds every step", "holds.py", "hold.step in (None, step.step, str(step.do))", "True"),
    Bug(
        "a hold of an order holds one step only",
        "holds.py",
        "hold.step in (None, step.step,",
        "hold.step in (step.step,",
    ),
    Bug("anybody releases a hold", "holds.py", "if hold.role and asked.roles is not None and not", "if False and not"),
    Bug(
        "a retry goes past a hold",
        "faults.py",
        "if run.step in here and not holds.keeps_back_named(draft, group, run.step):",
        "if run.step in here:",
    ),
    Bug(
        "a hold that is released stays",
        "holds.py",
        "tuple(one for one in draft.holds if one.id != asked.id)",
        "draft.holds",
    ),
    Bug(
        "a part costs as much as the whole",
        "splits.py",
        "amount=(2 * line.amount * units",
        "amount=(2 * line.amount * line.quantity",
    ),
    Bug(
        "the rest forgets the stock that is held for it",
        "splits.py",
        "    _hand_over_stock(draft, group.id, name, stays, rest)\n",
        "",
    ),
    Bug("a request that was closed is closed again", "splits.py", "    only(request)\n", ""),
    Bug(
        "a change is begun before its approval is saved",
        "changes.py",
        "if asked.change_id in to_be_saved:",
        "if False:",
    ),
    Bug("a change waits for ever to be approved", "approvals.py", "if one.until <= draft.wall:", "if False:"),
    Bug(
        "what a person agreed to is asked about again",
        "edits.py",
        "found = reworks(draft, kinds, change.progress, approved=approved)",
        "found = reworks(draft, kinds, change.progress)",
    ),
    Bug(
        "changes in line are forgotten with a cancel",
        "changes.py",
        "    for asked in late:\n",
        "    for asked in ():\n",
    ),
    Bug("a stale preview is taken", "edits.py", "return token is None or token ==", "return True or token =="),
    Bug(
        "a preview takes the stock to be there",
        "previews.py",
        "return preview.stock if work in preview.wanted else None",
        "return Outcome()",
    ),
    Bug(
        "a preview does not ask the carrier",
        "previews.py",
        "if work.of in preview.progress else None",
        "if work.of in preview.progress else Outcome()",
    ),
    Bug(
        "what was held for a group that is not founded stays held",
        "applying.py",
        "        leave_behind(draft, group_id, held)\n        return\n",
        "        return\n",
    ),
    Bug("only the furthest status is entered", "facts.py", "_PROGRESS[: far + 1]", "_PROGRESS[far : far + 1]"),
    Bug(
        "an expiry of money that was given back ends what is held",
        "facts.py",
        "if run.state is RunState.DONE and not _capturing(group):",
        "if not _capturing(group):",
    ),
    Bug(
        "a resumed order does anew what it had done",
        "draft.py",
        "        met = ledger.met_again(self.known, place, self.revision, amount)\n",
        "        met = None\n",
    ),
    Bug("a resumed order forgets its holds", "state.py", "holds=start.holds or ()", "holds=()"),
    Bug(
        "what a cancel leaves does not pay for the freight that it now bears",
        "rest_of_cancel.py",
        "elif later.amount(later.groups[group.id]) != draft.amount(group):",
        "elif False:",
    ),
    Bug(
        "a cancel that is done in part is answered as an edit",
        "answering.py",
        'change.asked.model_copy(update={"change": CANCEL}) if change.cancels_rest else change.asked',
        "change.asked",
    ),
)
