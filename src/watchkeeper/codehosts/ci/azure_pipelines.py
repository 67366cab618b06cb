"""Azure DevOps Pipelines: a secret header, then the build by REST: timeline, logs by ranges of lines, threads, statuses."""

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from watchkeeper.codehosts.ci_asking import Asking
from watchkeeper.codehosts.ci_port import TESTS, Annotation, ContinuousIntegration, JobRun, Notice, Run, Sink, text_of
from watchkeeper.domain.errors import CodeHostError, InvalidInput, NotAllowed, NotFound
from watchkeeper.domain.failed_test import FailedTest
from watchkeeper.settings import AzurePipelinesSettings

VERSION = "7.1"
LINES = 50_000
"""Lines of a log asked for at once"""
_STATES = {"succeeded": "passed", "partiallySucceeded": "passed", "failed": "failed", "canceled": "cancelled"}


class AzurePipelines:
    """One project of one organisation."""

    name = "azure_pipelines"

    def __init__(self, settings: AzurePipelinesSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._secret = settings.webhook_secret.get_secret_value().encode()
        self._project = settings.project
        client = httpx.AsyncClient(
            base_url=f"{settings.url.rstrip('/')}/{quote(settings.project)}/_apis", params={"api-version": VERSION},
            auth=httpx.BasicAuth("", settings.token.get_secret_value()), timeout=settings.timeout_seconds, transport=transport,
        )  # fmt: skip
        self._asking = Asking("Azure DevOps", client)

    def notice(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """Service hooks carry no signature: the header is compared, of the body only the build's number is used."""
        given = headers.get("x-watchkeeper-secret", "").encode()
        if not self._secret or not hmac.compare_digest(self._secret, given):
            raise NotAllowed(
                "the secret header of the service hook does not match", hint="check ci.azure_pipelines.webhook_secret"
            )
        try:
            said = json.loads(body)
            if said["eventType"] != "build.complete":
                return None
            return Notice(str(said["id"]), self._project, str(int(said["resource"]["id"])))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InvalidInput(f"not a build.complete event: {error}", field="resource.id") from None

    async def run(self, repository: str, run_id: str) -> Run:
        """The build; its attempt is that of its last stage. Raises NotFound."""
        row = (await self._asking.ask("GET", f"/build/builds/{run_id}")).json()
        attempts = [
            int(r.get("attempt") or 1) for r in (await self._timeline(run_id)) if r.get("type") in ("Stage", "Job")
        ]
        return _run(repository, row, max(attempts, default=1))

    async def _timeline(self, run_id: str) -> list[dict[str, Any]]:
        answer = await self._asking.ask("GET", f"/build/builds/{run_id}/timeline", allow=(404, 204))
        body = answer.json() if answer.status_code == 200 and answer.content else None
        return list((body or {}).get("records") or [])

    async def jobs(self, run: Run) -> tuple[JobRun, ...]:
        """One per job of the timeline; its log is that of the first task that failed, else its own."""
        records = await self._timeline(run.id)
        tasks = [r for r in records if r.get("type") == "Task" and r.get("result") == "failed"]
        out = []
        for job in (r for r in records if r.get("type") == "Job"):
            task = next(
                (t for t in sorted(tasks, key=lambda t: t.get("order") or 0) if t.get("parentId") == job["id"]), None
            )
            log = (task or {}).get("log") or job.get("log") or {}
            out.append(
                JobRun(
                    text_of(log.get("id")),
                    text_of(job.get("name")),
                    job.get("result") == "failed",
                    text_of((task or {}).get("name")),
                )
            )
        return tuple(out)

    async def log(self, run: Run, job: JobRun, sink: Sink) -> bool:
        """By ranges of lines; False where retention has deleted it."""
        if not job.id:
            return False
        start = 1
        while True:
            params = {"startLine": str(start), "endLine": str(start + LINES - 1)}
            answer = await self._asking.ask(
                "GET",
                f"/build/builds/{run.id}/logs/{job.id}",
                params=params,
                headers={"Accept": "text/plain"},
                allow=(404, 410),
            )
            if answer.status_code != 200:
                return start > 1
            sink(answer.content if answer.content.endswith(b"\n") else answer.content + b"\n")
            if answer.content.count(b"\n") < LINES - 1:
                return True
            start += LINES

    async def _rows(self, path: str, **params: str) -> list[dict[str, Any]]:
        """All pages, by continuation token."""
        out: list[dict[str, Any]] = []
        token = ""
        while True:
            more = {"continuationToken": token} if token else {}
            answer = await self._asking.ask("GET", path, params={**params, **more})
            out += answer.json()["value"]
            token = answer.headers.get("x-ms-continuationtoken", "")
            if not token:
                return out

    async def changed_files(self, run: Run) -> tuple[str, ...]:
        """Of the build's commits in the project's own repository."""
        repository = (run.details or {}).get("repository_id", "")
        found: dict[str, None] = {}
        for change in (await self._rows(f"/build/builds/{run.id}/changes"))[:20]:
            answer = await self._asking.ask(
                "GET", f"/git/repositories/{repository}/commits/{change['id']}/changes", allow=(404, 400)
            )
            for entry in answer.json().get("changes", []) if answer.is_success else []:
                item = entry.get("item") or {}
                if not item.get("isFolder"):
                    found[text_of(item.get("path")).lstrip("/")] = None
        return tuple(found)

    async def last_green(self, run: Run) -> Run | None:
        """Of the same definition: on this branch, else on any."""
        for branch in ({"branchName": f"refs/heads/{run.branch}"}, {}):
            params = {
                "definitions": run.definition,
                "resultFilter": "succeeded",
                "statusFilter": "completed",
                "$top": "2",
                **branch,
            }
            rows = [
                r
                for r in (await self._asking.ask("GET", "/build/builds", params=params)).json()["value"]
                if str(r["id"]) != run.id
            ]
            if rows:
                return _run(run.repository, rows[0], 1)
        return None

    async def failed_tests(self, run: Run) -> tuple[FailedTest, ...]:
        """Of every test run that was published for the build."""
        found: list[FailedTest] = []
        for published in await self._rows("/test/runs", buildUri=f"vstfs:///Build/Build/{run.id}"):
            path = f"/test/runs/{int(published['id'])}/results"
            for row in await self._rows(path, outcomes="Failed", **{"$top": str(TESTS)}):
                name = text_of(row.get("automatedTestName") or row.get("testCaseTitle"))
                message = text_of(row.get("errorMessage"))[:500]
                found.append(FailedTest(name, message, seconds=float(row.get("durationInMs") or 0) / 1000))
            if len(found) >= TESTS:
                break
        return tuple(found[:TESTS])

    async def comment(self, run: Run, body: str, key: str) -> bool:
        """A thread on the pull request, whose first comment is edited."""
        root = self._pull(run)
        if not root:
            return False
        mark = f"<!-- watchkeeper:{key} -->"
        content = f"{body}\n\n{mark}"
        for thread in (await self._asking.ask("GET", f"{root}/threads")).json()["value"]:
            first: dict[str, Any] = next(iter(thread.get("comments") or []), {})
            if mark in text_of(first.get("content")) and not thread.get("isDeleted"):
                if first["content"] != content:
                    await self._asking.ask(
                        "PATCH", f"{root}/threads/{thread['id']}/comments/{first['id']}", json={"content": content}
                    )
                return True
        first = {"parentCommentId": 0, "content": content, "commentType": 1}
        await self._asking.ask("POST", f"{root}/threads", json={"comments": [first], "status": 1})
        return True

    async def report(self, run: Run, title: str, summary: str, annotations: tuple[Annotation, ...]) -> bool:
        """A status of the pull request, and a thread on each line that is not there yet."""
        root = self._pull(run)
        if not root:
            return False
        status = {
            "state": 2,
            "description": title[:140],
            "targetUrl": run.url,
            "context": {"name": "review", "genre": "watchkeeper"},
        }
        try:
            await self._asking.ask("POST", f"{root}/statuses", json=status)
            threads = (await self._asking.ask("GET", f"{root}/threads")).json()["value"] if annotations else []
        except (NotFound, CodeHostError) as error:
            if error.retryable:
                raise
            return False
        there = {
            (
                text_of((t.get("threadContext") or {}).get("filePath")),
                ((t.get("threadContext") or {}).get("rightFileStart") or {}).get("line"),
            )
            for t in threads
        }
        for a in annotations:
            if (f"/{a.path}", a.line) not in there:
                await self._asking.ask("POST", f"{root}/threads", json=_on_line(a))
        return True

    @staticmethod
    def _pull(run: Run) -> str:
        repository = (run.details or {}).get("repository_id", "")
        own = (run.details or {}).get("repository_type") == "TfsGit"
        return f"/git/repositories/{repository}/pullRequests/{run.pull_request}" if run.pull_request and own else ""

    async def aclose(self) -> None:
        """Give connections back."""
        await self._asking.aclose()


def _on_line(a: Annotation) -> dict[str, Any]:
    place = {"line": a.line, "offset": 1}
    words = {"parentCommentId": 0, "content": f"{a.title}: {a.words}", "commentType": 1}
    return {
        "comments": [words],
        "status": 1,
        "threadContext": {"filePath": f"/{a.path}", "rightFileStart": place, "rightFileEnd": place},
    }


def _run(repository: str, row: Mapping[str, Any], attempt: int) -> Run:
    done = row.get("status") == "completed"
    branch = text_of(row.get("sourceBranch"))
    number = text_of((row.get("triggerInfo") or {}).get("pr.number"))
    if not number and branch.startswith("refs/pull/"):
        number = branch.split("/")[2]
    source = row.get("repository") or {}
    started = row.get("startTime") or row.get("queueTime")
    return Run(
        system="azure_pipelines", repository=repository, id=str(row["id"]), attempt=attempt, name=text_of((row.get("definition") or {}).get("name")),
        branch=branch.removeprefix("refs/heads/"), sha=text_of((row.get("triggerInfo") or {}).get("pr.sourceSha") or row.get("sourceVersion")),
        url=text_of(((row.get("_links") or {}).get("web") or {}).get("href") or row.get("url")),
        state=_STATES.get(text_of(row.get("result")), "cancelled") if done else "running",
        author=text_of((row.get("requestedFor") or {}).get("displayName")), event=text_of(row.get("reason")),
        started_at=_time(text_of(started)), finished_at=_time(text_of(row.get("finishTime"))) if done else None,
        pull_request=int(number) if number.isdigit() else None, definition=text_of((row.get("definition") or {}).get("id")),
        details={"repository_id": text_of(source.get("id")), "repository_type": text_of(source.get("type"))},
    )  # fmt: skip


def _time(said: str) -> datetime:
    """Azure writes seven digits of a second; Python reads six."""
    head, dot, tail = said.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{head}{dot}{tail[:6]}+00:00")


def build(settings: AzurePipelinesSettings, transport: httpx.AsyncBaseTransport | None = None) -> ContinuousIntegration:
    """From `ci.azure_pipelines`."""
    return AzurePipelines(settings, transport)
