"""Keys and roles at the API (OPS5): given out and revoked by an operator, and only what a role allows is done."""

from tests.support.shop import Shop


async def test_a_key_may_do_what_its_role_says_until_it_is_revoked(shop: Shop) -> None:
    code, said, errors = await shop.cli("key", "create", "reader-for-a-day", "--role", "orders:read")
    assert code == 0, errors
    headers = {"Authorization": f"Bearer {said.strip()}"}

    assert (await shop.api.get("/v1/orders", headers=headers)).status_code == 200
    sku = await shop.stocked(5)
    document = shop.document([(sku, 1)])
    refused = await shop.api.post("/v1/orders", json=document, headers=headers)
    assert refused.status_code == 403
    assert "orders:write" in refused.json()["detail"]
    assert (await shop.api.get(f"/v1/orders/{document['number']}")).status_code == 404

    code, said, _ = await shop.cli("key", "revoke", "reader-for-a-day")
    assert (code, said.strip()) == (0, "1 key of reader-for-a-day revoked")
    assert (await shop.cli("key", "revoke", "reader-for-a-day"))[0] == 1


async def test_an_unknown_role_is_named_with_the_known_ones(shop: Shop) -> None:
    code, _, errors = await shop.cli("key", "create", "ann", "--role", "king")
    assert code == 2
    assert "there is no role king" in errors
    assert "orders:read" in errors
