"""Small CI systems in memory, answering only what ours ask. tests/contracts holds them to the published descriptions."""

import hashlib
import hmac
import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx

SECRET = "a secret of the tests"
SHA, GREEN_SHA = "1" * 40, "2" * 40
WHEN = "2026-03-01T03:00:00Z"
LOG = (
    "2026-03-01T03:00:01.0000000Z ##[group]Run pytest\n"
    "2026-03-01T03:00:02.0000000Z pytest\n"
    "2026-03-01T03:00:03.0000000Z error: a thing that is always there\n"
    "2026-03-01T03:00:04.0000000Z FAILED tests/test_cart.py::test_total - assert 1 == 2\n"
    "2026-03-01T03:00:04.5000000Z src/cart.py:7: error: Incompatible types in assignment @everyone `x`\n"
    "2026-03-01T03:00:05.0000000Z ##[error]Process completed with exit code 1.\n"
)
REPORT = b'<testsuite><testcase classname="cart" name="test_total" time="0.5"><failure message="1 is not 2 @everyone"/></testcase></testsuite>'
GREEN_LOG = "2026-03-01T02:00:03.0000000Z error: a thing that is always there\n"


def zipped(files: dict[str, bytes]) -> bytes:
    """An archive as a CI system keeps it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@dataclass
class StandIn:
    """Comments written, and everything that was asked and answered."""

    passes: bool = False
    name: str = "build"
    expired: bool = False
    reports: bool = True
    attempt: int = 1
    run_id: int = 7
    comments: list[dict[str, Any]] = field(default_factory=list)
    exchanges: list[tuple[httpx.Request, httpx.Response]] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        answer = self.answer(request, unquote(request.url.path))
        self.exchanges.append((request, answer))
        return answer

    def answer(self, request: httpx.Request, path: str) -> httpx.Response:
        raise AssertionError(f"nobody answers {path}")

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)


class GithubStandIn(StandIn):
    checks: list[dict[str, Any]]
    event = "pull_request"

    def webhook(self, delivery: str = "d1") -> tuple[dict[str, str], bytes]:
        body = json.dumps(
            {
                "action": "completed",
                "workflow_run": {"id": self.run_id, "run_attempt": self.attempt},
                "repository": {"full_name": "acme/shop"},
            }
        ).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        return {
            "x-hub-signature-256": f"sha256={signature}",
            "x-github-event": "workflow_run",
            "x-github-delivery": delivery,
        }, body

    def run(self, run_id: int, conclusion: str, sha: str) -> dict[str, Any]:
        return {
            "id": run_id, "run_attempt": self.attempt, "name": self.name, "head_branch": "topic", "head_sha": sha, "html_url": f"https://github.com/acme/shop/actions/runs/{run_id}",
            "status": "completed", "conclusion": conclusion, "event": self.event, "created_at": WHEN, "run_started_at": f"2026-03-01T03:{self.attempt:02}:00Z",
            "updated_at": f"2026-03-01T03:{self.attempt + 4:02}:00Z", "workflow_id": 3, "actor": {"login": "sam"}, "pull_requests": [],
        }  # fmt: skip

    def answer(self, request: httpx.Request, path: str) -> httpx.Response:
        root = "/repos/acme/shop"
        if not hasattr(self, "checks"):
            self.checks = []
        match request.method, path.removeprefix(root):
            case "GET", rest if rest == f"/actions/runs/{self.run_id}":
                return httpx.Response(200, json=self.run(self.run_id, "success" if self.passes else "failure", SHA))
            case "GET", "/actions/workflows/3/runs":
                return httpx.Response(
                    200, json={"total_count": 1, "workflow_runs": [self.run(5, "success", GREEN_SHA)]}
                )
            case "GET", rest if rest.endswith("/jobs"):
                failed = f"/{self.run_id}/" in rest and not self.passes
                job = {
                    "id": 70 if failed else 50,
                    "name": "test",
                    "conclusion": "failure" if failed else "success",
                    "steps": [{"name": "Run pytest", "conclusion": "failure" if failed else "success"}],
                }
                return httpx.Response(200, json={"total_count": 1, "jobs": [job]})
            case "GET", "/actions/jobs/70/logs":
                return httpx.Response(
                    410 if self.expired else 302, headers={"location": "https://blobs.example.com/70"}
                )
            case "GET", "/actions/jobs/50/logs":
                return httpx.Response(302, headers={"location": "https://blobs.example.com/50"})
            case "GET", "/70":
                assert "authorization" not in request.headers
                return httpx.Response(200, text=LOG)
            case "GET", "/50":
                return httpx.Response(200, text=GREEN_LOG)
            case "GET", rest if rest.endswith("/logs"):
                return httpx.Response(410)
            case "GET", rest if rest == f"/actions/runs/{self.run_id}/artifacts":
                row = {"id": 11, "name": "test-results", "size_in_bytes": 300, "expired": False}
                return httpx.Response(200, json={"total_count": 1, "artifacts": [row] if self.reports else []})
            case "GET", "/actions/artifacts/11/zip":
                return httpx.Response(302, headers={"location": "https://blobs.example.com/11"})
            case "GET", "/11":
                return httpx.Response(200, content=zipped({"out/junit.xml": REPORT, "out/notes.txt": b"nothing"}))
            case "GET", rest if rest == f"/commits/{SHA}/pulls":
                return httpx.Response(200, json=[{"number": 9, "state": "open"}])
            case "GET", "/pulls/9/files":
                return httpx.Response(200, json=[{"filename": "src/cart.py"}])
            case "GET", "/issues/9/comments":
                # The comment stands on the second page.
                if request.url.params.get("page") != "2":
                    link = '<https://api.github.com/repos/acme/shop/issues/9/comments?per_page=100&page=2>; rel="next"'
                    return httpx.Response(200, json=[{"id": 1, "body": "hello"}], headers={"link": link})
                return httpx.Response(200, json=self.comments)
            case "POST", "/issues/9/comments":
                self.comments.append({"id": 2 + len(self.comments), "body": json.loads(request.content)["body"]})
                return httpx.Response(201, json=self.comments[-1])
            case "PATCH", rest if rest.startswith("/issues/comments/"):
                row = next(c for c in self.comments if c["id"] == int(rest.rsplit("/", 1)[1]))
                row["body"] = json.loads(request.content)["body"]
                return httpx.Response(200, json=row)
            case "GET", rest if rest == f"/commits/{SHA}/check-runs":
                return httpx.Response(200, json={"total_count": len(self.checks), "check_runs": self.checks})
            case "POST", "/check-runs":
                self.checks.append({"id": 4, "name": "Watchkeeper"})
                self.posts.append(request.content.decode())
                return httpx.Response(201, json=self.checks[-1])
            case "PATCH", "/check-runs/4":
                return httpx.Response(200, json=self.checks[-1])
            case _:
                return httpx.Response(404, json={"message": "Not Found"})


class AzureStandIn(StandIn):
    def webhook(self, delivery: str = "d1") -> tuple[dict[str, str], bytes]:
        body = {"id": delivery, "eventType": "build.complete", "resource": {"id": self.run_id}}
        return {"x-watchkeeper-secret": SECRET}, json.dumps(body).encode()

    def build(self, build_id: int, result: str) -> dict[str, Any]:
        return {
            "id": build_id, "status": "completed", "result": result, "queueTime": WHEN, "startTime": f"2026-03-01T03:{self.attempt:02}:00.1234567Z",
            "finishTime": f"2026-03-01T03:{self.attempt + 4:02}:00.1234567Z", "sourceBranch": "refs/pull/9/merge", "sourceVersion": SHA, "reason": "pullRequest",
            "definition": {"id": 3, "name": self.name}, "requestedFor": {"displayName": "Sam"}, "triggerInfo": {"pr.number": "9", "pr.sourceSha": SHA},
            "repository": {"id": "r1", "type": "TfsGit"}, "url": f"https://dev.azure.com/acme/shop/_apis/build/Builds/{build_id}",
        }  # fmt: skip

    def answer(self, request: httpx.Request, path: str) -> httpx.Response:
        assert request.headers["authorization"].startswith("Basic ")
        here = path.removeprefix("/acme/shop/_apis")
        match request.method, here:
            case "GET", "/build/builds":
                return httpx.Response(200, json={"count": 1, "value": [self.build(5, "succeeded")]})
            case "GET", rest if rest == f"/build/builds/{self.run_id}":
                return httpx.Response(200, json=self.build(self.run_id, "succeeded" if self.passes else "failed"))
            case "GET", rest if rest.endswith("/timeline"):
                failed = f"/{self.run_id}/" in rest and not self.passes
                said = "failed" if failed else "succeeded"
                job = {
                    "id": "j",
                    "type": "Job",
                    "name": "test",
                    "result": said,
                    "attempt": self.attempt,
                    "log": {"id": 1},
                }
                task = {
                    "id": "t",
                    "parentId": "j",
                    "type": "Task",
                    "name": "pytest",
                    "result": said,
                    "order": 1,
                    "attempt": self.attempt,
                    "log": {"id": 2},
                }
                return httpx.Response(200, json={"records": [job, task]})
            case "GET", rest if "/logs/" in rest:
                start = int(request.url.params["startLine"])
                text = LOG if f"/{self.run_id}/" in rest else GREEN_LOG
                return (
                    httpx.Response(404)
                    if self.expired
                    else httpx.Response(200, text="\n".join(text.split("\n")[start - 1 :]))
                )
            case "GET", rest if rest == f"/build/builds/{self.run_id}/changes":
                if "continuationToken" not in request.url.params:
                    return httpx.Response(200, json={"value": []}, headers={"x-ms-continuationtoken": "more"})
                return httpx.Response(200, json={"value": [{"id": SHA}]})
            case "GET", "/test/runs":
                assert request.url.params["buildUri"] == f"vstfs:///Build/Build/{self.run_id}"
                return httpx.Response(
                    200, json={"count": 1, "value": [{"id": 21, "name": "unit"}] if self.reports else []}
                )
            case "GET", "/test/runs/21/results":
                row = {"id": 1, "automatedTestName": "cart.test_total", "outcome": "Failed", "durationInMs": 500.0}
                return httpx.Response(200, json={"value": [{**row, "errorMessage": "1 is not 2 @everyone"}]})
            case "GET", rest if rest == f"/git/repositories/r1/commits/{SHA}/changes":
                return httpx.Response(200, json={"changes": [{"item": {"path": "/src/cart.py"}}]})
            case "GET", "/git/repositories/r1/pullRequests/9/threads":
                return httpx.Response(200, json={"value": self.comments})
            case "POST", "/git/repositories/r1/pullRequests/9/threads":
                said = json.loads(request.content)
                row = {
                    "id": len(self.comments) + 1,
                    "comments": [{"id": 1, "content": said["comments"][0]["content"]}],
                    "threadContext": said.get("threadContext"),
                }
                self.comments.append(row)
                return httpx.Response(200, json=row)
            case "PATCH", rest if rest.startswith("/git/repositories/r1/pullRequests/9/threads/"):
                row = self.comments[int(rest.split("/")[-3]) - 1]
                row["comments"][0]["content"] = json.loads(request.content)["content"]
                return httpx.Response(200, json=row["comments"][0])
            case "POST", "/git/repositories/r1/pullRequests/9/statuses":
                self.posts.append(request.content.decode())
                return httpx.Response(200, json={})
            case _:
                return httpx.Response(404)


class JenkinsStandIn(StandIn):
    """Written from Jenkins' documentation of its remote access API; no description is published for machines."""

    job = "team/shop/PR-9"

    def webhook(self, delivery: str = "") -> tuple[dict[str, str], bytes]:
        status = "SUCCESS" if self.passes else "FAILURE"
        url = f"job/team/job/shop/job/PR-9/{self.run_id}/"
        body = {
            "name": "PR-9",
            "url": "job/team/job/shop/job/PR-9/",
            "build": {"number": self.run_id, "phase": "FINALIZED", "status": status, "url": url},
        }
        return {"x-watchkeeper-token": SECRET}, json.dumps(body).encode()

    def build(self, number: int, result: str) -> dict[str, Any]:
        return {
            "number": number, "url": f"https://jenkins.example.com/job/team/job/shop/job/PR-9/{number}/", "result": result, "building": False, "timestamp": 1772334000000 + number * 1000,
            "duration": 240000, "fullDisplayName": f"team » shop » PR-9 #{number}",
            "actions": [{"causes": [{"shortDescription": "Branch event", "userId": "sam"}]}, {}, {"lastBuiltRevision": {"SHA1": SHA, "branch": [{"name": "PR-9"}]}}],
            "changeSets": [{"items": [{"affectedPaths": ["src/cart.py"], "commitId": SHA}]}],
        }  # fmt: skip

    def answer(self, request: httpx.Request, path: str) -> httpx.Response:
        assert request.headers["authorization"].startswith("Basic ")
        match path.removeprefix("/job/team/job/shop/job/PR-9/"):
            case "lastSuccessfulBuild/api/json":
                return httpx.Response(200, json=self.build(5, "SUCCESS"))
            case "5/logText/progressiveText":
                return httpx.Response(200, text=GREEN_LOG, headers={"x-text-size": str(len(GREEN_LOG))})
            case rest if rest == f"{self.run_id}/api/json":
                return httpx.Response(200, json=self.build(self.run_id, "SUCCESS" if self.passes else "FAILURE"))
            case rest if rest == f"{self.run_id}/testReport/api/json":
                if not self.reports:
                    return httpx.Response(404)
                case = {"className": "cart", "name": "test_total", "status": "REGRESSION", "duration": 0.5}
                good = {"className": "cart", "name": "test_empty", "status": "PASSED", "duration": 0.1}
                cases = [{**case, "errorDetails": "1 is not 2 @everyone"}, good]
                return httpx.Response(200, json={"suites": [{"cases": cases}]})
            case rest if rest == f"{self.run_id}/logText/progressiveText":
                if self.expired:
                    return httpx.Response(404)
                # In two pieces, cut in the middle of a line.
                start, half = int(request.url.params["start"]), len(LOG) // 2
                if start == 0:
                    return httpx.Response(
                        200, text=LOG[:half], headers={"x-text-size": str(half), "x-more-data": "true"}
                    )
                return httpx.Response(200, text=LOG[start:], headers={"x-text-size": str(len(LOG))})
            case _:
                return httpx.Response(404)
