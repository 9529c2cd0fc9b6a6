"""Reading the versions of an order: each accepted change made one, kept whole (CAP11)."""

from typing import Any

from store.pool import Connection

# An order that was never changed has no row of its own for its first version: it is the order itself.
VERSIONS = """
WITH version AS (
    SELECT r.revision, r.change_id, r.document, r.party, r.at FROM order_revision r WHERE r.order_number = %(order)s
    UNION ALL
    SELECT 1, NULL, o.document, o.party, CASE WHEN o.as_of IS NULL THEN o.accepted_at ELSE o.ordered_at END
    FROM sales_order o
    WHERE o.number = %(order)s AND NOT EXISTS (SELECT FROM order_revision r WHERE r.order_number = %(order)s)
)
"""
LIST = (
    VERSIONS
    + """
SELECT v.revision, v.change_id, v.at, coalesce(c.requested_by, o.principal) AS requested_by,
       coalesce(c.document ->> 'reason', '') AS reason
FROM version v
JOIN sales_order o ON o.number = %(order)s
LEFT JOIN change_request c ON c.order_number = %(order)s AND c.change_id = v.change_id
WHERE v.revision > %(after)s
ORDER BY v.revision LIMIT %(limit)s
"""
)
PAIR = (
    VERSIONS
    + """
SELECT revision, document, party FROM version WHERE revision = ANY(%(wanted)s::int[])
"""
)


async def of_order(connection: Connection, number: str, after: int, limit: int) -> list[dict[str, Any]]:
    """Versions of an order behind revision `after`, the first one first; none of an order that is not there."""
    values = {"order": number, "after": after, "limit": limit}
    return await (await connection.execute(LIST, values)).fetchall()


async def some(connection: Connection, number: str, wanted: tuple[int, ...]) -> dict[int, dict[str, Any]]:
    """Document and personal part of the wanted revisions; one that is not there is left out."""
    rows = await (await connection.execute(PAIR, {"order": number, "wanted": list(wanted)})).fetchall()
    return {row["revision"]: row for row in rows}
