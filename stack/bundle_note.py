"""What `ordito up` says about the policy bundle: which one is live, and which files differ from it."""

import httpx

SHORT_HASH = 12


async def policy_note(api_url: str, api_key: str | None) -> str:
    """Sentences for the terminal, asked from `GET /v1/policies/status`; empty when the API does not tell."""
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    try:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            answer = await client.get(f"{api_url}/v1/policies/status", headers=headers)
        status = answer.json() if answer.status_code == httpx.codes.OK else {}
    except (httpx.HTTPError, ValueError):
        return ""
    live = status.get("live")
    differing = [str(file) for file in status.get("differing") or []]
    if not live:
        return "no policy bundle is live yet: `ordito policy publish` releases the files" if status else ""
    note = f"policy bundle {str(live)[:SHORT_HASH]} is live"
    if status.get("released_at"):
        note += f", released {status['released_at']}"
    if differing:
        note += f"; these files differ from it: {', '.join(differing)} (`ordito policy publish` releases them)"
    return note
