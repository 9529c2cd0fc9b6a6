"""Rules: what is to be paid, or by what, changes while it is open whether there is any money."""

from domain.policy.model import TaskWord
from tests.process.course import Course
from tests.process.rules import Among, Number, rule
from tests.process.rules_people import edit_of


@rule(
    when=lambda course: any(
        run.task is TaskWord.AUTHORIZE and not run.passed
        for group in course.run.state.groups.values()
        for run in group.runs.values()
    ),
    what=Among("price", "price", "payment"),
    which=Number(0, 9),
    more=Number(1, 4),
)
def change_of_open_money(course: Course, what: str, which: int, more: int) -> None:
    """A change of what is to be paid or by what, while the answer about the money is still to come, or was no."""
    course.run.edit(edit_of(course, what, "", which, more), f"e{course.number}")
