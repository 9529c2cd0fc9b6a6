"""How the simulated partners say no: one error type, one JSON shape `{"code", "detail"}`."""

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A request that is not carried out.

    `status` is the HTTP status: 409 or 402 is the business saying no, 404 unknown, 413 too large, 422 bad input,
    503 unavailable. `code` is for programs, `detail` for people. `violation` marks an attempt that a correct caller
    never makes, so the books list it.
    """

    status: int
    code: str
    detail: str
    violation: bool = False

    @property
    def final(self) -> bool:
        """Whether the same key must hear the same no again; bad input and outages may be mended and tried again."""
        return self.status in (402, 409)


def invalid(detail: str) -> Refusal:
    """Bad input; `detail` names the place."""
    return Refusal(422, "invalid", detail)


def unknown(what: str, name: str) -> Refusal:
    """Nothing of that name is in the books."""
    return Refusal(404, "not_found", f"No {what} '{name}' in the books.")


def breach(code: str, detail: str) -> Refusal:
    """A refusal that is also a violation of the simulator's rules."""
    return Refusal(409, code, detail, violation=True)
