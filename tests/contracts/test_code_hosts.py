"""Code hosts beside GitHub's token: held to the documented shapes by stand-ins that speak them over ASGI."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from watchkeeper.codehosts.github_app import AppToken
from watchkeeper.codehosts.hosts import azure_devops, direct
from watchkeeper.codehosts.hosts.github import GitHub
from watchkeeper.codehosts.port import ChecksState, ClusterDoor
from watchkeeper.domain.errors import CodeHostError, CodeHostUnavailable, MergeRefused
from watchkeeper.domain.live import declared
from watchkeeper.settings import DeliverySettings

ROOT = "/acme/shop/_apis/git/repositories/manifests"
ZERO = "0" * 40


class Azure:
    """The parts of Azure DevOps Repos 7.1 that are used, as its reference documents them."""

    def __init__(self) -> None:
        self.trees: dict[str, dict[str, str]] = {"a" * 40: {"apps/web.yaml": "replicas: 2\n"}}
        self.parents: dict[str, list[str]] = {"a" * 40: []}
        self.refs = {"refs/heads/main": "a" * 40}
        self.pulls: list[dict[str, Any]] = []
        self.statuses: list[dict[str, Any]] = []
        self.policies: list[dict[str, Any]] = []
        self.threads: list[dict[str, Any]] = []
        self.queued = 0
        self.seen: list[str] = []
        self.down: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, method = request.url.path, request.method
        self.seen.append(f"{method} {path.removeprefix(ROOT)}")
        assert request.url.params["api-version"].startswith("7.1")
        if request.headers["authorization"] != "Basic " + base64.b64encode(b":pat").decode():
            return httpx.Response(203, text="<html>Sign in</html>")
        if any(d in f"{method} {path}" for d in self.down):
            self.down.clear()
            raise httpx.ConnectError("gone")
        body = json.loads(request.content) if request.content else None
        return self.answer(method, path, request.url.params, body)

    def answer(self, method: str, path: str, params: Mapping[str, str], body: Any) -> httpx.Response:
        if path == "/acme/shop/_apis/policy/evaluations":
            assert re.fullmatch(r"vstfs:///CodeReview/CodeReviewId/p-1/\d+", params["artifactId"])
            return rows(self.policies)
        assert path.startswith(ROOT), path
        match method, [p for p in path.removeprefix(ROOT).split("/") if p]:
            case "GET", ["items"]:
                return self.items(params)
            case "GET", ["refs"]:
                return rows(
                    [
                        {"name": n, "objectId": o}
                        for n, o in self.refs.items()
                        if n.startswith(f"refs/{params['filter']}")
                    ]
                )
            case "POST", ["refs"]:
                for update in body:
                    assert self.refs.get(update["name"], ZERO) == update["oldObjectId"]
                    if update["newObjectId"] == ZERO:
                        del self.refs[update["name"]]
                    else:
                        self.refs[update["name"]] = update["newObjectId"]
                return rows([{"success": True}])
            case "POST", ["pushes"]:
                return self.push(body)
            case "GET", ["commits", sha, "statuses"]:
                return rows([s for s in self.statuses if s["sha"] == sha])
            case "GET", ["pullrequests"]:
                wanted = params.get("searchCriteria.sourceRefName")
                state = params.get("searchCriteria.status")
                return rows(
                    [
                        self.with_head(p)
                        for p in self.pulls
                        if wanted in (None, p["sourceRefName"]) and state in ("all", p["status"])
                    ]
                )
            case "POST", ["pullrequests"]:
                return self.open(body)
            case "GET", ["pullrequests", number]:
                return httpx.Response(200, json=self.shown(int(number)))
            case "PATCH", ["pullrequests", number]:
                return self.patch(int(number), body)
            case "GET", ["pullRequests", _, "threads"]:
                return rows(self.threads)
            case "POST", ["pullRequests", _, "threads"]:
                self.threads.append({"id": len(self.threads) + 1, "comments": [{"id": 1, **body["comments"][0]}]})
                return httpx.Response(200, json=self.threads[-1])
            case "PATCH", ["pullRequests", _, "threads", thread, "comments", _]:
                self.threads[int(thread) - 1]["comments"][0]["content"] = body["content"]
                return httpx.Response(200, json={})
        raise AssertionError(f"{method} {path}")

    def items(self, params: Mapping[str, str]) -> httpx.Response:
        version = params["versionDescriptor.version"]
        kind = params["versionDescriptor.versionType"]
        commit = version if kind == "commit" else self.refs.get(f"refs/heads/{version}", "")
        tree = self.trees.get(commit, {})
        if "path" in params:
            text = tree.get(params["path"].lstrip("/"))
            return missing() if text is None else httpx.Response(200, json={"path": params["path"], "content": text})
        under = params["scopePath"].rstrip("/") + "/"
        found = [{"path": f"/{p}"} for p in tree if f"/{p}".startswith(under)]
        return rows([{"path": under, "isFolder": True}, *found]) if found else missing()

    def push(self, body: Any) -> httpx.Response:
        [update], [commit] = body["refUpdates"], body["commits"]
        if self.refs[update["name"]] != update["oldObjectId"]:
            return httpx.Response(409, json={"message": "TF401028: The reference has already been updated"})
        tree = dict(self.trees[update["oldObjectId"]])
        for change in commit["changes"]:
            path = change["item"]["path"].lstrip("/")
            assert change["changeType"] == ("edit" if path in tree else "add")
            assert change["newContent"]["contentType"] == "rawtext"
            tree[path] = change["newContent"]["content"]
        made = f"{len(self.trees):040x}"
        self.trees[made], self.parents[made] = tree, [update["oldObjectId"]]
        self.refs[update["name"]] = made
        return httpx.Response(201, json={"commits": [{"commitId": made}]})

    def open(self, body: Any) -> httpx.Response:
        if any(p["sourceRefName"] == body["sourceRefName"] and p["status"] == "active" for p in self.pulls):
            return httpx.Response(409, json={"message": "TF401179: An active pull request already exists"})
        row = {
            "pullRequestId": len(self.pulls) + 1, "status": "active", "mergeStatus": "succeeded", **body, "reviewers": [{"displayName": "Ann", "vote": 0}],
            "createdBy": {"displayName": "Watchkeeper"}, "repository": {"webUrl": "https://dev.example/acme", "project": {"id": "p-1"}},
        }  # fmt: skip
        self.pulls.append(row)
        return httpx.Response(201, json=self.shown(row["pullRequestId"]))

    def shown(self, number: int) -> dict[str, Any]:
        row = self.pulls[number - 1]
        if self.queued:
            self.queued -= 1
        elif row.pop("completing", False):
            merged = f"{len(self.trees):040x}"
            self.trees[merged] = self.trees[self.refs[row["sourceRefName"]]]
            self.refs[row["targetRefName"]] = merged
            row |= {"status": "completed", "lastMergeCommit": {"commitId": merged}}
        return self.with_head(row)

    def with_head(self, row: dict[str, Any]) -> dict[str, Any]:
        head = self.refs.get(row["sourceRefName"])
        return {**row, **({"lastMergeSourceCommit": {"commitId": head}} if head else {})}

    def patch(self, number: int, body: Any) -> httpx.Response:
        row = self.pulls[number - 1]
        if body["status"] == "completed":
            if body["lastMergeSourceCommit"]["commitId"] != self.refs[row["sourceRefName"]]:
                return httpx.Response(409, json={"message": "TF401192: The source branch has been modified"})
            if any(p["status"] == "rejected" for p in self.policies):
                return httpx.Response(403, json={"message": "TF402455: Pushes to this branch are not permitted"})
            row["completing"] = True
        else:
            row["status"] = body["status"]
        return httpx.Response(200, json=self.shown(number))


def rows(found: list[dict[str, Any]]) -> httpx.Response:
    return httpx.Response(200, json={"value": found, "count": len(found)})


def missing() -> httpx.Response:
    return httpx.Response(404, json={"message": "TF401174: The item could not be found"})


def azure(server: Azure, token: str = "pat") -> azure_devops.AzureDevOps:
    settings = DeliverySettings.model_validate(
        {"url": "https://dev.example", "project": "acme/shop", "repository": "manifests", "token": token}
    )
    return azure_devops.AzureDevOps(settings, httpx.MockTransport(server), pause=0)


CHANGE: dict[str, Any] = {
    "branch": "watchkeeper/x", "base": "main", "files": {"apps/web.yaml": "replicas: 3\n", "apps/new.yaml": "a: 1\n"},
    "title": "scale out", "body": "why", "message": "scale out\n",
}  # fmt: skip
BUILD = {
    "configuration": {
        "isBlocking": True,
        "isEnabled": True,
        "type": {"id": "0609b952-1397-4640-95ec-e00a01b2c241", "displayName": "Build"},
    }
}
REVIEW = {
    "configuration": {
        "isBlocking": True,
        "isEnabled": True,
        "type": {"id": azure_devops._REVIEWS[0], "displayName": "Minimum number of reviewers"},
    }
}


async def test_azure_from_branch_to_completed_pull_request() -> None:
    server = Azure()
    host = azure(server)
    assert await host.list_files("main", "apps") == ["apps/web.yaml"]
    assert await host.read_file("apps/none.yaml", "main") is None
    pull = await host.propose(**CHANGE)
    assert (pull.number, pull.state, pull.branch, pull.base) == (1, "open", "watchkeeper/x", "main")
    assert await host.read_file("apps/web.yaml", "watchkeeper/x") == "replicas: 3\n"
    assert (await host.checks(pull.head_sha)).state is ChecksState.NONE
    server.policies = [{**BUILD, "status": "running"}, {**REVIEW, "status": "queued"}]
    assert (await host.checks(pull.head_sha)).state is ChecksState.PENDING
    assert (await host.pull_request(1)).review_required
    server.policies = [{**BUILD, "status": "approved"}, {**REVIEW, "status": "approved"}]
    server.statuses = [{"sha": pull.head_sha, "state": "succeeded", "context": {"genre": "ci", "name": "lint"}}]
    checks = await host.checks(pull.head_sha)
    assert (checks.state, checks.words) == (ChecksState.PASSED, "2 checks passed")
    assert not (await host.pull_request(1)).review_required
    server.statuses[0]["state"] = "failed"
    assert (await host.checks(pull.head_sha)).failing == ("ci/lint",)
    server.queued = 2
    merged = await host.merge(1, expected_head=pull.head_sha)
    assert merged.state == "merged"
    assert merged.merge_sha == server.refs["refs/heads/main"]
    assert await host.read_file("apps/new.yaml", "main") == "a: 1\n"
    await host.aclose()


@pytest.mark.parametrize(
    "when", ["POST " + ROOT + "/pushes", "POST " + ROOT + "/pullrequests", "POST " + ROOT + "/refs"]
)
async def test_azure_asked_twice_finds_its_own_work(when: str) -> None:
    server = Azure()
    server.down = {when}
    host = azure(server)
    with pytest.raises(CodeHostUnavailable):
        await host.propose(**CHANGE)
    first, second = await host.propose(**CHANGE), await host.propose(**CHANGE)
    assert first == second
    assert len(server.pulls) == 1
    assert sum(s == "POST /pushes" for s in server.seen) == (2 if "pushes" in when else 1)


async def test_azure_refuses_in_its_own_words() -> None:
    server = Azure()
    host = azure(server)
    pull = await host.propose(**CHANGE)
    with pytest.raises(MergeRefused, match="TF401192"):
        await host.merge(1, expected_head="b" * 40)
    server.policies = [{**BUILD, "status": "rejected"}]
    with pytest.raises(MergeRefused, match="TF402455"):
        await host.merge(1, expected_head=pull.head_sha)
    with pytest.raises(CodeHostError, match="refuses our token"):
        await azure(server, "wrong").head("main")
    server.policies, server.queued = [], 99
    with pytest.raises(CodeHostUnavailable, match="queued"):
        await host.merge(1, expected_head=pull.head_sha)


async def test_azure_abandons_with_one_comment() -> None:
    server = Azure()
    host = azure(server)
    await host.propose(**CHANGE)
    for _ in range(2):
        assert (await host.close(1, comment="the alert resolved")).state == "closed"
    assert len(server.threads) == 1
    assert "refs/heads/watchkeeper/x" not in server.refs
    await host.comment(1, "other words", key="closed")
    assert "other words" in server.threads[0]["comments"][0]["content"]


# --- GitHub App ----------------------------------------------------------------------------------------------------


async def test_a_github_app_exchanges_a_signed_statement_for_a_token_and_renews_it() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    settings = DeliverySettings.model_validate(
        {
            "repository": "shop/manifests",
            "url": "https://api.example",
            "app_id": "77",
            "installation_id": "5",
            "private_key": pem,
        }
    )
    clock, given, used = [1_800_000_000.0], [], []

    def answer(request: httpx.Request) -> httpx.Response:
        said = request.headers["authorization"].removeprefix("Bearer ")
        if request.url.path == "/app/installations/5/access_tokens":
            head, claims, signature = said.split(".")
            key.public_key().verify(decoded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), SHA256())
            content = json.loads(decoded(claims))
            assert content["iss"] == "77"
            assert content["exp"] - content["iat"] <= 600
            given.append(content)
            ends = "2027-01-15T09:00:00Z" if len(given) == 1 else "2027-01-15T10:00:00Z"
            return httpx.Response(201, json={"token": f"ghs_{len(given)}", "expires_at": ends})
        used.append(said)
        return httpx.Response(200, json={"object": {"sha": "abc"}})

    host = GitHub(settings, httpx.MockTransport(answer))
    host._client.auth = AppToken(settings, lambda: clock[0])
    assert await host.head("main") == "abc"
    assert await host.head("main") == "abc"
    clock[0] += 3400
    assert await host.head("main") == "abc"
    assert used == ["ghs_1", "ghs_1", "ghs_2"]
    await host.aclose()


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


# --- server-side apply ---------------------------------------------------------------------------------------------

WEB: dict[str, Any] = {
    "apiVersion": "apps/v1", "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "7", "managedFields": [], "labels": {"app": "web"}},
    "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "web", "image": "web:1"}, {"name": "side", "image": "side:1"}]}}},
    "status": {"readyReplicas": 2},
}  # fmt: skip


class Cluster:
    """Server-side apply with owners of fields, dry runs and label selectors."""

    def __init__(self, manager: str = "") -> None:
        self.thing = json.loads(json.dumps(WEB))
        self.manager, self.applied, self.sent = manager, 0, list[dict[str, Any]]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, params = request.url.path, request.url.params
        if request.method == "PATCH":
            assert path == "/apis/apps/v1/namespaces/shop/deployments/web"
            assert request.headers["content-type"] == "application/apply-patch+yaml"
            assert params["fieldManager"] == "watchkeeper"
            body = yaml.safe_load(request.content)
            self.sent.append({"body": body, "force": params["force"], "dry": params.get("dryRun", "")})
            if self.manager and params["force"] == "false":
                causes = [
                    {
                        "reason": "FieldManagerConflict",
                        "message": f'conflict with "{self.manager}" using apps/v1',
                        "field": ".spec.replicas",
                    }
                ]
                return httpx.Response(
                    409,
                    json={"message": f"Apply failed with 1 conflict: {self.manager}", "details": {"causes": causes}},
                )
            if params.get("dryRun") != "All":
                self.applied += 1
                self.thing["metadata"]["labels"].update(body["metadata"]["labels"])
                self.thing["spec"]["replicas"] = body["spec"].get("replicas", self.thing["spec"]["replicas"])
            return httpx.Response(200, json=self.thing)
        if path.endswith("/deployments/web"):
            return httpx.Response(200, json=self.thing)
        if path.endswith("/deployments"):
            key, _, value = params.get("labelSelector", "").partition("=")
            fits = not key or self.thing["metadata"]["labels"].get(key) == value
            return httpx.Response(200, json={"items": [self.thing] if fits else []})
        return httpx.Response(200, json={"items": []})


def on(server: Cluster) -> direct.Direct:
    return direct.Direct(
        DeliverySettings(namespaces=("shop",)), ClusterDoor("https://cluster.example", "t"), httpx.MockTransport(server)
    )


def scaled(server: Cluster) -> dict[str, Any]:
    path, text = declared(server.thing)
    return {**CHANGE, "base": "live", "files": {path: text.replace("replicas: 2", "replicas: 3")}}


async def test_direct_applies_the_changed_field_once_and_another_process_finds_it_done() -> None:
    server = Cluster()
    host = on(server)
    assert await host.list_files("live", "shop") == ["shop/Deployment/web.yaml"]
    change = scaled(server)
    pull = await host.propose(**change)
    assert server.applied == 0
    assert server.sent[0]["dry"] == "All"
    assert (await host.checks(pull.head_sha)).state is ChecksState.PASSED
    assert (await host.merge(pull.number, expected_head=pull.head_sha)).state == "merged"
    number = direct.number_of("watchkeeper/x")
    assert server.sent[-1]["body"] == {
        "apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 3},
        "metadata": {"name": "web", "namespace": "shop", "labels": {"watchkeeper.io/change": str(number)}},
    }  # fmt: skip
    other = on(server)
    found = await other.find_pull_request("watchkeeper/x")
    assert found is not None
    assert found.state == "merged"
    assert (await other.propose(**change)).state == "merged"
    assert (await other.pull_request(number)).state == "merged"
    assert server.applied == 1


@pytest.mark.parametrize(
    ("manager", "taken"),
    [("kubectl-client-side-apply", True), ("kube-controller-manager", False), ("argocd-controller", False)],
)
async def test_direct_takes_fields_over_from_people_and_from_nobody_else(manager: str, taken: bool) -> None:
    server = Cluster(manager)
    host = on(server)
    pull = await host.propose(**scaled(server))
    checks = await host.checks(pull.head_sha)
    assert checks.state is (ChecksState.PASSED if taken else ChecksState.FAILED)
    if not taken:
        assert manager in checks.words
        with pytest.raises(MergeRefused):
            await host.merge(pull.number, expected_head=pull.head_sha)
    assert server.applied == 0
    with pytest.raises(MergeRefused, match="not the one that was checked"):
        await host.merge(pull.number, expected_head="another")


def test_only_what_differs_is_sent() -> None:
    after = json.loads(json.dumps(WEB["spec"]))
    after["template"]["spec"]["containers"][1]["image"] = "side:2"
    assert direct.changed(WEB["spec"], after) == {
        "template": {"spec": {"containers": [{"name": "side", "image": "side:2"}]}}
    }
