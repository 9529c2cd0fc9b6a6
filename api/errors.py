"""Every error the API answers: one table of codes, and one shape (problem details, RFC 9457).

`docs/reference/errors.md` is made from `CATALOGUE` and `PROBLEM_CODES` by `api.reference`.
"""

from typing import Any, NamedTuple

from starlette.responses import JSONResponse, Response

from domain.problems import Problem
from limits import MAX_PROBLEMS

MEDIA_TYPE = "application/problem+json"


class ErrorKind(NamedTuple):
    """One row of the catalogue: `help` says what the caller can do."""

    status: int
    title: str
    help: str


CATALOGUE: dict[str, ErrorKind] = {
    "invalid_document": ErrorKind(
        422, "The document has problems", "Mend every entry of `problems`; nothing was kept."
    ),
    "invalid_query": ErrorKind(422, "The query has problems", "Mend the parameters named in `problems`."),
    "not_json": ErrorKind(400, "The body cannot be read", "Send one JSON value in UTF-8."),
    "not_xml": ErrorKind(400, "The document cannot be read", "Send one UBL document, well-formed, without a DTD."),
    "body_too_large": ErrorKind(413, "The body is too large", "Send less at once; the limits page has the numbers."),
    "no_key": ErrorKind(401, "Who are you?", "Send `Authorization: Bearer <API key>` with a key that is valid."),
    "role_missing": ErrorKind(403, "The key may not do this", "Ask an administrator for a key with the role named."),
    "not_found": ErrorKind(404, "There is no such thing", "Check the address."),
    "method_not_allowed": ErrorKind(405, "The address has no such method", "Use one of the methods in `Allow`."),
    "order_unknown": ErrorKind(404, "There is no such order", "Check the number; GET /v1/orders finds orders."),
    "change_unknown": ErrorKind(404, "There is no such change", "Check the change id; the order lists its changes."),
    "idempotency_key_invalid": ErrorKind(
        422, "The Idempotency-Key cannot be used", "Send 1 to 255 printable characters."
    ),
    "idempotency_key_reused": ErrorKind(
        422, "The Idempotency-Key was used with another body", "Send the first body again, or take a new key."
    ),
    "source_id_reused": ErrorKind(
        422,
        "The source's id was used with another body",
        "To change the order, ask for a change; to add one, use a new id.",
    ),
    "number_taken": ErrorKind(409, "The number is another order's", "Leave the number out, or send a free one."),
    "change_id_reused": ErrorKind(422, "The change_id was used for another change", "Take a new change_id."),
    "document_stale": ErrorKind(
        409, "A later document came before", "Send what you want now as a new document, with the next sequence number."
    ),
    "change_refused": ErrorKind(
        409, "The change was refused", "Read `detail`; the answer stays the same for this change_id."
    ),
    "queue_full": ErrorKind(
        429,
        "Too many changes of the order wait",
        "Send it again after `Retry-After` seconds; `detail` says if its id is used up.",
    ),
    "too_many_previews": ErrorKind(
        429, "Too many previews of the order are being worked out", "Ask again after `Retry-After` seconds."
    ),
    "order_closed": ErrorKind(
        409, "The order is closed", "A closed order is not changed; what it did is in its timeline."
    ),
    "preview_late": ErrorKind(503, "The preview is not there in time", "Ask again; a preview changes nothing."),
    "nothing_to_retry": ErrorKind(
        409, "Nothing waits for a retry", "The order goes on, or waits for a fact from outside."
    ),
    "nothing_to_skip": ErrorKind(
        409, "That step is not parked", "`detail` names what is parked and could go on; only that can be skipped."
    ),
    "not_skippable": ErrorKind(
        409, "The order cannot go on without that step", "`detail` says what stands on it, and what to do instead."
    ),
    "not_pending": ErrorKind(
        409, "The change waits for nobody", "`detail` says where it stands; GET .../changes/{change_id} has its answer."
    ),
    "not_holdable": ErrorKind(409, "That cannot be held", "`detail` says why; the order goes on as before."),
    "hold_id_reused": ErrorKind(409, "The id is of another hold", "Release that one first, or take another id."),
    "hold_unknown": ErrorKind(404, "There is no such hold", "`detail` names those there are; the order lists them."),
    "mass_action_unknown": ErrorKind(
        404, "There is no such mass action", "Check the id; GET /v1/mass-actions lists them."
    ),
    "mass_id_reused": ErrorKind(422, "The id was used for another mass action", "Take a new id."),
    "revision_unknown": ErrorKind(404, "The order has no such version", "`detail` names the newest one."),
    "may_have_happened": ErrorKind(
        409, "The step may have happened", "Try again first: under the same key it cannot happen twice."
    ),
    "order_not_running": ErrorKind(
        409, "The order is not being run", "It starts shortly, or needs `ordito order resume`."
    ),
    "order_split": ErrorKind(409, "The order was split and then changed", "Such an order cannot be resumed yet."),
    "order_running": ErrorKind(409, "The order is being run", "Resume only an order whose workflow is gone."),
    "no_policy": ErrorKind(503, "No policy is live", "Publish one: `ordito policy publish`."),
    "policy_broken": ErrorKind(422, "The policy folder has problems", "Mend every entry of `problems`."),
    "item_unknown": ErrorKind(422, "There is no such item", "Add the item first: PUT /v1/items."),
    "not_enough_stock": ErrorKind(409, "The stock would fall below what is reserved", "Send a smaller quantity."),
    "movement_id_reused": ErrorKind(422, "The movement's id was used with another content", "Take a new id."),
    "bad_signature": ErrorKind(401, "The signature does not fit", "Sign by Standard Webhooks with the shared secret."),
    "webhooks_off": ErrorKind(503, "Webhooks are not set up", "Set ORDITO_WEBHOOK_SECRET and start the API again."),
    "temporal_away": ErrorKind(503, "The order engine cannot be reached", "Try again; what was accepted is kept."),
    "database_away": ErrorKind(503, "The database cannot be reached", "Try again shortly."),
    "internal": ErrorKind(500, "Something broke", "Report the `instance`; the log has the rest."),
}
"""Stable code to what it means."""

PROBLEM_CODES: dict[str, str] = {
    "missing": "A field that is required is not there.",
    "unknown_field": "The document has no such field.",
    "wrong_type": "A text, number, list or object is needed where something else stands.",
    "empty": "A text has nothing in it.",
    "too_long": "A text is longer than its limit.",
    "too_many": "A list has more entries than its limit.",
    "too_few": "A list has no entry.",
    "out_of_range": "A number is below or above what is allowed.",
    "not_a_choice": "A word is not one of those allowed.",
    "wrong_form": "A code has characters it may not have.",
    "not_an_amount": "An amount is not a decimal number.",
    "too_many_decimals": "An amount has more decimals than its currency, or a discount more than four.",
    "not_a_date": "A date is not YYYY-MM-DD, or there is no such day.",
    "not_a_moment": "A time is not RFC 3339 with its offset.",
    "in_the_future": "An order is dated ahead of the clock.",
    "unknown_country": "A country is not a code of ISO 3166-1 alpha-2.",
    "unknown_currency": "A currency is not a code of ISO 4217.",
    "unknown_sku": "No item has this SKU.",
    "no_price": "The order brings no price for a line, and the price list has none.",
    "repeated_line": "Two lines have the same number.",
    "repeated_field": "An object names a field twice.",
    "repeated_entry": "A list has the same entry twice.",
    "nothing_asked": "A change, or an entry of it, asks for nothing.",
    "contradiction": "Fields stand together of which only one can be meant.",
    "personal_data": "A signal holds personal data, which may not stay in a workflow's history.",
    "control_character": "A text holds a control character.",
    "card_number": "A text looks like the number of a payment card.",
    "too_deep": "The JSON is nested too deeply.",
    "not_json": "The body is not JSON.",
    "not_xml": "The body is not XML that is taken here.",
    "unknown_document": "An XML document is none of the types that are taken.",
    "not_carried_out": "A UBL document asks for something that cannot be carried out.",
    "unknown_unit": "A quantity is not in pieces.",
    "not_a_quantity": "A quantity is not a whole number of pieces.",
    "other_currency": "An amount is not in the currency of its order.",
    "other_change": "A token is of a preview of another change.",
    "role_needed": "The field may be set only with a role that the key has not.",
    "policy": "A policy file has a problem; the path names file, line and column.",
}
"""Codes of the entries in `problems`."""


class ApiError(Exception):
    """An error to answer with. `code` is one of the catalogue; `detail` says what is wrong this time."""

    def __init__(
        self,
        code: str,
        detail: str,
        problems: tuple[Problem, ...] = (),
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.problems = problems
        self.headers = headers
        self.extra = extra

    def response(self, request_id: str) -> Response:
        """The problem details of RFC 9457."""
        kind = CATALOGUE[self.code]
        content: dict[str, Any] = {
            "type": f"/errors/{self.code}",
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
            "instance": f"urn:ordito:request:{request_id}",
            "code": self.code,
            "help": kind.help,
            **self.extra,
        }
        if self.problems:
            content["problems"] = [problem._asdict() for problem in self.problems[:MAX_PROBLEMS]]
            content["problems_found"] = len(self.problems)
        return JSONResponse(content, kind.status, self.headers, media_type=MEDIA_TYPE)


def come_again(code: str, detail: str, **extra: Any) -> ApiError:
    """The answer to what there is no room for now."""
    return ApiError(code, detail, headers={"Retry-After": "5"}, **extra)


def document_refused(problems: tuple[Problem, ...], code: str = "invalid_document") -> ApiError:
    """The answer to a document with problems."""
    if all(problem.code == "not_json" for problem in problems):
        return ApiError("not_json", problems[0].words)
    if all(problem.code == "not_xml" for problem in problems):
        return ApiError("not_xml", problems[0].words)
    count = "one problem" if len(problems) == 1 else f"{len(problems):,} problems"
    places = "; ".join(f"{problem.path}: {problem.words}" for problem in problems[:3])
    more = f" And {len(problems) - 3:,} more." if len(problems) > 3 else ""
    return ApiError(code, f"The document has {count}. {places}{more}", problems)
