"""GitHub's REST API over a real git repository: refs, contents, trees, commits, pull requests, checks, merge."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchkeeper.simulate.cluster.objects import iso
from watchkeeper.simulate.delivery.repository import GitFailed, GitRepository

Now = Callable[[], float]
_MACHINE = "watchkeeper"


@dataclass(slots=True)
class Pull:
    """A pull request."""

    number: int
    title: str
    body: str
    head: str
    base: str
    author: str
    made_at: float
    state: str = "open"
    merged: bool = False
    merge_sha: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    last_sha: str = ""


@dataclass(slots=True)
class Faults:
    """What tests let go wrong."""

    checks: str = "pass"
    """pass, fail, never"""
    check_seconds: float = 1.0
    review_by: tuple[str, ...] = ()
    """branch protection wants a review by these"""
    refuse_merge: str = ""
    drop_answers: list[tuple[str, str]] = field(default_factory=list)
    """(method, path pattern): the effect happens, its answer is lost, once"""
    calls: list[tuple[str, str]] = field(default_factory=list)
    """every request, for counting effects"""


class GitHub:
    """The server's state. `repository` is owner/name on the outside."""

    def __init__(self, git: GitRepository, now: Now, repository: str = "shop/manifests", token: str = "") -> None:
        self.git, self.now, self.repository, self.token = git, now, repository, token
        self.pulls: list[Pull] = []
        self.faults = Faults()
        self.seen: dict[str, float] = {}
        """commit -> when its checks began"""
        self.url = ""

    def app(self) -> Starlette:
        """The HTTP doors."""
        root = f"/repos/{self.repository}"
        doors: list[tuple[str, str, Callable[[Request], Any]]] = [
            ("GET", root, self._repository), ("GET", f"{root}/contents/{{path:path}}", self._contents),
            ("GET", f"{root}/git/ref/heads/{{branch:path}}", self._ref), ("POST", f"{root}/git/refs", self._new_ref),
            ("DELETE", f"{root}/git/refs/heads/{{branch:path}}", self._drop_ref), ("POST", f"{root}/git/blobs", self._new_blob),
            ("GET", f"{root}/git/trees/{{sha:path}}", self._tree), ("POST", f"{root}/git/trees", self._new_tree),
            ("GET", f"{root}/git/commits/{{sha}}", self._commit), ("POST", f"{root}/git/commits", self._new_commit),
            ("GET", f"{root}/branches/{{branch:path}}/protection", self._protection),
            ("GET", f"{root}/commits/{{sha}}/check-runs", self._check_runs), ("GET", f"{root}/commits/{{sha}}/status", self._statuses),
            ("GET", f"{root}/pulls", self._pulls), ("POST", f"{root}/pulls", self._new_pull),
            ("GET", f"{root}/pulls/{{number:int}}", self._pull), ("PATCH", f"{root}/pulls/{{number:int}}", self._change_pull),
            ("PUT", f"{root}/pulls/{{number:int}}/merge", self._merge), ("GET", f"{root}/pulls/{{number:int}}/reviews", self._reviews),
            ("GET", f"{root}/issues/{{number:int}}/comments", self._comments), ("POST", f"{root}/issues/{{number:int}}/comments", self._new_comment),
            ("PATCH", f"{root}/issues/comments/{{id:int}}", self._change_comment), ("GET", "/rate_limit", self._rate_limit),
        ]  # fmt: skip
        grouped: dict[str, dict[str, Callable[[Request], Any]]] = {}
        for method, path, handler in doors:
            grouped.setdefault(path, {})[method] = handler
        routes = [Route(path, self._guarded(handlers), methods=list(handlers)) for path, handlers in grouped.items()]
        return Starlette(routes=routes, exception_handlers={404: lambda request, error: _say(404, "Not Found")})

    def _guarded(self, handlers: dict[str, Callable[[Request], Any]]) -> Callable[[Request], Any]:
        async def handle(request: Request) -> Response:
            self.faults.calls.append((request.method, request.url.path))
            if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
                return _say(401, "Bad credentials")
            answer: Response = await handlers["GET" if request.method == "HEAD" else request.method](request)
            for lost in self.faults.drop_answers:
                if request.method == lost[0] and re.search(lost[1], request.url.path):
                    self.faults.drop_answers.remove(lost)
                    return _say(502, "Server Error")
            return answer

        return handle

    # --- git data ------------------------------------------------------------------------------------------------

    async def _repository(self, request: Request) -> Response:
        return JSONResponse(
            {
                "full_name": self.repository,
                "default_branch": "main",
                "permissions": {"pull": True, "push": True, "admin": False},
            }
        )

    async def _contents(self, request: Request) -> Response:
        ref, path = request.query_params.get("ref", "main"), request.path_params["path"]
        commit = self.git.commit_of(ref)
        text = self.git.read(commit, path) if commit else None
        if text is None:
            return _say(404, "Not Found")
        blob = self.git.files(str(commit))[path]
        return JSONResponse(
            {
                "type": "file",
                "path": path,
                "sha": blob,
                "encoding": "base64",
                "content": base64.encodebytes(text.encode()).decode(),
            }
        )

    async def _ref(self, request: Request) -> Response:
        branch = request.path_params["branch"]
        head = self.git.head(branch)
        return JSONResponse(_ref_json(branch, head)) if head else _say(404, "Not Found")

    async def _new_ref(self, request: Request) -> Response:
        body = await request.json()
        branch = body["ref"].removeprefix("refs/heads/")
        if self.git.head(branch):
            return _say(422, "Reference already exists")
        self.git.set_branch(branch, body["sha"])
        return JSONResponse(_ref_json(branch, body["sha"]), 201)

    async def _drop_ref(self, request: Request) -> Response:
        if not self.git.head(request.path_params["branch"]):
            return _say(422, "Reference does not exist")
        self.git.delete_branch(request.path_params["branch"])
        return Response(status_code=204)

    async def _new_blob(self, request: Request) -> Response:
        body = await request.json()
        text = base64.b64decode(body["content"]).decode() if body.get("encoding") == "base64" else body["content"]
        return JSONResponse({"sha": self.git.write_blob(text)}, 201)

    async def _tree(self, request: Request) -> Response:
        ref = request.path_params["sha"]
        commit = self.git.commit_of(ref) or ref
        try:
            files = self.git.files(commit)
        except GitFailed:
            return _say(404, "Not Found")
        return JSONResponse(
            {
                "sha": ref,
                "truncated": False,
                "tree": [{"path": p, "type": "blob", "mode": "100644", "sha": b} for p, b in files.items()],
            }
        )

    async def _new_tree(self, request: Request) -> Response:
        body = await request.json()
        entries = {e["path"]: e.get("sha") or self.git.write_blob(e["content"]) for e in body["tree"]}
        return JSONResponse({"sha": self.git.write_tree(body.get("base_tree"), entries)}, 201)

    async def _commit(self, request: Request) -> Response:
        tree = self.git.tree_of(request.path_params["sha"])
        if tree is None:
            return _say(404, "Not Found")
        return JSONResponse({"sha": request.path_params["sha"], "tree": {"sha": tree}})

    async def _new_commit(self, request: Request) -> Response:
        body = await request.json()
        return JSONResponse(
            {"sha": self.git.write_commit(body["tree"], body["parents"], body["message"], _MACHINE)}, 201
        )

    # --- pull requests -------------------------------------------------------------------------------------------

    async def _pulls(self, request: Request) -> Response:
        said = request.query_params
        head = said.get("head", "").rpartition(":")[2]
        state = said.get("state", "open")
        found = [p for p in self.pulls if (not head or p.head == head) and state in ("all", p.state)]
        return JSONResponse([self._json(p) for p in reversed(found)])

    async def _new_pull(self, request: Request) -> Response:
        body = await request.json()
        if any(p.head == body["head"] and p.state == "open" for p in self.pulls):
            return _say(422, "Validation Failed", [{"message": f"A pull request already exists for {body['head']}."}])
        if not self.git.head(body["head"]):
            return _say(422, "Validation Failed", [{"field": "head", "code": "invalid"}])
        pull = Pull(
            len(self.pulls) + 1, body["title"], body.get("body", ""), body["head"], body["base"], _MACHINE, self.now()
        )
        self.pulls.append(pull)
        return JSONResponse(self._json(pull), 201)

    def _find(self, request: Request) -> Pull | None:
        number = request.path_params["number"]
        return self.pulls[number - 1] if 0 < number <= len(self.pulls) else None

    async def _pull(self, request: Request) -> Response:
        pull = self._find(request)
        return JSONResponse(self._json(pull)) if pull else _say(404, "Not Found")

    async def _change_pull(self, request: Request) -> Response:
        pull, body = self._find(request), await request.json()
        if pull is None:
            return _say(404, "Not Found")
        if body.get("state") in ("open", "closed") and not pull.merged:
            self._head(pull)
            pull.state = body["state"]
        return JSONResponse(self._json(pull))

    async def _merge(self, request: Request) -> Response:
        pull, body = self._find(request), await request.json()
        if pull is None:
            return _say(404, "Not Found")
        if pull.merged or pull.state != "open":
            return _say(405, "Pull Request is not mergeable")
        head = self._head(pull)
        if body.get("sha") and body["sha"] != head:
            return _say(409, "Head branch was modified. Review and try the merge again.")
        if self.faults.refuse_merge:
            return _say(405, self.faults.refuse_merge)
        if self.faults.review_by:
            return _say(405, "At least 1 approving review is required by reviewers with write access.")
        made = self.git.merge(
            pull.base, head, body.get("commit_title") or f"Merge pull request #{pull.number}\n", _MACHINE
        )
        if made is None:
            return _say(405, "Pull Request is not mergeable")
        pull.state, pull.merged, pull.merge_sha = "closed", True, made
        return JSONResponse({"sha": made, "merged": True, "message": "Pull Request successfully merged"})

    def _head(self, pull: Pull) -> str:
        pull.last_sha = self.git.head(pull.head) or pull.last_sha
        return pull.last_sha

    def _json(self, pull: Pull) -> dict[str, Any]:
        head = self._head(pull)
        mergeable = None if pull.state != "open" else not self.git.behind(pull.base, head)
        return {
            "number": pull.number, "state": pull.state, "title": pull.title, "body": pull.body, "merged": pull.merged,
            "merged_at": iso(self.now()) if pull.merged else None, "merge_commit_sha": pull.merge_sha or None, "mergeable": mergeable,
            "html_url": f"{self.url}/{self.repository}/pull/{pull.number}", "user": {"login": pull.author},
            "head": {"ref": pull.head, "sha": head}, "base": {"ref": pull.base, "sha": self.git.head(pull.base)},
            "requested_reviewers": [{"login": name} for name in self.faults.review_by], "requested_teams": [],
        }  # fmt: skip

    async def _reviews(self, request: Request) -> Response:
        return JSONResponse([])

    async def _protection(self, request: Request) -> Response:
        if not self.faults.review_by:
            return _say(404, "Branch not protected")
        return JSONResponse({"required_pull_request_reviews": {"required_approving_review_count": 1}})

    async def _check_runs(self, request: Request) -> Response:
        sha = request.path_params["sha"]
        if self.faults.checks == "never":
            return JSONResponse({"total_count": 0, "check_runs": []})
        began = self.seen.setdefault(sha, self.now())
        done = self.now() - began >= self.faults.check_seconds
        good = self.faults.checks == "pass" and self._parses(sha)
        run = {
            "name": "manifests",
            "status": "completed" if done else "in_progress",
            "conclusion": ("success" if good else "failure") if done else None,
        }
        return JSONResponse({"total_count": 1, "check_runs": [run]})

    def _parses(self, sha: str) -> bool:
        try:
            for blob in self.git.files(sha).values():
                list(yaml.safe_load_all(self.git.text(blob)))
        except (yaml.YAMLError, GitFailed):
            return False
        return True

    async def _statuses(self, request: Request) -> Response:
        return JSONResponse({"state": "pending", "total_count": 0, "statuses": []})

    async def _comments(self, request: Request) -> Response:
        pull = self._find(request)
        return JSONResponse(pull.comments if pull else [])

    async def _new_comment(self, request: Request) -> Response:
        pull = self._find(request)
        if pull is None:
            return _say(404, "Not Found")
        comment = {
            "id": pull.number * 1000 + len(pull.comments),
            "body": (await request.json())["body"],
            "user": {"login": _MACHINE},
        }
        pull.comments.append(comment)
        return JSONResponse(comment, 201)

    async def _change_comment(self, request: Request) -> Response:
        for pull in self.pulls:
            for comment in pull.comments:
                if comment["id"] == request.path_params["id"]:
                    comment["body"] = (await request.json())["body"]
                    return JSONResponse(comment)
        return _say(404, "Not Found")

    async def _rate_limit(self, request: Request) -> Response:
        return JSONResponse(
            {"resources": {"core": {"limit": 5000, "remaining": 4999, "reset": int(self.now()) + 3600}}}
        )


def _ref_json(branch: str, sha: str) -> dict[str, Any]:
    return {"ref": f"refs/heads/{branch}", "object": {"type": "commit", "sha": sha}}


def _say(status: int, message: str, errors: list[dict[str, str]] | None = None) -> Response:
    body: dict[str, Any] = {
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(status),
    }
    return JSONResponse({**body, **({"errors": errors} if errors else {})}, status)
