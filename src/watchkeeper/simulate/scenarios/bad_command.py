"""A change of the manifests starts a program that the image does not hold."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "checkout"


def begin(world: World, pace: float, service: str) -> None:
    """The container ends before it begins."""
    world.edit(
        service,
        "          ports:\n",
        "          command: [/app/checkout-server]\n          ports:\n",
        "start the server directly",
    )


SCENARIO = Scenario("bad_command", "configuration", SERVICE, "", begin, cures=("roll_back",), incident=8)
