"""Requests that cost several times the CPU: the pods hit their limit, answers queue and time out."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "catalogue"


def begin(world: World, pace: float, service: str) -> None:
    """A fifth more than two pods can do; three pods can."""
    world.afflict(service, Effects(cpu_factor=1.17 / max(world.busy(service), 0.02), pace=pace))


SCENARIO = Scenario("cpu_saturation", "cpu", SERVICE, "scale_out", begin, incident=24)
