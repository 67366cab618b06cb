"""Jenkins: a notification with a token, then `api/json` and the progressive console text. Comments go by the code host."""

import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

import httpx

from watchkeeper.codehosts.ci_asking import LARGEST, Asking
from watchkeeper.codehosts.ci_port import TESTS, Annotation, ContinuousIntegration, JobRun, Notice, Run, Sink, text_of
from watchkeeper.domain.errors import InvalidInput, NotAllowed
from watchkeeper.domain.failed_test import FailedTest
from watchkeeper.settings import JenkinsSettings

_STATES = {
    "SUCCESS": "passed",
    "UNSTABLE": "failed",
    "FAILURE": "failed",
    "ABORTED": "cancelled",
    "NOT_BUILT": "cancelled",
}
_JOB = re.compile(r"[\w .()%+@~-]{1,120}(?:/[\w .()%+@~-]{1,120}){0,12}")
_PULL = re.compile(r"(?:PR|MR|CR)-(\d{1,9})")
_TREE = (
    "number,url,result,building,timestamp,duration,fullDisplayName,actions[causes[shortDescription,userId],lastBuiltRevision[SHA1,branch[name]],"
    "parameters[name,value]],changeSets[items[affectedPaths,commitId,author[fullName]]],changeSet[items[affectedPaths,commitId]]"
)
_CASES = "suites[cases[className,name,status,errorDetails,duration]]"


class Jenkins:
    """One controller."""

    name = "jenkins"

    def __init__(self, settings: JenkinsSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._token = settings.webhook_token.get_secret_value().encode()
        auth = httpx.BasicAuth(settings.user, settings.token.get_secret_value()) if settings.user else None
        client = httpx.AsyncClient(
            base_url=settings.url.rstrip("/"), auth=auth, timeout=settings.timeout_seconds, transport=transport
        )
        self._asking = Asking("Jenkins", client)

    def notice(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """As the Notification plug-in posts it; the token stands in a header. Only name and number are used."""
        given = headers.get("x-watchkeeper-token", "") or headers.get("authorization", "").removeprefix("Bearer ")
        if not self._token or not hmac.compare_digest(self._token, given.encode()):
            raise NotAllowed("the token of the notification does not match", hint="check ci.jenkins.webhook_token")
        try:
            said = json.loads(body)
            build = said["build"]
            if build["phase"] not in ("FINALIZED", "COMPLETED"):
                return None
            number = int(build["number"])
            path = unquote(text_of(build.get("url"))).strip("/")
            job = _job_of(path, text_of(said["name"]))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InvalidInput(f"not a notification of a build: {error}", field="build") from None
        if not _JOB.fullmatch(job) or ".." in job.split("/"):
            raise InvalidInput("that is no name of a job", field="name")
        return Notice(f"{job}#{number}-{text_of(build.get('status'))}", job, str(number))

    async def run(self, repository: str, run_id: str) -> Run:
        """The build. Raises NotFound."""
        row = (await self._asking.ask("GET", f"{_path(repository)}/{run_id}/api/json", params={"tree": _TREE})).json()
        return _run(repository, row)

    async def jobs(self, run: Run) -> tuple[JobRun, ...]:
        """A build is one job; the log tells which stage failed."""
        return (JobRun(run.id, run.name, run.state == "failed"),)

    async def log(self, run: Run, job: JobRun, sink: Sink) -> bool:
        """Progressive text: each answer says where the next begins. False where the build's log was discarded."""
        start = 0
        while start < LARGEST:
            answer = await self._asking.ask(
                "GET",
                f"{_path(run.repository)}/{run.id}/logText/progressiveText",
                params={"start": str(start)},
                allow=(404,),
            )
            if answer.status_code == 404:
                return start > 0
            sink(answer.content)
            following = int(answer.headers.get("x-text-size", "0") or 0)
            if answer.headers.get("x-more-data", "") != "true" or following <= start:
                return True
            start = following
        return True

    async def changed_files(self, run: Run) -> tuple[str, ...]:
        """Of the change sets of the build."""
        row = (
            await self._asking.ask("GET", f"{_path(run.repository)}/{run.id}/api/json", params={"tree": _TREE})
        ).json()
        sets = [*(row.get("changeSets") or []), row.get("changeSet") or {}]
        return tuple(dict.fromkeys(p for s in sets for i in s.get("items") or [] for p in i.get("affectedPaths") or []))

    async def last_green(self, run: Run) -> Run | None:
        """The job's last successful build."""
        answer = await self._asking.ask(
            "GET", f"{_path(run.repository)}/lastSuccessfulBuild/api/json", params={"tree": _TREE}, allow=(404,)
        )
        found = _run(run.repository, answer.json()) if answer.is_success else None
        return found if found and found.id != run.id else None

    async def failed_tests(self, run: Run) -> tuple[FailedTest, ...]:
        """As the JUnit plug-in keeps them; a build without one has none."""
        path = f"{_path(run.repository)}/{run.id}/testReport/api/json"
        answer = await self._asking.ask("GET", path, params={"tree": _CASES}, allow=(404,))
        suites = answer.json().get("suites") or [] if answer.is_success else []
        cases = [c for s in suites for c in s.get("cases") or [] if c.get("status") in ("FAILED", "REGRESSION")]
        return tuple(
            FailedTest(
                ".".join(p for p in (text_of(c.get("className")), text_of(c.get("name"))) if p),
                text_of(c.get("errorDetails"))[:500],
                seconds=float(c.get("duration") or 0),
            )
            for c in cases[:TESTS]
        )

    async def comment(self, run: Run, body: str, key: str) -> bool:
        """Jenkins has no pull requests: the code host writes it."""
        return False

    async def report(self, run: Run, title: str, summary: str, annotations: tuple[Annotation, ...]) -> bool:
        """Jenkins has no checks."""
        return False

    async def aclose(self) -> None:
        """Give connections back."""
        await self._asking.aclose()


def _job_of(path: str, name: str) -> str:
    """`job/team/job/app/job/PR-7/12` as `team/app/PR-7`; the plain name where no address was sent."""
    parts = path.split("/")
    if "job" not in parts:
        return name
    parts = parts[parts.index("job") :]
    return "/".join(parts[n + 1] for n in range(0, len(parts) - 1, 2) if parts[n] == "job")


def _path(job: str) -> str:
    return "".join(f"/job/{quote(part, safe='')}" for part in job.split("/"))


def _run(repository: str, row: Mapping[str, Any]) -> Run:
    actions = [a for a in row.get("actions") or [] if a]
    revision: dict[str, Any] = next((a["lastBuiltRevision"] for a in actions if a.get("lastBuiltRevision")), {})
    causes = [c for a in actions for c in a.get("causes") or []]
    branch = (
        text_of(next((b["name"] for b in revision.get("branch") or []), ""))
        .removeprefix("refs/remotes/")
        .removeprefix("origin/")
    )
    started = datetime.fromtimestamp(int(row["timestamp"]) / 1000, UTC)
    leaf = unquote(repository.rsplit("/", 1)[-1])
    pull = _PULL.fullmatch(leaf)
    building = bool(row.get("building")) or row.get("result") is None
    return Run(
        system="jenkins", repository=repository, id=str(row["number"]), attempt=1, name=repository, branch=branch or leaf, sha=text_of(revision.get("SHA1")),
        url=text_of(row.get("url")), state="running" if building else _STATES.get(text_of(row.get("result")), "cancelled"),
        author=text_of(next((c.get("userId") for c in causes if c.get("userId")), "")), event=text_of(next((c.get("shortDescription") for c in causes), "")),
        started_at=started, finished_at=None if building else started + timedelta(milliseconds=int(row.get("duration") or 0)),
        pull_request=int(pull[1]) if pull else None, definition=repository,
    )  # fmt: skip


def build(settings: JenkinsSettings, transport: httpx.AsyncBaseTransport | None = None) -> ContinuousIntegration:
    """From `ci.jenkins`."""
    return Jenkins(settings, transport)
