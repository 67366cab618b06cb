"""The stand-ins of CI systems say only what the published descriptions know, and we ask only what they offer.

Jenkins publishes no description for machines: its stand-in is written from the documentation of its remote access API.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

sys.path.insert(0, str(Path(__file__).parent))

import published

from ci_stand_ins import SECRET, AzureStandIn, GithubStandIn, StandIn
from watchkeeper.codehosts.ci import azure_pipelines, github_actions
from watchkeeper.codehosts.ci.github_actions import _job, _run
from watchkeeper.codehosts.ci_port import Annotation, ContinuousIntegration
from watchkeeper.settings import Settings

SETTINGS = Settings.model_validate(
    {"ci": {"github_actions": {"webhook_secret": SECRET}, "azure_pipelines": {"webhook_secret": SECRET, "url": "https://dev.azure.com/acme", "project": "shop"}}}
)  # fmt: skip


async def everything_asked(ci: ContinuousIntegration, place: StandIn) -> list[tuple[httpx.Request, httpx.Response]]:
    """One run with all that can be asked about it, twice where the second time edits."""
    run = await ci.run("acme/shop", "7")
    for job in await ci.jobs(run):
        await ci.log(run, job, lambda block: None)
    await ci.changed_files(run)
    await ci.last_green(run)
    await ci.failed_tests(run)
    for words in ("first", "second"):
        await ci.comment(run, words, "k")
        await ci.report(run, "title", words, (Annotation("src/cart.py", 7, "words", "title"),))
    await ci.aclose()
    return place.exchanges


def resolved(schema: Any, whole: dict[str, Any], depth: int = 0) -> Any:
    """References followed; what OpenAPI 3.0 calls nullable becomes a type. Deep inside anything goes."""
    if depth > 12 or not isinstance(schema, dict):
        return schema if not isinstance(schema, dict) else {}
    if "$ref" in schema:
        target: Any = whole
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return resolved(target, whole, depth + 1)
    out: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ("properties", "patternProperties"):
            out[key] = {k: resolved(v, whole, depth + 1) for k, v in value.items()}
        elif key in ("allOf", "anyOf", "oneOf"):
            out[key] = [resolved(v, whole, depth + 1) for v in value]
        elif key in ("items", "additionalProperties"):
            out[key] = resolved(value, whole, depth + 1)
        elif key not in ("required", "example", "examples", "description", "format", "title", "nullable", "minItems"):
            # The stand-ins answer only what is read, so nothing is required of them.
            out[key] = value
    return {"anyOf": [out, {"type": "null"}]} if schema.get("nullable") else out


def operation(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """The described operation of a path that was asked; fewest variables first."""
    for template in sorted(published.github()["paths"], key=lambda t: (t.count("{"), t)):
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in published.github()["paths"][template]:
            return template, published.github()["paths"][template][method.lower()]
    raise AssertionError(f"GitHub describes no {method} {path}")


def unknown(value: Any, schema: dict[str, Any], where: str = "") -> Iterator[str]:
    """Members that the description does not know."""
    options = [schema, *schema.get("anyOf", []), *schema.get("oneOf", []), *schema.get("allOf", [])]
    if isinstance(value, dict):
        known = {
            k: v
            for o in options
            for k, v in {
                **o.get("properties", {}),
                **{k: v for p in o.get("anyOf", []) + o.get("allOf", []) for k, v in p.get("properties", {}).items()},
            }.items()
        }
        for key, inner in value.items():
            if known and key not in known:
                yield f"{where}.{key}"
            elif key in known:
                yield from unknown(inner, known[key], f"{where}.{key}")
    elif isinstance(value, list):
        items = next((o["items"] for o in options if "items" in o), {})
        for inner in value:
            yield from unknown(inner, items, f"{where}[]")


async def test_github_knows_what_we_ask_and_what_its_stand_in_says() -> None:
    published.github()
    place = GithubStandIn()
    asked = await everything_asked(github_actions.build(SETTINGS.ci.github_actions, place.transport), place)
    checked = 0
    for request, answer in asked:
        if request.url.host != "api.github.com":
            continue  # where a log lies is said by a redirect
        template, described = operation(request.method, request.url.path)
        parameters = {
            p["name"] for p in (resolved(p, published.github()) for p in described.get("parameters", [])) if p
        }
        assert set(request.url.params) <= parameters, (template, set(request.url.params))
        if request.content:
            schema = resolved(described["requestBody"]["content"]["application/json"]["schema"], published.github())
            Draft202012Validator(schema).validate(json.loads(request.content))
        said = described["responses"].get(str(answer.status_code))
        assert said is not None or answer.status_code == 410, (template, answer.status_code)
        content = resolved(said, published.github()).get("content", {}) if said else {}
        if answer.status_code < 300 and "application/json" in content:
            schema = resolved(content["application/json"]["schema"], published.github())
            Draft202012Validator(schema).validate(answer.json())
            assert list(unknown(answer.json(), schema)) == [], template
            checked += 1
    assert checked >= 10


def example(name: str) -> Any:
    return published.github()["components"]["examples"][name]["value"]


def test_the_published_examples_of_github_can_be_read() -> None:
    run = _run("octo-org/octo-repo", example("workflow-run"))
    assert (run.id, run.state, bool(run.sha)) == (str(example("workflow-run")["id"]), "running", True)
    rows = example("job-paginated")["jobs"]
    assert [_job(r).name for r in rows] == [r["name"] for r in rows]


def test_the_webhook_is_one_github_describes() -> None:
    described = published.github_webhooks()["definitions"]["workflow_run$completed"]
    headers, body = GithubStandIn().webhook()
    said = json.loads(body)
    assert described["properties"]["action"]["enum"] == [said["action"]]
    run = published.github_webhooks()["definitions"]["workflow-run"]["properties"]
    assert set(said["workflow_run"]) <= set(run)
    assert "full_name" in published.github_webhooks()["definitions"]["repository"]["properties"]
    assert github_actions.build(SETTINGS.ci.github_actions).notice(headers, body) is not None


AZURE = {
    r"/build/builds/7": ("BuildInterfaces", "Build", ""),
    r"/build/builds": ("BuildInterfaces", "Build", "value"),
    r"/build/builds/\d+/timeline": ("BuildInterfaces", "TimelineRecord", "records"),
    r"/build/builds/\d+/changes": ("BuildInterfaces", "Change", "value"),
    r"/test/runs": ("TestInterfaces", "TestRun", "value"),
    r"/test/runs/21/results": ("TestInterfaces", "TestCaseResult", "value"),
    r"/git/repositories/r1/commits/\w+/changes": ("GitInterfaces", "GitChange", "changes"),
    r"/git/repositories/r1/pullRequests/9/threads": ("GitInterfaces", "GitPullRequestCommentThread", "value"),
    r"/git/repositories/r1/pullRequests/9/threads/\d+/comments/\d+": ("GitInterfaces", "Comment", ""),
    r"/git/repositories/r1/pullRequests/9/statuses": ("GitInterfaces", "GitPullRequestStatus", ""),
}
"""path -> (file, interface, the member that holds the rows)"""


@pytest.mark.parametrize(
    "inner",
    [("BuildInterfaces", "BuildRepository", "repository"), ("BuildInterfaces", "DefinitionReference", "definition")],
)
def test_inner_values_of_a_build_are_azures(inner: tuple[str, str, str]) -> None:
    file, interface, key = inner
    assert set(AzureStandIn().build(7, "failed")[key]) <= published.azure_fields(file, interface) | {"id", "name"}


async def test_azure_knows_what_we_send_and_what_its_stand_in_says() -> None:
    published.azure_fields("BuildInterfaces", "Build")
    place = AzureStandIn()
    asked = await everything_asked(azure_pipelines.build(SETTINGS.ci.azure_pipelines, place.transport), place)
    seen = set()
    for request, answer in asked:
        path = request.url.path.removeprefix("/acme/shop/_apis")
        if "/logs/" in path:
            continue  # plain text
        pattern = next(p for p in AZURE if re.fullmatch(p, path))
        file, interface, rows = AZURE[pattern]
        seen.add(pattern)
        known = published.azure_fields(file, interface)
        body = answer.json()
        for row in body[rows] if rows and rows in body else [body]:
            assert set(row) <= known | {"pr.number"}, (pattern, set(row) - known)
        if request.content:
            assert set(json.loads(request.content)) <= known, pattern
        assert request.url.params["api-version"] == "7.1"
    assert seen == set(AZURE)
