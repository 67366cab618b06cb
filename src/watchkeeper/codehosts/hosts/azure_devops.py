"""Azure DevOps Repos, by its REST API (7.1). Everything it does can be done twice: what is already there is adopted."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from watchkeeper.codehosts.port import Checks, ChecksState, ClusterDoor, CodeHost, PullRequest
from watchkeeper.domain.errors import CodeHostError, CodeHostUnavailable, MergeRefused
from watchkeeper.settings import DeliverySettings

_VERSION = "7.1"
_NOBODY = "0" * 40
_MARK = "<!-- watchkeeper:{} -->"
_REVIEWS = (
    "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd",
    "fd2167ab-b0be-447a-8ec8-39368250530e",
    "c6a1889d-b943-4856-b76f-9e46bb6b0df2",
)
"""Types of policy that people satisfy: number of reviewers, named reviewers, resolved comments."""
_STATES = {"active": "open", "completed": "merged", "abandoned": "closed"}
_GOOD, _BAD = ("approved", "succeeded", "notApplicable"), ("rejected", "broken", "failed", "error")
_COMMITS, _FILES_A_COMMIT, _TRIES = 5, 10, 10


class AzureDevOps:
    """One repository of one project. Raises CodeHostError and its children."""

    name = "azure_devops"

    def __init__(
        self, settings: DeliverySettings, transport: httpx.AsyncBaseTransport | None = None, pause: float = 0.5
    ) -> None:
        self._repository, self._pause = settings.repository, pause
        self._project = f"/{settings.project}/_apis"
        self._root = f"{self._project}/git/repositories/{settings.repository}"
        token = base64.b64encode(f":{settings.token.get_secret_value()}".encode()).decode()
        self._client = httpx.AsyncClient(
            base_url=settings.url.rstrip("/"), headers={"Authorization": f"Basic {token}", "Accept": "application/json"},
            timeout=settings.timeout_seconds, transport=transport, params={"api-version": _VERSION},
        )  # fmt: skip

    async def read_file(self, path: str, ref: str) -> str | None:
        """The file's text, None where it is not."""
        params = {"path": f"/{path}", "includeContent": "true", "$format": "json", **_at(ref)}
        answer = await self._ask("GET", f"{self._root}/items", params=params, allow=(404,))
        return None if answer.status_code == 404 else str(answer.json().get("content", ""))

    async def list_files(self, ref: str, under: str = "") -> list[str]:
        """Paths of all files, sorted."""
        params = {"scopePath": f"/{under.strip('/')}", "recursionLevel": "Full", **_at(ref)}
        answer = await self._ask("GET", f"{self._root}/items", params=params, allow=(404,))
        rows = answer.json()["value"] if answer.is_success else []
        return sorted(r["path"].lstrip("/") for r in rows if not r.get("isFolder"))

    async def earlier(self, ref: str, under: str = "") -> Mapping[str, tuple[str, ...]]:
        """From the last commits that touched the folder."""
        params = {"searchCriteria.itemVersion.version": ref, "searchCriteria.$top": str(_COMMITS)}
        if under:
            params["searchCriteria.itemPath"] = f"/{under.strip('/')}"
        found: dict[str, list[str]] = {}
        for row in (await self._ask("GET", f"{self._root}/commits", params=params)).json()["value"]:
            commit = (await self._ask("GET", f"{self._root}/commits/{row['commitId']}")).json()
            parent = next(iter(commit.get("parents") or []), "")
            changes = (await self._ask("GET", f"{self._root}/commits/{row['commitId']}/changes")).json()["changes"]
            for path in _changed(changes) if parent else []:
                text = await self.read_file(path, parent)
                if text is not None:
                    found.setdefault(path, []).append(text)
        return {path: tuple(texts) for path, texts in found.items()}

    async def head(self, branch: str) -> str | None:
        """The commit a branch points at."""
        answer = await self._ask("GET", f"{self._root}/refs", params={"filter": f"heads/{branch}"})
        return next((str(r["objectId"]) for r in answer.json()["value"] if r["name"] == f"refs/heads/{branch}"), None)

    async def propose(
        self, *, branch: str, base: str, files: Mapping[str, str], title: str, body: str, message: str
    ) -> PullRequest:
        """One commit on a new branch and its pull request; a branch or pull request of that name is ours from before."""
        start = await self.head(base)
        if start is None:
            raise CodeHostError(f"{self._repository} has no branch {base}", hint="set delivery.base_branch")
        found = await self.find_pull_request(branch)
        if found is not None:
            return found
        if await self.head(branch) is None:
            await self._refs([{"name": f"refs/heads/{branch}", "oldObjectId": _NOBODY, "newObjectId": start}])
        there = await self.head(branch)
        if there is not None and await self._lacks(branch, files):
            await self._push(branch, there, files, message)
        content = {
            "sourceRefName": f"refs/heads/{branch}", "targetRefName": f"refs/heads/{base}", "title": title, "description": body[:4000],
        }  # fmt: skip
        answer = await self._ask("POST", f"{self._root}/pullrequests", json=content, allow=(409,))
        if answer.status_code == 409:
            found = await self.find_pull_request(branch)
            if found is None:
                raise CodeHostError(f"Azure DevOps refuses the pull request: {_words(answer)}")
            return found
        return await self._shown(answer.json())

    async def _lacks(self, branch: str, files: Mapping[str, str]) -> bool:
        """A branch without our commit: we died between making the one and the other."""
        return any([await self.read_file(path, branch) != text for path, text in files.items()])

    async def _push(self, branch: str, there: str, files: Mapping[str, str], message: str) -> None:
        changes = [
            {
                "changeType": "add" if await self.read_file(path, branch) is None else "edit", "item": {"path": f"/{path}"},
                "newContent": {"content": text, "contentType": "rawtext"},
            }
            for path, text in files.items()
        ]  # fmt: skip
        content = {
            "refUpdates": [{"name": f"refs/heads/{branch}", "oldObjectId": there}],
            "commits": [{"comment": message, "changes": changes}],
        }
        await self._ask("POST", f"{self._root}/pushes", json=content, allow=(409,))

    async def _refs(self, updates: list[dict[str, str]]) -> None:
        await self._ask("POST", f"{self._root}/refs", json=updates, allow=(409,))

    async def pull_request(self, number: int) -> PullRequest:
        """As it stands now."""
        return await self._shown(await self._pull(number))

    async def _pull(self, number: int) -> Mapping[str, Any]:
        row: Mapping[str, Any] = (await self._ask("GET", f"{self._root}/pullrequests/{number}")).json()
        return row

    async def find_pull_request(self, branch: str) -> PullRequest | None:
        """The newest of a branch, in any state."""
        params = {"searchCriteria.sourceRefName": f"refs/heads/{branch}", "searchCriteria.status": "all"}
        rows = (await self._ask("GET", f"{self._root}/pullrequests", params=params)).json()["value"]
        return await self.pull_request(max(r["pullRequestId"] for r in rows)) if rows else None

    async def checks(self, sha: str) -> Checks:
        """Blocking policies that machines satisfy, and statuses of the commit. None at all is NONE, which is not green."""
        rows = await self._statuses(sha)
        for pull in await self._pulls_at(sha):
            rows += [(w, s) for w, s, type_id in await self._policies(pull) if type_id not in _REVIEWS]
        failing = sorted({what for what, state in rows if state in _BAD})
        waiting = sorted({what for what, state in rows if state not in (*_BAD, *_GOOD)})
        if failing:
            return Checks(ChecksState.FAILED, f"failed: {', '.join(failing)}", tuple(failing))
        if waiting:
            return Checks(ChecksState.PENDING, f"still running: {', '.join(waiting)}")
        if not rows:
            return Checks(ChecksState.NONE, "no check has reported")
        return Checks(ChecksState.PASSED, f"{len(rows)} checks passed")

    async def _statuses(self, sha: str) -> list[tuple[str, str]]:
        """The newest of each context."""
        answer = await self._ask("GET", f"{self._root}/commits/{sha}/statuses", params={"latestOnly": "true"})
        return [
            (f"{r['context'].get('genre') or ''}/{r['context']['name']}".strip("/"), str(r.get("state", "notSet")))
            for r in answer.json()["value"]
        ]

    async def _pulls_at(self, sha: str) -> list[Mapping[str, Any]]:
        params = {"searchCriteria.status": "active"}
        rows = (await self._ask("GET", f"{self._root}/pullrequests", params=params)).json()["value"]
        return [r for r in rows if (r.get("lastMergeSourceCommit") or {}).get("commitId") == sha]

    async def _policies(self, row: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        """(what, state, id of its type) of blocking policies."""
        project = row["repository"]["project"]["id"]
        artifact = f"vstfs:///CodeReview/CodeReviewId/{project}/{row['pullRequestId']}"
        answer = await self._ask(
            "GET", f"{self._project}/policy/evaluations", params={"artifactId": artifact, "api-version": f"{_VERSION}-preview.1"}
        )  # fmt: skip
        out = []
        for found in answer.json()["value"]:
            setting = found.get("configuration") or {}
            kind = setting.get("type") or {}
            if setting.get("isBlocking") and setting.get("isEnabled", True):
                named = (setting.get("settings") or {}).get("displayName") or kind.get("displayName", "policy")
                out.append((str(named), str(found.get("status", "queued")), str(kind.get("id", ""))))
        return out

    async def merge(self, number: int, *, expected_head: str) -> PullRequest:
        """Complete it if the head is still the expected one. Raises MergeRefused; CodeHostUnavailable while it is queued."""
        content = {
            "status": "completed", "lastMergeSourceCommit": {"commitId": expected_head},
            "completionOptions": {"mergeStrategy": "noFastForward", "deleteSourceBranch": False},
        }  # fmt: skip
        answer = await self._ask("PATCH", f"{self._root}/pullrequests/{number}", json=content, allow=(400, 403, 409))
        if not answer.is_success:
            raise MergeRefused(_words(answer))
        for _ in range(_TRIES):
            row = await self._pull(number)
            if row["status"] == "completed":
                return await self._shown(row)
            if row.get("mergeStatus") in ("conflicts", "rejectedByPolicy", "failure"):
                raise MergeRefused(str(row.get("mergeFailureMessage") or row["mergeStatus"]))
            await asyncio.sleep(self._pause)
        raise CodeHostUnavailable(f"Azure DevOps has queued the completion of #{number}")

    async def close(self, number: int, *, comment: str) -> PullRequest:
        """Abandon it, saying why; the branch goes."""
        pull = await self.pull_request(number)
        if pull.state == "open":
            await self.comment(number, comment, key="closed")
            await self._ask("PATCH", f"{self._root}/pullrequests/{number}", json={"status": "abandoned"}, allow=(409,))
            there = await self.head(pull.branch)
            if there is not None:
                await self._refs([{"name": f"refs/heads/{pull.branch}", "oldObjectId": there, "newObjectId": _NOBODY}])
        return await self.pull_request(number)

    async def comment(self, number: int, body: str, *, key: str) -> None:
        """One comment a key, edited where it is already there."""
        mark, where = _MARK.format(key), f"{self._root}/pullRequests/{number}/threads"
        content = f"{body}\n\n{mark}"
        for thread in (await self._ask("GET", where)).json()["value"]:
            for said in thread.get("comments") or []:
                if mark in str(said.get("content")):
                    if said["content"] != content:
                        path = f"{where}/{thread['id']}/comments/{said['id']}"
                        await self._ask("PATCH", path, json={"content": content})
                    return
        thread = {"comments": [{"parentCommentId": 0, "content": content, "commentType": "text"}], "status": "closed"}
        await self._ask("POST", where, json=thread)

    async def probe(self) -> list[tuple[str, bool, str]]:
        """May we read?"""
        answer = await self._ask("GET", self._root, allow=(404,))
        if answer.status_code == 404:
            return [("repository", False, f"{self._repository} is not there, or the token may not see it")]
        off = bool(answer.json().get("isDisabled"))
        words = "is disabled" if off else "can be read; pushing needs Code (read & write) on the token"
        return [("repository", not off, f"{self._repository} {words}")]

    async def aclose(self) -> None:
        """Give connections back."""
        await self._client.aclose()

    async def _shown(self, row: Mapping[str, Any]) -> PullRequest:
        state = _STATES[row["status"]]
        policies = await self._policies(row) if state == "open" else []
        wanted = any(type_id in _REVIEWS and status not in _GOOD for _, status, type_id in policies)
        return PullRequest(
            number=row["pullRequestId"], url=f"{row['repository'].get('webUrl', '')}/pullrequest/{row['pullRequestId']}",
            branch=row["sourceRefName"].removeprefix("refs/heads/"), base=row["targetRefName"].removeprefix("refs/heads/"),
            head_sha=(row.get("lastMergeSourceCommit") or {}).get("commitId", ""), state=state,
            merge_sha=(row.get("lastMergeCommit") or {}).get("commitId", "") if state == "merged" else "",
            mergeable={"succeeded": True, "conflicts": False}.get(row.get("mergeStatus", "")), review_required=wanted,
            reviewers=tuple(r["displayName"] for r in row.get("reviewers") or []), author=row["createdBy"]["displayName"],
        )  # fmt: skip

    async def _ask(self, method: str, path: str, *, allow: tuple[int, ...] = (), **options: Any) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, **options)
        except httpx.TransportError as error:
            raise CodeHostUnavailable(
                f"Azure DevOps does not answer: {str(error) or type(error).__name__}", hint="check delivery.url"
            ) from None
        # A bad token is answered with a page to sign in, and with 203.
        if answer.status_code in (203, 302, 401):
            raise CodeHostError("Azure DevOps refuses our token", hint="check delivery.token: Code, read & write")
        if answer.is_success or answer.status_code in allow:
            return answer
        if answer.status_code == 429 or answer.status_code >= 500:
            raise CodeHostUnavailable(f"Azure DevOps says {answer.status_code}: {_words(answer)}")
        raise CodeHostError(f"Azure DevOps says {answer.status_code} to {method} {path}: {_words(answer)}")


def _at(ref: str) -> dict[str, str]:
    commit = len(ref) == 40 and all(c in "0123456789abcdef" for c in ref)
    return {"versionDescriptor.version": ref, "versionDescriptor.versionType": "commit" if commit else "branch"}


def _changed(changes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Paths that had another text before."""
    out = []
    for change in changes[:_FILES_A_COMMIT]:
        path = str(change.get("sourceServerItem") or (change.get("item") or {}).get("path", "")).lstrip("/")
        if "add" not in str(change.get("changeType", "")).split(", ") and path.endswith((".yaml", ".yml")):
            out.append(path)
    return out


def _words(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("message", ""))[:300]
    except ValueError:
        return answer.text[:200]


def build(settings: DeliverySettings, cluster: ClusterDoor | None = None) -> CodeHost:
    """From `delivery`."""
    return AzureDevOps(settings)
