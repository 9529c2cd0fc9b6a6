"""The invariants as questions to the database: what was looked at, and what breaks the rule (design, Invariants).

Each `offenders` query gives rows of `subject` (an order's number, or a sku) and `words`. All of an audit's queries
see one snapshot of the database, so a running system is judged as it was at one instant.
"""

from store.audit_question import Question
from store.audit_versions import LINES_ARE_THE_VERSION, PARTS_ADD_UP, REVISIONS_ARE_KEPT

STOCK_IS_HELD = Question(
    "I1",
    "SELECT count(*) FROM stock",
    """
    SELECT coalesce(s.sku, r.sku) AS subject,
           format('at %s %s of %s on hand are reserved, and live reservations hold %s',
                  coalesce(s.location, r.location), coalesce(s.reserved, 0), coalesce(s.on_hand, 0),
                  coalesce(r.held, 0)) AS words
    FROM stock s
    FULL JOIN (SELECT location, sku, sum(quantity) AS held FROM reservation WHERE state = 'live' GROUP BY 1, 2) r
         ON r.location = s.location AND r.sku = s.sku
    WHERE coalesce(s.reserved, 0) <> coalesce(r.held, 0) OR s.reserved < 0 OR s.reserved > s.on_hand
    """,
)
NO_LEAKED_HOLD = Question(
    "I2",
    "SELECT count(*) FROM sales_order WHERE finished",
    """
    SELECT o.number AS subject, format('is finished (%s) and still holds %s', o.status, h.what) AS words
    FROM sales_order o
    JOIN (
        SELECT order_number, format('%s units of %s', quantity, sku) AS what FROM reservation WHERE state = 'live'
        UNION ALL
        SELECT order_number, format('the shipment request of line %s', line) FROM shipment_line WHERE live
        UNION ALL
        SELECT order_number, format('the authorization %s, %s of %s captured', key, captured, amount)
        FROM payment_authorization WHERE state = 'authorized' AND captured < amount
    ) h ON h.order_number = o.number
    WHERE o.finished
    """,
)
CAPTURED_WITHIN_AUTHORIZED = Question(
    "I3",
    "SELECT count(*) FROM payment_authorization",
    """
    SELECT a.order_number AS subject,
           format('authorization %s of %s counts %s captured, its captures come to %s',
                  a.key, a.amount, a.captured, coalesce(c.taken, 0)) AS words
    FROM payment_authorization a
    LEFT JOIN (SELECT authorization_key, sum(amount) AS taken FROM payment_capture GROUP BY 1) c
         ON c.authorization_key = a.key
    WHERE a.captured <> coalesce(c.taken, 0) OR a.captured > a.amount
    """,
)
ONE_CAPTURE_PER_SHIPMENT = Question(
    "I3",
    "SELECT count(*) FROM payment_capture",
    """
    SELECT min(order_number) AS subject, format('shipment %s was captured %s times', shipment_key, count(*)) AS words
    FROM payment_capture GROUP BY shipment_key HAVING count(*) > 1
    """,
)
MONEY_BALANCES = Question(
    "I4",
    "SELECT count(*) FROM (SELECT DISTINCT order_number, currency FROM posting) p",
    """
    WITH flow AS (
        SELECT order_number, currency, total AS invoiced, 0 AS captured, 0 AS owed FROM invoice
        UNION ALL SELECT order_number, currency, -total, 0, 0 FROM credit_memo
        UNION ALL SELECT order_number, currency, 0, amount - refunded, 0 FROM payment_capture
        UNION ALL SELECT order_number, currency, 0, 0, amount FROM posting WHERE debit = 'receivable'
        UNION ALL SELECT order_number, currency, 0, 0, -amount FROM posting WHERE credit = 'receivable'
    )
    SELECT order_number AS subject,
           format('%s: invoiced less credited %s is not captured less refunded %s and open receivable %s',
                  currency, sum(invoiced), sum(captured), sum(owed)) AS words
    FROM flow GROUP BY order_number, currency
    HAVING sum(invoiced) <> sum(captured) + sum(owed)
    """,
)
INVOICE_IS_POSTED = Question(
    "I4",
    "SELECT count(*) FROM invoice",
    """
    SELECT i.order_number AS subject,
           format('invoice %s of %s is posted with %s', i.number, i.total, coalesce(p.amount, 0)) AS words
    FROM invoice i
    LEFT JOIN (SELECT key, sum(amount) AS amount FROM posting WHERE debit = 'receivable' GROUP BY key) p USING (key)
    WHERE i.total <> coalesce(p.amount, 0)
    """,
)
NUMBERS_WITHOUT_GAP = Question(
    "I4",
    "SELECT count(*) FROM invoice",
    """
    SELECT 'invoices' AS subject,
           format('%s invoices, and the highest number is %s', count(*), max(number)) AS words
    FROM invoice HAVING max(number) - min(number) + 1 <> count(*)
    """,
)
QUANTITIES_ADD_UP = Question(
    "I5",
    # A line that a completed order never reserved nor shipped passed through: its steps did not pick it (ORC4).
    "SELECT count(*) FROM order_line",
    """
    SELECT l.order_number AS subject,
           format('line %s: %s ordered, %s shipped, %s cancelled; its shipments count %s%s', l.number, l.quantity,
                  l.shipped, l.cancelled, coalesce(s.shipped, 0),
                  CASE WHEN o.finished AND l.open > 0 THEN format(', and %s are open at the end', l.open) ELSE '' END
           ) AS words
    FROM order_line l
    JOIN sales_order o ON o.number = l.order_number
    LEFT JOIN (SELECT order_number, line, sum(shipped) AS shipped FROM shipment_line GROUP BY 1, 2) s
         ON s.order_number = l.order_number AND s.line = l.number
    WHERE l.quantity <> l.open + l.shipped + l.cancelled OR l.open < 0 OR l.shipped <> coalesce(s.shipped, 0)
       OR (o.finished AND l.open > 0 AND (
            o.status <> 'completed' OR s.line IS NOT NULL
            OR EXISTS (SELECT FROM reservation r WHERE r.order_number = l.order_number AND r.line = l.number)))
    """,
)
WAITS_ARE_NAMED = Question(
    "I6",
    "SELECT count(*) FROM sales_order WHERE NOT finished",
    """
    SELECT o.number AS subject, format('waits without saying %s', missing) AS words
    FROM sales_order o
    CROSS JOIN jsonb_array_elements(coalesce(o.row -> 'waiting', '[]')) w
    CROSS JOIN unnest(ARRAY['what', 'why', 'who']) missing
    WHERE NOT o.finished AND coalesce(w ->> missing, '') = ''
    """,
)
SHIPPED_IS_COVERED = Question(
    "I7",
    # An authorization may be given back after the goods have left: its capture was skipped (ORC19).
    "SELECT count(*) FROM shipment WHERE shipped_at IS NOT NULL",
    """
    SELECT s.order_number AS subject, format('shipment %s left without cover', s.key) AS words
    FROM shipment s
    JOIN sales_order o ON o.number = s.order_number
    WHERE s.shipped_at IS NOT NULL
      AND coalesce(o.goods + o.charges + o.tax, 1) > 0
      AND o.document ->> 'payment_method' <> 'terms'
      AND NOT EXISTS (
          SELECT 1 FROM payment_authorization a
          WHERE a.order_number = s.order_number
            AND (a.captured > 0 OR a.state = 'authorized' OR (a.state = 'expired' AND a.expires_at >= s.shipped_at)
                 OR (a.state = 'voided' AND EXISTS (
                     SELECT FROM effect e WHERE e.undoes = a.key AND e.state = 'done' AND e.at >= s.shipped_at)))
      )
    """,
)
READ_MODEL_AGREES = Question(
    "I8",
    "SELECT count(*) FROM sales_order",
    """
    SELECT o.number AS subject,
           format('its columns say %s, revision %s, finished %s; its row says %s, revision %s, finished %s',
                  o.status, o.revision, o.finished, o.row ->> 'status', o.row ->> 'revision', o.row ->> 'finished')
           AS words
    FROM sales_order o
    WHERE o.row IS NOT NULL
      AND (o.row ->> 'status' <> o.status OR (o.row ->> 'revision')::int <> o.revision
           OR coalesce((o.row ->> 'finished')::bool, false) <> o.finished)
    UNION ALL
    SELECT o.number, format('has version %s and %s row', o.version, CASE WHEN o.row IS NULL THEN 'no' ELSE 'a' END)
    FROM sales_order o WHERE (o.version = 0) <> (o.row IS NULL)
    UNION ALL
    SELECT o.number, format('is %s and finished is %s', o.status, o.finished)
    FROM sales_order o WHERE o.finished <> (o.status IN ('completed', 'cancelled'))
    """,
)
BUNDLES_ARE_KEPT = Question(
    "I10",
    "SELECT count(DISTINCT bundle) FROM sales_order",
    """
    SELECT o.number AS subject, format('is pinned to bundle %s, and was opened with %s', o.bundle,
                                       o.opened -> 'policy' ->> 'bundle') AS words
    FROM sales_order o WHERE o.opened -> 'policy' ->> 'bundle' <> o.bundle
    """,
)
EFFECTS_HAPPEN_ONCE = Question(
    "I11",
    "SELECT count(*) FROM effect",
    """
    SELECT min(order_number) AS subject, format('effect %s was undone %s times', undoes, count(*)) AS words
    FROM effect WHERE undoes IS NOT NULL AND state = 'done' GROUP BY undoes, operation HAVING count(*) > 1
    UNION ALL
    SELECT made.order_number, format('%s %s was made by no effect', made.what, made.key)
    FROM (
        SELECT order_number, key, 'invoice' AS what FROM invoice
        UNION ALL SELECT order_number, key, 'capture' FROM payment_capture
        UNION ALL SELECT order_number, key, 'authorization' FROM payment_authorization
        UNION ALL SELECT order_number, key, 'shipment request' FROM shipment
        UNION ALL SELECT DISTINCT order_number, key, 'reservation' FROM reservation
    ) made
    LEFT JOIN effect e ON e.key = made.key
    WHERE e.key IS NULL
    UNION ALL
    SELECT r.order_number, format('reservation %s was replaced, and still holds %s of %s', r.key, r.quantity, r.sku)
    FROM reservation r
    WHERE r.state = 'live' AND EXISTS (SELECT FROM reservation o WHERE o.key = r.key AND o.state = 'replaced')
    UNION ALL
    SELECT min(order_number), format('effects %s are one and the same', string_agg(key, ', ' ORDER BY key))
    FROM effect WHERE state = 'done'
    GROUP BY order_number, operation, coalesce(outcome ->> 'ref', key) HAVING count(*) > 1
    """,
)
ONE_LIVE_REQUEST = Question(
    "I12",
    "SELECT count(*) FROM shipment_line WHERE live",
    """
    SELECT order_number AS subject, format('line %s has %s live shipment requests', line, count(*)) AS words
    FROM shipment_line WHERE live GROUP BY order_number, line, group_id HAVING count(*) > 1
    UNION ALL
    SELECT l.order_number, format('line %s is live in shipment %s, which is %s', l.line, s.key, s.status)
    FROM shipment_line l JOIN shipment s USING (key) WHERE l.live AND s.status IN ('delivered', 'cancelled')
    """,
)

QUESTIONS = (
    STOCK_IS_HELD,
    NO_LEAKED_HOLD,
    CAPTURED_WITHIN_AUTHORIZED,
    ONE_CAPTURE_PER_SHIPMENT,
    MONEY_BALANCES,
    INVOICE_IS_POSTED,
    NUMBERS_WITHOUT_GAP,
    QUANTITIES_ADD_UP,
    LINES_ARE_THE_VERSION,
    PARTS_ADD_UP,
    WAITS_ARE_NAMED,
    SHIPPED_IS_COVERED,
    READ_MODEL_AGREES,
    REVISIONS_ARE_KEPT,
    BUNDLES_ARE_KEPT,
    EFFECTS_HAPPEN_ONCE,
    ONE_LIVE_REQUEST,
)
WATERFALLS = (
    "SELECT l.order_number, l.number, l.amount, l.waterfall, o.currency FROM order_line l "
    "JOIN sales_order o ON o.number = l.order_number"
)
BUNDLES = "SELECT hash, content FROM policy_bundle b WHERE EXISTS (SELECT FROM sales_order o WHERE o.bundle = b.hash)"
GOODS = """
SELECT o.number AS subject, format('its lines come to %s, its goods to %s', sum(l.amount), o.goods) AS words
FROM sales_order o
CROSS JOIN jsonb_to_recordset(o.document -> 'lines') AS d (number int)
JOIN order_line l ON l.order_number = o.number AND l.number = d.number
GROUP BY o.number HAVING sum(l.amount) <> o.goods
"""
"""A line that a change took out of the document keeps its price, and is no part of the goods."""
STORED = """
SELECT o.number, o.version, o.status, o.revision, o.finished, o.row,
       EXISTS (SELECT 1 FROM dispatch d WHERE d.order_number = o.number AND d.kind = 'start' AND d.delivered_at IS NULL)
       AS start_is_due
FROM sales_order o WHERE o.number = ANY(%s)
"""
UNFINISHED = """
SELECT o.number, o.row -> 'waiting' AS waiting,
       EXISTS (SELECT 1 FROM dispatch d WHERE d.order_number = o.number AND d.kind = 'start' AND d.delivered_at IS NULL)
       AS start_is_due
FROM sales_order o WHERE NOT o.finished ORDER BY o.number
"""
