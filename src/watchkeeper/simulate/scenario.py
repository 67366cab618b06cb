"""What stands on the shelf of scenarios."""

from collections.abc import Callable
from dataclasses import dataclass

from watchkeeper.simulate.world import World


@dataclass(frozen=True, slots=True)
class Scenario:
    """A way to break the world. `begin(world, pace)`: pace is about how many seconds it takes to hurt."""

    name: str
    kind: str
    """as the table of fault kinds names it"""
    service: str
    """which service is the cause: the truth, for scoring; "" where none of ours is"""
    action: str
    """the repair that cures it, "" where people must act"""
    begin: Callable[[World, float], None]
