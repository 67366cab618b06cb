"""A change of the manifests reads a ConfigMap that nobody made."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "payment"


def begin(world: World, pace: float, service: str) -> None:
    """The container cannot be created."""
    reference = (
        f"            - {{name: LIMITS, valueFrom: {{configMapKeyRef: {{name: {service}-limits, key: limits}}}}}}\n"
    )
    before = f"            - {{name: SERVICE_NAME, value: {service}}}\n"
    world.edit(service, before, before + reference, "limits from a ConfigMap")


SCENARIO = Scenario(
    "missing_configmap", "configuration", SERVICE, "restore_configuration", begin, cures=("roll_back",), incident=7
)
