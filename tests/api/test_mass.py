"""Asking for a mass action while nobody works on it: who may, what is kept, what is refused (CAP13)."""

from typing import Any

from store.keys import Role
from tests.api.desk import Desk, from_source

CANCEL = {"id": "m-1", "action": "cancel", "orders": ["A-1", "A-2"], "reason": "recalled"}


def one_of(**changes: Any) -> dict[str, Any]:
    """The cancel with some fields changed; None leaves one out."""
    return {name: value for name, value in {**CANCEL, **changes}.items() if value is not None}


async def test_it_is_kept_with_its_list_until_somebody_works_on_it(desk: Desk) -> None:
    first = await desk.post("/v1/mass-actions", CANCEL)
    assert (first.status_code, first.headers["location"]) == (202, "/v1/mass-actions/m-1")
    shown = first.json()
    assert (shown["state"], shown["total"], shown["counts"]["open"], shown["finished_at"]) == ("running", 2, 2, None)
    assert (await desk.post("/v1/mass-actions", CANCEL)).json() == shown
    other = await desk.post("/v1/mass-actions", one_of(reason="another reason"))
    assert (other.status_code, other.json()["code"]) == (422, "mass_id_reused")
    page = await desk.get("/v1/mass-actions/m-1", limit=1)
    rest = await desk.get("/v1/mass-actions/m-1", after=page["next"])
    assert [item["order"] for item in page["items"] + rest["items"]] == ["A-1", "A-2"]
    assert (await desk.get("/v1/mass-actions/m-1", outcome="done"))["items"] == []
    stopped = await desk.http.delete("/v1/mass-actions/m-1")
    assert (stopped.json()["state"], stopped.json()["counts"]["stopped"]) == ("done", 2)
    assert stopped.json()["stopped_by"] == "admin"
    assert (await desk.http.delete("/v1/mass-actions/m-1")).json() == stopped.json()
    assert [one["id"] for one in (await desk.get("/v1/mass-actions"))["mass_actions"]] == ["m-1"]
    unknown = await desk.http.get("/v1/mass-actions/m-2")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "mass_action_unknown")
    assert await desk.count("change_request") == 0


async def test_the_list_pages_without_gap(desk: Desk) -> None:
    for n in range(3):
        await desk.post("/v1/mass-actions", one_of(id=f"m-{n}"))
    page = await desk.get("/v1/mass-actions", limit=2)
    rest = await desk.get("/v1/mass-actions", limit=2, after=page["next"])
    assert [one["id"] for one in page["mass_actions"] + rest["mass_actions"]] == ["m-2", "m-1", "m-0"]
    assert rest["next"] is None


async def test_each_action_needs_the_role_of_the_single_one(desk: Desk) -> None:
    clerk = await desk.key(Role.CHANGES_WRITE, principal="clerk")
    operator = await desk.key(Role.OPERATIONS, principal="operator")
    retry = {"action": "retry", "orders": ["A-1"], "reason": "mended"}
    by_filter = one_of(orders=None, filter={"customer": "C-1"})
    cases = [
        (CANCEL, operator, "changes:write"),
        (retry, clerk, "operations"),
        (by_filter, clerk, "orders:read"),
    ]
    for body, key, role in cases:
        response = await desk.post("/v1/mass-actions", body, **key)
        assert (response.status_code, response.json()["role"]) == (403, role)
    assert await desk.count("mass_action") == 0
    assert (await desk.post("/v1/mass-actions", CANCEL, **clerk)).status_code == 202
    refused = await desk.http.delete("/v1/mass-actions/m-1", headers=operator)
    assert (refused.status_code, refused.json()["role"]) == (403, "changes:write")
    assert (await desk.http.get("/v1/mass-actions/m-1", headers=clerk)).json()["role"] == "orders:read"
    nobody = await desk.http.post("/v1/mass-actions", json=CANCEL, headers={"Authorization": "Bearer none"})
    assert nobody.status_code == 401


async def test_a_filter_finds_what_the_list_of_orders_finds(desk: Desk) -> None:
    for number, customer in (("F-1", "C-1"), ("F-2", "C-2"), ("F-3", "C-1")):
        await desk.place(**from_source(number, number=number, customer={"id": customer}))
    wanted = {"customer": "C-1", "status": ["accepted"], "number": "F-", "finished": False}
    shown = (await desk.post("/v1/mass-actions", one_of(orders=None, filter=wanted))).json()
    assert [item["order"] for item in shown["items"]] == ["F-3", "F-1"]
    none = await desk.post("/v1/mass-actions", one_of(id="m-2", orders=None, filter={"customer": "C-9"}))
    assert [(p["path"], p["code"]) for p in none.json()["problems"]] == [("$.filter", "too_few")]


async def test_personal_data_of_a_change_is_not_shown(desk: Desk) -> None:
    given = {"set": {"note": "Ann Secret calls back", "ship_method": "ground"}}
    response = await desk.post("/v1/mass-actions", one_of(action="change", **{"with": given}))
    assert response.json()["with"] == {"set": {"ship_method": "ground"}}
    assert "Secret" not in (await desk.http.get("/v1/mass-actions/m-1")).text


LINE = {"order": "A-1", "line": 1}


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"orders": None}, "$", "missing"),
    ({"orders": []}, "$.orders", "too_few"),
    ({"orders": ["A-1", " A-1"]}, "$.orders[1]", "repeated_entry"),
    ({"orders": ["A/1"]}, "$.orders[0]", "wrong_form"),
    ({"orders": [f"A-{n}" for n in range(5_001)]}, "$.orders", "too_many"),
    ({"lines": [LINE]}, "$.lines", "contradiction"),
    ({"orders": None, "filter": {}}, "$.filter", "nothing_asked"),
    ({"orders": None, "filter": {"colour": "red"}}, "$.filter.colour", "unknown_field"),
    ({"orders": None, "lines": [LINE], "action": "retry"}, "$.lines", "contradiction"),
    ({"orders": None, "lines": [LINE, LINE]}, "$.lines[1]", "repeated_entry"),
    ({"id": "m.1"}, "$.id", "wrong_form"),
    ({"id": "m" * 29}, "$.id", "too_long"),
    ({"action": "ship"}, "$.action", "not_a_choice"),
    ({"reason": None}, "$.reason", "missing"),
    ({"reason": "card 4111111111111111"}, "$.reason", "card_number"),
    ({"with": {"base_revision": 1}}, "$.with.base_revision", "unknown_field"),
    ({"action": "hold"}, "$.with.code", "missing"),
    ({"action": "hold", "with": {"code": "x", "id": "h"}}, "$.with.id", "unknown_field"),
    ({"action": "release"}, "$.with.id", "missing"),
    ({"action": "skip"}, "$.with.step", "missing"),
    ({"action": "change"}, "$.with", "nothing_asked"),
    ({"action": "change", "with": {"set": {"ship_method": 3}}}, "$.with.set.ship_method", "wrong_type"),
    ({"action": "change", "with": {"set": {"note": "4111111111111111"}}}, "$.with.set.note", "card_number"),
    (
        {"action": "change", "orders": None, "lines": [LINE], "with": {"quantity": 0}},
        "$.with.quantity",
        "out_of_range",
    ),
]


async def test_bad_ones_are_refused_and_not_kept(desk: Desk) -> None:
    for changes, path, code in BAD:
        response = await desk.post("/v1/mass-actions", one_of(**changes))
        assert response.status_code == 422, (changes, response.text)
        assert [(problem["path"], problem["code"]) for problem in response.json()["problems"]] == [(path, code)]
    assert await desk.count("mass_action") == 0


async def test_a_preview_is_of_changes_and_of_few(desk: Desk) -> None:
    hold = one_of(action="hold", **{"with": {"code": "x"}})
    refused = await desk.http.post("/v1/mass-actions", params={"preview": "true"}, json=hold)
    assert [(p["path"], p["code"]) for p in refused.json()["problems"]] == [("?preview", "contradiction")]
    many = one_of(orders=[f"A-{n}" for n in range(51)])
    refused = await desk.http.post("/v1/mass-actions", params={"preview": "true"}, json=many)
    assert [(p["path"], p["code"]) for p in refused.json()["problems"]] == [("$.orders", "too_many")]
    assert await desk.count("mass_action") == 0
