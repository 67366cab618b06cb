"""Who is how many calls away, in which direction. Looked up once for each service of a call graph."""

from collections.abc import Mapping
from functools import cached_property, lru_cache

from watchkeeper.domain.topology import Topology


class Neighbours:
    """Distances in a call graph up to `hops`, and reach without a limit."""

    def __init__(self, topology: Topology, hops: int) -> None:
        self.topology = topology
        self.hops = hops
        self.callees = lru_cache(maxsize=None)(self._callees)
        self.callers = lru_cache(maxsize=None)(self._callers)
        self.reach = lru_cache(maxsize=None)(topology.downstream)

    def known(self, service: str) -> bool:
        """Does the graph name it?"""
        return service in self.topology.services

    def connected(self, left: str, right: str) -> bool:
        """Are both in one part of the graph, whatever the direction of the calls?"""
        parts = self._parts
        return left in parts and parts[left] == parts.get(right)

    @cached_property
    def _parts(self) -> Mapping[str, int]:
        """service -> number of its connected part"""
        found: dict[str, int] = {}
        callees, callers = self.topology.callees, self.topology.callers
        for number, start in enumerate(sorted(self.topology.services)):
            todo = [start] if start not in found else []
            while todo:
                name = todo.pop()
                if name not in found:
                    found[name] = number
                    todo += [*callees.get(name, ()), *callers.get(name, ())]
        return found

    def _callees(self, service: str) -> Mapping[str, int]:
        return _distances(service, self.topology.callees, self.hops)

    def _callers(self, service: str) -> Mapping[str, int]:
        return _distances(service, self.topology.callers, self.hops)

    def explains(self, deeper: str, other: str) -> bool:
        """Could trouble at `deeper` reach `other` along the calls, whatever the distance?"""
        return deeper in self.reach(other)


def _distances(start: str, steps: Mapping[str, frozenset[str]], hops: int) -> dict[str, int]:
    """service -> calls away, itself left out."""
    found, edge = {start: 0}, [start]
    for distance in range(1, hops + 1):
        edge = [n for s in edge for n in steps.get(s, frozenset()) if n not in found]
        for name in edge:
            found.setdefault(name, distance)
    del found[start]
    return found
