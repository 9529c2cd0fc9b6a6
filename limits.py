"""Every limit of the product, each with its reason. Beyond a limit the answer is a clear 413 or 422, never a hang.

The table in the docs is made from `LIMITS`.
"""

from typing import NamedTuple


class Limit(NamedTuple):
    """One published limit."""

    what: str
    value: int
    unit: str
    why: str


LIMITS: list[Limit] = []
"""All limits, in the order of this file."""


def _limit(what: str, value: int, unit: str, why: str) -> int:
    LIMITS.append(Limit(what, value, unit, why))
    return value


# ---- the order document ---------------------------------------------------------------------------

MAX_ORDER_BYTES = _limit("body of an order", 1_048_576, "bytes", "2,000 lines with every field fit in half of it")
MAX_LINES = _limit("lines of an order", 2_000, "lines", "the state of such an order still fits in workflow history")
MAX_QUANTITY = _limit("quantity of a line", 1_000_000, "units", "a larger number is a typing mistake, not an order")
MAX_LINE_NUMBER = _limit("number of a line", 999_999, "", "six digits, as paper and EDI forms print it")
MAX_AMOUNT = _limit("a single price or charge", 999_999_999, "currency units", "totals stay exact in 64 bits")
MAX_CHARGES = _limit("charges of an order", 20, "charges", "freight, handling and fees; more belong into lines")
MAX_DISCOUNT_DECIMALS = _limit("decimals of a discount", 4, "decimals", "a hundredth of a percent")
MAX_ORDER_NUMBER = _limit("order number", 40, "characters", "it is part of workflow ids, keys and addresses")
MAX_CODE = _limit("code", 40, "characters", "channels, methods, charges and warehouses are names, not prose")
MAX_SKU = _limit("SKU", 60, "characters", "an item's code has to fit on a label")
MAX_REFERENCE = _limit("outside reference", 100, "characters", "ids of other systems, purchase orders, customers")
MAX_TOKEN = _limit("payment token", 200, "characters", "providers' tokens are shorter")
MAX_NAME = _limit("name, street, city or region", 200, "characters", "what carriers print on a label")
MAX_POSTAL_CODE = _limit("postal code", 16, "characters", "the longest in use has 10")
MAX_NOTE = _limit("note of an order", 2_000, "characters", "a remark, not a document")
MAX_REASON = _limit("reason of a change", 500, "characters", "a sentence or two")
MAX_GROUPS = _limit("ship sets and warehouses of an order", 200, "groups", "each runs a process with its own calls")
MIN_YEAR = _limit("earliest year of a date", 1970, "", "an earlier order is a typing mistake")
MAX_YEAR = _limit("latest year of a date", 2199, "", "a later date is a typing mistake")
MAX_FUTURE_HOURS = _limit("ordered_at ahead of the clock", 24, "hours", "clocks and time zones differ; orders do not")

# ---- UBL documents -----------------------------------------------------------------------------------

MAX_UBL_BYTES = _limit("body of a UBL document", 8_388_608, "bytes", "2,000 lines as verbose as UBL's own examples")
MAX_UBL_ELEMENTS = _limit("elements of a UBL document", 120_000, "elements", "60 for each of 2,000 lines")
MAX_UBL_DEPTH = _limit("nesting of a UBL document", 30, "levels", "an order of UBL has at most 15")

# ---- an order's process ------------------------------------------------------------------------------

MAX_HOLDS = _limit("holds of an order at one time", 50, "holds", "each has somebody who looks after it")
MAX_WAITING_CHANGES = _limit("changes in line behind the one that is carried out", 20, "changes", "a cancel passes")
MAX_PENDING_CHANGES = _limit("changes of an order waiting for approval", 5, "changes", "a person decides on each")
MAX_PREVIEWS = _limit("previews of an order being worked out", 10, "previews", "each asks the carrier")
MAX_ANSWERS = _limit("answers an order keeps at hand", 50, "answers", "the newest; all are in the database")
MAX_ANSWERED = _limit("answered changes an order remembers by their ids", 10_000, "changes", "their state fits")

# ---- the API -----------------------------------------------------------------------------------------

MAX_BODY_BYTES = _limit("body of any other request", 1_048_576, "bytes", "lists are sent in pages")
MAX_BULK = _limit("entries of one list", 1_000, "entries", "one transaction stays short")
MAX_PROBLEMS = _limit("problems named in one answer", 1_000, "problems", "enough to mend a whole document at once")
MAX_JSON_DEPTH = _limit("nesting of a JSON body", 20, "levels", "no document of ours has more than 4")
MAX_IDEMPOTENCY_KEY = _limit("Idempotency-Key", 255, "characters", "a UUID or a path, not a document")
MAX_PAGE = _limit("entries of one page", 200, "entries", "one page is read in milliseconds")
DEFAULT_PAGE = _limit("entries of a page when not said", 50, "entries", "a screenful")
MAX_FEED_PAGE = _limit("events of one page of the feed", 1_000, "events", "a page stays below a megabyte")
MAX_WAIT_SECONDS = _limit("waiting for an answer", 30, "seconds", "proxies cut what waits longer")
DEFAULT_WAIT_SECONDS = _limit("waiting for an answer when not said", 5, "seconds", "then 202 and a place to look")
MAX_MASS_ID = _limit("id of a mass action", 28, "characters", "the ids of its changes and holds are made of it")
MAX_MASS_ITEMS = _limit("orders or lines of a mass action", 5_000, "items", "the list fits into one body")
MAX_MASS_PREVIEWS = _limit("orders or lines of a mass preview", 50, "items", "each asks the carrier, and you wait")
MAX_PRINCIPAL = _limit("name of an API key's owner", 60, "characters", "it is shown in every timeline")

# ---- telling Temporal ----------------------------------------------------------------------------------

RELAY_ORDERS_AT_ONCE = _limit("orders the relay tells of at once", 50, "orders", "more only queue up at the server")
RELAY_BATCH = _limit("messages the relay reads at once", 200, "messages", "four for each order it tells of")
RELAY_CALL_SECONDS = _limit("one message of the relay", 15, "seconds", "then it is tried again")
RELAY_LONGEST_PAUSE = _limit("pause before a message is tried again", 60, "seconds", "an operator's patience")
MASS_ORDERS_AT_ONCE = _limit(
    "orders that mass actions are at work on", 8, "orders", "others' changes have to get through"
)
