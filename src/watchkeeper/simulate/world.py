"""The world: engine, cluster and telemetry stores on one clock, which people may run as fast as they like."""

from collections.abc import Callable

import yaml

from watchkeeper.simulate import shop, signals
from watchkeeper.simulate.cluster.cluster import SimulatedCluster
from watchkeeper.simulate.cluster.objects import iso
from watchkeeper.simulate.cluster.quantities import number
from watchkeeper.simulate.cluster.reachable import cuts
from watchkeeper.simulate.effects import NOTHING, Curse, Effects
from watchkeeper.simulate.engine import TIMEOUT, Engine, Severed
from watchkeeper.simulate.logs.store import LogDb
from watchkeeper.simulate.metrics.tsdb import MetricDb
from watchkeeper.simulate.ports import LogLine, MetricSample
from watchkeeper.simulate.shop import Shop
from watchkeeper.simulate.traces.store import SpanDb

MetricNoise = Callable[[float, list[MetricSample]], list[MetricSample]]
"""(now, one scrape) -> what of it arrives"""


class World:
    """Ten services on three machines. `start` is unix seconds; `traces_per_second` are sampled."""

    def __init__(
        self,
        *,
        seed: int = 1,
        start: float,
        load: float = 60.0,
        startup: float = 3.0,
        traces_per_second: float = 2.0,
        topology: Shop = shop.SHOP,
    ) -> None:
        self.now = start
        self.shop = topology
        self.engine = Engine(seed, load, topology)
        self.cluster = SimulatedCluster(self.engine, startup=startup, now=start)
        self.metrics, self.logs, self.spans = MetricDb(), LogDb(), SpanDb()
        self.broken: dict[str, str] = {}
        """what was broken: service -> scenario; the truth, for scoring"""
        self.release: Callable[[str, str], None] = self._release_directly
        """commits a new image of a service: (service, version); delivery replaces it by a commit to the repository"""
        self.edit: Callable[[str, str, str, str], None] = self._edit_directly
        """edits the manifests of a service: (service, text before, text after, why); delivery makes it a commit"""
        self.declare: Callable[[str, str], None] = self._declare_directly
        """adds a file of manifests: (path, YAML)"""
        self.disk_used: dict[str, float] = {}
        """claim -> bytes on it; a full one lets its service's writes fail"""
        self.expired: dict[str, str] = {}
        """Certificate -> the service that shows it"""
        self.certificates: dict[str, dict[str, object]] = {}
        """Certificate -> what cert-manager says of it, until it is to be renewed"""
        self.noise: list[MetricNoise] = []
        """what is done to each scrape: gaps, missing signals"""
        self._files = topology.manifests()
        self._traces = traces_per_second
        self._owed = 0.0
        for thing in (_namespace(topology.namespace), _DNS, _DNS_SERVICE):
            self.cluster.apply(thing, manager="setup", now=start)

    def advance(self, seconds: float, *, tick: float = 1.0) -> None:
        """Live on. One scrape a tick. O(seconds / tick x pods)."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            step = min(tick, end - self.now)
            self.now += step
            self.cluster.reconcile(self.now)
            self._connect()
            self._fill_disks()
            self.engine.step(self.now, step)
            self.metrics.append(self.now, self.scrape())
            self._sample_traces(step)

    def _connect(self) -> None:
        """What Services, policies, DNS and certificates let through."""
        space = self.shop.namespace
        found = cuts(self.cluster.objects, space, self.shop.calls)
        self.engine.severed = {pair: _SEVERED[why] for pair, why in found.items()}
        for name, service in self.expired.items():
            if not self._renewed(name):
                self.engine.severed["*", service] = _SEVERED["expired"]
        self.engine.dark_nodes = self.cluster.silent_nodes

    def _renewed(self, name: str) -> bool:
        """cert-manager: a certificate that is to be renewed earlier than its end is renewed now."""
        certificate = self.cluster.get("Certificate", self.shop.namespace, name)
        if certificate is None:
            return False
        status = self.certificates[name]
        if certificate["spec"].get("renewBefore"):
            ready = {
                "type": "Ready",
                "status": "True",
                "reason": "Ready",
                "lastTransitionTime": iso(self.now),
                "message": "",
            }
            known = certificate.get("status", {}).get("conditions", [{}])[0]
            if known.get("status") == "True":
                return True
            status = {"notAfter": iso(self.now + 90 * 86400), "conditions": [ready]}
        if certificate.get("status") != status:
            self.cluster.objects.put({**certificate, "status": status}, self.now)
        return bool(certificate["spec"].get("renewBefore"))

    def _fill_disks(self) -> None:
        for name, used in self.disk_used.items():
            claim = self.cluster.get("PersistentVolumeClaim", self.shop.namespace, name)
            size = (
                number(claim["status"]["capacity"]["storage"])
                if claim and "capacity" in claim.get("status", {})
                else 0.0
            )
            service = name.removesuffix("-data")
            if used >= size:
                self.engine.faults.setdefault(service, (_NO_SPACE, self.now))
            elif self.engine.faults.get(service, (NOTHING, 0.0))[0] is _NO_SPACE:
                del self.engine.faults[service]

    def scrape(self) -> list[MetricSample]:
        """What every target shows now."""
        found = [*signals.samples(self.engine, self.now), *self.cluster.samples(self.now), *self._volumes()]
        for noise in self.noise:
            found = noise(self.now, found)
        return found

    def _volumes(self) -> list[MetricSample]:
        """The kubelets' view of volumes."""
        out = []
        for claim in self.cluster.find("PersistentVolumeClaim", self.shop.namespace):
            name = claim["metadata"]["name"]
            if "capacity" not in claim.get("status", {}):
                continue
            size = number(claim["status"]["capacity"]["storage"])
            left = max(size - self.disk_used.get(name, 0.4 * size), 0.0)
            labels = {
                "job": "kubelet",
                "instance": "kubelet",
                "namespace": self.shop.namespace,
                "persistentvolumeclaim": name,
            }
            out.append(MetricSample("kubelet_volume_stats_capacity_bytes", labels, size))
            out.append(MetricSample("kubelet_volume_stats_available_bytes", labels, left))
        return out

    def _sample_traces(self, step: float) -> None:
        self._owed += step * self._traces
        while self._owed >= 1:
            self._owed -= 1
            spans, lines = signals.trace(self.engine, self.now - self.engine.random.random() * step)
            self.spans.append(spans)
            self._write(lines)

    def _write(self, lines: list[LogLine]) -> None:
        self.logs.append(lines)
        by_pod = {p.container.pod: p for p in self.engine.pods.values()}
        for line in lines:
            pod = by_pod.get(line.pod)
            if pod is not None:
                pod.lines.append(line)
                del pod.lines[:-500]

    # --- what scenarios may do ---------------------------------------------------------------------------------

    def afflict(self, service: str, effects: Effects) -> None:
        """Something ails the service from now on, whatever its containers."""
        self.engine.faults[service] = (effects, self.now)

    def curse(self, service: str, effects: Effects, image: str = "") -> None:
        """Containers that start from now on have it: of one image, or of any."""
        self.engine.curses.append(Curse(service, effects, image))

    def busy(self, service: str) -> float:
        """Share of its CPU limit that a service has in use."""
        it = self.shop.services[service]
        return self.engine.states[service].rps * it.cpu_milliseconds / 1000 / (it.replicas * it.cpu_limit)

    def heal(self, service: str) -> None:
        """Nothing ails it any more."""
        self.engine.faults.pop(service, None)

    def _release_directly(self, service: str, version: str) -> None:
        text = self._files[f"apps/{service}.yaml"]
        before = next(line for line in text.splitlines() if line.strip().startswith("image:"))
        after = before.split("image:")[0] + f"image: {shop.image(service, version)}"
        self._edit_directly(service, before, after, "release")

    def _edit_directly(self, service: str, before: str, after: str, why: str) -> None:
        path = f"apps/{service}.yaml"
        self._files[path] = self._files[path].replace(before, after)
        self._declare_directly(path, self._files[path])

    def _declare_directly(self, path: str, text: str) -> None:
        for document in yaml.safe_load_all(text):
            self.cluster.apply(document, manager="delivery", now=self.now)


def _namespace(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


_DNS_LABELS = {"k8s-app": "kube-dns"}
_DNS = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "coredns", "namespace": "kube-system", "labels": _DNS_LABELS},
    "spec": {
        "replicas": 2, "selector": {"matchLabels": _DNS_LABELS},
        "template": {
            "metadata": {"labels": _DNS_LABELS},
            "spec": {"containers": [{"name": "coredns", "image": "registry.k8s.io/coredns/coredns:v1.11.3", "resources": {"requests": {"cpu": "100m", "memory": "70Mi"}}}]},
        },
    },
}  # fmt: skip
_DNS_SERVICE = {
    "apiVersion": "v1", "kind": "Service", "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": _DNS_LABELS},
    "spec": {"selector": _DNS_LABELS, "ports": [{"name": "dns", "port": 53, "protocol": "UDP"}]},
}  # fmt: skip
_SEVERED = {
    "dns": Severed(0.5, "dial tcp: lookup {callee} on 10.96.0.10:53: server misbehaving"),
    "refused": Severed(0.002, "dial tcp: connect to {callee}: connection refused"),
    "timeout": Severed(TIMEOUT, "dial tcp: connect to {callee}: i/o timeout"),
    "expired": Severed(
        0.01, "tls: failed to verify certificate of {callee}: x509: certificate has expired or is not yet valid"
    ),
}
_NO_SPACE = Effects(error_rate=0.6, exception='could not extend file "base/16384/2619": No space left on device')
