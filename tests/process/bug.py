"""A bug of one line, as it is planted into a copy of the decider."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bug:
    """A text replaced in one file of `domain/process`."""

    name: str
    file: str
    was: str
    becomes: str
