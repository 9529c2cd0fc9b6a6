"""Released policy bundles, each read once by a process: they never change (design rule 6)."""

from domain.policy.model import Bundle
from store import opening
from store.pool import Connection


class Bundles:
    """Kept by their hash."""

    def __init__(self) -> None:
        self._read: dict[str, Bundle] = {}

    async def get(self, connection: Connection, digest: str) -> Bundle:
        """The bundle of that hash; LookupError if it was never released."""
        if digest not in self._read:
            self._read[digest] = await opening.read_bundle(connection, digest)
        return self._read[digest]
