"""The static rules that a bundle keeps before it can be published (POL2)."""

from domain.policy.findings import Problem
from domain.policy.model import Bundle


def check(bundle: Bundle) -> list[Problem]:
    """Everything that is wrong with a bundle, errors and warnings."""
    return []
