"""GitHub, by its REST API. Everything it does can be done twice: what is already there is found and adopted."""

import base64
import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from watchkeeper.codehosts.github_app import AppToken
from watchkeeper.codehosts.port import Checks, ChecksState, ClusterDoor, CodeHost, PullRequest
from watchkeeper.domain.errors import CodeHostError, CodeHostUnavailable, MergeRefused
from watchkeeper.settings import DeliverySettings

_GOOD = ("success", "neutral", "skipped")
_COMMITS, _FILES_A_COMMIT = 5, 10
_MARK = "<!-- watchkeeper:{} -->"


T = TypeVar("T")


def _readable(host: type[T]) -> type[T]:
    """A proxy's page or another server's JSON is an error of the code host, whichever call met it."""
    for name, method in list(vars(host).items()):
        if inspect.iscoroutinefunction(method) and not name.startswith("_"):
            setattr(host, name, _guarded(method))
    return host


def _guarded(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(method)
    async def guarded(*args: Any, **options: Any) -> Any:
        try:
            return await method(*args, **options)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            words = f"GitHub gave an answer that cannot be read: {type(error).__name__}"
            raise CodeHostUnavailable(words, hint="check delivery.url") from error

    return guarded


@_readable
class GitHub:
    """One repository. Raises CodeHostError and its children."""

    name = "github"

    def __init__(self, settings: DeliverySettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._root = f"/repos/{settings.repository}"
        self._repository = settings.repository
        token = settings.token.get_secret_value()
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._client = httpx.AsyncClient(
            base_url=settings.url.rstrip("/"), headers=headers, timeout=settings.timeout_seconds, transport=transport,
            auth=AppToken(settings) if settings.app_id else None,
        )  # fmt: skip

    async def read_file(self, path: str, ref: str) -> str | None:
        """The file's text, None where it is not."""
        answer = await self._ask("GET", f"{self._root}/contents/{quote(path)}", params={"ref": ref}, allow=(404,))
        if answer.status_code == 404:
            return None
        return base64.b64decode(answer.json()["content"]).decode()

    async def list_files(self, ref: str, under: str = "") -> list[str]:
        """Paths of all files, sorted."""
        answer = await self._ask("GET", f"{self._root}/git/trees/{quote(ref, safe='')}", params={"recursive": "1"})
        body = answer.json()
        if body.get("truncated"):
            raise CodeHostError(
                f"{self._repository} is too large to list", hint="set delivery.path to the manifests' folder"
            )
        paths = [e["path"] for e in body["tree"] if e["type"] == "blob"]
        return sorted(p for p in paths if not under or p.startswith(under.rstrip("/") + "/"))

    async def earlier(self, ref: str, under: str = "") -> Mapping[str, tuple[str, ...]]:
        """From the last commits that touched the folder; at most a handful of files each."""
        params = {"sha": ref, "per_page": str(_COMMITS), **({"path": under} if under else {})}
        answer = await self._ask("GET", f"{self._root}/commits", params=params, allow=(404, 409))
        found: dict[str, list[str]] = {}
        for row in answer.json() if answer.is_success else []:
            commit = (await self._ask("GET", f"{self._root}/commits/{row['sha']}")).json()
            parent = next((p["sha"] for p in commit.get("parents") or []), "")
            for file in (commit.get("files") or [])[:_FILES_A_COMMIT] if parent else []:
                path = str(file.get("previous_filename") or file["filename"])
                if file.get("status") == "added" or not path.endswith((".yaml", ".yml")):
                    continue
                text = await self.read_file(path, parent)
                if text is not None:
                    found.setdefault(path, []).append(text)
        return {path: tuple(texts) for path, texts in found.items()}

    async def head(self, branch: str) -> str | None:
        """The commit a branch points at."""
        answer = await self._ask("GET", f"{self._root}/git/ref/heads/{quote(branch)}", allow=(404,))
        return None if answer.status_code == 404 else str(answer.json()["object"]["sha"])

    async def propose(
        self, *, branch: str, base: str, files: Mapping[str, str], title: str, body: str, message: str
    ) -> PullRequest:
        """One commit on a new branch and its pull request; a branch or pull request of that name is ours from before."""
        if await self.head(branch) is None:
            await self._push(branch, base, files, message)
        found = await self.find_pull_request(branch)
        if found is not None:
            return found
        content = {"title": title, "body": body, "head": branch, "base": base}
        answer = await self._ask("POST", f"{self._root}/pulls", json=content, allow=(422,))
        if answer.status_code == 422:
            # Somebody, perhaps we in another life, was faster.
            found = await self.find_pull_request(branch)
            if found is None:
                raise CodeHostError(f"GitHub refuses the pull request: {_words(answer)}")
            return found
        return await self._shown(answer.json())

    async def _push(self, branch: str, base: str, files: Mapping[str, str], message: str) -> None:
        parent = await self.head(base)
        if parent is None:
            raise CodeHostError(f"{self._repository} has no branch {base}", hint="set delivery.base_branch")
        tree = [{"path": p, "mode": "100644", "type": "blob", "content": text} for p, text in files.items()]
        made = await self._ask("POST", f"{self._root}/git/trees", json={"base_tree": parent, "tree": tree})
        content = {"message": message, "tree": made.json()["sha"], "parents": [parent]}
        commit = await self._ask("POST", f"{self._root}/git/commits", json=content)
        ref = {"ref": f"refs/heads/{branch}", "sha": commit.json()["sha"]}
        await self._ask("POST", f"{self._root}/git/refs", json=ref, allow=(422,))

    async def pull_request(self, number: int) -> PullRequest:
        """As it stands now."""
        return await self._shown((await self._ask("GET", f"{self._root}/pulls/{number}")).json())

    async def find_pull_request(self, branch: str) -> PullRequest | None:
        """The newest of a branch, in any state."""
        owner = self._repository.partition("/")[0]
        answer = await self._ask("GET", f"{self._root}/pulls", params={"head": f"{owner}:{branch}", "state": "all"})
        rows = [r for r in answer.json() if r["head"]["ref"] == branch]
        return await self.pull_request(max(r["number"] for r in rows)) if rows else None

    async def checks(self, sha: str) -> Checks:
        """Check runs and commit statuses as one. None at all is NONE, which is not green."""
        runs = (await self._ask("GET", f"{self._root}/commits/{sha}/check-runs")).json()["check_runs"]
        statuses = (await self._ask("GET", f"{self._root}/commits/{sha}/status")).json()["statuses"]
        failing = [r["name"] for r in runs if r["status"] == "completed" and r["conclusion"] not in _GOOD]
        failing += [s["context"] for s in statuses if s["state"] in ("failure", "error")]
        waiting = [r["name"] for r in runs if r["status"] != "completed"] + [
            s["context"] for s in statuses if s["state"] == "pending"
        ]
        if failing:
            return Checks(ChecksState.FAILED, f"failed: {', '.join(failing)}", tuple(failing))
        if waiting:
            return Checks(ChecksState.PENDING, f"still running: {', '.join(waiting)}")
        if not runs and not statuses:
            return Checks(ChecksState.NONE, "no check has reported")
        return Checks(ChecksState.PASSED, f"{len(runs) + len(statuses)} checks passed")

    async def merge(self, number: int, *, expected_head: str) -> PullRequest:
        """Merge if the head is still the expected one. Raises MergeRefused."""
        answer = await self._ask(
            "PUT", f"{self._root}/pulls/{number}/merge", json={"sha": expected_head}, allow=(405, 409, 422)
        )
        if answer.status_code != 200:
            raise MergeRefused(_words(answer))
        return await self.pull_request(number)

    async def close(self, number: int, *, comment: str) -> PullRequest:
        """Close without merging, saying why; the branch goes."""
        pull = await self.pull_request(number)
        if pull.state == "open":
            await self.comment(number, comment, key="closed")
            await self._ask("PATCH", f"{self._root}/pulls/{number}", json={"state": "closed"})
            await self._ask("DELETE", f"{self._root}/git/refs/heads/{quote(pull.branch)}", allow=(404, 422))
        return await self.pull_request(number)

    async def comment(self, number: int, body: str, *, key: str) -> None:
        """One comment a key, edited where it is already there."""
        mark = _MARK.format(key)
        rows = (await self._ask("GET", f"{self._root}/issues/{number}/comments", params={"per_page": "100"})).json()
        mine = next((r for r in rows if mark in r["body"]), None)
        content = {"body": f"{body}\n\n{mark}"}
        if mine is None:
            await self._ask("POST", f"{self._root}/issues/{number}/comments", json=content)
        elif mine["body"] != content["body"]:
            await self._ask("PATCH", f"{self._root}/issues/comments/{mine['id']}", json=content)

    async def probe(self) -> list[tuple[str, bool, str]]:
        """May we read, and may we push branches?"""
        answer = await self._ask("GET", self._root, allow=(404,))
        if answer.status_code == 404:
            return [("repository", False, f"{self._repository} is not there, or the token may not see it")]
        may = answer.json().get("permissions", {}).get("push", False)
        words = "may be pushed to" if may else "may not be pushed to: the token needs contents and pull requests, write"
        return [("repository", True, f"{self._repository} can be read"), ("push", may, words)]

    async def aclose(self) -> None:
        """Give connections back."""
        await self._client.aclose()

    async def _shown(self, row: Mapping[str, Any]) -> PullRequest:
        merged = bool(row.get("merged") or row.get("merged_at"))
        reviewers = [r["login"] for r in row.get("requested_reviewers") or []]
        reviewers += [t.get("slug", "") for t in row.get("requested_teams") or []]
        wanted = not merged and row["state"] == "open" and await self._needs_review(row["base"]["ref"], row["number"])
        return PullRequest(
            number=row["number"], url=row["html_url"], branch=row["head"]["ref"], base=row["base"]["ref"],
            head_sha=row["head"]["sha"], state="merged" if merged else row["state"], merge_sha=row.get("merge_commit_sha") or "",
            mergeable=row.get("mergeable"), review_required=wanted, reviewers=tuple(reviewers), author=row["user"]["login"],
        )  # fmt: skip

    async def _needs_review(self, base: str, number: int) -> bool:
        """Does protection of the base want a review that is not there? A token that may not see it: the merge will tell."""
        answer = await self._ask("GET", f"{self._root}/branches/{quote(base, safe='')}/protection", allow=(403, 404))
        rules = answer.json().get("required_pull_request_reviews") if answer.is_success else None
        if not rules or not rules.get("required_approving_review_count", 0):
            return False
        reviews = (await self._ask("GET", f"{self._root}/pulls/{number}/reviews")).json()
        return int(sum(r["state"] == "APPROVED" for r in reviews)) < int(rules["required_approving_review_count"])

    async def _ask(self, method: str, path: str, *, allow: tuple[int, ...] = (), **options: Any) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, **options)
        except httpx.TransportError as error:
            raise CodeHostUnavailable(
                f"GitHub does not answer: {str(error) or type(error).__name__}", hint="check delivery.url"
            ) from None
        if answer.is_success or answer.status_code in allow:
            return answer
        limited = answer.status_code == 429 or (
            answer.status_code == 403
            and (answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers)
        )
        if limited or answer.status_code >= 500:
            raise CodeHostUnavailable(f"GitHub says {answer.status_code}: {_words(answer)}")
        if answer.status_code in (401, 403):
            raise CodeHostError(
                f"GitHub refuses our token: {_words(answer)}", hint="check GITHUB_TOKEN and its permissions"
            )
        raise CodeHostError(f"GitHub says {answer.status_code} to {method} {path}: {_words(answer)}")


def _words(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return answer.text[:200]
    if not isinstance(body, dict) or not body.get("message"):
        return answer.text[:200]
    details = "; ".join(
        str(e.get("message") or e.get("code", "")) for e in body.get("errors") or [] if isinstance(e, dict)
    )
    return f"{body['message']}{f' ({details})' if details else ''}"


def build(settings: DeliverySettings, cluster: ClusterDoor | None = None) -> CodeHost:
    """From `delivery`."""
    return GitHub(settings)
