"""Recorded answers of real servers (tests/fixtures/wire), played back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

FOLDER = Path(__file__).parent / "fixtures/wire"


def recording(name: str) -> dict[str, Any]:
    """Such as `prometheus/query_nan_inf`."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def answer(name: str) -> httpx.Response:
    """The recorded response."""
    said = recording(name)["response"]
    headers = {k: v for k, v in (said.get("headers") or {}).items() if k.lower() != "content-length"}
    if "body" in said:
        return httpx.Response(said["status"], json=said["body"], headers=headers)
    return httpx.Response(said["status"], text=said.get("body_text", ""), headers=headers)


def playing(*names: str, seen: list[httpx.Request] | None = None) -> httpx.MockTransport:
    """Each request gets the next recording; the last one is repeated."""
    left = list(names)

    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return answer(left.pop(0) if len(left) > 1 else left[0])

    return httpx.MockTransport(handle)


def saying(handle: Callable[[httpx.Request], httpx.Response]) -> httpx.MockTransport:
    return httpx.MockTransport(handle)
