"""A change of the manifests renames a label in the Service only: nobody is behind it any more."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "shipping"


def begin(world: World, pace: float, service: str) -> None:
    """Every call to it is refused, while its pods are well."""
    world.edit(
        service, f"  selector: {{app: {service}}}", f"  selector: {{app: {service}-v2}}", "select the new version"
    )


SCENARIO = Scenario("wrong_selector", "configuration", SERVICE, "fix_selector", begin, incident=9)
