"""The cluster itself as a repository, for those without GitOps: server-side apply as the field manager `watchkeeper`.

A "pull request" is a set of changed fields that the API server accepted in a dry run; merging it applies them. The applied
object carries a label with the number, so that whoever asks again, in another life, finds it done. Only the changed fields
are sent. A field that another program manages is refused by the server and left alone; one that people set with kubectl is
taken over, for that is what they would do themselves.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import httpx
import yaml

from watchkeeper.codehosts.port import Checks, ChecksState, ClusterDoor, CodeHost, PullRequest
from watchkeeper.domain.errors import CodeHostError, CodeHostUnavailable, ConfigurationError, MergeRefused
from watchkeeper.domain.live import APPLIED, cleaned, declared
from watchkeeper.settings import DeliverySettings

MANAGER = "watchkeeper"
LABEL = "watchkeeper.io/change"
_PEOPLE = ("kubectl", "before-first-apply", "k9s", "Lens", "Mozilla")
"""Managers that are people at work, by the beginning of their names."""
_KEYS = ("name", "containerPort", "port", "mountPath")


class Direct:
    """Live objects of the kinds in `domain.live.APPLIED`. Raises CodeHostError and its children."""

    name = "direct"

    def __init__(
        self, settings: DeliverySettings, cluster: ClusterDoor, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._namespaces = settings.namespaces
        headers = {"Authorization": f"Bearer {cluster.token}"} if cluster.token else {}
        certificate = (cluster.cert_file, cluster.key_file) if cluster.cert_file and cluster.key_file else None
        self._client = httpx.AsyncClient(
            base_url=cluster.server.rstrip("/"), headers=headers, timeout=settings.timeout_seconds, transport=transport,
            verify=cluster.ca_file or True, cert=certificate,
        )  # fmt: skip
        self._open: dict[int, tuple[str, str, Mapping[str, str]]] = {}
        """number -> (branch, base, files), of this process: nothing has happened yet, so another one just asks again"""
        self._accepted: dict[str, str] = {}
        """head -> "" where the dry run was accepted, else why not"""

    async def read_file(self, path: str, ref: str) -> str | None:
        """The live object as YAML."""
        live = await self._live(path)
        return None if live is None else declared(live)[1]

    async def list_files(self, ref: str, under: str = "") -> list[str]:
        """One path an object."""
        out = []
        for kind in APPLIED:
            for space in self._namespaces or ("",):
                out += [declared({**o, "kind": kind})[0] for o in await self._list(kind, space, "")]
        return sorted(p for p in out if not under or p.startswith(under.rstrip("/") + "/"))

    async def earlier(self, ref: str, under: str = "") -> Mapping[str, tuple[str, ...]]:
        """A cluster keeps no history of its objects."""
        return {}

    async def head(self, branch: str) -> str | None:
        """There is one state: what lives."""
        return "live"

    async def propose(
        self, *, branch: str, base: str, files: Mapping[str, str], title: str, body: str, message: str
    ) -> PullRequest:
        """A dry run of the change."""
        found = await self.find_pull_request(branch)
        if found is not None:
            return found
        number = number_of(branch)
        self._open[number] = (branch, base, dict(files))
        problems = [p for p in [await self._apply(path, text, number, dry=True) for path, text in files.items()] if p]
        self._accepted[head_of(files)] = "; ".join(problems)
        return self._shown(number, "open")

    async def pull_request(self, number: int) -> PullRequest:
        """Merged where an object carries its number, else open."""
        return self._shown(number, "merged" if await self._done(number) else "open")

    async def find_pull_request(self, branch: str) -> PullRequest | None:
        """The one of this branch, if it was applied or is open here."""
        number = number_of(branch)
        if await self._done(number):
            self._open.setdefault(number, (branch, "live", {}))
            return self._shown(number, "merged")
        return self._shown(number, "open") if number in self._open else None

    async def checks(self, sha: str) -> Checks:
        """The dry run."""
        if sha not in self._accepted:
            return Checks(ChecksState.NONE, "no dry run was made in this process")
        problem = self._accepted[sha]
        if problem:
            return Checks(ChecksState.FAILED, f"the API server refuses it: {problem}", ("dry run",))
        return Checks(ChecksState.PASSED, "the API server accepts it (dry run)")

    async def merge(self, number: int, *, expected_head: str) -> PullRequest:
        """Apply it. Raises MergeRefused with the server's words."""
        if await self._done(number):
            return self._shown(number, "merged")
        if number not in self._open or head_of(self._open[number][2]) != expected_head:
            raise MergeRefused("the change is not the one that was checked")
        for path, text in self._open[number][2].items():
            problem = await self._apply(path, text, number, dry=False)
            if problem:
                raise MergeRefused(problem)
        return self._shown(number, "merged")

    async def close(self, number: int, *, comment: str) -> PullRequest:
        """Forget it; what is applied stays."""
        self._open.pop(number, None)
        return self._shown(number, "merged" if await self._done(number) else "closed")

    async def comment(self, number: int, body: str, *, key: str) -> None:
        """Nobody reads comments here: the timeline has them."""

    async def probe(self) -> list[tuple[str, bool, str]]:
        """May we patch?"""
        out = []
        for kind, (root, plural) in APPLIED.items():
            group = root.removeprefix("/apis/").rpartition("/")[0] if root.startswith("/apis/") else ""
            asked = {"verb": "patch", "group": group, "resource": plural, "namespace": (self._namespaces or ("",))[0]}
            body = {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectAccessReview",
                "spec": {"resourceAttributes": asked},
            }
            answer = await self._ask(
                "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", json=body, allow=(403, 404)
            )
            may = answer.is_success and bool(answer.json().get("status", {}).get("allowed"))
            out.append((kind, may, "may be patched" if may else "may not be patched by our account"))
        return out

    async def aclose(self) -> None:
        """Give connections back."""
        await self._client.aclose()

    def _shown(self, number: int, state: str) -> PullRequest:
        branch, base, files = self._open.get(number, ("", "live", {}))
        return PullRequest(
            number,
            f"cluster:change/{number}",
            branch,
            base,
            head_of(files),
            state,
            f"applied-{number}" if state == "merged" else "",
        )

    async def _done(self, number: int) -> bool:
        for kind in APPLIED:
            for space in self._namespaces or ("",):
                if await self._list(kind, space, f"{LABEL}={number}"):
                    return True
        return False

    async def _list(self, kind: str, namespace: str, labels: str) -> list[dict[str, Any]]:
        root, plural = APPLIED[kind]
        path = f"{root}/namespaces/{namespace}/{plural}" if namespace else f"{root}/{plural}"
        answer = await self._ask("GET", path, params={"labelSelector": labels} if labels else {}, allow=(403, 404))
        return list(answer.json().get("items") or []) if answer.is_success else []

    async def _live(self, path: str) -> dict[str, Any] | None:
        answer = await self._ask("GET", _url(path), allow=(404,))
        return None if answer.status_code == 404 else dict(answer.json())

    async def _apply(self, path: str, text: str, number: int, *, dry: bool) -> str:
        """ "" where the server took it."""
        live = await self._live(path)
        if live is None:
            return f"{path} is gone"
        before, after = cleaned(live), yaml.safe_load(text)
        if not isinstance(after, dict):
            return f"{path}: a live object is not taken away"
        patch = changed(before, after)
        head = {
            "name": live["metadata"]["name"],
            "namespace": live["metadata"].get("namespace", ""),
            "labels": {LABEL: str(number)},
        }
        own = patch.pop("metadata", {}).get("annotations")
        body = {
            "apiVersion": before["apiVersion"],
            "kind": before["kind"],
            "metadata": {**head, **({"annotations": own} if own else {})},
            **patch,
        }
        answer = await self._patch(path, body, dry=dry, force=False)
        if answer.status_code == 409 and _only_people(answer):
            answer = await self._patch(path, body, dry=dry, force=True)
        return "" if answer.is_success else _words(answer)

    async def _patch(self, path: str, body: Mapping[str, Any], *, dry: bool, force: bool) -> httpx.Response:
        params = {"fieldManager": MANAGER, "force": str(force).lower(), **({"dryRun": "All"} if dry else {})}
        headers = {"Content-Type": "application/apply-patch+yaml"}
        text = yaml.safe_dump(dict(body), sort_keys=True)
        return await self._ask(
            "PATCH", _url(path), params=params, headers=headers, content=text, allow=(400, 403, 404, 409, 422)
        )

    async def _ask(self, method: str, path: str, *, allow: tuple[int, ...] = (), **options: Any) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, **options)
        except httpx.TransportError as error:
            raise CodeHostUnavailable(
                f"the cluster does not answer: {error}", hint="check sources.kubernetes"
            ) from None
        if answer.is_success or answer.status_code in allow:
            return answer
        if answer.status_code == 429 or answer.status_code >= 500:
            raise CodeHostUnavailable(f"the cluster says {answer.status_code}: {_words(answer)}")
        raise CodeHostError(f"the cluster says {answer.status_code} to {method} {path}: {_words(answer)}")


def number_of(branch: str) -> int:
    """The same branch has the same number in every process."""
    return int(hashlib.sha256(branch.encode()).hexdigest()[:12], 16)


def head_of(files: Mapping[str, str]) -> str:
    """Stands for a commit."""
    return hashlib.sha256("\0".join(f"{p}\0{t}" for p, t in sorted(files.items())).encode()).hexdigest()[:40]


def changed(before: Any, after: Any) -> Any:
    """The parts of `after` that differ, with the keys that tell entries of a list apart."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        out = {k: changed(before[k], v) if k in before else v for k, v in after.items() if before.get(k) != v}
        key = next((k for k in _KEYS if k in after), None)
        return out | ({key: after[key]} if key and out and key not in out else {})
    if isinstance(before, list) and isinstance(after, list):
        key = next((k for k in _KEYS if all(isinstance(e, Mapping) and k in e for e in [*before, *after])), None)
        if key and len(before) == len(after):
            pairs = zip(before, after, strict=True)
            return [changed(b, a) | {key: a[key]} for b, a in pairs if b != a]
    return after


def _url(path: str) -> str:
    namespace, kind, name = path.removesuffix(".yaml").split("/")
    if kind not in APPLIED:
        raise CodeHostError(f"a {kind} is not applied directly")
    root, plural = APPLIED[kind]
    return f"{root}/namespaces/{namespace}/{plural}/{name}"


def _only_people(answer: httpx.Response) -> bool:
    """Are all managers in the way people with kubectl?"""
    try:
        causes = (answer.json().get("details") or {}).get("causes") or []
    except ValueError:
        return False
    managers = [str(c.get("message", "")).partition('conflict with "')[2].partition('"')[0] for c in causes]
    return bool(managers) and all(m.startswith(_PEOPLE) for m in managers)


def _words(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("message", ""))[:300]
    except ValueError:
        return answer.text[:200]


def build(settings: DeliverySettings, cluster: ClusterDoor | None = None) -> CodeHost:
    """From `delivery` and `sources.kubernetes`."""
    if cluster is None:
        raise ConfigurationError(
            "delivery.host direct needs a cluster", hint="set sources.kubernetes or KUBE_CONFIG_PATH"
        )
    return Direct(settings, cluster)
