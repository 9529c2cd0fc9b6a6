"""The form of a rule that `ordito audit` holds against the database."""

from typing import NamedTuple


class Question(NamedTuple):
    """One rule of an invariant. `looked_at` counts what the rule was held against."""

    invariant: str
    looked_at: str
    offenders: str
