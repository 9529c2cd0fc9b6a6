"""What `ordito up` says about the policy bundle: which one is live, and which files differ from it.

On a fresh home nothing is live; then the policy folder is released, so that the first order can be taken.
"""

from typing import Any

import httpx

from settings import secured

SHORT_HASH = 12
FIRST = {"note": "first release, by ordito up"}


async def policy_note(api_url: str, api_key: str | None) -> str:
    """Sentences for the terminal, asked from the API; empty when it does not tell."""
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    try:
        async with httpx.AsyncClient(
            base_url=api_url, headers=headers, timeout=10, trust_env=False, verify=secured(api_url)
        ) as client:
            status = await _status(client)
            if not status or status.get("live"):
                return _note(status)
            released = await client.post("/v1/policies", json=FIRST)
            if released.is_success:
                return f"no policy was live, so the policy folder was released: {_note(await _status(client))}"
            detail = released.json().get("detail") or f"the API answered {released.status_code}"
    except (httpx.HTTPError, ValueError):
        return ""
    return f"no policy bundle is live, and the policy folder cannot be released ({detail}): see `ordito policy check`"


async def _status(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/v1/policies/status")
    found: dict[str, Any] = answer.json() if answer.status_code == httpx.codes.OK else {}
    return found


def _note(status: dict[str, Any]) -> str:
    if not status.get("live"):
        return ""
    note = f"policy bundle {str(status['live'])[:SHORT_HASH]} is live"
    if status.get("released_at"):
        note += f", released {status['released_at']}"
    differing = [str(file) for file in status.get("differing") or []]
    if differing:
        note += f"; these files differ from it: {', '.join(differing)} (`ordito policy publish` releases them)"
    return note
