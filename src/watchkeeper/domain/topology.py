"""Workloads and who calls whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True, order=True)
class Workload:
    """A thing Kubernetes keeps running. `name` alone is what the evidence calls a service."""

    namespace: str
    kind: str
    name: str
    cluster: str = ""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """`caller` sends requests to `callee`. `origin` says how we know: traced, declared, observed."""

    caller: str
    callee: str
    origin: str = "declared"


@dataclass(frozen=True)
class Topology:
    """A call graph over service names, with the node each service's pods run on (where known)."""

    edges: frozenset[Edge] = frozenset()
    nodes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """service -> names of the cluster nodes it runs on"""

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]], origin: str = "declared") -> "Topology":
        """A graph from (caller, callee) pairs; self edges are dropped."""
        return cls(frozenset(Edge(a, b, origin) for a, b in pairs if a != b))

    def merged(self, other: "Topology") -> "Topology":
        """Both graphs as one."""
        nodes = dict(self.nodes)
        for service, names in other.nodes.items():
            nodes[service] = nodes.get(service, frozenset()) | names
        return Topology(self.edges | other.edges, nodes)

    @cached_property
    def callees(self) -> Mapping[str, frozenset[str]]:
        """service -> the services it calls"""
        return _adjacency((e.caller, e.callee) for e in self.edges)

    @cached_property
    def callers(self) -> Mapping[str, frozenset[str]]:
        """service -> the services that call it"""
        return _adjacency((e.callee, e.caller) for e in self.edges)

    @cached_property
    def services(self) -> frozenset[str]:
        """Every service an edge names."""
        return frozenset(s for e in self.edges for s in (e.caller, e.callee))

    def downstream(self, service: str) -> frozenset[str]:
        """What `service` reaches by calls, itself included. O(services + edges)."""
        return _reach(service, self.callees)

    def upstream(self, service: str) -> frozenset[str]:
        """What reaches `service` by calls, itself included. O(services + edges)."""
        return _reach(service, self.callers)


def _adjacency(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    out: dict[str, set[str]] = {}
    for a, b in pairs:
        out.setdefault(a, set()).add(b)
    return {k: frozenset(v) for k, v in out.items()}


def _reach(start: str, steps: Mapping[str, frozenset[str]]) -> frozenset[str]:
    seen, todo = {start}, [start]
    while todo:
        fresh = steps.get(todo.pop(), frozenset()) - seen
        seen |= fresh
        todo.extend(fresh)
    return frozenset(seen)
