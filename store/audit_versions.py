"""What the audit asks about the versions of an order: the order is what its newest one says (I5, I8)."""

from store.audit_question import Question

LINES_ARE_THE_VERSION = Question(
    "I5",
    "SELECT count(*) FROM order_revision",
    """
    WITH ordered AS (
        SELECT o.number AS order_number, o.revision, d.number, d.sku, d.quantity
        FROM sales_order o,
             jsonb_to_recordset(o.document -> 'lines') AS d (number int, sku text, quantity int)
        WHERE o.opened IS NOT NULL
    )
    SELECT d.order_number AS subject,
           format('line %s: its document has %s of %s, the order counts %s', d.number, d.quantity, d.sku,
                  CASE WHEN l.number IS NULL THEN 'no such line' ELSE l.quantity || ' of ' || l.sku END) AS words
    FROM ordered d LEFT JOIN order_line l ON l.order_number = d.order_number AND l.number = d.number
    WHERE l.number IS NULL OR l.quantity <> d.quantity OR l.sku <> d.sku
    UNION ALL
    SELECT l.order_number, format('line %s is not in the document any more, and %s of it are open', l.number, l.open)
    FROM order_line l LEFT JOIN ordered d ON d.order_number = l.order_number AND d.number = l.number
    WHERE d.number IS NULL AND l.open > 0
    """,
)
PARTS_ADD_UP = Question(
    "I5",
    "SELECT count(*) FROM order_line",
    """
    WITH part AS (
        SELECT o.number AS order_number, u.key::int AS line, sum(u.value::int) AS units
        FROM sales_order o
        CROSS JOIN LATERAL jsonb_array_elements(o.row -> 'groups') AS g
        CROSS JOIN LATERAL jsonb_each_text(g -> 'units') AS u
        WHERE g ->> 'status' <> 'cancelled'
        GROUP BY o.number, u.key
    )
    SELECT p.order_number AS subject,
           format('line %s: its groups have %s units of %s', p.line, p.units, l.quantity) AS words
    FROM part p JOIN order_line l ON l.order_number = p.order_number AND l.number = p.line
    WHERE p.units <> l.quantity
    """,
)
"""Of a line that travels in parts, every unit goes with one group."""
REVISIONS_ARE_KEPT = Question(
    "I8",
    "SELECT count(*) FROM order_revision",
    """
    SELECT o.number AS subject, format('is not as its newest version says, revision %s', r.revision) AS words
    FROM sales_order o
    JOIN order_revision r ON r.order_number = o.number AND r.revision = (
        SELECT max(revision) FROM order_revision n WHERE n.order_number = o.number)
    WHERE r.document <> o.document OR r.party <> o.party
    UNION ALL
    SELECT c.order_number, format('change %s was accepted and made no version', c.change_id)
    FROM change_request c
    WHERE (c.outcome = 'partly' OR (c.kind = 'edit' AND c.outcome = 'accepted'))
      AND NOT EXISTS (
          SELECT FROM order_revision r WHERE r.order_number = c.order_number AND r.change_id = c.change_id)
    UNION ALL
    SELECT r.order_number, format('version %s was made by change %s, which was %s', r.revision, r.change_id,
                                  coalesce(c.outcome, 'not answered'))
    FROM order_revision r
    LEFT JOIN change_request c ON c.order_number = r.order_number AND c.change_id = r.change_id
    WHERE r.change_id IS NOT NULL AND (c.change_id IS NULL OR c.outcome = 'refused')
    """,
)
