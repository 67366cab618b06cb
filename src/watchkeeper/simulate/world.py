"""The world: engine, cluster and telemetry stores on one clock, which people may run as fast as they like."""

from collections.abc import Callable

from watchkeeper.simulate import shop, signals
from watchkeeper.simulate.cluster.cluster import SimulatedCluster
from watchkeeper.simulate.effects import Curse, Effects
from watchkeeper.simulate.engine import Engine
from watchkeeper.simulate.logs.store import LogDb
from watchkeeper.simulate.metrics.tsdb import MetricDb
from watchkeeper.simulate.ports import LogLine, MetricSample
from watchkeeper.simulate.traces.store import SpanDb


class World:
    """Ten services on three machines. `start` is unix seconds; `traces_per_second` are sampled."""

    def __init__(
        self, *, seed: int = 1, start: float, load: float = 60.0, startup: float = 3.0, traces_per_second: float = 2.0
    ) -> None:
        self.now = start
        self.engine = Engine(seed, load)
        self.cluster = SimulatedCluster(self.engine, startup=startup, now=start)
        self.metrics, self.logs, self.spans = MetricDb(), LogDb(), SpanDb()
        self.broken: dict[str, str] = {}
        """what was broken: service -> scenario; the truth, for scoring"""
        self.release: Callable[[str, str], None] = self._release_directly
        """commits a new image of a service: (service, version); delivery replaces it by a commit to the repository"""
        self._traces = traces_per_second
        self._owed = 0.0
        self.cluster.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": shop.NAMESPACE}}, manager="setup", now=start
        )

    def advance(self, seconds: float, *, tick: float = 1.0) -> None:
        """Live on. One scrape a tick. O(seconds / tick x pods)."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            step = min(tick, end - self.now)
            self.now += step
            self.cluster.reconcile(self.now)
            self.engine.step(self.now, step)
            self.metrics.append(self.now, self.scrape())
            self._sample_traces(step)

    def scrape(self) -> list[MetricSample]:
        """What every target shows now."""
        return [*signals.samples(self.engine, self.now), *self.cluster.samples(self.now)]

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

    def heal(self, service: str) -> None:
        """Nothing ails it any more."""
        self.engine.faults.pop(service, None)

    def _release_directly(self, service: str, version: str) -> None:
        thing = self.cluster.get("Deployment", shop.NAMESPACE, service)
        if thing is not None:
            changed = {**thing, "spec": {**thing["spec"]}}
            changed["spec"]["template"] = _with_image(thing["spec"]["template"], shop.image(service, version))
            self.cluster.apply(changed, manager="delivery", now=self.now)


def _with_image(template: dict[str, object], image: str) -> dict[str, object]:
    spec = dict(template["spec"])  # type: ignore[call-overload]
    spec["containers"] = [{**spec["containers"][0], "image": image}, *spec["containers"][1:]]
    return {**template, "spec": spec}
