"""Objects and events from the Kubernetes API, read only."""

import asyncio
import base64
import itertools
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml
from pydantic import SecretStr

from watchkeeper.domain.errors import ConfigurationError, SourceError, SourceRefused, SourceUnavailable
from watchkeeper.domain.evidence import Change, Missing, Origin, Signal, Window
from watchkeeper.domain.topology import Workload
from watchkeeper.settings import HttpSource, KubernetesSource
from watchkeeper.telemetry.budget import Purse
from watchkeeper.telemetry.gitops import deployers
from watchkeeper.telemetry.http import SourceClient
from watchkeeper.telemetry.port import Inventory, Probe, Reading, Scope, Source, SourceTools

NAME = "kubernetes"
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_PAGE = 500
_SYSTEM = "kube-system"
_REVISION = "deployment.kubernetes.io/revision"

ROOTS = {
    "Pod": ("/api/v1", "pods"), "Service": ("/api/v1", "services"), "Endpoints": ("/api/v1", "endpoints"),
    "Event": ("/api/v1", "events"), "Node": ("/api/v1", "nodes"), "Deployment": ("/apis/apps/v1", "deployments"),
    "ReplicaSet": ("/apis/apps/v1", "replicasets"), "StatefulSet": ("/apis/apps/v1", "statefulsets"),
    "DaemonSet": ("/apis/apps/v1", "daemonsets"),
    "HorizontalPodAutoscaler": ("/apis/autoscaling/v2", "horizontalpodautoscalers"),
    "PodDisruptionBudget": ("/apis/policy/v1", "poddisruptionbudgets"),
}  # fmt: skip
"""kind -> (API root, plural): what an incident cannot do without"""
MORE = {
    "ConfigMap": ("/api/v1", "configmaps"), "Secret": ("/api/v1", "secrets"),
    "PersistentVolumeClaim": ("/api/v1", "persistentvolumeclaims"), "ResourceQuota": ("/api/v1", "resourcequotas"),
    "LimitRange": ("/api/v1", "limitranges"), "ServiceAccount": ("/api/v1", "serviceaccounts"),
    "Job": ("/apis/batch/v1", "jobs"), "CronJob": ("/apis/batch/v1", "cronjobs"),
    "Ingress": ("/apis/networking.k8s.io/v1", "ingresses"),
    "NetworkPolicy": ("/apis/networking.k8s.io/v1", "networkpolicies"),
    "Certificate": ("/apis/cert-manager.io/v1", "certificates"),
    "VerticalPodAutoscaler": ("/apis/autoscaling.k8s.io/v1", "verticalpodautoscalers"),
    "ScaledObject": ("/apis/keda.sh/v1alpha1", "scaledobjects"),
}  # fmt: skip
"""further kinds of a namespace: read where they are there and we may"""
WIDE = {
    "Namespace": ("/api/v1", "namespaces"), "PersistentVolume": ("/api/v1", "persistentvolumes"),
    "StorageClass": ("/apis/storage.k8s.io/v1", "storageclasses"),
    "IngressClass": ("/apis/networking.k8s.io/v1", "ingressclasses"),
    "ValidatingWebhookConfiguration": ("/apis/admissionregistration.k8s.io/v1", "validatingwebhookconfigurations"),
    "MutatingWebhookConfiguration": ("/apis/admissionregistration.k8s.io/v1", "mutatingwebhookconfigurations"),
    "ClusterRole": ("/apis/rbac.authorization.k8s.io/v1", "clusterroles"),
    "GatewayClass": ("/apis/gateway.networking.k8s.io/v1", "gatewayclasses"),
    "ClusterIssuer": ("/apis/cert-manager.io/v1", "clusterissuers"),
}  # fmt: skip
"""kinds without a namespace"""
CHECKED = {
    "Role": ("/apis/rbac.authorization.k8s.io/v1", "roles"),
    "Gateway": ("/apis/gateway.networking.k8s.io/v1", "gateways"),
    "HTTPRoute": ("/apis/gateway.networking.k8s.io/v1", "httproutes"),
    "Issuer": ("/apis/cert-manager.io/v1", "issuers"),
    "Application": ("/apis/argoproj.io/v1alpha1", "applications"),
    "Kustomization": ("/apis/kustomize.toolkit.fluxcd.io/v1", "kustomizations"),
    "HelmRelease": ("/apis/helm.toolkit.fluxcd.io/v2", "helmreleases"),
    "GitRepository": ("/apis/source.toolkit.fluxcd.io/v1", "gitrepositories"),
}  # fmt: skip
"""kinds that only a check of the whole cluster reads"""
EVERY = {**ROOTS, **MORE, **WIDE, **CHECKED}
_IN_INCIDENTS = (*MORE, "StorageClass")
_NAMES_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


_ABSENT = "the cluster has no such kind"
_EPOCH = datetime.fromtimestamp(0, UTC)
_NEVER = Window(_EPOCH, _EPOCH, _EPOCH)


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach the API."""

    server: str
    token: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""


class Kubernetes:
    """Lists what a diagnosis needs; also answers for single objects (ObjectQueries)."""

    name = NAME
    signals = frozenset({Signal.KUBERNETES})

    def __init__(
        self, settings: KubernetesSource, tools: SourceTools, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        access = access_of(settings)
        self._argocd = settings.argocd_namespace
        http = HttpSource(
            url=access.server, token=SecretStr(access.token), ca_file=access.ca_file, cert_file=access.cert_file, key_file=access.key_file,
            timeout_seconds=settings.timeout_seconds, concurrency=settings.concurrency, retries=settings.retries, budget=settings.budget,
        )  # fmt: skip
        self._client = SourceClient(
            NAME, http, Purse(NAME, settings.budget, tools.ledger, tools.clock), transport=transport
        )

    async def read(self, scope: Scope) -> Reading:
        """All kinds at once. A kind we may not list is a Missing of its own."""
        results = await asyncio.gather(*(self._kind(kind, scope) for kind in ROOTS))
        missing = tuple(r for r in results if isinstance(r, Missing))
        if len(missing) == len(ROOTS):
            return Reading(missing=(Missing(Signal.KUBERNETES, NAME, "", missing[0].reason),))
        # What a person did not grant beyond the least is no gap to speak of in every incident.
        further = await asyncio.gather(*(self._kind(kind, scope) for kind in _IN_INCIDENTS))
        objects = [o for found in (*results, *further) if not isinstance(found, Missing) for o in found]
        if scope.namespaces and _SYSTEM not in scope.namespaces:
            objects += await self._dns(scope.incident_id)
        objects += await deployers([o for o in objects if o["kind"] in _WORKLOADS], self._granted, self._argocd)
        workloads = tuple(
            Workload(o["metadata"]["namespace"], o["kind"], o["metadata"]["name"])
            for o in objects
            if o["kind"] in _WORKLOADS
        )
        return Reading(objects=tuple(objects), changes=releases(objects, scope), workloads=workloads, missing=missing)

    async def inventory(self, namespaces: tuple[str, ...] = ()) -> Inventory:
        """Every kind a check looks at. Raises SourceError where not even pods can be listed."""
        pods = [o for space in (namespaces or ("",)) for o in await self._list("Pod", space, "")]
        scope = Scope(_NEVER, namespaces)
        rest = [kind for kind in EVERY if kind != "Pod"]
        results = await asyncio.gather(*(self._kind(kind, scope) for kind in rest))
        objects, readable, denied = [*pods], {"Pod"}, {}
        for kind, found in zip(rest, results, strict=True):
            if not isinstance(found, Missing):
                objects += found
                readable.add(kind)
            elif found.reason != _ABSENT:
                denied[kind] = found.reason
        # DNS lives outside the namespaces that were asked for.
        if namespaces and _SYSTEM not in namespaces:
            objects += await self._dns("")
        return Inventory(tuple(objects), frozenset(readable), denied)

    async def _dns(self, incident: str) -> list[dict[str, Any]]:
        """The cluster's DNS servers, on which every namespace leans; nothing where we may not read them."""
        out: list[dict[str, Any]] = []
        for kind in ("Pod", "Deployment", "ReplicaSet"):
            params = {"labelSelector": "k8s-app=kube-dns", "limit": str(_PAGE)}
            try:
                body = await self._client.json(_path(kind, _SYSTEM), params, incident=incident)
                out += [{**item, "kind": kind} for item in _items(body)]
            except SourceError:
                return []
        return out

    async def _kind(self, kind: str, scope: Scope) -> list[dict[str, Any]] | Missing:
        spaces = scope.namespaces if kind != "Node" and kind not in WIDE else ()
        try:
            found = [await self._list(kind, space, scope.incident_id) for space in (spaces or ("",))]
        except SourceError as error:
            # A kind that this cluster does not have is no gap in what we see.
            absent = kind not in ROOTS and isinstance(error, SourceRefused) and error.status == 404
            return Missing(Signal.KUBERNETES, NAME, f"list {kind}", _ABSENT if absent else str(error))
        return [o for part in found for o in part]

    async def _list(self, kind: str, namespace: str, incident: str) -> list[dict[str, Any]]:
        """All pages. A continue token that grew too old starts the list again, once."""
        for again in (False, True):
            try:
                return await self._pages(kind, namespace, incident)
            except SourceRefused as error:
                if error.status != 410 or again:
                    raise
        raise AssertionError("unreachable")

    async def _pages(self, kind: str, namespace: str, incident: str) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        token = ""
        while True:
            params = {"limit": str(_PAGE), **({"continue": token} if token else {})}
            headers = {"Accept": _NAMES_ONLY} if kind == "Secret" else {}
            body = await self._client.json(_path(kind, namespace), params, incident=incident, headers=headers)
            # List items lack their kind.
            out += [_lean({**item, "kind": kind}) for item in _items(body)]
            token = (body.get("metadata") or {}).get("continue", "")
            if not token:
                return out

    async def get(self, kind: str, namespace: str, name: str) -> Mapping[str, Any] | None:
        """One object as it is now; None where there is none."""
        try:
            return await self._client.json(f"{_path(kind, namespace)}/{name}")
        except SourceRefused as error:
            if error.status == 404:
                return None
            raise

    async def _granted(self, kind: str, namespace: str, name: str) -> Mapping[str, Any] | None:
        """The same, and None too where we may not read it: it is no gap in an incident."""
        try:
            return await self.get(kind, namespace, name)
        except SourceError:
            return None

    async def probe(self) -> list[Probe]:
        """Does it answer, and may we list what we need?"""
        try:
            version = (await self._client.json("/version")).get("gitVersion", "?")
        except SourceError as error:
            return [
                Probe(NAME, False, str(error), error.hint or "check sources.kubernetes.kubeconfig or KUBE_CONFIG_PATH")
            ]
        denied = []
        for kind in ROOTS:
            try:
                await self._client.get(_path(kind, ""), {"limit": "1"})
            except SourceRefused:
                denied.append(kind)
            except SourceUnavailable as error:
                return [Probe(NAME, False, str(error), error.hint)]
        words = f"{version} at {self._client.url}"
        if denied:
            hint = "bind a ClusterRole with get, list on these to our account"
            return [Probe(NAME, False, f"{words}; may not list {', '.join(denied)}", hint)]
        return [Probe(NAME, True, f"{words}, every kind may be listed")]

    async def close(self) -> None:
        """Give connections back."""
        await self._client.close()


def _lean(thing: dict[str, Any]) -> dict[str, Any]:
    """Without what nobody may see: of a Secret its name is kept, of a ConfigMap the keys with their sizes."""
    if thing["kind"] == "Secret":
        head = {k: v for k, v in thing["metadata"].items() if k in ("name", "namespace", "uid", "creationTimestamp")}
        return {"kind": "Secret", "apiVersion": "v1", "metadata": head}
    if thing["kind"] == "ConfigMap":
        sizes = {f: {k: len(str(v)) for k, v in (thing.get(f) or {}).items()} for f in ("data", "binaryData")}
        return {**thing, **sizes}
    return thing


def _path(kind: str, namespace: str) -> str:
    root, plural = EVERY[kind]
    return f"{root}/namespaces/{namespace}/{plural}" if namespace else f"{root}/{plural}"


def releases(objects: list[dict[str, Any]], scope: Scope) -> tuple[Change, ...]:
    """A ReplicaSet made in the window or shortly before is a release, where an earlier one of its owner is known."""
    by_owner: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for o in objects:
        owner = next((r["name"] for r in o["metadata"].get("ownerReferences", []) if r.get("kind") == "Deployment"), "")
        if o["kind"] == "ReplicaSet" and owner:
            by_owner.setdefault((o["metadata"]["namespace"], owner), []).append(o)
    out = []
    for (_, owner), sets in by_owner.items():
        sets.sort(key=_revision_of)
        for before, after in itertools.pairwise(sets):
            at = datetime.fromisoformat(str(after["metadata"]["creationTimestamp"]).replace("Z", "+00:00"))
            if scope.window.start - timedelta(minutes=30) <= at <= scope.window.end:
                out.append(_release(owner, before, after, at))
    return tuple(out)


def _release(owner: str, before: dict[str, Any], after: dict[str, Any], at: datetime) -> Change:
    old, new = _image(before), _image(after)
    kind = "release" if old != new else "config"
    what = f"{old} to {new}" if old != new else "the same image, another template"
    details = {
        "from_image": old, "to_image": new, "revision": str(_revision_of(after)), "previous_revision": str(_revision_of(before)),
    }  # fmt: skip
    return Change(
        after["metadata"]["uid"], at, kind, owner, f"{owner}: {what}", origin=Origin.CONTROL_PLANE, details=details
    )


def _revision_of(thing: dict[str, Any]) -> int:
    said = str((thing["metadata"].get("annotations") or {}).get(_REVISION, "0"))
    return int(said) if said.isdigit() else 0


def _image(thing: dict[str, Any]) -> str:
    containers = thing["spec"].get("template", {}).get("spec", {}).get("containers", [])
    return str(containers[0].get("image", "")) if containers else ""


def access_of(settings: KubernetesSource) -> Access:
    """From the settings, a kubeconfig, or the pod's own account."""
    if settings.server:
        return Access(settings.server)
    if settings.kubeconfig:
        return _from_kubeconfig(Path(settings.kubeconfig).expanduser(), settings.context)
    try:
        token = (_ACCOUNT / "token").read_text().strip()
    except OSError:
        raise ConfigurationError(
            "no kubeconfig is configured and this is not a pod", hint="set KUBE_CONFIG_PATH"
        ) from None
    return Access("https://kubernetes.default.svc", token, str(_ACCOUNT / "ca.crt"))


def contexts(path: Path) -> tuple[str, ...]:
    """Names of the contexts of a kubeconfig. Raises ConfigurationError."""
    try:
        config = yaml.safe_load(path.expanduser().read_text())
        return tuple(str(c["name"]) for c in config["contexts"])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} is not a kubeconfig: {error}", hint="set KUBE_CONFIG_PATH") from None


def _from_kubeconfig(path: Path, context: str) -> Access:
    try:
        config = yaml.safe_load(path.read_text())
        chosen = context or config["current-context"]
        names = next(c["context"] for c in config["contexts"] if c["name"] == chosen)
        cluster = next(c["cluster"] for c in config["clusters"] if c["name"] == names["cluster"])
        user = next(u["user"] or {} for u in config["users"] if u["name"] == names["user"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, StopIteration) as error:
        words = f"{path} is not a kubeconfig with {'context ' + context if context else 'a current context'}: {error}"
        raise ConfigurationError(words, hint="set KUBE_CONFIG_PATH") from None
    if "exec" in user or "auth-provider" in user:
        hint = "give Watchkeeper a service account of its own and a kubeconfig with its token"
        raise ConfigurationError(f"{path}: the user runs a program to log in, which Watchkeeper does not do", hint=hint)
    return Access(
        cluster["server"], user.get("token", ""), _file(cluster, "certificate-authority"),
        _file(user, "client-certificate"), _file(user, "client-key"),
    )  # fmt: skip


def _file(section: dict[str, Any], key: str) -> str:
    """Path of a certificate, written out where the kubeconfig holds it inline."""
    inline = section.get(f"{key}-data")
    if not inline:
        return str(section.get(key, ""))
    try:
        content = base64.b64decode(inline)
    except (ValueError, ssl.SSLError):
        raise ConfigurationError(f"{key}-data in the kubeconfig is not base64") from None
    with tempfile.NamedTemporaryFile(prefix="watchkeeper-", suffix=".pem", delete=False) as out:
        out.write(content)
    return out.name


def _items(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of a list answer; null is an empty list, but no list at all is another server's answer."""
    if "items" not in body:
        raise SourceRefused(f"{NAME} does not answer with a list: is this the right address?")
    return body["items"] or []


def build(settings: KubernetesSource, tools: SourceTools) -> Source:
    """From `sources.kubernetes`."""
    return Kubernetes(settings, tools)
