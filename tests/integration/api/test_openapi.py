"""Every operation of the description, called with what fits it and what does not: no answer of 500 and above."""

import os
from typing import Any
from urllib.parse import quote

import httpx
import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase

from integration.api.house import running
from watchkeeper.domain.severity import Role

ENDLESS = {"/api/v1/events"}
"""Answers that never end."""
ALLOWED = {503}
"""Documented: the database does not answer, or too many alerts wait."""


def call_one(operation: Any, secret: str, examples: int, seen: dict[str, int], wrong: list[str]) -> None:
    @hypothesis.given(case=operation.as_strategy())
    @hypothesis.settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def call(case: schemathesis.Case) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {secret}"}, timeout=20)
        seen[str(answer.status_code)] = seen.get(str(answer.status_code), 0) + 1
        if answer.status_code >= 500 and answer.status_code not in ALLOWED:
            shown = f"{case.method} {case.formatted_path} {case.query} {case.body!r}"
            wrong.append(f"{shown[:400]}: {answer.status_code} {answer.text[:200]}")

    call()


def call_all(database_url: str, examples: int) -> dict[str, int]:
    """{status: how often} over every operation."""
    seen: dict[str, int] = {}
    server = {
        "requests_per_minute": 0,
        "anonymous_per_minute": 0,
        "deliveries_per_minute": 0,
        "webhook_token": "hook-token",
    }
    with running(database_url, server=server) as house:
        schema = schemathesis.openapi.from_url(f"{house.url}/openapi.json")
        wrong: list[str] = []
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.path in ENDLESS:
                continue
            secret = "hook-token" if "/webhooks/" in operation.path else house.tokens[Role.ADMIN]
            call_one(operation, secret, examples, seen, wrong)
        assert not wrong, f"{len(wrong)} answers, such as\n" + "\n".join(wrong[:10])
    return seen


def test_no_operation_breaks(database_url: str) -> None:
    seen = call_all(database_url, 6)
    assert sum(seen.values()) > 100, seen


@pytest.mark.slow
def test_no_operation_breaks_for_long(database_url: str) -> None:
    seen = call_all(database_url, int(os.environ.get("WATCHKEEPER_EXAMPLES", "300")))
    assert sum(seen.values()) > 100, seen
    print(f"schemathesis: {sum(seen.values())} calls, answers by status {dict(sorted(seen.items()))}")


NASTY = [
    "\x00",
    "a\x00b",
    "9" * 400,
    "-1",
    "1e999",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "..%2f..",
    "' or 1=1 --",
    "{{7*7}}",
    "\u202e",
    "x" * 5000,
]


def test_the_same_nasty_values_in_every_path_and_query(database_url: str) -> None:
    wrong = []
    server = {"requests_per_minute": 0, "anonymous_per_minute": 0}
    with running(database_url, server=server) as house, httpx.Client(base_url=house.url, timeout=20) as client:
        client.headers["Authorization"] = f"Bearer {house.tokens[Role.ADMIN]}"
        described = client.get("/openapi.json").json()
        for path, methods in described["paths"].items():
            if path in ENDLESS or "get" not in methods:
                continue
            names = methods["get"].get("parameters", [])
            for value in NASTY:
                filled, query = path, {}
                for parameter in names:
                    if parameter["in"] == "path":
                        filled = filled.replace(
                            "{" + parameter["name"] + "}",
                            quote(value, safe=""),
                        )
                    elif parameter["in"] == "query":
                        query[parameter["name"]] = value
                for chosen in ({}, query, *({name: value} for name in query)):
                    answer = client.get(filled, params=chosen)
                    if answer.status_code >= 500:
                        wrong.append(f"GET {filled[:80]} {str(chosen)[:80]}: {answer.status_code} {answer.text[:160]}")
    assert not wrong, "\n".join(wrong[:15])
