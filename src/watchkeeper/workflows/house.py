"""Everything a story may use, constructed once by `app` and handed in. Not a bag for doors: they get it whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from watchkeeper.codehosts.ci_port import ContinuousIntegration
from watchkeeper.codehosts.port import CodeHost
from watchkeeper.domain.alert import Alert
from watchkeeper.domain.clock import Clock, Ids
from watchkeeper.domain.remediation import Plan
from watchkeeper.llm.embedding import Embedder
from watchkeeper.llm.index import VectorIndex
from watchkeeper.llm.port import Model
from watchkeeper.policy.guard import Guard
from watchkeeper.settings import Settings
from watchkeeper.store.port import Store
from watchkeeper.telemetry.port import MetricQueries, ObjectQueries, SilenceQueries, Source
from watchkeeper.workflows.announcer import Announcer


@dataclass(frozen=True, slots=True)
class House:
    """The parts. `codehost`, `metrics` and `objects` are None where they are not configured."""

    settings: Settings
    clock: Clock
    ids: Ids
    store: Store
    sources: tuple[Source, ...]
    model: Model
    guard: Guard
    service_of: Callable[[Alert], str]
    """The workload an alert's labels name, "" if none: the entity resolver's word."""
    metrics: MetricQueries | None = None
    objects: ObjectQueries | None = None
    codehost: CodeHost | None = None
    silences: SilenceQueries | None = None
    announcers: tuple[Announcer, ...] = ()
    """every way people hear; none: the timeline alone"""
    embedder: Embedder | None = None
    """A model that makes vectors of texts; None: our own embedding alone."""
    index: VectorIndex | None = None
    """Where the vectors of past incidents are searched; None: similar incidents are not looked for."""
    ci: Mapping[str, ContinuousIntegration] = field(default_factory=dict)
    """CI systems by name: those that are configured"""
    direct: CodeHost | None = None
    """The cluster itself, for what needs no pull request; None where nothing may be applied directly."""

    def host_of(self, plan: Plan) -> CodeHost | None:
        """Where the plan is carried out."""
        return self.direct if plan.route == "direct" else self.codehost
