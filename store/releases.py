"""Released policy bundles: kept by the hash of their content, never changed; which one new orders take (POL7)."""

import json
from datetime import datetime
from typing import Any

from store.pool import Connection

Row = dict[str, Any]


async def publish(
    connection: Connection,
    *,
    bundle_hash: str,
    content: bytes,
    files: dict[str, str],
    author: str,
    note: str,
    at: datetime,
) -> bool:
    """Make a bundle the one that new orders take, in the caller's transaction; False when it is that already.

    `content` is the bundle's canonical JSON and `bundle_hash` its hash; `files` names each file with the hash of its
    meaning. Orders that run keep the bundle they were accepted with (I10).
    """
    await connection.execute("LOCK TABLE policy_release IN SHARE ROW EXCLUSIVE MODE")
    current = await live(connection, at)
    if current is not None and current["hash"] == bundle_hash:
        return False
    await connection.execute(
        "INSERT INTO policy_bundle (hash, content, files) VALUES (%s, %s::jsonb, %s::jsonb) ON CONFLICT DO NOTHING",
        (bundle_hash, content.decode(), json.dumps(files, sort_keys=True)),
    )
    await connection.execute(
        "INSERT INTO policy_release (hash, effective_at, author, note) VALUES (%s, %s, %s, %s)",
        (bundle_hash, at, author, note),
    )
    return True


async def live(connection: Connection, now: datetime) -> Row | None:
    """The release that new orders take now, with the hashes of its files; None before the first."""
    cursor = await connection.execute(
        "SELECT r.id, r.hash, r.effective_at, r.author, r.note, b.files"
        " FROM policy_release r JOIN policy_bundle b USING (hash)"
        " WHERE r.effective_at <= %s ORDER BY r.effective_at DESC, r.id DESC LIMIT 1",
        (now,),
    )
    return await cursor.fetchone()
