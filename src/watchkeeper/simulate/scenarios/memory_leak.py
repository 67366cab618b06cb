"""A cache that grows past the memory limit: the container is OOMKilled, starts again, and grows again."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "cart"


def begin(world: World, pace: float, service: str) -> None:
    """Towards 160 MiB more than before; the limit leaves room for 90."""
    world.afflict(service, Effects(memory_growth=160, memory_seconds=max(pace, 1.0)))


SCENARIO = Scenario("memory_leak", "memory", SERVICE, "raise_memory_limit", begin, incident=2)
