"""`ordito mass ...` as a person types it (CAP13)."""

import json

import pytest

from cli.main import main
from tests.support.shop import Shop


async def test_hold_look_and_release(shop: Shop) -> None:
    sku = await shop.stocked(20)
    numbers = [await shop.place([(sku, 2)], customer={"id": "C-MASS-CLI"}) for _ in range(3)]
    for number in numbers:
        await shop.until_status(number, "released")

    held = await shop.cli(
        "mass", "hold", "--customer", "C-MASS-CLI", "--code", "recall", "--reason", "A bad batch.", "--id", "cli-1"
    )  # fmt: skip
    listed = await shop.cli("mass", "list")
    shown = await shop.cli("mass", "show", "cli-1", "--json")
    freed = await shop.cli(
        "mass", "release", *numbers, "no-such", "--hold", "mass.cli-1", "--reason", "All is well.", "--id", "cli-2"
    )  # fmt: skip
    stopped = await shop.cli("mass", "stop", "cli-1")

    assert held[0] == 0, held
    assert held[1].splitlines()[-1] == "Mass action cli-1 (hold): 3 done."
    for number in numbers:
        assert f"{number}" in held[1]
        assert (await shop.order(number))["holds"] == []
    assert "Hold mass.cli-1 (recall) is placed; what is on its way is not cut." in held[1]
    assert "cli-1" in listed[1]
    assert json.loads(shown[1]) == await shop.ok("GET", "/v1/mass-actions/cli-1")
    assert freed[0] == 1
    assert freed[1].splitlines()[-1] == "Mass action cli-2 (release): 3 done, 1 refused."
    assert "order_unknown" in freed[1]
    assert stopped[:2] == (0, "Mass action cli-1 (hold): 3 done.\n")


async def test_preview_and_change(shop: Shop) -> None:
    sku = await shop.stocked(20)
    number = await shop.place([(sku, 2)])
    await shop.until_status(number, "released")
    change = ("mass", "change", "--of", f"{number}/1", "--quantity", "3", "--reason", "One more each.")

    preview = await shop.cli(*change, "--preview")
    before = await shop.order(number)
    done = await shop.cli(*change)

    assert preview[1].splitlines()[-1] == "A preview of change, nothing was changed: 1 would be done."
    assert (before["revision"], before["changes"]) == (1, [])
    assert done[0] == 0, done
    assert (await shop.order(number))["lines"][0]["quantity"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cancel", "--reason", "x"], "say which orders"),
        (["cancel", "A", "--customer", "C", "--reason", "x"], "say which orders"),
        (["cancel", "--of", "A", "--reason", "x"], "write NUMBER/LINE"),
        (["cancel", "A"], "Missing option '--reason'"),
        (["hold", "A", "--reason", "x"], "Missing option '--code'"),
    ],
)
def test_what_is_asked_wrongly_is_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["mass", *arguments])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
