"""A change of the manifests asks for more memory than any machine has."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "shipping"


def begin(world: World, pace: float, service: str) -> None:
    """A slip of the unit: Gi for Mi."""
    world.edit(service, "memory: 128Mi", "memory: 128Gi", "more room")


SCENARIO = Scenario("too_large", "scheduling", SERVICE, "requests_and_limits", begin, cures=("roll_back",), incident=5)
