"""A cache that grows past the memory limit: the container is OOMKilled, starts again, and grows again."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "cart"


def begin(world: World, pace: float, service: str) -> None:
    """Towards 1.8 times what the limit leaves room for."""
    at_most = world.shop.services[service]
    normal = at_most.memory + 0.3 * world.engine.states[service].rps / max(at_most.replicas, 1)
    world.afflict(service, Effects(memory_growth=1.8 * (at_most.memory_limit - normal), memory_seconds=max(pace, 1.0)))


SCENARIO = Scenario("memory_leak", "memory", SERVICE, "raise_memory_limit", begin, incident=2)
