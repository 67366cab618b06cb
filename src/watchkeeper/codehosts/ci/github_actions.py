"""GitHub Actions: signed webhook, runs, jobs, logs (each job's, else the archive), a comment and a check run."""

import hashlib
import hmac
import io
import json
import re
import tempfile
import zipfile
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

import httpx

from watchkeeper.codehosts.ci_asking import Asking
from watchkeeper.codehosts.ci_port import TESTS, Annotation, ContinuousIntegration, JobRun, Notice, Run, Sink, text_of
from watchkeeper.codehosts.test_reports import LARGEST, read_archive
from watchkeeper.domain.errors import CodeHostError, InvalidInput, NotAllowed, NotFound
from watchkeeper.domain.failed_test import FailedTest
from watchkeeper.settings import GithubActionsSettings

_STATES = {
    "success": "passed",
    "neutral": "passed",
    "skipped": "passed",
    "failure": "failed",
    "timed_out": "failed",
    "startup_failure": "failed",
}
_PAGE = 100
_ANNOTATIONS = 50
"""As many as GitHub takes in one call"""
_REPORTS = re.compile(r"(?i)test|junit|surefire|report|result|\btap\b")
_ARCHIVES = 5
"""Kept archives of a run that are opened for test reports"""


class GithubActions:
    """Every repository the token may read."""

    name = "github_actions"

    def __init__(self, settings: GithubActionsSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._secret = settings.webhook_secret.get_secret_value().encode()
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        token = settings.token.get_secret_value()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        client = httpx.AsyncClient(
            base_url=settings.url.rstrip("/"), headers=headers, timeout=settings.timeout_seconds, transport=transport
        )
        self._asking = Asking("GitHub", client)

    def notice(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """A completed workflow run. The signature covers the whole body and is compared in constant time."""
        expected = "sha256=" + hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        if not self._secret or not hmac.compare_digest(
            expected.encode(), headers.get("x-hub-signature-256", "").encode()
        ):
            raise NotAllowed(
                "the signature of the webhook does not match", hint="check ci.github_actions.webhook_secret"
            )
        delivery = headers.get("x-github-delivery", "")
        if headers.get("x-github-event") != "workflow_run":
            return None
        try:
            said = json.loads(body)
            run, repository = said["workflow_run"], said["repository"]["full_name"]
            return (
                Notice(delivery or f"{run['id']}-{run['run_attempt']}", str(repository), str(int(run["id"])))
                if said["action"] == "completed"
                else None
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InvalidInput(f"not a workflow_run event: {error}", field="workflow_run") from None

    async def run(self, repository: str, run_id: str) -> Run:
        """The newest attempt. Raises NotFound."""
        row = (await self._asking.ask("GET", f"{_root(repository)}/actions/runs/{run_id}")).json()
        return await self._with_pull(_run(repository, row))

    async def _with_pull(self, run: Run) -> Run:
        """Pull requests from forks are not listed with the run: those of its commit are looked up."""
        if run.pull_request is not None or run.event not in ("pull_request", "pull_request_target"):
            return run
        answer = await self._asking.ask("GET", f"{_root(run.repository)}/commits/{run.sha}/pulls", allow=(404, 422))
        rows = [r for r in answer.json() if r["state"] == "open"] if answer.is_success else []
        return _replaced(run, rows[0]["number"]) if rows else run

    async def jobs(self, run: Run) -> tuple[JobRun, ...]:
        """All pages."""
        path = f"{_root(run.repository)}/actions/runs/{run.id}/attempts/{run.attempt}/jobs"
        return tuple([_job(row) async for row in self._pages(path, "jobs")])

    async def _pages(self, path: str, member: str = "", **params: str) -> AsyncIterator[Any]:
        """Rows of all pages, as the Link header leads."""
        answer = await self._asking.ask("GET", path, params={"per_page": str(_PAGE), **params})
        while True:
            body = answer.json()
            for row in body[member] if member else body:
                yield row
            following = answer.links.get("next", {}).get("url", "")
            if not following:
                return
            answer = await self._asking.ask("GET", following)

    async def log(self, run: Run, job: JobRun, sink: Sink) -> bool:
        """The job's own log; where it is gone, its files in the archive of the attempt; False when that expired too."""
        if await self._asking.stream(f"{_root(run.repository)}/actions/jobs/{job.id}/logs", sink):
            return True
        archive = io.BytesIO()
        path = f"{_root(run.repository)}/actions/runs/{run.id}/attempts/{run.attempt}/logs"
        if not await self._asking.stream(path, archive.write):
            return False
        return _unzipped(archive, job.name, sink)

    async def changed_files(self, run: Run) -> tuple[str, ...]:
        """Of the pull request, else of the commit."""
        root = _root(run.repository)
        if run.pull_request is not None:
            return tuple([r["filename"] async for r in self._pages(f"{root}/pulls/{run.pull_request}/files")])
        answer = await self._asking.ask("GET", f"{root}/commits/{quote(run.sha)}", allow=(404, 422))
        return tuple(f["filename"] for f in answer.json().get("files") or []) if answer.is_success else ()

    async def last_green(self, run: Run) -> Run | None:
        """Of the same workflow: on this branch, else on any."""
        path = f"{_root(run.repository)}/actions/workflows/{run.definition}/runs"
        for branch in ({"branch": run.branch}, {}):
            params = {"status": "success", "per_page": "5", **branch}
            answer = await self._asking.ask("GET", path, params=params, allow=(404,))
            rows = [r for r in answer.json()["workflow_runs"] if str(r["id"]) != run.id] if answer.is_success else []
            if rows:
                return _run(run.repository, rows[0])
        return None

    async def failed_tests(self, run: Run) -> tuple[FailedTest, ...]:
        """Of the archives the run kept whose names speak of tests: JUnit and TAP files in them."""
        root = f"{_root(run.repository)}/actions"
        rows = [r async for r in self._pages(f"{root}/runs/{run.id}/artifacts", "artifacts")]
        kept = [r for r in rows if _REPORTS.search(r["name"]) and not r["expired"] and r["size_in_bytes"] <= LARGEST]
        found: list[FailedTest] = []
        for row in kept[:_ARCHIVES]:
            with tempfile.TemporaryFile() as archive:
                if await self._asking.stream(f"{root}/artifacts/{int(row['id'])}/zip", archive.write):
                    found += islice(read_archive(archive), TESTS)
        return tuple(dict.fromkeys(found))[:TESTS]

    async def comment(self, run: Run, body: str, key: str) -> bool:
        """Found by its mark on whatever page it stands, and edited."""
        if run.pull_request is None:
            return False
        root, mark = _root(run.repository), f"<!-- watchkeeper:{key} -->"
        content = {"body": f"{body}\n\n{mark}"}
        path = f"{root}/issues/{run.pull_request}/comments"
        async for row in self._pages(path):
            if mark in text_of(row["body"]):
                if row["body"] != content["body"]:
                    await self._asking.ask("PATCH", f"{root}/issues/comments/{row['id']}", json=content)
                return True
        await self._asking.ask("POST", path, json=content)
        return True

    async def report(self, run: Run, title: str, summary: str, annotations: tuple[Annotation, ...]) -> bool:
        """A neutral check run, made once a commit and then edited. Only a GitHub App may: with a plain token, False."""
        rows = [
            {"path": a.path, "start_line": a.line, "end_line": a.line, "annotation_level": "failure", "message": a.words, "title": a.title}
            for a in annotations[:_ANNOTATIONS]
        ]  # fmt: skip
        output = {"title": title, "summary": summary, "annotations": rows}
        body = {"name": "Watchkeeper", "status": "completed", "conclusion": "neutral", "output": output}
        root = _root(run.repository)
        try:
            found = await self._asking.ask(
                "GET", f"{root}/commits/{run.sha}/check-runs", params={"check_name": "Watchkeeper"}
            )
            mine = found.json()["check_runs"]
            if mine:
                await self._asking.ask("PATCH", f"{root}/check-runs/{mine[0]['id']}", json=body)
            else:
                await self._asking.ask("POST", f"{root}/check-runs", json={**body, "head_sha": run.sha})
        except NotFound:
            return False
        except CodeHostError as error:
            if error.retryable:
                raise
            return False
        return True

    async def aclose(self) -> None:
        """Give connections back."""
        await self._asking.aclose()


def _root(repository: str) -> str:
    return f"/repos/{quote(repository)}"


def _replaced(run: Run, pull_request: int) -> Run:
    from dataclasses import replace

    return replace(run, pull_request=pull_request)


def _run(repository: str, row: Mapping[str, Any]) -> Run:
    done = row["status"] == "completed"
    pulls = row.get("pull_requests") or []
    return Run(
        system="github_actions", repository=repository, id=str(row["id"]), attempt=int(row.get("run_attempt") or 1), name=text_of(row.get("name")),
        branch=text_of(row.get("head_branch")), sha=row["head_sha"], url=row["html_url"],
        state=_STATES.get(text_of(row.get("conclusion")), "cancelled") if done else "running",
        author=text_of((row.get("actor") or {}).get("login")), event=text_of(row.get("event")),
        started_at=datetime.fromisoformat(row.get("run_started_at") or row["created_at"]),
        finished_at=datetime.fromisoformat(row["updated_at"]) if done else None,
        pull_request=pulls[0]["number"] if pulls else None, definition=str(row["workflow_id"]),
    )  # fmt: skip


def _job(row: Mapping[str, Any]) -> JobRun:
    failed = _STATES.get(text_of(row.get("conclusion"))) == "failed"
    step = next((s["name"] for s in row.get("steps") or [] if s.get("conclusion") in ("failure", "timed_out")), "")
    return JobRun(str(row["id"]), row["name"], failed, step)


def _unzipped(archive: io.BytesIO, job: str, sink: Sink) -> bool:
    """The archive holds `<number>_<job>.txt` a job, and a folder with its steps."""
    try:
        with zipfile.ZipFile(archive) as files:
            wanted = [
                n
                for n in files.namelist()
                if "/" not in n and n.partition("_")[2].removesuffix(".txt") == job.replace("/", "")
            ]
            for name in wanted[:1]:
                with files.open(name) as content:
                    while block := content.read(1 << 20):
                        sink(block)
            return bool(wanted)
    except zipfile.BadZipFile:
        return False


def build(settings: GithubActionsSettings, transport: httpx.AsyncBaseTransport | None = None) -> ContinuousIntegration:
    """From `ci.github_actions`."""
    return GithubActions(settings, transport)
